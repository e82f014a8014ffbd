/* One choice per page: click or Enter on anything with data-entity, Esc to close, kept in the address as #<kind>:<id>. */
(function () {
  "use strict";
  let opener = null;

  function now() {
    const text = decodeURIComponent(location.hash.slice(1));
    return /^[a-z]+:.+/.test(text) ? text : null;
  }

  function show(entity) {
    const drawer = document.getElementById("drawer");
    if (drawer) {
      drawer.classList.toggle("drawer-open", Boolean(entity));
      drawer.setAttribute("aria-hidden", String(!entity));
    }
    document.querySelectorAll("[data-entity].chosen").forEach((e) => e.classList.remove("chosen"));
    if (entity) document.querySelectorAll('[data-entity="' + CSS.escape(entity) + '"]').forEach((e) => e.classList.add("chosen"));
    if (window.cityMap) window.cityMap.mark(entity);
  }

  function send(entity, tries) { // the store may not be there yet: the page is still being drawn
    const shell = document.querySelector("[data-page]"), drawer = document.getElementById("drawer");
    const ready = drawer && window.dash_clientside && window.dash_clientside.set_props;
    if (!ready) { if ((tries || 0) < 100) setTimeout(() => send(entity, (tries || 0) + 1), 100); return; }
    const root = document.documentElement.dataset;
    window.dash_clientside.set_props("selected", { data: { at: Date.now(), page: drawer.dataset.page || (shell && shell.dataset.page) || "", entity,
      portal: root.portal || "desk", lang: root.lang || "zh" } });
    show(entity);
  }

  function set(entity, quiet) {
    if (!quiet) history.replaceState(history.state, "", location.pathname + location.search + (entity ? "#" + encodeURI(entity) : ""));
    if (!document.getElementById("drawer")) { if (window.cityMap) window.cityMap.mark(entity); return; }
    send(entity);
    if (entity) document.getElementById("drawer").focus({ preventScroll: true });
    else if (opener && opener.isConnected) opener.focus({ preventScroll: true });
  }

  function from(event) {
    const row = event.target.closest && event.target.closest("[data-entity], .finding[data-key]");
    if (!row || !document.getElementById("drawer") || event.target.closest("a, button:not([data-entity]), summary, input, select")) return false;
    const entity = row.matches(".finding[data-key]") ? "finding:" + row.dataset.key : row.dataset.entity;
    if (!/^[a-z]+:.+/.test(entity)) return false;
    opener = row;
    set(entity);
    return true;
  }

  window.citySelect = { set, current: now };
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("[data-entity-close]")) { set(null); return; }
    from(event);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector(".drawer-open") && !document.querySelector("dialog[open]")) set(null);
    if ((event.key === "Enter" || event.key === " ") && event.target.matches && event.target.matches("[data-entity], .finding-body[role=button]")) {
      if (from(event)) event.preventDefault();
    }
  });
  /* An open drawer follows the data: asked anew when something arrived, at most every four seconds. */
  let asked = 0;
  document.addEventListener("city:meta", () => {
    if (document.hidden || !now() || !document.querySelector(".drawer-open") || Date.now() - asked < 4000) return;
    asked = Date.now();
    send(now());
  });
  window.addEventListener("hashchange", () => set(now(), true));
  /* A link that was sent, or a page that was drawn anew: open what the address names once the drawer is there. */
  let known = null;
  new MutationObserver(() => {
    const drawer = document.getElementById("drawer");
    if (drawer === known) return;
    known = drawer;
    if (drawer && now()) send(now());
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
