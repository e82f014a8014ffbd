/* What must hold on every page in a real browser. Returns lists of faults, each readable as a sentence.
   Text boxes come from ranges over text nodes, cut by every ancestor that clips; a text that is cut away whole is not shown,
   a text that is cut through is a fault (unless it says so with an ellipsis). */
(function (portal) {
  "use strict";
  const W = innerWidth, H = innerHeight, root = document.documentElement;
  const faults = { clipped: [], overlapping: [], outside: [], small: [], scroll: [], targets: [], unresolved: [], figures: [] };
  const boxes = [];

  function hidden(node) {
    for (let n = node; n && n !== document; n = n.parentElement) {
      if (n.tagName === "TEMPLATE" || n.tagName === "SCRIPT" || n.tagName === "STYLE" || n.classList.contains("sr-only")) return true;
      const s = getComputedStyle(n);
      if (s.display === "none" || s.visibility === "hidden" || Number(s.opacity) === 0) return true;
      if (n.tagName === "DETAILS" && !n.open && !node.closest("summary")) return true;
    }
    return false;
  }

  function window_of(node) { // the part of the screen in which this node may draw, and whether it ends in an ellipsis
    let box = { left: -1e6, top: -1e6, right: 1e6, bottom: 1e6 }, ellipsis = false, scrolls = false, fixed = false;
    for (let n = node; n && n !== document.body; n = n.parentElement) {
      const s = getComputedStyle(n), r = n.getBoundingClientRect();
      if (s.textOverflow === "ellipsis" && s.overflowX !== "visible" || s.webkitLineClamp !== "none") ellipsis = true;
      if (s.overflowX !== "visible" || s.overflowY !== "visible") {
        if (/auto|scroll/.test(s.overflowX + s.overflowY) && (n.scrollHeight > n.clientHeight + 1 || n.scrollWidth > n.clientWidth + 1)) scrolls = true;
        if (s.overflowX !== "visible") { box.left = Math.max(box.left, r.left); box.right = Math.min(box.right, r.right); }
        if (s.overflowY !== "visible") { box.top = Math.max(box.top, r.top); box.bottom = Math.min(box.bottom, r.bottom); }
      }
      if (s.position === "fixed" || s.position === "sticky") { fixed = true; if (s.position === "fixed") break; }
    }
    return { box, ellipsis, scrolls, fixed };
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim(), holder = node.parentElement;
    if (!text || !holder || hidden(holder)) continue;
    if (text.includes("⟦")) faults.unresolved.push(text);
    const range = document.createRange();
    range.selectNodeContents(node);
    const { box, ellipsis, scrolls, fixed } = window_of(holder), style = getComputedStyle(holder);
    const inMap = Boolean(holder.closest(".leaflet-container, .map-inset"));
    const glyphs = parseFloat(style.fontSize) * 0.18; // line boxes are taller than glyphs
    for (const r of range.getClientRects()) {
      if (r.width < 1 || r.height < 1) continue;
      const seen = { left: Math.max(r.left, box.left), top: Math.max(r.top, box.top), right: Math.min(r.right, box.right), bottom: Math.min(r.bottom, box.bottom) };
      const ink = { top: r.top + glyphs, bottom: r.bottom - glyphs };
      const inked = Math.min(seen.bottom, ink.bottom) - Math.max(seen.top, ink.top);
      if (seen.right - seen.left < 1 || inked < 1) continue; // cut away whole: not shown
      const cutX = r.width - (seen.right - seen.left) > 1.5, cutY = ink.bottom - ink.top - inked > 1;
      if ((cutX || cutY) && !scrolls && !(ellipsis && !cutY) && !inMap) faults.clipped.push(`${text} in ${name(holder)}`);
      if (portal === "wall" && parseFloat(style.fontSize) < H * 0.016 - 0.1) faults.small.push(`${text}: ${style.fontSize}`);
      const out = seen.left < -1 || seen.right > W + 1 || (portal !== "phone" && (seen.top < -1 || seen.bottom > H + 1));
      if (out && !scrolls) faults.outside.push(`${text} at ${Math.round(seen.left)},${Math.round(seen.top)} in ${name(holder)}`);
      if (!inMap) boxes.push({ text, holder, fixed, left: seen.left + 0.5, right: seen.right - 0.5, top: seen.top + glyphs, bottom: seen.bottom - glyphs });
    }
  }

  function name(n) { return (n.closest("[data-panel]") || { dataset: {} }).dataset.panel + " " + n.tagName.toLowerCase() + "." + n.className; }

  boxes.sort((a, b) => a.left - b.left);
  for (let i = 0; i < boxes.length; i++) {
    for (let j = i + 1; j < boxes.length && boxes[j].left < boxes[i].right; j++) {
      const a = boxes[i], b = boxes[j];
      if (a.holder === b.holder || a.fixed !== b.fixed) continue;
      const w = Math.min(a.right, b.right) - Math.max(a.left, b.left), h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (w > 1.5 && h > 1.5) faults.overlapping.push(`${a.text} × ${b.text} in ${name(a.holder)}`);
    }
  }

  if (root.scrollWidth > W) faults.scroll.push(`page is ${root.scrollWidth} wide on ${W}`);
  if (portal !== "phone" && root.scrollHeight > H) faults.scroll.push(`page is ${root.scrollHeight} high on ${H}`);
  if (portal === "wall") {
    for (const n of document.querySelectorAll("main *")) {
      const s = getComputedStyle(n);
      if (/auto|scroll/.test(s.overflowY) && n.scrollHeight > n.clientHeight + 2) faults.scroll.push(`${name(n)} scrolls`);
    }
    for (const n of document.querySelectorAll(".kpi-l .figure:not(.figure-none)")) {
      const size = parseFloat(getComputedStyle(n).fontSize);
      if (!hidden(n) && size < H * 0.05) faults.figures.push(`${n.textContent}: ${size}px`);
    }
  }
  if (portal === "phone") {
    for (const n of document.querySelectorAll("a, button, summary, [role=button]")) {
      if (hidden(n) || n.closest(".leaflet-container")) continue;
      const r = n.getBoundingClientRect();
      if (r.width && (r.height < 43.5 || r.width < 43.5)) faults.targets.push(`${(n.textContent || n.getAttribute("aria-label") || "").trim()} ${Math.round(r.width)}×${Math.round(r.height)} ${name(n)}`);
    }
  }
  for (const key of Object.keys(faults)) faults[key] = [...new Set(faults[key])].slice(0, 30);
  return faults;
})(arguments[0]);
