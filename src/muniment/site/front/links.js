// Draws the links of a person as a chart, in rings about them. The table stays for everyone.
const box = document.querySelector("[data-links]");
const said = box && getComputedStyle(box).display !== "none" ? document.getElementById(box.dataset.links) : null;
if (said) {
  // The library would add its one rule as an inline style, which the policy forbids; the site's own styles hold it.
  const mark = document.createElement("meta");
  mark.id = "__________cytoscape_stylesheet";
  document.head.append(mark);
  const given = JSON.parse(said.textContent);
  const most = box.clientWidth < 480 ? 1 : 2; // a phone shows direct links only
  const nodes = given.nodes.filter((node) => node.step <= most);
  const ids = new Set(nodes.map((node) => node.id));
  const edges = given.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target));

  // What hangs on whom, the first way there counting: each gets as much of the circle as has to fit below it.
  const beside = new Map(nodes.map((node) => [node.id, []]));
  for (const edge of edges) {
    beside.get(edge.source).push(edge.target);
    beside.get(edge.target).push(edge.source);
  }
  const centre = nodes[0].id;
  const below = new Map([[centre, []]]);
  const ring = new Map([[centre, 0]]);
  const order = [centre];
  for (const id of order) {
    for (const next of beside.get(id)) {
      if (ring.has(next)) continue;
      ring.set(next, ring.get(id) + 1);
      below.set(next, []);
      below.get(id).push(next);
      order.push(next);
    }
  }
  const leaves = new Map();
  for (const id of [...order].reverse()) {
    leaves.set(id, Math.max(1, below.get(id).reduce((sum, next) => sum + leaves.get(next), 0)));
  }
  const dense = order.length > 45 || most === 1;
  const outermost = Math.max(1, ...ring.values());
  const place = new Map();
  const lay = (id, from, to) => {
    const angle = (from + to) / 2 - Math.PI / 2;
    const stagger = dense && !below.get(id).length && place.size % 2 ? 0.14 : 0; // two rows of names, not one
    const out = ring.get(id) / outermost - stagger;
    place.set(id, {
      x: box.clientWidth / 2 + out * (box.clientWidth / 2 - 90) * Math.cos(angle),
      y: box.clientHeight / 2 - 8 + out * (box.clientHeight / 2 - 40) * Math.sin(angle),
    });
    let at = from;
    for (const next of below.get(id)) {
      const share = ((to - from) * leaves.get(next)) / leaves.get(id);
      lay(next, at, at + share);
      at += share;
    }
  };
  lay(centre, 0, 2 * Math.PI);

  // Where names would cover one another, they stand beside what they name, on the outer side.
  const side = (id) => {
    const off = place.get(id).x - box.clientWidth / 2;
    return dense && Math.abs(off) > box.clientWidth / 6 ? (off < 0 ? "to-left" : "to-right") : "";
  };
  const chart = window.cytoscape({
    container: box,
    elements: [
      ...nodes.filter((node) => place.has(node.id)).map((node) => ({
        data: { id: node.id, label: node.label, href: node.href },
        classes: node.id === centre ? "centre" : `${node.kind} ${side(node.id)}`,
        position: place.get(node.id),
      })),
      ...edges.filter((edge) => place.has(edge.source)).map((edge, at) => ({
        data: { id: `e${at}`, source: edge.source, target: edge.target },
        classes: edge.how,
      })),
    ],
    layout: { name: "preset", fit: false },
    userPanningEnabled: false,
    userZoomingEnabled: false,
    autoungrabify: true,
    style: [
      { selector: "node", style: { "background-color": "#1d6fb8", label: "data(label)", "font-family": "Helvetica, Arial, sans-serif", "font-size": dense ? 11 : 13, width: dense ? 12 : 20, height: dense ? 12 : 20, "text-valign": "bottom", "text-margin-y": 3, "text-background-color": "#fff", "text-background-opacity": 0.85, "text-wrap": "ellipsis", "text-max-width": dense ? 80 : 130 } },
      { selector: ".to-left", style: { "text-halign": "left", "text-valign": "center", "text-margin-y": 0, "text-margin-x": -3 } },
      { selector: ".to-right", style: { "text-halign": "right", "text-valign": "center", "text-margin-y": 0, "text-margin-x": 3 } },
      { selector: ".place", style: { "background-color": "#00703c", shape: "diamond" } },
      { selector: ".vehicle", style: { "background-color": "#8a2a5b", shape: "round-rectangle" } },
      { selector: ".record, .telephone", style: { "background-color": "#949799", shape: "rectangle", width: 8, height: 8, "font-size": 11, color: "#484949", label: dense ? "" : "data(label)" } },
      { selector: ".centre", style: { "background-color": "#d4351c", width: 30, height: 30, "font-weight": "bold" } },
      { selector: ".pointed", style: { label: "data(label)", "text-wrap": "none", "z-index": 10, "font-weight": "bold" } },
      { selector: "edge", style: { width: 1.5, "line-color": "#949799", "curve-style": "straight" } },
      { selector: "edge.address, edge.telephone, edge.scene", style: { "line-style": "dashed" } },
      { selector: "edge.pointed", style: { width: 3, "line-color": "#0b0c0c" } },
    ],
  });
  // What is pointed at stands out with all that touches it.
  chart.on("mouseover", "node", (event) => event.target.closedNeighborhood().addClass("pointed"));
  chart.on("mouseout", "node", (event) => event.target.closedNeighborhood().removeClass("pointed"));
  chart.on("tap", "node[href]", (event) => event.target.data("href") && window.location.assign(event.target.data("href")));
}
