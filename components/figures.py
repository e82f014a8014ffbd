"""Small figures beside the line chart: bars, heat strip, wind rose, funnel. Pure, words in HTML, colours by token."""

import math
from collections.abc import Sequence

import dash_svg as svg
from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import theme

SECTORS = 16


def bars(values: Sequence[float | None], labels: Sequence[str], *, token: str = "accent-2", now: int | None = None,
         label: str = "") -> Component:
    """Upright bars on one base line; None is a hatched stub, so that unknown differs from zero."""
    most = max((v for v in values if v is not None), default=0.0) or 1.0
    items = []
    for i, (value, word) in enumerate(zip(values, labels, strict=True)):
        height = "100%" if value is None else f"{value / most * 100:.1f}%"
        classes = "col-none" if value is None else "col-now" if i == now else ""
        items.append(html.Li([html.I(className=classes, style={"height": height, "background": theme.color(token)}
                                     if value is not None else {"height": height}),
                              html.Span(word)], title=f"{word} {fmt.number(value)}"))
    return html.Ol(items, className="cols", **{"aria-label": label})


def heat(cells: Sequence[tuple[str, str]], *, label: str = "") -> Component:
    """A strip of cells: (title, theme token; "" for no data). One row of a heat map."""
    return html.Span([html.I(title=title, className="" if token else "cell-none",
                             style={"background": theme.color(token)} if token else {}) for title, token in cells],
                     className="heat", role="img", **{"aria-label": label})


def wind(speed_ms: float | None, from_deg: float | None, label: str) -> Component:
    """An arrow that flies with the wind; calm (<0.3 m/s) and unknown are a ring, told apart by the label."""
    turn = 0.0 if from_deg is None else (from_deg + 180) % 360
    calm = speed_ms is None or from_deg is None or speed_ms < 0.3
    mark = svg.Circle(cx="12", cy="12", r="5") if calm else svg.Path(d="M12 2l6 19-6-4.5L6 21z")
    return html.Span(svg.Svg(mark, viewBox="0 0 24 24", style={"transform": f"rotate({turn:.0f}deg)"}),
                     className="wind-mark" + (" wind-calm" if calm else ""), role="img", **{"aria-label": label})


def rose(shares: Sequence[float | None], *, token: str = "accent", label: str = "") -> Component:
    """A wind rose of 16 sectors from north clockwise; `shares` are 0..1 of the largest; None is an empty sector."""
    paths = []
    half = math.pi / len(shares) * 0.86
    for i, share in enumerate(shares):
        if not share:
            continue
        angle, r = i / len(shares) * 2 * math.pi, 12 + 80 * math.sqrt(min(1.0, share))
        x1, y1 = 100 + r * math.sin(angle - half), 100 - r * math.cos(angle - half)
        x2, y2 = 100 + r * math.sin(angle + half), 100 - r * math.cos(angle + half)
        paths.append(svg.Path(d=f"M100 100L{x1:.1f} {y1:.1f}A{r:.1f} {r:.1f} 0 0 1 {x2:.1f} {y2:.1f}Z",
                              style={"fill": theme.color(token)}))
    rings = [svg.Circle(cx="100", cy="100", r=str(r), className="rose-ring") for r in (36, 66, 92)]
    return html.Span(svg.Svg([*rings, *paths], viewBox="0 0 200 200"), className="rose", role="img", **{"aria-label": label})


def funnel(steps: Sequence[tuple[str, float | None]]) -> Component:
    """Steps under one another against the first: (word, count)."""
    most = next((v for _, v in steps if v), 1.0)
    rows = []
    for word, value in steps:
        width = f"{(value or 0) / most * 100:.1f}%"
        rows.append(html.Li([html.Span(word), html.Span(html.I(style={"width": width}), className="bar"),
                             html.B(fmt.number(value))]))
    return html.Ol(rows, className="funnel")
