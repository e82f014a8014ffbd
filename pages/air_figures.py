"""Figures of the air that the page and the drawer share: the AQI plate in its exact colour, pollutants against their limits."""

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import table
from components.contract import Viewing

GASES: tuple[str, ...] = ("pm25", "pm10", "o3", "no2", "so2", "co")
UNITS: dict[str, tuple[str, int]] = {  # name -> unit, digits
    **dict.fromkeys(("pm25", "pm10", "o3", "no2", "so2"), ("µg/m³", 0)),
    "co": ("mg/m³", 1),
    "t_c": ("℃", 1),
    "rh_pct": ("%", 0),
    "wind_ms": ("m/s", 1),
    "wind_deg": ("°", 0),
    "noise_db": ("dB", 0),
}
# Concentration at IAQI 100 (upper end of level II) of the hourly report: HJ 633-2012 table 1, HJ 633-2026 table 3.
# µg/m³, CO mg/m³; 1-h columns, for particles the 24-h column as the standard's hourly report uses it.
_LIMITS = {"so2": 500.0, "no2": 200.0, "co": 10.0, "o3": 200.0}
LIMITS: dict[int, dict[str, float]] = {
    2012: {**_LIMITS, "pm25": 75.0, "pm10": 150.0},
    2026: {**_LIMITS, "pm25": 60.0, "pm10": 120.0},
}


def edition(standard: str) -> int | None:
    """ "HJ 633-2026" -> 2026; None for a standard whose limits are not known here."""
    tail = standard.rpartition("-")[2]
    return int(tail) if tail.isdigit() and int(tail) in LIMITS else None


def plate(
    aqi: int | None, level: int | None, primary: Sequence[str], viewing: Viewing, *, why: str = "", note: str = ""
) -> Component:
    """The AQI on the exact colour of its level, the level's word and the primary pollutant; without a value: the reason."""
    if aqi is None or level is None:
        words = [html.B(viewing.t("air.no_index")), html.Span(why or viewing.t("why.missing"))]
        number = html.Span(fmt.MISSING, className="aqi-plate aqi-none")
    else:
        style = {"background": f"var(--aqi-{level})", "color": f"var(--on-aqi-{level})"}
        number = html.Span(fmt.number(aqi), className="aqi-plate", style=style)
        named = viewing.t("ui.list_comma").join(viewing.t(f"pollutant.{p}") for p in primary) or viewing.t(
            "pollutant.none"
        )
        words = [
            html.B(viewing.t(f"aqi.{level}")),
            html.Span(viewing.t("air.primary", names=named) if primary else named),
        ]
    if note:
        words.append(html.Span(note))
    return html.Div(
        [number, html.Div(words, className="aqi-words")], className="aqi-line", role="group", **{"aria-label": "AQI"}
    )


def pill(aqi: int | None, level: int | None) -> Component:
    """A small AQI on its colour for a row; "—" without one."""
    if aqi is None or level is None:
        return html.Span(fmt.MISSING, className="aqi-pill n-none")
    return html.Span(
        str(aqi), className="aqi-pill", style={"background": f"var(--aqi-{level})", "color": f"var(--on-aqi-{level})"}
    )


def values(
    means: Mapping[str, float | None], standard: str, viewing: Viewing, *, planned: Sequence[str] = GASES
) -> Component:
    """Hourly means against the concentration at IAQI 100; the tick on each bar is that limit. Missing is hatched, not empty."""
    limits = LIMITS.get(edition(standard) or 0, {})
    rows = []
    for name in GASES:
        if name not in planned:
            continue
        value, limit = means.get(name), limits.get(name)
        unit, digits = UNITS[name]
        share = None if value is None or limit is None else value / limit
        token = "accent-2" if share is None or share <= 1 else "warning"
        bar = table.bar(share, 1.5, token)
        small = viewing.t("air.limit", limit=fmt.number(limit, 0)) if limit is not None else ""
        rows.append(
            html.Div(
                [
                    html.Span(viewing.t(f"pollutant.{name}")),
                    bar,
                    html.B(fmt.number(value, digits)),
                    html.Small([small, html.Span(unit, className="sr-only")], title=unit),
                ],
                className="pollutant",
            )
        )
    return html.Div(rows, className="pollutants")
