/* The road net on one canvas: states by colour, width and dash; unknown is dashed grey-blue, never green.
   Layer "roads": {seg: [...], f: "fbu…", b: "…", vf: [km/h|null], vb: […]} with one letter per segment and direction. */
(function () {
  "use strict";
  const cityMap = window.cityMap;
  const WORD = { f: "free", b: "basic", l: "light", m: "moderate", s: "severe", u: "unknown" };
  const ORDER = "ufblms"; // the worse, the later and so the higher
  const WIDTH = { expressway: 4.4, arterial: 3.5, secondary: 2.5, branch: 1.7 };

  /* GeoJSON -> roads with mercator coordinates, lengths in km and chains of one name for the labels. */
  function network(geo) {
    const roads = geo.features.map((f) => ({
      id: f.properties.id, name: f.properties.name, name_en: f.properties.name_en,
      rank: f.properties.road_class, oneway: Boolean(f.properties.oneway),
      lonlat: f.geometry.coordinates, km: length(f.geometry.coordinates),
      merc: f.geometry.coordinates.map(([lon, lat]) => [(lon + 180) / 360, cityMap.mercator(lat)]),
    }));
    return { roads, byId: new Map(roads.map((r, i) => [r.id, i])), chains: chains(roads) };
  }

  function length(line) {
    let km = 0;
    for (let i = 1; i < line.length; i++) {
      const [x0, y0] = line[i - 1], [x1, y1] = line[i];
      km += Math.hypot((x1 - x0) * Math.cos((y0 + y1) * Math.PI / 360), y1 - y0) * 111.32;
    }
    return km;
  }

  function chains(roads) { // segments of one name joined end to end
    const key = (p) => p[0].toFixed(9) + "," + p[1].toFixed(9);
    const byName = new Map();
    for (const road of roads) {
      if (!byName.has(road.name)) byName.set(road.name, []);
      byName.get(road.name).push(road);
    }
    const found = [];
    for (const [, parts] of byName) {
      const left = parts.slice();
      while (left.length) {
        const first = left.shift();
        let line = first.merc.slice();
        for (let grown = true; grown;) {
          grown = false;
          for (let i = 0; i < left.length; i++) {
            const next = left[i].merc, head = key(line[0]), tail = key(line[line.length - 1]);
            const a = key(next[0]), b = key(next[next.length - 1]);
            if (a === tail) line = line.concat(next.slice(1));
            else if (b === tail) line = line.concat(next.slice().reverse().slice(1));
            else if (b === head) line = next.concat(line.slice(1));
            else if (a === head) line = next.slice().reverse().concat(line.slice(1));
            else continue;
            left.splice(i, 1); grown = true; break;
          }
        }
        found.push({ name: first.name, name_en: first.name_en, rank: first.rank, merc: line });
      }
    }
    const weight = { expressway: 0, arterial: 1, secondary: 2, branch: 3 };
    return found.sort((a, b) => weight[a.rank] - weight[b.rank] || b.merc.length - a.merc.length);
  }

  function widen(stage, rank) {
    return (WIDTH[rank] || 2) * stage.unit * Math.min(2.4, Math.max(0.45, 2 ** ((stage.map.getZoom() - 13.6) * 0.45)));
  }

  function toPixels(stage, merc, scale, origin) {
    return merc.map(([x, y]) => [x * scale - origin.x, y * scale - origin.y]);
  }

  function trace(path, points) {
    path.moveTo(points[0][0], points[0][1]);
    for (let i = 1; i < points.length; i++) path.lineTo(points[i][0], points[i][1]);
  }

  function paint(stage, context, size) {
    const net = stage.net;
    if (!net) return;
    const scale = 256 * 2 ** stage.map.getZoom(), origin = stage.map.getPixelBounds().min;
    const colors = cityMap.colors, shown = stage.layers.includes("roads") && !stage.hidden.has("roads");
    const split = shown && stage.map.getZoom() >= 13;
    const strokes = new Map(); // "state|width" -> Path2D
    const casing = new Map();
    const put = (table, name, points) => {
      if (!table.has(name)) table.set(name, new Path2D());
      trace(table.get(name), points);
    };
    stage.drawn = [];
    for (let i = 0; i < net.roads.length; i++) {
      const road = net.roads[i];
      const line = toPixels(stage, road.merc, scale, origin);
      if (!near(line, size)) continue;
      const width = widen(stage, road.rank);
      const state = stage.states && stage.states[i];
      stage.drawn.push({ road, line, width });
      put(casing, width.toFixed(2), line);
      if (!shown) { put(strokes, "base|" + width.toFixed(2), line); continue; }
      const f = state ? state[0] : "u", b = state ? state[1] : "u";
      if (split && !road.oneway && f !== b) {
        put(strokes, f + "|" + (width * 0.62).toFixed(2), cityMap.aside(line, width * 0.42));
        put(strokes, b + "|" + (width * 0.62).toFixed(2), cityMap.aside(line, -width * 0.42));
      } else put(strokes, (road.oneway ? f : worse(f, b)) + "|" + width.toFixed(2), line);
    }
    context.lineCap = "round"; context.lineJoin = "round"; context.setLineDash([]);
    for (const [width, path] of casing) { context.strokeStyle = colors["map-land"]; context.lineWidth = +width + 3 * stage.unit; context.stroke(path); }
    const order = [...strokes.keys()].sort((a, b) => ORDER.indexOf(a[0]) - ORDER.indexOf(b[0]));
    for (const name of order) {
      const [state, width] = name.split("|");
      const unknown = state === "u", base = state === "base";
      context.setLineDash(unknown ? [4 * stage.unit, 5 * stage.unit] : []);
      context.lineCap = unknown ? "butt" : "round";
      context.strokeStyle = base ? colors["map-edge"] : colors["road-" + WORD[state]];
      context.lineWidth = unknown ? Math.max(1.1 * stage.unit, width * 0.5) : base ? width * 0.8 : +width;
      context.stroke(strokes.get(name));
    }
    context.setLineDash([]);
    kerbs(stage, context);
    highlight(stage, context);
  }

  /* Roads with berths: a thick stroke beside the road in the colour of its pressure. */
  function kerbs(stage, context) {
    const lots = stage.data.parking;
    if (!lots || stage.hidden.has("parking") || stage.layers.includes("roads")) return;
    const lines = new Map(stage.drawn.map((d) => [d.road.id, d]));
    context.lineCap = "round";
    stage.kerbs = [];
    for (let i = 0; i < lots.id.length; i++) {
      const drawn = lots.road[i] && lines.get(lots.road[i]);
      if (!drawn) continue;
      const line = cityMap.aside(drawn.line, 0);
      const unknown = lots.pct[i] == null;
      context.setLineDash(unknown ? [4 * stage.unit, 5 * stage.unit] : []);
      context.strokeStyle = cityMap.colors[unknown ? "road-unknown" : lots.color[i]];
      context.lineWidth = unknown ? 2.5 * stage.unit : Math.max(5 * stage.unit, drawn.width * 1.7);
      context.globalAlpha = lots.state[i] === "stale" ? 0.5 : 1;
      const path = new Path2D();
      trace(path, line);
      context.stroke(path);
      stage.kerbs.push({ line, entity: lots.entity[i], width: context.lineWidth });
    }
    context.globalAlpha = 1; context.setLineDash([]);
  }

  function highlight(stage, context) {
    const chosen = cityMap.selected() || "";
    const [kind, id] = [chosen.slice(0, chosen.indexOf(":")), chosen.slice(chosen.indexOf(":") + 1)];
    const lots = stage.data.parking;
    const road = kind === "parking" && lots ? lots.road[lots.id.indexOf(id)] : kind === "road" ? id : null;
    for (const d of stage.drawn) {
      if (!(road ? d.road.id === road : kind === "corridor" && d.road.name === id)) continue;
      context.strokeStyle = cityMap.colors.accent; context.lineWidth = 1.6 * stage.unit;
      for (const side of [1, -1]) {
        const path = new Path2D();
        trace(path, cityMap.aside(d.line, side * (d.width * 0.9 + 3 * stage.unit)));
        context.stroke(path);
      }
    }
  }

  function worse(f, b) { // one colour for two directions: the worse of those that were observed
    if (f === "u") return b;
    if (b === "u") return f;
    return ORDER.indexOf(f) > ORDER.indexOf(b) ? f : b;
  }

  function near(line, size) {
    let x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
    for (const [x, y] of line) { if (x < x0) x0 = x; if (x > x1) x1 = x; if (y < y0) y0 = y; if (y > y1) y1 = y; }
    return x1 > -30 && x0 < size.x + 30 && y1 > -30 && y0 < size.y + 30;
  }

  function gap(line, p) { // distance of a point to a pixel polyline
    let best = 1e9;
    for (let i = 1; i < line.length; i++) {
      const [x0, y0] = line[i - 1], [x1, y1] = line[i];
      const dx = x1 - x0, dy = y1 - y0, l = dx * dx + dy * dy || 1;
      const t = Math.max(0, Math.min(1, ((p.x - x0) * dx + (p.y - y0) * dy) / l));
      best = Math.min(best, Math.hypot(p.x - x0 - t * dx, p.y - y0 - t * dy));
    }
    return best;
  }

  function load(stage) {
    cityMap.file(stage.element.dataset.files + "/roads.geojson").then((geo) => {
      cityMap.network = cityMap.network || network(geo);
      stage.net = cityMap.network;
      if (stage.data.roads) states(stage, stage.data.roads);
      cityMap.redraw(stage);
      stage.element.setAttribute("data-roads", stage.net.roads.length);
    }, () => stage.element.setAttribute("data-roads", "failed"));
  }

  function states(stage, data) {
    if (!stage.net) return;
    const table = new Array(stage.net.roads.length);
    const km = { free: 0, basic: 0, light: 0, moderate: 0, severe: 0, unknown: 0 };
    data.seg.forEach((id, n) => { const at = stage.net.byId.get(id); if (at != null) table[at] = [data.f[n], data.b[n]]; });
    stage.net.roads.forEach((road, i) => {
      const both = table[i] || ["u", "u"];
      for (const letter of road.oneway ? [both[0]] : both) km[WORD[letter] || "unknown"] += road.km;
    });
    stage.states = table;
    const counts = {};
    for (const [word, value] of Object.entries(km)) counts["roads:" + word] = value < 9.95 && value > 0 ? value.toFixed(1) : String(Math.round(value));
    cityMap.count(stage, counts);
  }

  cityMap.parts.push({
    add(stage) {
      stage.roads = cityMap.sheet(stage, "city-roads", 410, (context, size) => { paint(stage, context, size); });
      load(stage);
    },
    layer(stage, id, data) {
      if (id === "roads") states(stage, data);
      if (id === "roads" || id === "parking") stage.roads.redraw();
    },
    draw(stage) { if (stage.roads) stage.roads.redraw(); },
    hit(stage, point) {
      let best = null, least = 9 * stage.unit;
      for (const kerb of stage.kerbs || []) {
        const d = gap(kerb.line, point);
        if (d < least) { least = d; best = { entity: kerb.entity }; }
      }
      if (best || !stage.layers.includes("roads") || stage.hidden.has("roads")) return best;
      for (const d of stage.drawn || []) {
        const far = gap(d.line, point);
        if (far < least) { least = far; best = { entity: "road:" + d.road.id }; }
      }
      return best;
    },
  });
})();
