/* The map's heart: finds the Leaflet map that dash-leaflet makes, feeds it layers, keeps zoom and selection.
   Parts register themselves on cityMap.parts: {name: {add(stage), layer(stage, id, data), draw(stage)}}. */
(function () {
  "use strict";
  const PALETTE = ["bg", "panel", "line", "line-2", "text", "text-2", "text-3", "accent", "alarm", "warning", "info",
    "map-land", "map-district", "map-edge", "map-water", "map-label", "road-free", "road-basic", "road-light",
    "road-moderate", "road-severe", "road-unknown", "load-easy", "load-busy", "load-tight", "load-full"];
  const stages = new Map(); // element -> stage
  const latest = {}; // layer id -> newest data, so that a new map is drawn at once
  const listening = new Set();
  let selected = null;

  const cityMap = window.cityMap = { parts: [], stages, latest, geo: {}, colors: {} };

  /* Server time: ages must not depend on this machine's clock. live.js keeps the difference. */
  cityMap.now = () => Date.now() + (window.cityLive && Number(window.cityLive.clockOffset) || 0);

  cityMap.readColors = function () {
    const style = getComputedStyle(document.documentElement);
    for (const name of PALETTE) cityMap.colors[name] = style.getPropertyValue("--" + name).trim() || "#888";
  };

  /* One fetch per file and tab; a failure is tried again and is never an empty map that looks finished. */
  cityMap.file = function (url) {
    if (!cityMap.geo[url]) {
      const attempt = (n) => fetch(url, { credentials: "same-origin" }).then((r) => {
        if (!r.ok) throw new Error(url + " " + r.status);
        return r.json();
      }).catch((error) => {
        if (n >= 5) { delete cityMap.geo[url]; throw error; }
        return new Promise((go) => setTimeout(go, 400 * 2 ** n)).then(() => attempt(n + 1));
      });
      cityMap.geo[url] = attempt(0);
    }
    return cityMap.geo[url];
  };

  function listen(id) {
    if (listening.has(id)) return;
    const live = window.cityLive;
    if (!live || !live.onLayer) { setTimeout(() => listen(id), 50); return; }
    listening.add(id);
    live.onLayer(id, (data) => { latest[id] = data; for (const stage of stages.values()) give(stage, id); });
  }

  function give(stage, id) {
    if (!stage.layers.includes(id) || latest[id] == null) return;
    stage.data[id] = latest[id];
    for (const part of cityMap.parts) if (part.layer) part.layer(stage, id, latest[id]);
    stage.element.setAttribute("data-filled", Object.keys(stage.data).join(" "));
  }

  function unit(stage) { // one design pixel: 1/18 of the wall's rem, so that 4K is drawn as 1080 is
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    return stage.portal === "wall" ? Math.max(0.7, rem / 18) : 1;
  }

  function home(stage) {
    const size = stage.map.getSize();
    if (!size.x || !size.y) return;
    const pad = Math.round(Math.min(size.x, size.y) * 0.03);
    stage.map.fitBounds(stage.home, { padding: [pad, pad], animate: false });
    const inset = stage.element.querySelector(".map-inset"), head = stage.element.querySelector(".map-head");
    if (inset && inset.offsetHeight) { // up, as far as there is room, so that the inset covers no road
      const north = stage.map.latLngToContainerPoint(stage.home[1]).y, south = stage.map.latLngToContainerPoint(stage.home[0]).y;
      const spare = north - pad - (head ? head.offsetHeight : 0), wanted = south + pad - inset.offsetTop;
      const by = Math.round(Math.min(spare, wanted));
      if (by > 0) stage.map.panBy([0, by], { animate: false });
    }
    stage.moved = false;
  }

  function remember(stage) {
    const c = stage.map.getCenter();
    try { sessionStorage.setItem(stage.memory, [c.lat.toFixed(5), c.lng.toFixed(5), stage.map.getZoom()].join(",")); } catch { /* private mode */ }
  }

  function recall(stage) {
    let text = null;
    try { text = sessionStorage.getItem(stage.memory); } catch { /* private mode */ }
    const view = stage.portal !== "wall" && text ? text.split(",").map(Number) : null;
    if (!view || view.some(Number.isNaN)) return false;
    stage.map.setView([view[0], view[1]], view[2], { animate: false });
    return true;
  }

  function begin(map) {
    const element = map.getContainer().closest(".map-stage");
    if (!element || stages.has(element)) return;
    const box = element.dataset;
    const [west, south, east, north] = box.home.split(",").map(Number);
    const stage = {
      element, map, portal: box.portal, lang: box.lang, layers: box.layers.split(" ").filter(Boolean), data: {},
      home: [[south, west], [north, east]], memory: "map:" + location.pathname + ":" + box.portal,
      hidden: new Set(), moved: false, unit: 1, hits: [],
    };
    stage.unit = unit(stage);
    stages.set(element, stage);
    cityMap.readColors();
    const first = () => { if (recall(stage)) stage.moved = true; else home(stage); };
    first();
    for (const part of cityMap.parts) if (part.add) part.add(stage);
    map.on("movestart", (e) => { stage.moving = true; });
    map.on("moveend", () => { stage.moving = false; if (stage.moved) remember(stage); });
    map.on("dragstart zoomstart", () => { if (stage.ready) stage.moved = true; });
    map.on("click", (e) => { const hit = cityMap.hit(stage, e.containerPoint); cityMap.select(hit ? hit.entity : null); });
    map.on("mousemove", (e) => {
      map.getContainer().style.cursor = cityMap.hit(stage, e.containerPoint) ? "pointer" : "";
    });
    const grown = new ResizeObserver(() => {
      if (!element.isConnected) return;
      map.invalidateSize({ animate: false });
      stage.unit = unit(stage);
      if (!stage.moved) { stage.ready = false; home(stage); stage.ready = true; }
      cityMap.redraw(stage);
    });
    grown.observe(element);
    map.on("unload", () => { grown.disconnect(); clearInterval(stage.fading); stages.delete(element); });
    stage.fading = setInterval(() => { // ages fade even when nothing arrives any more
      if (!element.isConnected) { clearInterval(stage.fading); grown.disconnect(); stages.delete(element); return; }
      if (!document.hidden) for (const part of cityMap.parts) if (part.age) part.age(stage);
    }, 5000);
    stage.layers.forEach((id) => { listen(id); give(stage, id); });
    requestAnimationFrame(() => { // the map sets its own first view after this hook: ours is the one that stays
      map.invalidateSize({ animate: false });
      first();
      stage.ready = true;
    });
  }

  cityMap.redraw = function (stage) { for (const part of cityMap.parts) if (part.draw) part.draw(stage); };

  cityMap.hit = function (stage, point) { // topmost part first
    for (const part of [...cityMap.parts].reverse()) {
      const found = part.hit && part.hit(stage, point);
      if (found) return found;
    }
    return null;
  };

  cityMap.count = function (stage, counts) { // {"roads:free": "12.4"} -> the legend's figures
    for (const [key, text] of Object.entries(counts)) {
      const cell = stage.element.querySelector('[data-count="' + key + '"]');
      if (cell && cell.textContent !== String(text)) cell.textContent = text;
    }
  };

  cityMap.selected = () => selected;
  cityMap.mark = function (entity) { // show a selection that was made elsewhere
    selected = entity || null;
    for (const stage of stages.values()) cityMap.redraw(stage);
  };
  cityMap.select = function (entity) { if (window.citySelect) window.citySelect.set(entity); else cityMap.mark(entity); };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-map-act]");
    const element = button && button.closest(".map-stage");
    const stage = element && stages.get(element);
    if (!stage) return;
    const act = button.dataset.mapAct;
    if (act === "in" || act === "out") { stage.moved = true; stage.map.setZoom(stage.map.getZoom() + (act === "in" ? 0.75 : -0.75)); }
    if (act === "home") { try { sessionStorage.removeItem(stage.memory); } catch { /* private mode */ } home(stage); }
    if (act === "full") {
      const full = element.classList.toggle("map-full");
      button.setAttribute("aria-pressed", String(full));
      stage.map.dragging[full || stage.portal !== "phone" ? "enable" : "disable"]();
    }
    if (act === "layer") {
      const id = button.dataset.layer;
      const off = !stage.hidden.has(id);
      stage.hidden[off ? "add" : "delete"](id);
      button.setAttribute("aria-pressed", String(!off));
      cityMap.redraw(stage);
    }
  });

  function recolor() { cityMap.readColors(); for (const stage of stages.values()) { stage.unit = unit(stage); cityMap.redraw(stage); } }
  new MutationObserver(recolor).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "data-portal"] });
  if (document.fonts && document.fonts.ready) document.fonts.ready.then(recolor);

  (function arm() {
    if (!window.L || !window.L.Map) { setTimeout(arm, 20); return; }
    cityMap.ready = true;
    window.L.Map.addInitHook(function () { this.whenReady(() => begin(this)); });
    for (const act of cityMap.armed || []) act();
  })();
})();
