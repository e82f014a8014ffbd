"""Two live parts of the shell: the weather and air chips of the header, and the day's timeline at the wall's foot.

They read snapshots of every domain by the fields that all snapshots share; of the air's own data only the met fields.
"""

from collections.abc import Iterable
from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from components import feed, figures, finding, icons, kpi
from components import format as fmt
from components.contract import Snapshots, Viewing
from core.measure import Band
from core.snapshot import Finding

AQI_LEVELS = (Band(50, "1", "aqi-1"), Band(100, "2", "aqi-2"), Band(150, "3", "aqi-3"), Band(200, "4", "aqi-4"),
              Band(300, "5", "aqi-5"), Band(None, "6", "aqi-6"))
COMPASS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
# GB/T 28591-2012: lower limit in m/s of wind force 1..12.
BEAUFORT = (0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7)


def force(speed_ms: float) -> int:
    """Wind force of GB/T 28591-2012 (0..12) of a speed in m/s."""
    return sum(1 for lower in BEAUFORT if speed_ms >= lower)


def weather(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Temperature, humidity, wind and AQI in the header; what is not measured is left out, AQI shows "—"."""
    air = snapshots["air"]
    data = air.data
    chips: list[Component] = []
    if data.t_c is not None:
        chips.append(html.Span(fmt.with_unit(data.t_c, "℃"), className="chip"))
    if data.rh_pct is not None:
        chips.append(html.Span(viewing.t("ui.humidity", value=fmt.with_unit(data.rh_pct, "%")), className="chip chip-rh"))
    if data.wind_ms is not None and data.wind_deg is not None:
        word = viewing.t(f"ui.compass.{COMPASS[round(data.wind_deg / 45) % 8]}")
        text = viewing.t("ui.wind", compass=word, force=force(data.wind_ms))
        chips.append(html.Span([figures.wind(data.wind_ms, data.wind_deg, text), text], className="chip"))
    reading = air.readings.get("air.aqi")
    value = reading.value if reading else None
    level = next((b for b in AQI_LEVELS if value is not None and (b.upto is None or value <= b.upto)), None)
    badge = kpi.swatch(viewing.t(f"ui.aqi.{level.key}"), level.color) if level else None
    chips.append(html.Span(["AQI", html.B(fmt.number(value)), badge], className="chip chip-aqi"))
    return html.Div(chips, className="chip-row")


def timeline(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The city's present day from midnight to midnight: every finding at its minute, gravest on top, and this moment."""
    start = fmt.day_start(viewing.now, viewing.city.timezone)
    today = [f for s in snapshots.values() for f in s.findings if start <= f.at < start + timedelta(days=1)]
    now = fmt.share_of_day(viewing.now, viewing.now, viewing.city.timezone)
    hours = [html.Span(f"{h}:00", style={"left": f"{h / 24 * 100:.2f}%"}, className="tl-hour") for h in range(0, 24, 3)]
    marks = [_mark(f, viewing, slot) for f, slot in _lanes(today, viewing)]
    counts = [html.Span([icons.shape(severity), html.B(str(sum(f.severity == severity for f in today)))],
                        className="tl-count", **{"aria-label": viewing.t(f"severity.{severity}")})
              for severity in ("alarm", "warning", "info")]
    return html.Div([
        html.Div([html.B(viewing.t("ui.timeline")), html.Span(counts, className="tl-counts")], className="tl-head"),
        html.Div([html.I(className="tl-past", style={"width": f"{now * 100:.2f}%"}), *hours, *marks,
                  html.I(className="tl-now", style={"left": f"{now * 100:.2f}%"})], className="tl-track"),
        html.Div(_given(snapshots, viewing), className="tl-given"),
    ], className="timeline")


def _lanes(findings: Iterable[Finding], viewing: Viewing) -> list[tuple[Finding, int]]:
    """Findings of the same quarter hour stand beside each other in up to three heights; the gravest wins its place."""
    taken: dict[int, int] = {}
    placed: list[tuple[Finding, int]] = []
    for f in finding.ranked(findings):
        quarter = int(fmt.share_of_day(f.at, viewing.now, viewing.city.timezone) * 96)
        lane = taken.get(quarter, 0)
        taken[quarter] = lane + 1
        if lane < 3:
            placed.append((f, lane))
    return placed


def _mark(f: Finding, viewing: Viewing, lane: int) -> Component:
    x = fmt.share_of_day(f.at, viewing.now, viewing.city.timezone) * 100
    title = f"{fmt.time_of(f.at, viewing.city.timezone)} {finding.place(f, viewing)} {finding.words(f, viewing)}"
    return html.Span(icons.shape(f.severity), className=f"tl-mark tl-lane-{lane}", style={"left": f"{x:.2f}%"}, title=title,
                     **{"data-ended": "1" if f.ended_at else ""})


def _given(snapshots: Snapshots, viewing: Viewing) -> list[Component]:
    """What the feeds gave since midnight: accepted and refused messages over all domains."""
    sources = [s for snap in snapshots.values() for s in snap.sources.values()]
    accepted = sum(s.accepted for s in sources)
    refused = sum(feed.refused(s) for s in sources)
    return [html.Span(viewing.t("ui.accepted", n=fmt.compact(accepted, viewing.lang))),
            html.Span(viewing.t("ui.refused", n=fmt.compact(refused, viewing.lang)), className="is-refused" if refused else "")]
