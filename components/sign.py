"""What is nearest to its limit right now: said beside the findings, and never called one."""

from collections.abc import Sequence

import msgspec
from dash import dcc, html
from dash.development.base_component import Component

from components import drawer, icons
from components.contract import Viewing


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """One thing worth a look. `near` is its share of the limit (1: at it), which only orders the list.

    `kind` and `key` open the drawer; without them the name leads to `href`.
    """

    near: float
    icon: str
    name: str
    what: str
    value: Component | str
    kind: str = ""
    key: str = ""
    href: str = ""


def listing(signs: Sequence[Sign], viewing: Viewing) -> Component | None:
    """The list under its own head, nearest first as given; None when there is nothing to tell."""
    if not signs:
        return None
    head = html.P([html.B(viewing.t("ui.signs")), html.Span(viewing.t("ui.signs.not"))], className="signs-head")
    return html.Div([head, html.Ol([_row(sign, viewing) for sign in signs], className="sign-list")], className="signs")


def _row(sign: Sign, viewing: Viewing) -> Component:
    opens: dict[str, str] = {}
    name: Component | str = sign.name
    if sign.kind and viewing.portal != "wall":
        opens = {**drawer.entity(sign.kind, sign.key), "role": "button"}
    elif sign.href and viewing.portal != "wall":
        name = dcc.Link(sign.name, href=sign.href, className="sign-link")
    words = html.Div([html.Span(name, className="sign-name"), html.Span(sign.what, className="sign-what")], className="sign-words")
    return html.Li(html.Div([icons.icon(sign.icon), words, html.Span(sign.value, className="sign-value")], className="sign", **opens))
