/* What a person does to a page: menus, definitions, data table, CSV, enlarge, keyboard, theme, language, full screen. */
(function () {
  "use strict";
  const doc = document, root = doc.documentElement;
  const word = (key) => (window.cityUi ? window.cityUi.word(key) : key);

  function keep(name, value) { doc.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; }

  function theme() {
    if (root.dataset.portal === "wall") return;
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    keep("theme", root.dataset.theme);
    doc.dispatchEvent(new CustomEvent("city:theme"));
  }

  function language() { // the server draws another language, so the page comes anew at the same address
    keep("lang", root.dataset.lang === "zh" ? "en" : "zh");
    const url = new URL(location.href);
    url.searchParams.delete("lang");
    location.replace(url);
    if (url.href === location.href) location.reload();
  }

  function full() { doc.fullscreenElement ? doc.exitFullscreen() : root.requestFullscreen && root.requestFullscreen().catch(() => {}); }

  /* Everything a panel shows as tables of text: real tables first, then the series behind its charts. */
  function tables(panel) {
    const found = [];
    for (const table of panel.querySelectorAll(".panel-body table")) {
      found.push([...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
    }
    const series = [...panel.querySelectorAll(".panel-body [data-series]")].map((node) => {
      const [start, step, values] = node.dataset.series.split(";");
      return { name: node.dataset.label || word("ui.js.value"), unit: node.dataset.unit || "", start: Number(start), step: Number(step), values: values.split(",") };
    });
    for (const one of series) {
      const rows = one.values.map((value, i) => [stamp((one.start + i * one.step) * 1000), value]);
      found.push([[word("ui.js.time"), one.name + (one.unit ? ` (${one.unit})` : "")], ...rows]);
    }
    return found;
  }

  function stamp(ms) {
    const zone = (doc.getElementById("clock") || { dataset: {} }).dataset.zone || "Asia/Shanghai";
    return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(ms);
  }

  function csv(panel) {
    const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : /^[=+@\t]/.test(text) ? "'" + text : text);
    const text = tables(panel).map((rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n")).join("\r\n\r\n");
    if (!text) { sheet(title(panel), note(word("ui.js.no_table"))); return; }
    const a = doc.createElement("a");
    a.href = URL.createObjectURL(new Blob(["\ufeff" + text + "\r\n"], { type: "text/csv;charset=utf-8" }));
    a.download = `${panel.dataset.panel.replace(".", "-")}-${stamp(Date.now()).replace(/[^\d]/g, "").slice(0, 12)}.csv`;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 2000);
  }

  function title(panel) { const h = panel.querySelector(".panel-title"); return h ? h.textContent : ""; }

  function note(text) { const p = doc.createElement("p"); p.textContent = text; return p; }

  function sheet(name, content, large) {
    const dialog = doc.getElementById("enlarged");
    if (!dialog) return;
    dialog.querySelector(".sheet-title").textContent = name;
    const body = dialog.querySelector(".sheet-body");
    body.classList.toggle("is-large", Boolean(large));
    body.replaceChildren(content);
    if (!dialog.open) dialog.showModal();
  }

  function plain(rows) {
    const table = doc.createElement("table");
    table.className = "plain";
    rows.forEach((row, i) => {
      const tr = table.insertRow();
      for (const text of row) { const cell = doc.createElement(i ? "td" : "th"); cell.textContent = text; tr.append(cell); }
    });
    return table;
  }

  function act(name, panel) {
    if (name === "export") return csv(panel);
    if (name === "definition") {
      const box = doc.createElement("div");
      const kept = panel.querySelector(".panel-definitions");
      if (kept) for (const node of kept.childNodes) box.append(node.cloneNode(true));
      return sheet(title(panel), box);
    }
    if (name === "table") {
      const found = tables(panel), box = doc.createElement("div");
      found.length ? box.append(...found.map(plain)) : box.append(note(word("ui.js.no_table")));
      return sheet(title(panel), box);
    }
    const copy = panel.querySelector(".panel-body").cloneNode(true);
    copy.removeAttribute("id");
    delete copy.dataset.skeleton; // no slot: the live link must leave it alone
    for (const node of copy.querySelectorAll("[id]")) node.removeAttribute("id");
    sheet(title(panel), copy, true);
  }

  function closeAll() {
    for (const open of doc.querySelectorAll("details.panel-menu[open]")) open.open = false;
    for (const dialog of doc.querySelectorAll("dialog[open]")) dialog.close();
  }

  doc.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act], [data-do]");
    const menu = event.target.closest("details.panel-menu");
    for (const open of doc.querySelectorAll("details.panel-menu[open]")) if (open !== menu) open.open = false;
    if (event.target.tagName === "DIALOG") event.target.close();
    if (!button) return;
    if (button.dataset.act) { act(button.dataset.act, button.closest(".panel")); menu && (menu.open = false); return; }
    const todo = { theme, lang: language, full, close: closeAll, help, search };
    (todo[button.dataset.do] || (() => {}))();
  });

  function search() { if (window.citySearch) window.citySearch(); }

  function help() { const dialog = doc.getElementById("help-overlay"); if (dialog && !dialog.open) dialog.showModal(); }

  let armed = 0; // when `g` was pressed
  doc.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === "Escape") return closeAll();
    if (Date.now() - armed < 1500) {
      armed = 0;
      const row = doc.querySelector(`#help-overlay [data-go="${CSS.escape(event.key.toLowerCase())}"]`);
      if (row) { go(row.dataset.href); event.preventDefault(); }
      return;
    }
    const todo = { g: () => { armed = Date.now(); }, "?": help, t: theme, l: language, f: full,
      "/": search }[event.key];
    if (todo) { todo(); event.preventDefault(); }
  });

  function go(href) { // inside the app when the menu has the page, else as an ordinary address
    const known = [...doc.querySelectorAll("a[href]")].find((a) => a.getAttribute("href") === href);
    known ? known.click() : location.assign(href);
  }

  /* Where a panel's data comes from, on hover and on focus. */
  let tip = null;
  function show(event) {
    const when = event.target.closest && event.target.closest(".panel-when");
    if (!when) return;
    hide();
    const panel = when.closest(".panel"), m = window.cityUi && window.cityUi.meta.get(panel.dataset.panel);
    if (!m) return;
    tip = doc.createElement("div");
    tip.className = "tip";
    const names = (m.sources || []).map((s) => (typeof s === "string" ? word("source." + s) : s.title || word("source." + s.id)));
    if (names.length) tip.append(note(`${word("ui.js.source")} ${names.join(" · ")}`));
    if (m.observed_at != null) tip.append(note(`${word("ui.js.observed")} ${stamp(m.observed_at)}`));
    tip.append(note(word("state." + (panel.dataset.state || "loading"))));
    doc.body.append(tip);
    const box = when.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(box.right - tip.offsetWidth, innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = (box.bottom + 6 + tip.offsetHeight > innerHeight ? box.top - tip.offsetHeight - 6 : box.bottom + 6) + "px";
  }
  function hide() { if (tip) { tip.remove(); tip = null; } }
  doc.addEventListener("mouseover", show);
  doc.addEventListener("focusin", show);
  doc.addEventListener("mouseout", hide);
  doc.addEventListener("focusout", hide);

  let still = 0;
  doc.addEventListener("mousemove", () => { // the wall shows no pointer unless somebody moves it
    root.classList.add("pointer");
    clearTimeout(still);
    still = setTimeout(() => root.classList.remove("pointer"), 3000);
  }, { passive: true });
})();
