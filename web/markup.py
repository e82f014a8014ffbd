"""Component tree -> HTML text, so that the browser can set a panel's body in one step.

Dash's own way (`set_props` with a tree) makes every element a subscriber of the page's store: with the two to three
thousand elements of a wall page each update cost seconds of the browser's main thread; the same markup set as text costs
milliseconds. Panel bodies hold no callbacks, so nothing of Dash is needed inside them. See docs/decisions.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from dash.development.base_component import Component

from components.contract import Drawable

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})
NAMES = {"className": "class", "htmlFor": "for", "tabIndex": "tabindex", "srcSet": "srcset", "colSpan": "colspan",
         "rowSpan": "rowspan", "dateTime": "datetime", "autoFocus": "autofocus", "contentEditable": "contenteditable"}
AS_THEY_ARE = frozenset({"viewBox", "preserveAspectRatio", "gradientUnits", "gradientTransform", "patternUnits",
                         "patternTransform", "patternContentUnits", "clipPathUnits", "maskUnits", "markerWidth",
                         "markerHeight", "refX", "refY", "pathLength", "textLength", "lengthAdjust"})
IGNORED = frozenset({"children", "n_clicks", "n_clicks_timestamp", "disable_n_clicks", "key", "loading_state", "setProps"})
UNITLESS = frozenset({"opacity", "zIndex", "order", "flex", "flexGrow", "flexShrink", "fontWeight", "lineHeight", "zoom",
                      "gridArea", "gridRow", "gridColumn", "gridRowStart", "gridRowEnd", "gridColumnStart", "gridColumnEnd",
                      "strokeOpacity", "fillOpacity", "strokeWidth", "aspectRatio", "scale", "columnCount", "lineClamp"})
_CAPITAL = re.compile(r"[A-Z]")
_UNSAFE_URL = re.compile(r"\s*(javascript|vbscript|data):", re.IGNORECASE)


def markup(drawn: Drawable) -> str:
    """HTML of a component, a list of them, a text or a number; None and booleans draw nothing.

    Text and attribute values are escaped. Raises `TypeError` for components that only Dash can draw (graphs, grids).
    """
    parts: list[str] = []
    _write(drawn, parts)
    return "".join(parts)


def _write(drawn: Any, parts: list[str]) -> None:
    if drawn is None or isinstance(drawn, bool):
        return
    if isinstance(drawn, Component):
        _element(drawn, parts)
    elif isinstance(drawn, str):
        parts.append(escape(drawn, quote=False))
    elif isinstance(drawn, int | float):
        parts.append(str(drawn))
    elif isinstance(drawn, Iterable):
        for one in drawn:
            _write(one, parts)
    else:
        raise TypeError(f"cannot be drawn: {type(drawn).__name__}")


def _element(component: Component, parts: list[str]) -> None:
    props: dict[str, Any] = component.to_plotly_json()["props"]  # type: ignore[no-untyped-call]
    space = component._namespace
    if space == "dash_core_components" and component._type == "Link":
        tag, extra = "a", ' data-nav=""'
    elif space in ("dash_html_components", "dash_svg"):
        tag, extra = component._type, ""
        tag = tag.lower() if space == "dash_html_components" else tag[:1].lower() + tag[1:]
    else:
        raise TypeError(f"{space}.{component._type} cannot be part of a panel's body")
    parts.append(f"<{tag}{extra}")
    for name, value in props.items():
        _attribute(name, value, parts)
    parts.append(">")
    if tag in VOID:
        return
    _write(props.get("children"), parts)
    parts.append(f"</{tag}>")


def _attribute(name: str, value: Any, parts: list[str]) -> None:
    if name in IGNORED or value is None:
        return
    literal = name.startswith(("data-", "aria-"))
    if value is False and not literal:
        return
    if name == "style":
        value = style(value)
        if not value:
            return
    if name in ("href", "src") and _UNSAFE_URL.match(str(value)):
        return
    spelt = name if literal or name in AS_THEY_ARE else NAMES.get(name) or _CAPITAL.sub(lambda m: f"-{m[0].lower()}", name)
    text = "" if value is True and not literal else str(value).lower() if isinstance(value, bool) else str(value)
    parts.append(f' {spelt}="{escape(text)}"')


def style(rules: dict[str, Any]) -> str:
    """CSS text of a style mapping: camel case to dashes; bare numbers are pixels as in React, but for unitless ones."""
    found = []
    for name, value in rules.items():
        if value is None or value == "":
            continue
        custom = name.startswith("--")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        text = f"{value}px" if number and value != 0 and not custom and name not in UNITLESS else str(value)
        spelt = name if custom else _CAPITAL.sub(lambda m: f"-{m[0].lower()}", name)
        found.append(f"{spelt}:{text}")
    return ";".join(found)
