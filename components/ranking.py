"""A ranked list of things that can be opened: as many rows as fit on a wall, a scrolling list on the desk, the worst on a phone.

Rows that do not fit on a wall go away whole, never cut through; how many there are stands in the head of the list.
"""

from collections.abc import Sequence

import msgspec
from dash import html
from dash.development.base_component import Component

from components import drawer
from components.contract import Viewing

Cell = Component | str | None
PHONE_ROWS = 8


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line: `cells` fit the list's columns, `kind` and `key` open the drawer (none: nothing to open), `state` dims it."""

    cells: tuple[Cell, ...]
    kind: str = ""
    key: str = ""
    state: str = "live"
    label: str = ""


def ranking(
    titles: Sequence[str],
    widths: str,
    rows: Sequence[Row],
    viewing: Viewing,
    *,
    right: Sequence[int] = (),
    empty: Component | None = None,
    most: int | None = None,
    name: int = 0,
) -> Component:
    """Rows under `titles`; `widths` are the CSS grid columns ("minmax(0,1fr) 4em 5em"); `right` are right-aligned columns;
    the column `name` may take two lines rather than be cut.

    On a phone only the first `most` (8 unless said) are drawn and the rest is counted. No rows: `empty`, or nothing.
    """
    if not rows:
        return empty or html.Div()
    most = most if most is not None else PHONE_ROWS if viewing.portal == "phone" else len(rows)
    head = html.Div(
        [html.Span(title, className=_side(i, right)) for i, title in enumerate(titles)], className="rank-head rank-row"
    )
    body = [_row(row, viewing, right, name) for row in rows[:most]]
    left = len(rows) - most
    parts: list[Component] = [
        head,
        html.Ol(body, className="rank-rows", **({"tabIndex": "0"} if viewing.portal == "desk" else {})),
    ]
    if left > 0:
        parts.append(html.P(viewing.t("rank.more", n=left), className="more"))
    return html.Div(parts, className="rank", style={"--columns": widths})


def _row(row: Row, viewing: Viewing, right: Sequence[int], name: int) -> Component:
    opens: dict[str, str] = {}
    if row.kind and viewing.portal != "wall":
        opens = {**drawer.entity(row.kind, row.key, row.label), "role": "button"}
    cells = [html.Span(cell, className=_side(i, right) + (" rank-name" if i == name else "")) for i, cell in enumerate(row.cells)]
    return html.Li(html.Div(cells, className="rank-row rank-cells", **opens), **{"data-state": row.state})


def _side(i: int, right: Sequence[int]) -> str:
    return "rank-right" if i in right else "rank-left"
