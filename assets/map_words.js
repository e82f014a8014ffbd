/* Names on the map: roads along their line, places beside their dot, districts when one stands far back. */
(function () {
  "use strict";
  const cityMap = window.cityMap;

  function font(stage, size, weight) {
    return (weight || 400) + " " + size + "px " + (getComputedStyle(document.body).fontFamily || "sans-serif");
  }

  function paint(stage, context, size) {
    const zoom = stage.map.getZoom();
    const room = cityMap.room();
    for (const block of stage.element.querySelectorAll(".map-box")) { // never under the legend or the inset
      const box = block.getBoundingClientRect(), frame = stage.element.getBoundingClientRect();
      if (box.width) room.force(box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top);
    }
    for (const b of stage.markBoxes || []) room.force(b[0], b[1], b[2], b[3]);
    context.lineJoin = "round"; context.textBaseline = "middle"; context.textAlign = "center";
    if (zoom < 11.6) districts(stage, context, room);
    if (zoom >= 11) places(stage, context, room, size);
    if (zoom >= (stage.portal === "phone" ? 11.4 : 12)) roads(stage, context, room, size);
  }

  function write(context, text, x, y, ink) {
    context.strokeText(text, x, y);
    context.fillStyle = ink;
    context.fillText(text, x, y);
  }

  function districts(stage, context, room) {
    const project = cityMap.projector(stage.map);
    context.font = font(stage, 15 * stage.unit, 600);
    context.strokeStyle = cityMap.colors["map-land"]; context.lineWidth = 4 * stage.unit;
    for (const d of stage.districts || []) {
      const x = project.x(d.at[0]), y = project.y(d.at[1]), text = stage.lang === "zh" ? d.name : d.name_en;
      const half = context.measureText(text).width / 2 + 4;
      if (room.take(x - half, y - 11, x + half, y + 11)) write(context, text, x, y, cityMap.colors["map-label"]);
    }
  }

  function places(stage, context, room, size) {
    const project = cityMap.projector(stage.map), u = stage.unit, zoom = stage.map.getZoom();
    context.font = font(stage, 12.5 * u * (stage.portal === "wall" ? 1.45 : 1));
    context.strokeStyle = cityMap.colors["map-land"]; context.lineWidth = 3.5 * u;
    const tall = 9 * u * (stage.portal === "wall" ? 1.4 : 1);
    for (const f of stage.places || []) {
      const p = f.properties, [lon, lat] = f.geometry.coordinates;
      if (zoom < (p.min_zoom || 12)) continue;
      const x = project.x(lon), y = project.y(lat);
      if (x < 0 || y < 0 || x > size.x || y > size.y) continue;
      const text = stage.lang === "zh" ? p.name : p.name_en || p.name;
      const wide = context.measureText(text).width;
      if (!room.take(x - 4, y - tall, x + wide + 14 * u, y + tall)) continue;
      context.fillStyle = cityMap.colors["map-label"];
      context.fillRect(x - 1.8 * u, y - 1.8 * u, 3.6 * u, 3.6 * u);
      context.textAlign = "left";
      write(context, text, x + 7 * u, y, cityMap.colors["map-label"]);
      context.textAlign = "center";
    }
  }

  function roads(stage, context, room, size) {
    if (!stage.net) return;
    const u = stage.unit, scale = 256 * 2 ** stage.map.getZoom(), origin = stage.map.getPixelBounds().min;
    const px = (stage.portal === "wall" ? 18 : 12) * u;
    context.font = font(stage, px);
    context.strokeStyle = cityMap.colors["map-land"]; context.lineWidth = 4 * u;
    for (const chain of stage.net.chains) {
      const line = chain.merc.map(([x, y]) => [x * scale - origin.x, y * scale - origin.y]);
      const text = stage.lang === "zh" ? chain.name : chain.name_en || chain.name;
      const wide = context.measureText(text).width;
      for (const spot of spots(line, wide + px, size, 640 * u)) {
        if (label(stage, context, room, text, wide, px, spot)) break;
      }
    }
  }

  /* Straight stretches of a line that can carry `need` pixels of text, the longest view of it first. */
  function spots(line, need, size, every) {
    const along = [0];
    for (let i = 1; i < line.length; i++) along.push(along[i - 1] + Math.hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]));
    const total = along[along.length - 1], found = [];
    if (total < need) return found;
    const at = (d) => {
      let i = 1;
      while (i < along.length - 1 && along[i] < d) i++;
      const t = (d - along[i - 1]) / (along[i] - along[i - 1] || 1);
      return [line[i - 1][0] + (line[i][0] - line[i - 1][0]) * t, line[i - 1][1] + (line[i][1] - line[i - 1][1]) * t];
    };
    for (let d = 0; d + need <= total; d += Math.max(14, need / 5)) {
      const a = at(d), b = at(d + need), m = at(d + need / 2);
      const chord = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (chord < need * 0.985) continue;
      const inside = Math.min(a[0], b[0], size.x - a[0], size.x - b[0], a[1], b[1], size.y - a[1], size.y - b[1]);
      if (inside < 6) continue;
      found.push({ x: m[0], y: m[1], angle: Math.atan2(b[1] - a[1], b[0] - a[0]), score: Math.min(inside, every / 4) });
    }
    return found.sort((p, q) => p.score - q.score); // near the edge of the view, as on a printed street map
  }

  function label(stage, context, room, text, wide, px, spot) {
    let angle = spot.angle;
    if (angle > Math.PI / 2) angle -= Math.PI;
    if (angle <= -Math.PI / 2) angle += Math.PI;
    const steep = stage.lang === "zh" && Math.abs(angle) > Math.PI / 3.2;
    const side = px * 0.95;
    if (steep) { // Chinese reads downwards along a steep road, every character upright
      const step = px * 1.12, tall = step * text.length;
      const lean = angle > 0 ? angle : angle + Math.PI;
      const x = spot.x + side, dx = Math.cos(lean) * step, dy = Math.sin(lean) * step;
      if (!room.take(x - px * 0.7, spot.y - tall / 2, x + px * 0.7, spot.y + tall / 2)) return false;
      [...text].forEach((c, i) => {
        const k = i - (text.length - 1) / 2;
        write(context, c, x + dx * k, spot.y + dy * k, cityMap.colors["map-label"]);
      });
      return true;
    }
    const x = spot.x + Math.sin(angle) * side, y = spot.y - Math.cos(angle) * side;
    const hx = Math.abs(Math.cos(angle)) * wide / 2 + Math.abs(Math.sin(angle)) * px * 0.6;
    const hy = Math.abs(Math.sin(angle)) * wide / 2 + Math.abs(Math.cos(angle)) * px * 0.6;
    if (!room.take(x - hx, y - hy, x + hx, y + hy)) return false;
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    write(context, text, 0, 0, cityMap.colors["map-label"]);
    context.restore();
    return true;
  }

  cityMap.parts.push({
    add(stage) {
      stage.words = cityMap.sheet(stage, "city-words", 420, (context, size) => paint(stage, context, size));
      cityMap.file(stage.element.dataset.files + "/places.geojson").then((geo) => {
        stage.places = geo.features;
        stage.words.redraw();
      }, () => {});
    },
    draw(stage) { if (stage.words) stage.words.redraw(); },
  });
})();
