/* Moving vehicles on one canvas. Drawn where the fix says, never in between; redrawn only when data or view changed.
   Layer "vehicles": {id, kind: "bt…" (b bus, t taxi), lon, lat, head, speed, at (POSIX s), line, occ: "10-…"}. */
(function () {
  "use strict";
  const cityMap = window.cityMap;
  const FADE_S = 30, OLD_S = 90, GONE_S = 180, CELL = 24;

  function take(stage, data) {
    const n = data.id.length;
    const fleet = { n, data, x: new Float64Array(n), y: new Float64Array(n), head: new Float32Array(n),
      at: new Float64Array(n), bus: new Uint8Array(n), sx: new Float32Array(n), sy: new Float32Array(n), next: new Int32Array(n) };
    for (let i = 0; i < n; i++) {
      fleet.x[i] = (data.lon[i] + 180) / 360;
      fleet.y[i] = cityMap.mercator(data.lat[i]);
      fleet.head[i] = data.head[i] * Math.PI / 180;
      fleet.at[i] = data.at[i];
      fleet.bus[i] = data.kind[i] === "b" ? 1 : 0;
    }
    stage.fleet = fleet;
    tally(stage);
  }

  function tally(stage) { // what the legend counts: vehicles with a fix inside 90 s
    const fleet = stage.fleet, now = cityMap.now() / 1000;
    const counts = { bus: 0, taxi: 0, aged: 0 };
    for (let i = 0; i < fleet.n; i++) {
      const age = now - fleet.at[i];
      if (age > GONE_S) continue;
      if (age > OLD_S) counts.aged++; else counts[fleet.bus[i] ? "bus" : "taxi"]++;
    }
    cityMap.count(stage, { "vehicles:bus": counts.bus, "vehicles:taxi": counts.taxi, "vehicles:aged": counts.aged });
  }

  function paint(stage, context, size) {
    const fleet = stage.fleet;
    const across = Math.ceil((size.x + 20) / CELL) + 1, down = Math.ceil((size.y + 20) / CELL) + 1;
    const heads = new Int32Array(across * down).fill(-1); // cell -> first vehicle in it; `next` chains the others
    stage.grid = { heads, across, down };
    if (!fleet || stage.hidden.has("vehicles")) return;
    const scale = 256 * 2 ** stage.map.getZoom(), origin = stage.map.getPixelBounds().min, now = cityMap.now() / 1000;
    const u = stage.unit * Math.min(1.25, Math.max(0.6, 2 ** ((stage.map.getZoom() - 13.6) * 0.3)));
    const bins = [0, 1, 2].map(() => ({ bus: new Path2D(), taxi: new Path2D() })); // fresh, fading, aged
    const tall = 6.6 * u, broad = 4.2 * u, dot = 2.3 * u;
    for (let i = 0; i < fleet.n; i++) {
      const age = now - fleet.at[i];
      if (age > GONE_S) continue;
      const x = fleet.x[i] * scale - origin.x, y = fleet.y[i] * scale - origin.y;
      if (x < -10 || y < -10 || x > size.x + 10 || y > size.y + 10) continue;
      fleet.sx[i] = x; fleet.sy[i] = y;
      const cell = Math.floor((y + 10) / CELL) * across + Math.floor((x + 10) / CELL);
      fleet.next[i] = heads[cell];
      heads[cell] = i;
      const bin = bins[age > OLD_S ? 2 : age > FADE_S ? 1 : 0];
      if (fleet.bus[i]) { // an arrow head that points where the bus is heading
        const s = Math.sin(fleet.head[i]), c = -Math.cos(fleet.head[i]), p = bin.bus;
        p.moveTo(x + s * tall, y + c * tall);
        p.lineTo(x - s * tall * 0.8 - c * broad, y - c * tall * 0.8 + s * broad);
        p.lineTo(x - s * tall * 0.35, y - c * tall * 0.35);
        p.lineTo(x - s * tall * 0.8 + c * broad, y - c * tall * 0.8 - s * broad);
        p.closePath();
      } else { bin.taxi.moveTo(x + dot, y); bin.taxi.arc(x, y, dot, 0, 6.2832); }
    }
    const ink = cityMap.colors.text, ground = cityMap.colors["map-land"];
    [[2, 0.5], [1, 0.6], [0, 1]].forEach(([bin, alpha]) => {
      const { bus, taxi } = bins[bin];
      context.globalAlpha = alpha;
      context.lineWidth = 1.4 * u; context.strokeStyle = ground; context.fillStyle = ink; context.lineJoin = "round";
      if (bin === 2) { // aged: an outline only
        context.strokeStyle = cityMap.colors["text-3"]; context.lineWidth = 1.1 * u;
        context.stroke(taxi); context.stroke(bus);
        return;
      }
      context.stroke(taxi); context.fillStyle = cityMap.colors.info; context.fill(taxi);
      context.fillStyle = ink; context.stroke(bus); context.fill(bus);
    });
    context.globalAlpha = 1;
    ring(stage, context, fleet, scale, origin);
  }

  function ring(stage, context, fleet, scale, origin) {
    const chosen = cityMap.selected();
    if (!chosen || !chosen.startsWith("vehicle:")) return;
    const i = fleet.data.id.indexOf(chosen.slice(8));
    if (i < 0) return;
    context.beginPath();
    context.arc(fleet.x[i] * scale - origin.x, fleet.y[i] * scale - origin.y, 12 * stage.unit, 0, 6.2832);
    context.strokeStyle = cityMap.colors.accent; context.lineWidth = 2.2 * stage.unit;
    context.stroke();
  }

  cityMap.parts.push({
    add(stage) {
      if (!stage.layers.includes("vehicles")) return;
      stage.vehicles = cityMap.sheet(stage, "city-vehicles", 430, (context, size) => paint(stage, context, size));
    },
    layer(stage, id, data) {
      if (id !== "vehicles" || !stage.vehicles) return;
      take(stage, data);
      stage.vehicles.redraw();
    },
    draw(stage) { if (stage.vehicles) stage.vehicles.redraw(); },
    age(stage) { if (stage.fleet) { tally(stage); stage.vehicles.redraw(); } },
    hit(stage, point) { // the vehicle nearest inside 10 px, looked for in nine cells only
      const fleet = stage.fleet;
      if (!fleet || !stage.grid) return null;
      const { heads, across, down } = stage.grid;
      const cx = Math.floor((point.x + 10) / CELL), cy = Math.floor((point.y + 10) / CELL);
      let best = -1, least = 10 * stage.unit;
      for (let dx = -1; dx <= 1; dx++) for (let dy = -1; dy <= 1; dy++) {
        if (cx + dx < 0 || cy + dy < 0 || cx + dx >= across || cy + dy >= down) continue;
        for (let i = heads[(cy + dy) * across + cx + dx]; i >= 0; i = fleet.next[i]) {
          const far = Math.hypot(fleet.sx[i] - point.x, fleet.sy[i] - point.y);
          if (far < least) { least = far; best = i; }
        }
      }
      return best < 0 ? null : { entity: "vehicle:" + fleet.data.id[best] };
    },
  });
})();
