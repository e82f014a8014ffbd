"""The drawer beside a page: what is known about the one thing that was chosen on the map, in a chart or in a row.

Anything with `data-entity="<kind>:<id>"` opens it (assets/select.js); the choice is kept in the address (#<kind>:<id>), so
that a view can be sent as a link; Esc closes it. The body is filled by callbacks/select.py.
"""

from dash import dcc, html
from dash.development.base_component import Component

from components import icons, ids
from components.contract import Viewing


def drawer(viewing: Viewing, page: str) -> list[Component]:
    """The closed drawer of one page and the store that says what is chosen. A wall has none: nobody clicks there."""
    if viewing.portal == "wall":
        return []
    close = html.Button(
        icons.icon("close"),
        type="button",
        className="tool",
        title=viewing.t("drawer.close"),
        **{"data-entity-close": "1", "aria-label": viewing.t("drawer.close")},
    )
    return [
        dcc.Store(id=ids.SELECTED, data={"page": page, "entity": None, "portal": viewing.portal, "lang": viewing.lang}),
        html.Aside(
            [close, html.Div(id=ids.DRAWER_BODY)],
            id=ids.DRAWER,
            className="drawer",
            tabIndex="-1",
            **{"aria-label": viewing.t("drawer.title"), "aria-hidden": "true", "data-page": page},
        ),
    ]


def entity(kind: str, key: str, label: str = "") -> dict[str, str]:
    """Attributes that make a row or a mark open the drawer, for mouse and keyboard: `html.Tr(..., **entity("road", id))`."""
    attributes = {"data-entity": f"{kind}:{key}", "tabIndex": "0"}
    return {**attributes, "aria-label": label} if label else attributes
