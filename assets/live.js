/* The live link of one tab: version ticks over a WebSocket say that something changed, a conditional GET fetches what,
   and each changed panel's body is set as HTML (its slot is empty for Dash). Without the socket the same URL is polled.
   It never gives up.
   window.cityLive = {clockOffset, onLayer(id, fn), state(), pull()}; events: "city:meta" on document. */
(function () {
  "use strict";
  const doc = document, root = doc.documentElement;
  const holder = doc.getElementById("city-config");
  if (!holder) return; // not a page of the product
  const config = JSON.parse(holder.textContent);
  const SILENT = 6000, POLL = 2000, SPREAD = 200, ABORT = 8000, HIDDEN = 30000, LONGEST = 15000, BUDGET = 6;

  const pages = new Map(); // bundle url -> {seq, versions, domains, panels, layers, meta}
  const listeners = new Map(); // layer id -> Set of functions
  const given = new Map(); // layer id -> hash last handed on
  const applied = new WeakMap(); // slot element -> {id, hash}: what it shows, for which panel
  const queue = new Map(); // panel id -> panel, waiting for a frame
  let bundle = null, url = "", socket = null, heard = 0, answered = 0, started = Date.now();
  let flying = null, again = false, failures = 0, retries = 0, nextPull = 0, nextSocket = 0, framed = false;
  let touched = 0, toldTouched = 0, release = config.release, leaving = false, best = null;

  const live = window.cityLive = {
    clockOffset: 0,
    onLayer(id, fn) {
      if (!listeners.has(id)) listeners.set(id, new Set());
      listeners.get(id).add(fn);
      const layer = bundle && bundle.layers[id];
      if (layer) hand(fn, layer.data);
      return () => listeners.get(id).delete(fn);
    },
    state: () => ({ link: linkState(), seq: bundle && bundle.seq, url, failures, retries, heard, answered }),
    pull: () => pull(),
  };

  /* --- which bundle --- */
  function locate() {
    const route = config.routes[location.pathname.replace(/(.)\/$/, "$1")];
    const wanted = route ? `/live/${route.page}/${root.dataset.portal || "desk"}/${root.dataset.lang || "zh"}.json` : "";
    if (route && doc.title !== route.title) doc.title = route.title;
    if (wanted === url) return;
    url = wanted;
    if (flying) { flying.abort(); flying = null; }
    bundle = pages.get(url) || null;
    queue.clear();
    given.clear();
    if (bundle) spread();
    nextPull = 0;
    if (url) pull();
  }

  /* --- fetching --- */
  async function pull() {
    if (!url || leaving) return;
    if (flying) { again = true; return; }
    const asked = url, control = flying = new AbortController();
    const timer = setTimeout(() => control.abort(), ABORT), sent = Date.now();
    nextPull = sent + ABORT + POLL;
    try {
      const headers = bundle ? { "If-None-Match": `"${bundle.seq}"` } : {};
      if (touched > toldTouched) { headers["X-City-Active"] = "1"; toldTouched = Date.now(); }
      const query = bundle ? `?since=${bundle.seq}` : "";
      const answer = await fetch(asked + query, { headers, signal: control.signal, cache: "no-store", credentials: "same-origin" });
      if (answer.status === 401) { signIn(); return; }
      if (answer.status !== 304 && !answer.ok) throw new Error(`bundle ${answer.status}`);
      const fresh = answer.status === 304 ? null : await answer.json();
      if (asked !== url) return;
      clock(Number(answer.headers.get("x-city-time")), sent);
      release = answer.headers.get("x-city-release") || release;
      answered = Date.now();
      failures = 0;
      if (fresh) take(fresh);
    } catch (error) {
      if (asked === url) failures += 1;
    } finally {
      clearTimeout(timer);
      if (flying === control) {
        flying = null;
        nextPull = Date.now() + pause();
        if (again) { again = false; soon(); }
      }
      show();
    }
  }

  function pause() { // until the next pull that nobody asked for
    const grown = Math.min(LONGEST, POLL * 1.5 ** Math.min(failures, 8));
    const jitter = failures ? 0.6 + Math.random() * 0.8 : 1;
    return doc.hidden ? HIDDEN : pushed() ? ABORT : grown * jitter;
  }

  function soon() { // spread the pulls of many viewers
    const at = Date.now() + Math.random() * SPREAD;
    nextPull = Math.min(nextPull || at, at);
    setTimeout(beat, SPREAD + 5);
    setTimeout(beat, Math.max(0, at - Date.now()) + 1);
  }

  function take(fresh) {
    if (fresh.full || !bundle) bundle = { panels: {}, layers: {} };
    Object.assign(bundle.panels, fresh.panels);
    Object.assign(bundle.layers, fresh.layers);
    Object.assign(bundle, { seq: fresh.seq, versions: fresh.versions, domains: fresh.domains, meta: fresh.meta });
    pages.delete(url);
    pages.set(url, bundle);
    if (pages.size > 6) pages.delete(pages.keys().next().value);
    spread();
  }

  function clock(server, sent) { // the sample with the shortest way there and back within two minutes counts
    if (!server) return;
    const back = Date.now(), trip = back - sent;
    if (best && trip > best.trip && back - best.at < 120000) return;
    best = { trip, at: back };
    live.clockOffset = Math.round(server - (sent + back) / 2);
  }

  /* --- drawing --- */
  function spread() { // hand on what is new; panels wait for their frame, layers go at once
    doc.dispatchEvent(new CustomEvent("city:meta", {
      detail: { meta: bundle.meta, server_time: Date.now() + live.clockOffset, versions: bundle.versions },
    }));
    for (const [id, layer] of Object.entries(bundle.layers)) {
      if (given.get(id) === layer.hash) continue;
      given.set(id, layer.hash);
      for (const fn of listeners.get(id) || []) hand(fn, layer.data);
    }
    reconcile();
  }

  function hand(fn, data) {
    try { fn(data); } catch (error) { console.error("layer", error); }
  }

  function reconcile() { // compare every slot in the page with what it should show
    for (const slot of doc.querySelectorAll("[data-skeleton]")) {
      const done = applied.get(slot);
      if (!done || done.id !== slot.id) skeleton(slot);
    }
    if (!bundle) return;
    for (const [id, panel] of Object.entries(bundle.panels)) {
      const slot = doc.getElementById(panel.slot);
      if (slot && due(slot, panel)) queue.set(id, panel);
    }
    if (queue.size && !framed) { framed = true; requestAnimationFrame(frame); }
  }

  function skeleton(slot) { // grey shapes of the right size, also over what another page left in a reused element
    const [kind, bars] = slot.dataset.skeleton.split(" ");
    slot.innerHTML = `<div class="face face-loading skeleton-${kind}" aria-hidden="true">${"<i></i>".repeat(Number(bars))}</div>`;
    applied.set(slot, { id: slot.id, hash: "" });
  }

  function due(slot, panel) { return (applied.get(slot) || {}).hash !== panel.hash; }

  function frame() {
    framed = false;
    const begun = performance.now();
    for (const [id, panel] of queue) {
      queue.delete(id);
      const slot = doc.getElementById(panel.slot);
      if (slot && due(slot, panel)) draw(slot, panel);
      if (performance.now() - begun > BUDGET) break;
    }
    if (queue.size) { framed = true; requestAnimationFrame(frame); }
  }

  function draw(slot, panel) { // keeps scroll and keyboard focus where they were
    const top = slot.scrollTop, held = slot.contains(doc.activeElement) && doc.activeElement.closest("[data-entity], [data-key]");
    const key = held ? held.dataset.entity || held.dataset.key : "";
    const pictures = new Map([...slot.querySelectorAll("img[data-keep]")].map((img) => [img.alt, img]));
    const scrolled = [...slot.querySelectorAll(".rank-rows, .findings, .sign-list, .pictures")].map((list) => list.scrollTop);
    slot.innerHTML = panel.html;
    for (const fresh of slot.querySelectorAll("img[data-keep]")) keep(fresh, pictures.get(fresh.alt));
    slot.querySelectorAll(".rank-rows, .findings, .sign-list, .pictures").forEach((list, i) => { list.scrollTop = scrolled[i] || 0; });
    slot.scrollTop = top;
    applied.set(slot, { id: slot.id, hash: panel.hash });
    const box = slot.closest("[data-panel]");
    if (box) box.dataset.face = panel.face;
    if (key) {
      const again = slot.querySelector(`[data-entity="${CSS.escape(key)}"], [data-key="${CSS.escape(key)}"]`);
      const button = again && (again.tabIndex >= 0 ? again : again.querySelector("[tabindex]"));
      if (button) button.focus({ preventScroll: true });
    }
  }

  function keep(fresh, old) { // a picture stays on the screen until the next one is there
    if (!old) return;
    const src = fresh.getAttribute("src");
    fresh.replaceWith(old);
    if (old.getAttribute("src") !== src) old.src = src;
  }

  doc.addEventListener("click", (event) => { // links inside bodies change the page as Dash's own links do
    const link = event.target.closest("a[data-nav]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  });

  /* --- the socket --- */
  function pushed() { return Boolean(socket && socket.readyState === 1 && Date.now() - heard < SILENT); }

  function connect() {
    if (socket || leaving || !url) return;
    const mine = socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/ticks`);
    heard = Date.now();
    mine.onmessage = (event) => {
      heard = Date.now();
      const message = JSON.parse(event.data);
      if (message.hello) { release = message.hello; retries = 0; }
      const seen = message.domain ? { [message.domain]: message.version } : message.versions || {};
      if (Object.entries(seen).some(([name, version]) => behind(name, version))) soon();
      show();
    };
    mine.onclose = mine.onerror = (event) => {
      if (socket !== mine) return;
      drop();
      if (event.code === 4401) pull(); // tells apart: signed out, or only this socket
    };
  }

  function behind(name, version) {
    if (!bundle) return true;
    if (bundle.domains && !bundle.domains.includes(name)) return false;
    return bundle.versions[name] !== version;
  }

  function drop() {
    const old = socket;
    socket = null;
    retries += 1;
    nextSocket = Date.now() + Math.min(30000, 500 * 2 ** Math.min(retries, 6)) * (0.5 + Math.random());
    if (old) { old.onmessage = old.onclose = old.onerror = null; try { old.close(); } catch (error) { /* closed already */ } }
    if (nextPull > Date.now() + POLL) nextPull = Date.now() + Math.random() * POLL;
    show();
  }

  /* --- state, time, leaving --- */
  function linkState() {
    if (pushed() && answered && failures < 2) return "live";
    if (answered && Date.now() - answered < (doc.hidden ? HIDDEN : SILENT) + POLL) return "polling";
    return answered || Date.now() - started > ABORT ? "offline" : "connecting";
  }

  function show() {
    const node = doc.getElementById(config.link), state = linkState();
    if (node && node.dataset.link !== state) node.dataset.link = state;
  }

  function signIn() {
    leaving = true;
    location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
  }

  function renew() { // a new release is out: take it at a quiet moment, and never in a loop
    if (release === config.release || leaving) return;
    let last = 0;
    try { last = Number(sessionStorage.getItem("city-renewed")) || 0; } catch (error) { /* private mode */ }
    if (Date.now() - last < 60000) return;
    const busy = doc.querySelector("dialog[open], .drawer-open") || /^(INPUT|TEXTAREA|SELECT)$/.test((doc.activeElement || {}).tagName);
    const quiet = root.dataset.portal === "wall" || doc.hidden || (!busy && Date.now() - touched > 20000);
    if (!quiet) return;
    leaving = true;
    try { sessionStorage.setItem("city-renewed", String(Date.now())); } catch (error) { /* private mode */ }
    setTimeout(() => location.reload(), 500 + Math.random() * 4500);
  }

  function beat() {
    locate();
    const now = Date.now();
    if (socket && now - heard > SILENT) drop(); // open or opening, but silent
    if (!socket && now >= nextSocket && !doc.hidden) connect();
    if (url && !flying && now >= nextPull) pull();
    reconcile();
    show();
    renew();
  }

  function wake() { failures = 0; retries = 0; nextSocket = 0; nextPull = 0; beat(); }

  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    window.addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
  }
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
  doc.addEventListener("visibilitychange", () => { if (!doc.hidden) wake(); });
  window.addEventListener("popstate", () => setTimeout(locate));
  window.addEventListener("_dashprivate_pushstate", () => setTimeout(locate));
  new MutationObserver((changes) => { // Dash placed or renamed something; what happens inside bodies is ours
    const theirs = changes.some((c) => c.type === "attributes" || !(c.target.closest && c.target.closest("[data-skeleton]")));
    if (theirs && !framed) reconcile();
  }).observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ["id"] });
  locate();
  connect();
  setInterval(beat, 1000);
})();
