/* Things that can be chosen and are few: car parks, stations, cameras, findings. Real buttons, so that a keyboard and a
   screen reader reach them; crowded ones of a kind become one mark that shows the worst state inside.
   Layer data, column by column: {entity, lon, lat, text, label, shape, color, rank, state, group}. */
(function () {
  "use strict";
  const cityMap = window.cityMap;
  const KINDS = ["cameras", "parking", "stations", "findings"]; // drawn in this order, the last on top and placed first
  const AROUND = [[0, 0], [1, 0], [-1, 0], [0, -1], [0, 1], [0.8, -0.8], [-0.8, -0.8], [0.8, 0.8], [-0.8, 0.8],
    [1.7, 0], [-1.7, 0], [0, -1.7], [0, 1.7]];

  function points(stage, kind) {
    const data = stage.data[kind];
    if (!data || stage.hidden.has(kind)) return [];
    const found = [];
    for (let i = 0; i < data.entity.length; i++) {
      if (data.lon[i] == null) continue;
      if (kind === "parking" && data.road[i] && !stage.layers.includes("roads")) continue; // drawn as a stroke on its road
      const at = stage.map.latLngToContainerPoint([data.lat[i], data.lon[i]]);
      found.push({ kind, x: at.x, y: at.y, lat: data.lat[i], lon: data.lon[i], entity: data.entity[i], text: data.text[i],
        label: data.label[i], fill: data.pct ? data.pct[i] : null, shape: data.shape[i], color: data.color[i], rank: data.rank[i], state: data.state[i], n: 1 });
    }
    return found;
  }

  function gather(list, reach) { // greedy: the worst one leads, its neighbours join it
    const open = list.slice().sort((a, b) => b.rank - a.rank || (a.entity < b.entity ? -1 : 1)), groups = [];
    while (open.length) {
      const lead = open.shift();
      for (let i = open.length - 1; i >= 0; i--) {
        if (Math.abs(open[i].x - lead.x) < reach && Math.abs(open[i].y - lead.y) < reach) { open.splice(i, 1); lead.n++; }
      }
      groups.push(lead);
    }
    return groups;
  }

  function place(stage, room, mark, w, h) { // beside its own spot when that is taken, with a leader back to it
    for (const [ax, ay] of AROUND) {
      const x = mark.x + ax * (w + 3), y = mark.y + ay * (h + 3);
      if (room.take(x - w / 2, y - h / 2, x + w / 2, y + h / 2)) return [x - mark.x, y - mark.y];
    }
    return null;
  }

  function layout(stage) {
    const size = stage.map.getSize(), u = stage.unit * (stage.portal === "wall" ? 1.35 : 1), room = cityMap.room(), wanted = new Map(), boxes = [];
    for (const kind of [...KINDS].reverse()) {
      if (!stage.layers.includes(kind)) continue;
      const near = points(stage, kind).filter((p) => p.x > -20 && p.y > -20 && p.x < size.x + 20 && p.y < size.y + 20);
      for (const mark of gather(near, 25 * u)) {
        const w = Math.max(24, 10 + 8 * String(mark.text).length + (mark.n > 1 ? 14 : 0)) * u, h = 26 * u;
        mark.shift = place(stage, room, mark, w, h);
        if (!mark.shift) continue;
        wanted.set(kind + " " + mark.entity, mark);
        boxes.push([mark.x + mark.shift[0] - w / 2, mark.y + mark.shift[1] - h / 2, mark.x + mark.shift[0] + w / 2, mark.y + mark.shift[1] + h / 2]);
      }
    }
    stage.markBoxes = boxes; // names keep clear of them
    if (stage.words) stage.words.redraw();
    return wanted;
  }

  function draw(stage) {
    stage.askedMarks = 0;
    const pane = stage.marks;
    if (!pane || !pane.isConnected) return;
    const wanted = layout(stage), chosen = cityMap.selected();
    for (const [key, button] of stage.buttons) if (!wanted.has(key)) { button.remove(); stage.buttons.delete(key); }
    for (const [key, mark] of wanted) {
      let button = stage.buttons.get(key);
      if (!button) { button = make(stage, pane); stage.buttons.set(key, button); }
      dress(stage, button, mark, chosen);
    }
  }

  function make(stage, pane) {
    const button = document.createElement("button");
    button.type = "button";
    button.innerHTML = '<i class="mark-leader"></i><span class="mark-body"><span class="mark-text"></span></span><span class="mark-many"></span>';
    if (stage.portal === "wall") button.tabIndex = -1;
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      const mark = button.mark;
      if (mark.n > 1 && stage.map.getZoom() < stage.map.getMaxZoom() - 0.5) {
        stage.moved = true;
        stage.map.setView([mark.lat, mark.lon], stage.map.getZoom() + 1.25, { animate: false });
      } else cityMap.select(mark.entity);
    });
    window.L.DomEvent.on(button, "mousedown dblclick touchstart", window.L.DomEvent.stopPropagation);
    pane.appendChild(button);
    return button;
  }

  function dress(stage, button, mark, chosen) {
    const at = stage.map.latLngToLayerPoint([mark.lat, mark.lon]), [dx, dy] = mark.shift;
    button.mark = mark;
    const name = "mark mark-" + mark.kind + " shape-" + mark.shape + (mark.state === "stale" ? " mark-old" : "") +
      (chosen === mark.entity ? " mark-chosen" : "") + (mark.n > 1 ? " mark-cluster" : "");
    if (button.className !== name) button.className = name;
    button.style.transform = "translate(" + (at.x + dx) + "px," + (at.y + dy) + "px) translate(-50%,-50%)";
    button.style.setProperty("--mark", "var(--" + mark.color + ")");
    button.style.setProperty("--on-mark", "var(--on-" + mark.color + ", var(--bg))");
    button.style.setProperty("--fill", mark.fill == null ? "100%" : mark.fill + "%");
    const many = mark.n > 1 ? "+" + (mark.n - 1) : "", text = button.querySelector(".mark-text");
    if (text.textContent !== mark.text) text.textContent = mark.text;
    const more = button.querySelector(".mark-many");
    if (more.textContent !== many) more.textContent = many;
    const label = mark.label + (many ? " " + many : "");
    if (button.title !== label) { button.title = label; button.setAttribute("aria-label", label); }
    const leader = button.firstChild, far = Math.hypot(dx, dy);
    leader.style.width = far > 4 ? far + "px" : "0";
    leader.style.transform = "rotate(" + Math.atan2(-dy, -dx) + "rad)";
  }

  function tally(stage, kind, data) {
    const counts = {};
    stage.element.querySelectorAll('[data-count^="' + kind + ':"]').forEach((cell) => { counts[cell.dataset.count] = 0; });
    for (const group of data.group) counts[kind + ":" + group] = (counts[kind + ":" + group] || 0) + 1;
    cityMap.count(stage, counts);
  }

  function ask(stage) { if (!stage.askedMarks) stage.askedMarks = requestAnimationFrame(() => draw(stage)); }

  cityMap.parts.push({
    add(stage) {
      if (!KINDS.some((kind) => stage.layers.includes(kind))) return;
      const pane = stage.map.getPane("city-marks") || stage.map.createPane("city-marks");
      pane.style.zIndex = 640;
      stage.marks = pane;
      stage.buttons = new Map();
      stage.map.on("zoomend moveend viewreset resize", () => ask(stage));
    },
    layer(stage, id, data) {
      if (!KINDS.includes(id)) return;
      tally(stage, id, data);
      ask(stage);
    },
    draw: ask,
  });
})();
