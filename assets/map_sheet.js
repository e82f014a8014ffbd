/* A canvas that lies on the map: follows it while it moves, is redrawn sharp once per frame at most. */
(function () {
  "use strict";
  const cityMap = window.cityMap;

  /* sheet(stage, pane name, z-index, paint(context, size)) -> {redraw(), at(latlng)} */
  cityMap.sheet = function (stage, name, zIndex, paint) {
    const map = stage.map;
    const pane = map.getPane(name) || map.createPane(name);
    pane.style.zIndex = zIndex;
    pane.style.pointerEvents = "none";
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    pane.appendChild(canvas);
    const context = canvas.getContext("2d");
    let asked = 0;
    function draw() {
      asked = 0;
      if (!canvas.isConnected) return;
      const size = map.getSize();
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const wide = Math.round(size.x * ratio), high = Math.round(size.y * ratio);
      if (canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide; canvas.height = high;
        canvas.style.width = size.x + "px"; canvas.style.height = size.y + "px";
      }
      window.L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, size.x, size.y);
      const began = performance.now();
      paint(context, size);
      sheet.cost = performance.now() - began;
    }
    const sheet = { canvas, cost: 0, redraw() { if (!asked) asked = requestAnimationFrame(draw); } };
    map.on("move zoom viewreset resize", sheet.redraw);
    return sheet;
  };

  /* Fast projection for many points: web mercator by hand, the same numbers as Leaflet's EPSG:3857. */
  cityMap.projector = function (map) {
    const scale = 256 * 2 ** map.getZoom();
    const origin = map.getPixelBounds().min;
    return {
      x: (lon) => scale * (lon + 180) / 360 - origin.x,
      y: (lat) => {
        const s = Math.sin(lat * Math.PI / 180);
        return scale * (0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) - origin.y;
      },
    };
  };

  cityMap.mercator = function (lat) { // 0..1 from north; projected once, scaled often
    const s = Math.sin(lat * Math.PI / 180);
    return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
  };

  /* Moves a pixel polyline sideways (to the right of its direction, which is where one drives here). */
  cityMap.aside = function (points, by) {
    const out = [];
    for (let i = 0; i < points.length; i++) {
      const a = points[Math.max(0, i - 1)], b = points[Math.min(points.length - 1, i + 1)];
      const dx = b[0] - a[0], dy = b[1] - a[1], length = Math.hypot(dx, dy) || 1;
      out.push([points[i][0] - dy / length * by, points[i][1] + dx / length * by]);
    }
    return out;
  };

  /* Rectangles already taken by words, so that none is written over another. */
  cityMap.room = function () {
    const taken = [];
    return {
      take(x0, y0, x1, y1) {
        for (const t of taken) if (x0 < t[2] && x1 > t[0] && y0 < t[3] && y1 > t[1]) return false;
        taken.push([x0, y0, x1, y1]);
        return true;
      },
      force(x0, y0, x1, y1) { taken.push([x0, y0, x1, y1]); },
    };
  };
})();
