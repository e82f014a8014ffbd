"""Small charts that never distort: stretched inline SVG for the lines, HTML in per cent for every word and dot.

Colours are CSS variables, so that a change of theme draws nothing anew. A gap in the data is a gap in the line.
All functions are pure; the same input draws the same component.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dash_svg as svg
import msgspec
from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import theme
from components.contract import Viewing
from core.measure import Band
from core.snapshot import Trend

W, H = 1000.0, 1000.0


class Fan(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast: central values with their interval on an even grid, and the skill that is printed beside it."""

    start_at: datetime
    step_s: int
    middle: list[float]
    low: list[float]
    high: list[float]
    skill: str = ""


class Normal(msgspec.Struct, frozen=True, kw_only=True):
    """The usual range at the trend's own steps, from history."""

    low: list[float | None]
    high: list[float | None]


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """From time and value to per mille of the plot."""

    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        """0 at start, 1000 at the end."""
        return (at - self.start) / (self.end - self.start) * W

    def y(self, value: float) -> float:
        """0 at the top, 1000 at the bottom; clamped."""
        return max(0.0, min(H, (self.high - value) / (self.high - self.low) * H))


def trend(series: Trend, viewing: Viewing, *, unit: str = "", digits: int = 0, label: str = "",
          bands: Sequence[Band] = (), normal: Normal | None = None, fan: Fan | None = None,
          low: float | None = None, high: float | None = None, token: str = "accent") -> Component:
    """A time series with its normal band, forecast fan, thresholds and the newest value labelled in place.

    `low`/`high` fix the axis; else it spans the data with a little air. Without a single value it says so.
    """
    scale = _scale(series, normal, fan, low, high)
    if scale is None:
        return html.Div(html.P(viewing.t("ui.chart.no_data")), className="chart chart-none", **{"aria-label": label})
    marks: list[Component] = []
    for line in _cuts(bands, scale):
        marks.append(svg.Path(d=f"M0 {line:.0f}H{W:.0f}", className="chart-cut"))
    if normal is not None:
        marks.append(svg.Path(d=_area(series.start_at, series.step_s, normal.low, normal.high, scale), className="chart-normal"))
    if fan is not None:
        marks.append(svg.Path(d=_area(fan.start_at, fan.step_s, fan.low, fan.high, scale), className="chart-fan"))
        marks.append(svg.Path(d=_line(fan.start_at, fan.step_s, fan.middle, scale), className="chart-forecast"))
    style = {"stroke": theme.color(token)}
    line = _line(series.start_at, series.step_s, series.values, scale)
    marks.append(svg.Path(d=line, className="chart-line", style=style))
    ticks, grid = _ticks(scale, viewing)
    plot = svg.Svg([svg.Path(d=grid, className="chart-grid"), *marks], viewBox=f"0 0 {W:.0f} {H:.0f}",
                   preserveAspectRatio="none", className="chart-plot", **{"aria-hidden": "true"})
    data = {"data-series": _compact(series), "data-unit": unit, "data-label": label}
    area = [plot, *_newest(series, scale, digits, unit, token), *_ends(scale, digits), _strip(bands, scale)]
    spoken = {"aria-label": _spoken(series, viewing, unit, digits, label)}
    return html.Div([html.Div(area, className="chart-area"), html.Div(ticks, className="chart-ticks")],
                    className="chart chart-scaled" if bands else "chart", role="img", **spoken, **data)


def spark(series: Trend, *, token: str = "accent", low: float | None = None, high: float | None = None) -> Component:
    """A line without axes, for a table cell or a phone card."""
    scale = _scale(series, None, None, low, high)
    line = _line(series.start_at, series.step_s, series.values, scale) if scale else ""
    return html.Span(svg.Svg([svg.Path(d=line, className="chart-line", style={"stroke": theme.color(token)})],
                             viewBox=f"0 0 {W:.0f} {H:.0f}", preserveAspectRatio="none", className="chart-plot"),
                     className="spark", **{"aria-hidden": "true"})


def _compact(series: Trend) -> str:
    values = ",".join("" if v is None else f"{v:g}" for v in series.values)
    return f"{int(series.start_at.timestamp())};{series.step_s};{values}"


def _spoken(series: Trend, viewing: Viewing, unit: str, digits: int, label: str) -> str:
    known = [v for v in series.values if v is not None]
    if not known:
        return label
    return viewing.t("ui.chart.spoken", label=label, last=fmt.with_unit(known[-1], unit, digits),
                     low=fmt.with_unit(min(known), unit, digits), high=fmt.with_unit(max(known), unit, digits))


def _scale(series: Trend, normal: Normal | None, fan: Fan | None, low: float | None, high: float | None) -> Scale | None:
    known = [v for v in series.values if v is not None]
    if not known:
        return None
    if normal is not None:
        known += [v for v in (*normal.low, *normal.high) if v is not None]
    end = series.start_at + timedelta(seconds=series.step_s * max(1, len(series.values) - 1))
    if fan is not None:
        known += [*fan.low, *fan.high]
        end = max(end, fan.start_at + timedelta(seconds=fan.step_s * max(1, len(fan.middle) - 1)))
    bottom, top = min(known), max(known)
    air = (top - bottom) * 0.12 or max(1.0, abs(top) * 0.1)
    floor = max(0.0, bottom - air) if bottom >= 0 else bottom - air
    return Scale(start=series.start_at, end=end, low=floor if low is None else low, high=top + air if high is None else high)


def _line(start: datetime, step_s: int, values: Sequence[float | None], scale: Scale) -> str:
    """Path of the values; a None lifts the pen. A lone value between gaps is drawn as a short dash, not lost."""
    parts: list[str] = []
    pen = False
    for i, value in enumerate(values):
        if value is None:
            pen = False
            continue
        x, y = scale.x(start + timedelta(seconds=i * step_s)), scale.y(value)
        parts.append(f"{'L' if pen else 'M'}{x:.0f} {y:.0f}")
        alone = not pen and (i + 1 == len(values) or values[i + 1] is None)
        if alone:
            parts.append(f"h{max(4.0, W / max(1, len(values)) / 2):.0f}")
        pen = True
    return "".join(parts)


def _area(start: datetime, step_s: int, low: Sequence[float | None], high: Sequence[float | None], scale: Scale) -> str:
    """Closed path between two rows of values; a None in either closes one piece and opens the next."""
    pieces: list[list[tuple[float, float, float]]] = [[]]
    for i, (bottom, top) in enumerate(zip(low, high, strict=True)):
        if bottom is None or top is None:
            pieces.append([])
            continue
        pieces[-1].append((scale.x(start + timedelta(seconds=i * step_s)), scale.y(top), scale.y(bottom)))
    paths = []
    for piece in pieces:
        if len(piece) > 1:
            there = "L".join(f"{x:.0f} {top:.0f}" for x, top, _ in piece)
            back = "L".join(f"{x:.0f} {bottom:.0f}" for x, _, bottom in reversed(piece))
            paths.append(f"M{there}L{back}Z")
    return "".join(paths)


def _cuts(bands: Sequence[Band], scale: Scale) -> list[float]:
    return [scale.y(b.upto) for b in bands if b.upto is not None and scale.low < b.upto < scale.high]


def _strip(bands: Sequence[Band], scale: Scale) -> Component | None:
    """The bands' own colours along the value axis: what a height means, without a word."""
    if not bands:
        return None
    parts, lower = [], scale.low
    for band in bands:
        upper = scale.high if band.upto is None else min(band.upto, scale.high)
        if upper > lower:
            top, bottom = scale.y(upper) / 10, scale.y(lower) / 10
            parts.append(html.I(style={"top": f"{top:.1f}%", "height": f"{bottom - top:.1f}%", "background": theme.color(band.color)}))
            lower = upper
    return html.Span(parts, className="chart-scale")


def _ticks(scale: Scale, viewing: Viewing) -> tuple[list[Component], str]:
    """Labels at whole hours of the city's clock (about five), and the grid lines at them."""
    hours = (scale.end - scale.start) / timedelta(hours=1)
    step = next((s for s in (1, 2, 3, 6, 12, 24) if hours / s <= 5), 24)
    at = fmt.local(scale.start, viewing.city.timezone).replace(minute=0, second=0, microsecond=0)
    labels: list[Component] = []
    grid: list[str] = []
    while at <= scale.end:
        x = scale.x(at)
        if at.hour % step == 0 and x >= 0:
            grid.append(f"M{x:.0f} 0V{H:.0f}")
            if 30 <= x <= 970:
                labels.append(html.Span(f"{at.hour}:00", style={"left": f"{x / 10:.1f}%"}))
        at += timedelta(hours=1)
    return labels, "".join(grid)


def _newest(series: Trend, scale: Scale, digits: int, unit: str, token: str) -> list[Component]:
    """A dot at the newest value; its number stands in the panel's figure already."""
    last = next((i for i in range(len(series.values) - 1, -1, -1) if series.values[i] is not None), None)
    if last is None:
        return []
    value = series.values[last]
    assert value is not None
    x = scale.x(series.start_at + timedelta(seconds=last * series.step_s))
    place = {"left": f"{x / 10:.1f}%", "top": f"{scale.y(value) / 10:.1f}%", "background": theme.color(token)}
    return [html.I(className="chart-dot", style=place)]


def _ends(scale: Scale, digits: int) -> list[Component]:
    """The axis' two ends, small, inside the plot."""
    return [html.Span(fmt.number(scale.high, digits), className="chart-high"),
            html.Span(fmt.number(scale.low, digits), className="chart-low")]
