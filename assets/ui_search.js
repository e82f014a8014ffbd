/* Search over pages and named things: `/` opens, typing narrows, arrows choose, Enter opens the page at that thing. */
(function () {
  "use strict";
  const doc = document, MOST = 12;
  const word = (key) => (window.cityUi ? window.cityUi.word(key) : key);
  let chosen = 0, shown = [];

  function make(tag, name, text) {
    const node = doc.createElement(tag);
    if (name) node.className = name;
    if (text) node.textContent = text;
    return node;
  }

  function build(dialog) {
    const box = make("input", "search-box"), list = make("ol", "search-list");
    box.type = "text";
    box.autocomplete = "off";
    box.spellcheck = false;
    box.placeholder = word("ui.js.search.hint");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "search-list", "aria-label": word("ui.js.search.hint") })) {
      box.setAttribute(name, value);
    }
    list.id = "search-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", dialog.getAttribute("aria-label"));
    dialog.append(box, list);
    box.addEventListener("input", () => { chosen = 0; fill(dialog); });
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && shown.length) { chosen = (chosen + step + shown.length) % shown.length; mark(dialog); event.preventDefault(); }
      if (event.key === "Enter" && !event.isComposing && shown[chosen]) { open(dialog, shown[chosen][3]); event.preventDefault(); }
    });
    list.addEventListener("click", (event) => {
      const row = event.target.closest("[data-index]");
      if (row) open(dialog, shown[Number(row.dataset.index)][3]);
    });
  }

  /* Every word must occur in one of the names; names that begin with what was typed come first, shorter ones before longer. */
  function find(entries, text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const scored = [];
    for (const entry of entries) {
      const names = `${entry[1]} ${entry[2]}`.toLowerCase();
      if (!words.every((w) => names.includes(w))) continue;
      const first = words.length && (entry[1].toLowerCase().startsWith(words[0]) || entry[2].toLowerCase().startsWith(words[0]));
      scored.push([first ? 0 : 1, entry[1].length, entry]);
    }
    if (words.length) scored.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return scored.slice(0, MOST).map((row) => row[2]);
  }

  function fill(dialog) {
    const list = dialog.querySelector(".search-list");
    shown = find(JSON.parse(dialog.dataset.entries || "[]"), dialog.querySelector(".search-box").value);
    list.replaceChildren(...shown.map((entry, i) => {
      const row = make("li", "search-row");
      row.id = `search-row-${i}`;
      row.dataset.index = String(i);
      row.setAttribute("role", "option");
      row.append(make("span", "search-name", entry[1]), make("span", "search-kind", word("ui.js.search.kind." + entry[0])));
      return row;
    }));
    if (!shown.length) list.append(make("li", "search-none", word("ui.js.search.none")));
    mark(dialog);
  }

  function mark(dialog) {
    dialog.querySelectorAll(".search-row").forEach((row, i) => {
      row.setAttribute("aria-selected", String(i === chosen));
      if (i === chosen) row.scrollIntoView({ block: "nearest" });
    });
    dialog.querySelector(".search-box").setAttribute("aria-activedescendant", shown.length ? `search-row-${chosen}` : "");
  }

  function open(dialog, href) { // inside the app: Dash draws the page, the drawer opens by what the address names
    dialog.close();
    const url = new URL(href, location.href), entity = decodeURIComponent(url.hash.slice(1));
    if (url.pathname === location.pathname) {
      if (entity && window.citySelect) window.citySelect.set(entity);
      return;
    }
    history.pushState({}, "", url.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  window.citySearch = function () {
    const dialog = doc.getElementById("search");
    if (!dialog || dialog.open) return;
    if (!dialog.querySelector(".search-box")) build(dialog);
    const box = dialog.querySelector(".search-box");
    box.value = "";
    chosen = 0;
    fill(dialog);
    dialog.showModal();
    box.focus();
  };
})();
