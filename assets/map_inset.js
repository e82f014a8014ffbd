/* The whole prefecture in a corner: district outlines, their names, an optional tint, and where the main map looks.
   Layer "districts": {code: {text, color}}; a district without an entry stays neutral. */
(function () {
  "use strict";
  const cityMap = window.cityMap, NS = "http://www.w3.org/2000/svg";
  const put = (parent, tag, attributes) => {
    const node = document.createElementNS(NS, tag);
    for (const [k, v] of Object.entries(attributes)) node.setAttribute(k, v);
    parent.appendChild(node);
    return node;
  };

  function rings(geometry) { return geometry.type === "Polygon" ? [geometry.coordinates[0]] : geometry.coordinates.map((p) => p[0]); }

  function middle(ring) { // area centroid; good for these shapes, none of which is a crescent
    let a = 0, x = 0, y = 0;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const f = ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
      a += f; x += (ring[j][0] + ring[i][0]) * f; y += (ring[j][1] + ring[i][1]) * f;
    }
    return [x / (3 * a), y / (3 * a), Math.abs(a / 2)];
  }

  function read(geo) {
    return geo.features.map((f) => {
      const p = f.properties, all = rings(f.geometry).map((r) => [r, middle(r)]).sort((a, b) => b[1][2] - a[1][2]);
      return { code: String(p.code || p.adcode), name: p.name, name_en: p.name_en || p.name, rings: all.map((r) => r[0]), at: p.label || all[0][1] };
    });
  }

  function build(stage) {
    const box = stage.element.querySelector(".map-inset");
    if (!box || !stage.districts) return;
    const every = stage.districts.flatMap((d) => d.rings.flat());
    const west = Math.min(...every.map((p) => p[0])), east = Math.max(...every.map((p) => p[0]));
    const south = Math.min(...every.map((p) => p[1])), north = Math.max(...every.map((p) => p[1]));
    const squeeze = Math.cos((south + north) * Math.PI / 360), high = 200, k = high / (north - south);
    const wide = (east - west) * squeeze * k;
    const at = ([lon, lat]) => [(lon - west) * squeeze * k, (north - lat) * k];
    box.textContent = "";
    const svg = put(box, "svg", { viewBox: "-3 -3 " + (wide + 6).toFixed(1) + " " + (high + 6), role: "img", "aria-label": box.dataset.title });
    stage.insetShapes = new Map();
    for (const d of stage.districts) {
      const path = d.rings.map((r) => "M" + r.filter((_, i) => i % 3 === 0).map((p) => at(p).map((v) => v.toFixed(1)).join(" ")).join("L") + "Z").join("");
      const shape = put(svg, "path", { d: path, class: "inset-district", "data-district": d.code });
      shape.addEventListener("click", () => {
        const lons = d.rings.flat().map((p) => p[0]), lats = d.rings.flat().map((p) => p[1]);
        stage.moved = true;
        stage.map.fitBounds([[Math.min(...lats), Math.min(...lons)], [Math.max(...lats), Math.max(...lons)]], { animate: false });
      });
      stage.insetShapes.set(d.code, shape);
    }
    stage.insetView = put(svg, "rect", { class: "inset-view", rx: 1.5 });
    stage.insetAt = at;
    names(stage, box, wide, high, at);
    tint(stage);
    look(stage);
  }

  function names(stage, box, wide, high, at) { // HTML, so that the letters keep their size on every screen
    for (const d of stage.districts) {
      const [x, y] = at(d.at), word = document.createElement("span");
      word.className = "inset-name";
      word.textContent = stage.lang === "zh" ? d.name.replace(/[区县市]$/, "") : d.name_en;
      word.style.left = (x + 3) / (wide + 6) * 100 + "%";
      word.style.top = (y + 3) / (high + 6) * 100 + "%";
      box.appendChild(word);
    }
    for (let round = 0; round < 6; round++) apart([...box.querySelectorAll(".inset-name")]);
    box.style.aspectRatio = (wide + 6).toFixed(1) + " / " + (high + 6);
  }

  function apart(words) { // names that would lie on one another step aside, one up and one down
    const rect = (w) => w.getBoundingClientRect();
    for (let i = 0; i < words.length; i++) for (let j = 0; j < i; j++) {
      const a = rect(words[i]), b = rect(words[j]);
      if (a.left >= b.right || b.left >= a.right || a.top >= b.bottom - 2 || b.top >= a.bottom - 2) continue;
      const sign = a.top < b.top ? -1 : 1;
      for (const [word, by] of [[words[i], sign], [words[j], -sign]]) {
        const moved = Number(word.dataset.by || 0) + by * 3;
        word.dataset.by = moved;
        word.style.marginTop = moved + "px";
      }
    }
  }

  function tint(stage) {
    for (const [code, shape] of stage.insetShapes || []) {
      const entry = (stage.data.districts || {})[code];
      shape.style.fill = entry && entry.color ? "color-mix(in srgb, var(--" + entry.color + ") 46%, var(--map-district))" : "";
      shape.querySelector("title")?.remove();
      if (entry) put(shape, "title", {}).textContent = entry.text;
    }
  }

  function look(stage) {
    if (!stage.insetView) return;
    const b = stage.map.getBounds();
    const [x0, y0] = stage.insetAt([b.getWest(), b.getNorth()]), [x1, y1] = stage.insetAt([b.getEast(), b.getSouth()]);
    const view = stage.insetView;
    view.setAttribute("x", x0.toFixed(1)); view.setAttribute("y", y0.toFixed(1));
    view.setAttribute("width", Math.max(2, x1 - x0).toFixed(1)); view.setAttribute("height", Math.max(2, y1 - y0).toFixed(1));
  }

  cityMap.parts.push({
    add(stage) {
      cityMap.file(stage.element.dataset.files + "/districts.geojson").then((geo) => {
        stage.districts = cityMap.districtShapes = cityMap.districtShapes || read(geo);
        build(stage);
        if (stage.words) stage.words.redraw();
      }, () => {});
      stage.map.on("moveend resize", () => look(stage));
    },
    layer(stage, id) { if (id === "districts") tint(stage); },
  });
})();
