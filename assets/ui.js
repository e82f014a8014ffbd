/* What a page does by itself: ages and state flips, the clock, the link's word, the demo badge, tabs, drift.
   It never fetches. Data comes from the event "city:meta" (detail: {meta: {panel: {...}}, server_time}). */
(function () {
  "use strict";
  const doc = document, root = doc.documentElement;
  const meta = new Map(); // panel id -> {observed_at, cadence_s, state, sources, simulated}
  const RANK = { live: 0, forecast: 0, estimated: 0, simulated: 0, withheld: 0, late: 1, stale: 2, missing: 3 };
  const LATE = 2, STALE = 4; // in cadences, as core.snapshot
  let offset = null, wordsOf = null, words = {};

  const ui = window.cityUi = { meta, now, word, span, ago };

  function now() {
    const live = window.cityLive && Number(window.cityLive.clockOffset);
    return Date.now() + (Number.isFinite(live) && live ? live : offset || 0);
  }

  function word(key) {
    const holder = doc.getElementById("ui-words");
    if (holder && holder !== wordsOf) { wordsOf = holder; words = JSON.parse(holder.dataset.words || "{}"); }
    return words[key] || key;
  }

  function span(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    const [key, n] = s < 60 ? ["second", s] : s < 3600 ? ["minute", Math.floor(s / 60)]
      : s < 86400 ? ["hour", Math.floor(s / 3600)] : ["day", Math.floor(s / 86400)];
    return word("ui.span." + key).replace("{n}", n);
  }

  function ago(ms) { return ms < 1000 ? word("ui.now") : word("ui.ago").replace("{span}", span(ms)); }

  function write(node, text) { if (node && node.textContent !== text) node.textContent = text; }

  function put(node, name, value) { if (node.getAttribute(name) !== value) node.setAttribute(name, value); }

  function stateOf(m, at) {
    if (m.observed_at == null) return m.state && RANK[m.state] ? m.state : "missing";
    const age = (at - m.observed_at) / 1000, cadence = m.cadence_s || 60;
    const mine = age > STALE * cadence ? "stale" : age > LATE * cadence ? "late" : "live";
    return (RANK[m.state] || 0) > RANK[mine] ? m.state : mine;
  }

  function frames(at) {
    for (const frame of doc.querySelectorAll(".panel[data-panel]")) {
      const m = meta.get(frame.dataset.panel);
      if (!m) continue;
      const state = stateOf(m, at);
      put(frame, "data-state", state);
      if (m.observed_at != null) put(frame, "data-observed-at", String(m.observed_at));
      if (m.cadence_s != null) put(frame, "data-cadence-s", String(m.cadence_s));
      const age = m.observed_at == null ? word("state.missing") : ago(at - m.observed_at);
      const text = state === "late" || state === "stale" ? word("state." + state) + " " + age : age;
      write(frame.querySelector(":scope > .panel-head .panel-age"), text);
    }
    for (const node of doc.querySelectorAll(".state[data-at]")) {
      const state = stateOf({ observed_at: Number(node.dataset.at), cadence_s: Number(node.dataset.cadence), state: node.dataset.state }, at);
      if (state !== node.dataset.state) { node.dataset.state = state; write(node.lastChild, word("state." + state)); }
    }
    for (const node of doc.querySelectorAll(".age[data-age]")) write(node, ago(at - Number(node.dataset.age)));
  }

  function clock(at) {
    const holder = doc.getElementById("clock");
    if (!holder) return;
    const zone = holder.dataset.zone || "Asia/Shanghai";
    const parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", hour: "2-digit",
      minute: "2-digit", second: "2-digit", day: "numeric", month: "numeric", weekday: "short" })
      .formatToParts(at).map((p) => [p.type, p.value]));
    write(holder.querySelector(".clock-time"), `${parts.hour}:${parts.minute}:${parts.second}`);
    const day = word("ui.weekday." + (["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(parts.weekday) + 1));
    const month = word("ui.month." + parts.month);
    write(holder.querySelector(".clock-day"), root.dataset.lang === "en" ? `${day} ${parts.day} ${month}` : `${month}${parts.day}日 ${day}`);
  }

  function link() {
    const node = doc.getElementById("link-state");
    if (node) write(node.querySelector(".link-word"), word("link." + (node.dataset.link || "connecting")));
  }

  function badge() {
    const node = doc.getElementById("simulated-badge");
    if (!node) return;
    const shown = [...doc.querySelectorAll(".panel[data-panel]")].some((f) => (meta.get(f.dataset.panel) || {}).simulated);
    if (node.hidden === shown) node.hidden = !shown;
  }

  function tab() {
    const shell = doc.querySelector(".shell-phone");
    if (!shell) return;
    const home = shell.dataset.page === "overview";
    const name = { "#events": "cases", "#map": "map", "#me": "mine" }[location.hash] || "overview";
    put(shell, "data-tab", home ? name : "page");
    for (const item of shell.querySelectorAll(".tab")) {
      const here = home && item.id === "tab:" + name;
      item.classList.toggle("is-here", here);
      if (here) put(item, "aria-current", "page"); else item.removeAttribute("aria-current");
    }
  }

  let shown = null;
  function here() {
    for (const item of doc.querySelectorAll(".is-here:not(.tab)")) put(item, "aria-current", "page");
    const chosen = doc.querySelector(".strip .is-here");
    if (chosen && chosen !== shown) { shown = chosen; chosen.parentNode.scrollLeft = chosen.offsetLeft - 40; }
  }

  /* A list hides whole items that do not fit; say how many. */
  function cut() {
    for (const box of doc.querySelectorAll(".findings-box")) {
      const list = box.querySelector(".findings"), more = box.querySelector(".more");
      if (!list || !more) continue;
      const hidden = [...list.children].filter((li) => !li.offsetHeight || li.offsetLeft - list.offsetLeft >= list.clientWidth - 1)
        .reduce((sum, li) => sum + Number(li.dataset.fold || 1), 0);
      const left = hidden + Number(more.dataset.left || 0);
      put(more, "data-empty", left ? "" : "1");
      write(more, left ? more.dataset.text.replace("{n}", left) : "");
    }
  }

  function cutRows() { // rows that wrapped out of their table, counted at its foot
    for (const body of doc.querySelectorAll(".ranked > tbody")) {
      const hidden = [...body.rows].filter((row) => row.offsetLeft - body.offsetLeft >= body.clientWidth - 1).length;
      if (hidden && body.clientWidth) put(body.parentNode, "data-cut", String(hidden)); else body.parentNode.removeAttribute("data-cut");
    }
  }

  let drifted = 0;
  function drift(at) { // against burn-in: a slow walk of a few pixels inside the wall's own margin
    if (root.dataset.portal !== "wall" || at - drifted < 60000) return;
    drifted = at;
    const step = Math.floor(at / 60000), reach = 0.22;
    root.style.setProperty("--drift-x", (Math.sin(step * 0.7) * reach).toFixed(3) + "rem");
    root.style.setProperty("--drift-y", (Math.cos(step * 0.45) * reach).toFixed(3) + "rem");
  }

  function tick() {
    const at = now();
    frames(at); clock(at); link(); badge(); tab(); here(); cut(); cutRows(); drift(at);
  }

  doc.addEventListener("city:meta", (event) => {
    const detail = event.detail || {};
    if (detail.server_time) offset = detail.server_time - Date.now();
    for (const [id, m] of Object.entries(detail.meta || detail)) if (m && typeof m === "object" && "observed_at" in m) meta.set(id, m);
    requestAnimationFrame(tick);
  });
  window.addEventListener("city:meta", (event) => { if (event.target === window) doc.dispatchEvent(new CustomEvent("city:meta", { detail: event.detail })); });
  window.addEventListener("hashchange", tick);
  window.addEventListener("popstate", tick);
  window.addEventListener("_dashprivate_pushstate", () => requestAnimationFrame(tick));
  window.addEventListener("resize", tick);
  new MutationObserver((changes) => { if (changes.some((c) => c.attributeName === "data-link")) link(); })
    .observe(root, { subtree: true, attributes: true, attributeFilter: ["data-link"] });
  /* A body that was set anew has empty ages: written before the screen is painted, so that nothing blinks. */
  new MutationObserver((changes) => { if (changes.some((c) => c.target.dataset && "skeleton" in c.target.dataset)) tick(); })
    .observe(root, { subtree: true, childList: true });
  setInterval(tick, 1000);
  doc.readyState === "loading" ? doc.addEventListener("DOMContentLoaded", tick) : tick();
})();
