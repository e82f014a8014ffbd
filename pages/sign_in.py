"""The sign-in page and the page of refusal: plain HTML made on the server, so that nothing of the product loads before.

Pure: text in, text out. Everything that came from outside is escaped.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from components import bootstrap
from core.i18n import Lang, t

SCRIPT = """(function () {
  var field = document.getElementById('password'), eye = document.getElementById('eye');
  if (!field || !eye) return;
  eye.hidden = false;
  eye.addEventListener('click', function () {
    var shown = field.type === 'text';
    field.type = shown ? 'password' : 'text';
    eye.setAttribute('aria-pressed', String(!shown));
    field.focus();
  });
})();"""
CSS = """
*{box-sizing:border-box}html{height:100%;font-size:clamp(15px,1.55vmin,40px)}
body{margin:0;min-height:100%;display:grid;grid-template-columns:minmax(0,1.15fr) minmax(22rem,1fr);background:var(--bg);
color:var(--text);font-family:var(--font);line-height:1.5;-webkit-font-smoothing:antialiased}
.place{position:relative;display:flex;flex-direction:column;justify-content:flex-end;padding:3.2rem 3.4rem;overflow:hidden;
background:radial-gradient(120% 90% at 60% 40%,var(--panel-2),var(--bg) 72%);border-right:1px solid var(--line)}
.place svg{position:absolute;inset:4% 4% 12% 4%;width:92%;height:84%}
.place path{fill:var(--map-district);fill-opacity:.55;stroke:var(--map-edge);stroke-width:1.1;vector-effect:non-scaling-stroke;
stroke-linejoin:round}
.place .edge{fill:none;stroke:var(--accent);stroke-opacity:.5;stroke-width:1.4}
.place p{position:relative;margin:0;color:var(--text-2);font-size:1.06rem;letter-spacing:.06em}
.place b{position:relative;display:block;font-size:2.5rem;font-weight:600;letter-spacing:.04em;line-height:1.3}
main{display:flex;flex-direction:column;justify-content:center;padding:2.4rem clamp(1.4rem,5vw,5rem);max-width:40rem;
width:100%;margin:0 auto}
h1{font-size:1.7rem;font-weight:600;margin:0 0 1.6rem}
.product{display:none}
label{display:block;font-size:.93rem;color:var(--text-2);margin:0 0 .38rem}
.field{position:relative;margin:0 0 1.15rem}
input{width:100%;height:max(44px,3.1rem);font:inherit;font-size:max(16px,1.05rem);color:var(--text);background:var(--panel);
border:1px solid var(--line-2);border-radius:.55rem;padding:0 .95rem;outline:none;transition:border-color .15s}
input:focus-visible{border-color:var(--accent);box-shadow:0 0 0 3px color-mix(in srgb,var(--accent) 26%,transparent)}
#eye{position:absolute;right:.35rem;bottom:0;height:max(44px,3.1rem);width:max(44px,3.1rem);border:0;background:none;
color:var(--text-3);cursor:pointer;border-radius:.5rem;padding:0}
#eye:focus-visible,.submit:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
#eye[aria-pressed=true]{color:var(--accent)}#eye svg{width:1.35rem;height:1.35rem;vertical-align:middle}
.submit{width:100%;height:max(46px,3.2rem);margin:.4rem 0 1.4rem;font:inherit;font-size:1.08rem;font-weight:600;
letter-spacing:.2em;text-indent:.2em;border:0;border-radius:.55rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
.submit:hover{filter:brightness(1.07)}html[lang=en] .submit{letter-spacing:0;text-indent:0}
.say{display:flex;gap:.6rem;align-items:baseline;margin:0 0 1.3rem;padding:.75rem .95rem;border-radius:.55rem;
border:1px solid var(--line-2);background:var(--panel)}
.say.bad{border-color:var(--bad);color:var(--bad)}
.note{margin:.35rem 0 0;font-size:.88rem;color:var(--text-3)}
.foot{margin-top:2rem;font-size:.93rem}a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
.links{display:flex;flex-wrap:wrap;gap:.7rem;margin:1rem 0 0;padding:0;list-style:none}
.links a{display:inline-flex;align-items:center;min-height:44px;padding:0 1.1rem;border:1px solid var(--line-2);
border-radius:.55rem}
@media (max-width:760px){body{display:block;padding-top:env(safe-area-inset-top)}.place{min-height:30vh;padding:1.3rem 1.4rem;
border-right:0;border-bottom:1px solid var(--line)}.place b{font-size:1.7rem}.place svg{inset:0 -8% 0 38%;width:70%;height:100%}
main{padding-top:1.8rem}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
"""
_EYE = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" aria-hidden="true">'
    '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z"/><circle cx="12" cy="12" r="3"/></svg>'
)


def outline(collection: dict[str, Any], size: int = 1000) -> str:
    """An SVG of a GeoJSON FeatureCollection's polygons in a square of `size`; "" when there are none.

    Plate carrée with the middle latitude's shortening: true enough for a picture. Points closer than a pixel are dropped.
    """
    shapes = [ring for feature in collection.get("features", ()) for ring in _rings(feature.get("geometry") or {})]
    points = [point for ring in shapes for point in ring]
    if not points:
        return ""
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = 0.85  # cos of 31.7°, the middle of the province's latitudes
    scale = size / max((east - west) * squeeze, north - south)
    left, top = (size - (east - west) * squeeze * scale) / 2, (size - (north - south) * scale) / 2
    paths = []
    for ring in shapes:
        drawn = [(round(left + (x - west) * squeeze * scale), round(top + (north - y) * scale)) for x, y, *_ in ring]
        thin = [p for n, p in enumerate(drawn) if n == 0 or p != drawn[n - 1]]
        if len(thin) > 3:
            paths.append(f'<path d="M{"L".join(f"{x} {y}" for x, y in thin)}Z"/>')
    return f'<svg viewBox="0 0 {size} {size}" aria-hidden="true" focusable="false">{"".join(paths)}</svg>'


def _rings(geometry: dict[str, Any]) -> Iterable[Sequence[Sequence[float]]]:
    """The outer rings of a polygon or multi-polygon."""
    if geometry.get("type") == "Polygon":
        yield geometry["coordinates"][0]
    elif geometry.get("type") == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield polygon[0]


def form(lang: Lang, city: str, picture: str, *, next_path: str = "/", name: str = "", say: str = "",
         bad: bool = False) -> str:
    """The sign-in form. `say` is a finished sentence shown above it, as an error when `bad`."""
    def word(key: str) -> str:
        return escape(t(f"sign_in.{key}", lang))

    other = "en" if lang == "zh" else "zh"
    said = f'<p class="say{" bad" if bad else ""}" role="{"alert" if bad else "status"}">{escape(say)}</p>' if say else ""
    fields = f"""<form method="post" action="/sign-in" autocomplete="on">
<input type="hidden" name="next" value="{escape(next_path)}">
<div class="field"><label for="name">{word("name")}</label>
<input id="name" name="name" value="{escape(name)}" autocomplete="username" autocapitalize="none" spellcheck="false" required
 maxlength="40"{"" if name else " autofocus"}></div>
<div class="field"><label for="password">{word("password")}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 maxlength="256"{" autofocus" if name else ""}>
<button type="button" id="eye" hidden aria-pressed="false" aria-label="{word("show")}">{_EYE}</button></div>
<button class="submit" type="submit">{word("submit")}</button></form>"""
    notes = (
        f'<p class="note">{word("help")}</p><p class="note">{word("note")}</p>'
        f'<p class="foot"><a href="/sign-in?lang={other}&amp;next={escape(next_path)}" hreflang="{other}">'
        f"{word('language')}</a></p>"
    )
    return _document(lang, city, picture, t("sign_in.title", lang), f"{said}{fields}{notes}<script>{SCRIPT}</script>")


def refusal(lang: Lang, city: str, picture: str, key: str, who: str, role: str, links: Sequence[tuple[str, str]]) -> str:
    """Says that a page is not for this role (or not there), who is signed in, and where this role may go."""
    if links:
        items = "".join(f'<li><a href="{escape(href)}">{escape(title)}</a></li>' for href, title in links)
        where = f'<p class="note">{escape(t("refused.may", lang))}</p><ul class="links">{items}</ul>'
    else:
        where = f'<p class="note">{escape(t("refused.none", lang))}</p>'
    role_word = t(f"role.{role}", lang)
    body = (
        f'<p class="say">{escape(t("refused.who", lang, name=who, role=role_word))}</p>{where}'
        f'<form class="foot" method="post" action="/sign-out"><button class="submit" type="submit">'
        f'{escape(t("sign_in.title", lang))}</button></form>'
    )
    return _document(lang, city, picture, t(key, lang), body)


def _document(lang: Lang, city: str, picture: str, title: str, body: str) -> str:
    product = escape(t("sign_in.product", lang, city=city))
    return f"""<!DOCTYPE html>
<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="theme-color" content="#0a1420"><title>{escape(title)} · {product}</title>
<link rel="icon" href="/favicon.ico"><link rel="manifest" href="/manifest.webmanifest">
<script>{bootstrap.SCRIPT}</script><link rel="stylesheet" href="/assets/tokens.css"><style>{CSS}</style></head>
<body><section class="place">{picture}<b>{product}</b><p>{escape(t("sign_in.lead", lang))}</p></section>
<main><h1>{escape(title)}</h1>{body}</main></body></html>"""
