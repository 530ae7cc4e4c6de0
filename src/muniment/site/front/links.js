// Draws the table of links as a chart, from the table's own rows. The table stays for everyone.
const box = document.querySelector("[data-links]");
const rows = box && getComputedStyle(box).display !== "none" ? document.querySelectorAll(`#${box.dataset.links} tbody tr[data-kind]`) : [];
if (rows.length) {
  // The library would add its one rule as an inline style, which the policy forbids; the site's own styles hold it.
  const mark = document.createElement("meta");
  mark.id = "__________cytoscape_stylesheet";
  document.head.append(mark);
  // The closest people stand on an ellipse that fills the box; the table has everyone.
  const shown = [...rows].slice(0, 20);
  const place = (at) => {
    const angle = (2 * Math.PI * at) / shown.length - Math.PI / 2;
    return { x: box.clientWidth / 2 + (box.clientWidth / 2 - 110) * Math.cos(angle), y: box.clientHeight / 2 - 8 + (box.clientHeight / 2 - 45) * Math.sin(angle) };
  };
  const elements = [{ data: { id: "centre", label: box.dataset.centre }, classes: "centre", position: { x: box.clientWidth / 2, y: box.clientHeight / 2 - 8 } }];
  shown.forEach((row, at) => {
    const link = row.querySelector("a");
    elements.push({ data: { id: `p${at}`, label: link.textContent, href: link.href }, position: place(at) });
    elements.push({ data: { source: "centre", target: `p${at}` }, classes: row.dataset.kind });
  });
  const chart = window.cytoscape({
    container: box,
    elements,
    layout: { name: "preset", fit: false },
    userPanningEnabled: false,
    userZoomingEnabled: false,
    autoungrabify: true,
    style: [
      { selector: "node", style: { "background-color": "#1d6fb8", label: "data(label)", "font-family": "Helvetica, Arial, sans-serif", "font-size": 13, width: 22, height: 22, "text-valign": "bottom", "text-margin-y": 4, "text-background-color": "#fff", "text-background-opacity": 0.85, "text-wrap": "wrap", "text-max-width": 110 } },
      { selector: ".centre", style: { "background-color": "#d4351c", width: 32, height: 32, "font-weight": "bold" } },
      { selector: "edge", style: { width: 2, "line-color": "#484949", "curve-style": "straight" } },
      { selector: "edge.contact", style: { "line-style": "dashed" } },
      { selector: "edge.both", style: { width: 4 } },
    ],
  });
  chart.on("tap", "node[href]", (event) => window.location.assign(event.target.data("href")));
}
