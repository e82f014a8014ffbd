"""The drawer of air: one station, its index, every pollutant over the day, its quality flags."""

from dash import html
from dash.development.base_component import Component

from components import chart, table
from components import format as fmt
from components.contract import Viewing
from core.snapshot import Snapshot
from data_sources.air.model import AirData, Station, StationState
from pages.air_figures import GASES, UNITS, plate, values
from pages.map_layers import name_of, rows


def station(key: str, snapshot: Snapshot, viewing: Viewing) -> Component | None:
    """A station: AQI and primary pollutant of the last complete hour, the hours before, raw values now, flags."""
    known = rows(viewing, "air/stations.csv").get(key)
    data: AirData = snapshot.data
    state = next((s for s in data.stations if s.mn == key), None)
    if not isinstance(known, Station) or state is None:
        return None
    parts: list[Component] = [
        html.H2(name_of(known, viewing)),
        html.P(
            viewing.t("detail.station.sub", kind=viewing.t(f"air.kind.{known.kind}"), standard=state.standard or "—"),
            className="sub",
        ),
        plate(state.aqi, state.level, state.primary, viewing),
    ]
    if state.flags:
        parts.append(
            html.P(
                [
                    html.B(viewing.t("detail.flags")),
                    " ",
                    viewing.t("ui.list_comma").join(viewing.t(f"air.flag.{f}") for f in state.flags),
                ],
                className="note flagged",
            )
        )
    parts += [
        html.H3(viewing.t("detail.aqi_day")),
        chart.trend(state.trend, viewing, label="AQI", low=0.0),
        html.H3(viewing.t("detail.pm25_day")),
        chart.trend(state.pm25_trend, viewing, unit="µg/m³", label="PM2.5", low=0.0),
        html.H3(viewing.t("detail.hour_means")),
        values(state.hour_values, state.standard, viewing, planned=known.planned),
        table.facts(_now(known, state, viewing)),
    ]
    return html.Div(parts, className="drawer-body")


def _now(known: Station, state: StationState, viewing: Viewing) -> dict[str, Component | str]:
    pairs: dict[str, Component | str] = {}
    for name in (*GASES, "t_c", "rh_pct", "wind_ms", "wind_deg", "noise_db"):
        value = state.values.get(name)
        if value is not None:
            unit, digits = UNITS[name]
            pairs[viewing.t("detail.latest", name=viewing.t(f"pollutant.{name}"))] = fmt.with_unit(value, unit, digits)
    pairs[viewing.t("detail.at")] = fmt.moment(state.observed_at, viewing.now, viewing.city.timezone)
    pairs[viewing.t("detail.mn")] = html.Code(known.mn)
    return pairs
