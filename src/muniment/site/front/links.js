// Draws the table of links as a chart, from the table's own rows. The table stays for everyone.
const box = document.querySelector("[data-links]");
const rows = box && getComputedStyle(box).display !== "none" ? document.querySelectorAll(`#${box.dataset.links} tbody tr[data-kind]`) : [];
if (rows.length) {
  // The library would add its one rule as an inline style, which the policy forbids; the site's own styles hold it.
  const mark = document.createElement("meta");
  mark.id = "__________cytoscape_stylesheet";
  document.head.append(mark);
  const shown = [...rows].slice(0, 40);
  const elements = [{ data: { id: "centre", label: box.dataset.centre }, classes: "centre" }];
  shown.forEach((row, at) => {
    const link = row.querySelector("a");
    elements.push({ data: { id: `p${at}`, label: link.textContent, href: link.href } });
    elements.push({ data: { source: "centre", target: `p${at}` }, classes: row.dataset.kind });
  });
  const chart = window.cytoscape({
    container: box,
    elements,
    layout: { name: "concentric", concentric: (node) => (node.hasClass("centre") ? 2 : 1), levelWidth: () => 1, minNodeSpacing: 28, padding: 30 },
    userZoomingEnabled: false,
    autoungrabify: true,
    style: [
      { selector: "node", style: { "background-color": "#1d6fb8", label: "data(label)", "font-family": "Helvetica, Arial, sans-serif", "font-size": 13, width: 22, height: 22, "text-valign": "bottom", "text-margin-y": 5, "text-wrap": "wrap", "text-max-width": 110 } },
      { selector: ".centre", style: { "background-color": "#d4351c", width: 32, height: 32, "font-weight": "bold" } },
      { selector: "edge", style: { width: 2, "line-color": "#484949", "curve-style": "straight" } },
      { selector: "edge.contact", style: { "line-style": "dashed" } },
      { selector: "edge.both", style: { width: 4 } },
    ],
  });
  chart.on("tap", "node[href]", (event) => window.location.assign(event.target.data("href")));
}
