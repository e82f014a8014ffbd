"""Ranked lists with bars in line: small tables a person reads, not grids a person scrolls."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import theme

Align = Literal["left", "right"]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column: `title` in the viewing's language ("" for none), and how its cells sit."""

    title: str = ""
    align: Align = "left"
    width: str = ""  # CSS width; "" shares what is left
    grow: bool = False  # this column may be cut with an ellipsis, the others never


def ranked(columns: Sequence[Column], rows: Sequence[Sequence[Component | str | None]], *,
           keys: Sequence[str] = (), states: Sequence[str] = (), head: bool = True, caption: str = "",
           class_name: str = "") -> Component:
    """A table of ready cells. `keys[i]` becomes data-key (click selects it), `states[i]` data-state of the row.

    Rows share the height there is; rows for which there is none go away whole (never cut through), so put the most
    important first.
    """
    body = []
    for i, cells in enumerate(rows):
        data: dict[str, str] = {}
        if keys:
            data |= {"data-key": keys[i]}
        if states:
            data |= {"data-state": states[i]}
        body.append(html.Tr([html.Td(cell, className=_classes(column)) for cell, column in zip(cells, columns, strict=True)],
                            **data))
    parts: list[Component] = []
    if caption:
        parts.append(html.Caption(caption, className="sr-only"))
    if head:
        parts.append(html.Thead(html.Tr([html.Th(c.title, className=_classes(c), scope="col") for c in columns])))
    parts.append(html.Tbody(body))
    tracks = " ".join(c.width or "minmax(0, 1fr)" for c in columns)
    return html.Table(parts, className=f"ranked {class_name}".strip(), style={"--cols": tracks})


def _classes(column: Column) -> str:
    return " ".join(part for part in ("num" if column.align == "right" else "", "grow" if column.grow else "") if part)


def bar(value: float | None, most: float, token: str = "accent-2", *, low: float | None = None,
        high: float | None = None) -> Component:
    """A bar inside a cell, `value` of `most`. None draws a hatched track, so that unknown is not an empty bar."""
    if value is None or most <= 0:
        return html.Span(className="bar bar-none" if value is None else "bar")
    parts = [html.I(style={"width": f"{_share(value, most):.1f}%", "background": theme.color(token)})]
    if low is not None and high is not None:
        parts.append(html.U(style={"left": f"{_share(low, most):.1f}%",
                                   "width": f"{_share(high, most) - _share(low, most):.1f}%"}))
    return html.Span(parts, className="bar")


def _share(value: float, most: float) -> float:
    return max(0.0, min(100.0, value / most * 100))


def stacked(parts: Sequence[tuple[float, str]], most: float) -> Component:
    """A bar of several state colours: (value, theme token) from left to right, the whole track is `most`."""
    total = most or 1
    return html.Span([html.I(style={"width": f"{_share(value, total):.1f}%", "background": theme.color(token)})
                      for value, token in parts if value > 0], className="bar bar-stacked")


def number(value: float | None, digits: int = 0, unit: str = "") -> Component:
    """A number for a right-aligned cell; "—" when missing."""
    return html.Span(fmt.with_unit(value, unit, digits), className="n" + ("" if value is not None else " n-none"))


def facts(pairs: Mapping[str, Component | str]) -> Component:
    """Name and value pairs of a detail drawer."""
    rows: list[Component] = []
    for name, value in pairs.items():
        rows += [html.Dt(name), html.Dd(value)]
    return html.Dl(rows, className="pairs")
