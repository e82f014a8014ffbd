"""Air: how it is, where it is worse than it should be, which instruments not to trust."""

from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from components import chart, figures, finding, icons, kpi, map, table
from components import format as fmt
from components import layout as place
from components.contract import Page, Panel, Snapshots, Thing, Viewing
from components.drawer import drawer
from components.panel import empty, slot
from components.ranking import Row, ranking
from components.ribbon import COMPASS, force
from core.city import City
from core.measure import Measure
from core.snapshot import Trend
from data_sources.air.model import AirData, Station, StationState
from pages import detail, map_layers
from pages.air_figures import pill, plate, values
from pages.map_layers import measure, name_of, rows

KIND_MARK = {"national": "disc", "micro": "ring", "dust": "square"}  # as on the map


def _measure(name: str) -> Measure:
    return measure("air", f"air.{name}")


def now(snapshots: Snapshots, viewing: Viewing) -> Component:
    """City AQI on its exact colour with the edition used, and the last 24 hours as a strip of levels and a line."""
    snapshot = snapshots["air"]
    data: AirData = snapshot.data
    reading = snapshot.readings.get("air.aqi")
    seen = snapshot.readings.get("air.coverage_pct")
    notes = [viewing.t("air.edition", standard=data.standard)]
    if seen is not None and seen.value is not None:
        notes.append(viewing.t("air.stations_heard", share=fmt.with_unit(seen.value, "%")))
    shown = None if reading is None or reading.value is None else data.aqi
    head = plate(shown, data.level, data.primary, viewing, why=kpi.why(reading, viewing), note=" · ".join(notes))
    return place.view(
        head,
        strip(data.aqi_trend, viewing),
        chart.trend(data.aqi_trend, viewing, label="AQI", bands=_measure("aqi").bands, low=0.0),
    )


def strip(trend: Trend, viewing: Viewing) -> Component:
    """An hour a cell, in the colour of its level; an hour without an index is hatched."""
    meant = _measure("aqi")
    cells = []
    for i, value in enumerate(trend.values):
        at = fmt.time_of(trend.start_at + timedelta(seconds=i * trend.step_s), viewing.city.timezone)
        band = meant.band(value)
        word = viewing.t(band.key) if band else viewing.t("map.unknown")
        cells.append((viewing.t("air.hour", time=at, aqi=fmt.number(value), word=word), band.color if band else ""))
    end = trend.start_at + timedelta(seconds=trend.step_s * max(0, len(trend.values) - 1))
    ends = [html.Span(fmt.time_of(at, viewing.city.timezone)) for at in (trend.start_at, end)]
    return html.Div(
        [figures.heat(cells, label=viewing.t("air.strip")), html.Div(ends, className="strip-ends")],
        className="level-strip",
    )


def pollutants(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The six pollutants' hourly means against the concentration at IAQI 100."""
    data: AirData = snapshots["air"].data
    return place.view(
        values(data.city_values, data.standard, viewing), html.P(viewing.t("air.limit_note"), className="note")
    )


def stations(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Every station, worst first, those without an index last and said to be so."""
    data: AirData = snapshots["air"].data
    known = rows(viewing, "air/stations.csv")
    ordered = sorted(data.stations, key=lambda s: (s.aqi is None, -(s.aqi or 0), s.mn))
    listed = [_station(s, known[s.mn], viewing) for s in ordered if isinstance(known.get(s.mn), Station)]
    titles = ["AQI", viewing.t("air.col.station"), viewing.t("air.col.primary"), "PM2.5", "PM10"]
    shown, widths = (
        (5, "3em minmax(0,1fr) 4.4em 3em 3em") if viewing.portal == "wall" else (4, "3em minmax(0,1fr) 4em 3em")
    )
    return ranking(titles[:shown], widths, listed, viewing, right=(3, 4), name=-1, empty=empty(viewing, "air.no_stations"))


def _station(state: StationState, known: Station, viewing: Viewing) -> Row:
    name = name_of(known, viewing)
    flagged = icons.shape("warning") if state.flags else None
    words = html.Span(
        [
            html.I(className=f"key key-{KIND_MARK[known.kind]}", style={"--key": "var(--text-2)"}),
            html.Span(name),
            flagged,
        ],
        className="mark-kind",
        title=viewing.t(f"air.kind.{known.kind}"),
    )
    primary = viewing.t(f"pollutant.{state.primary[0]}") if state.primary else fmt.MISSING
    pm25, pm10 = state.hour_values.get("pm25"), state.hour_values.get("pm10")
    cells = (pill(state.aqi, state.level), words, primary, fmt.number(pm25), fmt.number(pm10))
    return Row(
        kind="station",
        key=state.mn,
        label=name,
        state=state.state if state.aqi is not None else "missing",
        cells=cells if viewing.portal == "wall" else cells[:4],
    )


def met(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Wind as an arrow that flies with it, temperature, humidity. What is not measured is a dash."""
    data: AirData = snapshots["air"].data
    if data.wind_ms is None or data.wind_deg is None:
        word = viewing.t("air.wind_unknown")
    else:
        word = viewing.t(
            "ui.wind",
            compass=viewing.t(f"ui.compass.{COMPASS[round(data.wind_deg / 45) % 8]}"),
            force=force(data.wind_ms),
        )
    facts = [
        (viewing.t("pollutant.t_c"), fmt.with_unit(data.t_c, "℃", 1)),
        (viewing.t("pollutant.rh_pct"), fmt.with_unit(data.rh_pct, "%")),
        (viewing.t("pollutant.wind_ms"), fmt.with_unit(data.wind_ms, "m/s", 1)),
    ]
    pairs = [
        html.Div([html.Span(name, className="fact-name"), html.B(value, className="figure")], className="fact")
        for name, value in facts
    ]
    return html.Div(
        [
            html.Div([figures.wind(data.wind_ms, data.wind_deg, word), html.B(word)], className="met-wind"),
            html.Div(pairs, className="met-facts"),
        ],
        className="view met",
    )


def districts(snapshots: Snapshots, viewing: Viewing) -> Component:
    """AQI by district, worst first; a district without a valid station says so."""
    data: AirData = snapshots["air"].data
    meant = _measure("aqi")
    listed = []
    for code, value in sorted(data.by_district.items(), key=lambda item: (item[1] is None, -(item[1] or 0))):
        names = viewing.city.districts.get(code, (code, code))
        band = meant.band(value)
        level = int(band.key.rpartition(".")[2]) if band else None
        listed.append(
            Row(
                state="live" if band else "missing",
                cells=(
                    names[0 if viewing.lang == "zh" else 1],
                    table.bar(None if value is None else float(value), 300, band.color if band else "line-2"),
                    pill(value, level),
                ),
            )
        )
    return ranking(
        ["", "", "AQI"], "5em minmax(0,1fr) 3em", listed, viewing, right=(2,), empty=empty(viewing, "air.no_districts")
    )


def flags(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Instruments that are not to be trusted now: quality flags and silence, by station."""
    data: AirData = snapshots["air"].data
    known = rows(viewing, "air/stations.csv")
    listed = []
    for state in data.stations:
        reasons = [viewing.t(f"air.flag.{f}") for f in state.flags]
        if state.state in ("stale", "missing", "late"):
            reasons.append(viewing.t(f"state.{state.state}"))
        if reasons and isinstance(known.get(state.mn), Station):
            name = name_of(known[state.mn], viewing)
            listed.append(
                Row(
                    kind="station",
                    key=state.mn,
                    label=name,
                    state=state.state,
                    cells=(
                        name,
                        viewing.t("ui.list_comma").join(reasons),
                        fmt.time_of(state.observed_at, viewing.city.timezone),
                    ),
                )
            )
    titles = [viewing.t("air.col.station"), viewing.t("air.col.flag"), viewing.t("air.col.last")]
    return ranking(
        titles,
        "minmax(0,1fr) minmax(0,1fr) 3.2em",
        listed,
        viewing,
        right=(2,),
        empty=empty(viewing, "air.no_flags", n=len(data.stations)),
    )


def trends(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Three small courses of the day on their own axes: PM2.5, PM10, ozone."""
    data: AirData = snapshots["air"].data
    charts = [
        html.Div(
            [
                html.Div([html.Span(viewing.t(f"pollutant.{name}")), html.Small(" µg/m³")], className="kpi-label"),
                chart.trend(series, viewing, unit="µg/m³", label=viewing.t(f"pollutant.{name}"), low=0.0),
            ],
            className="small",
        )
        for name, series in (("pm25", data.pm25_trend), ("pm10", data.pm10_trend), ("o3", data.o3_trend))
    ]
    return html.Div(charts, className="view smalls")


def findings(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Open findings about the air, numbered as on the map."""
    found = [f for f in snapshots["air"].findings if f.ended_at is None]
    return finding.listing(found, viewing, picture=False) if found else empty(viewing, "air.no_findings")


NOW = Panel(id="air.now", domains=("air",), view=now, measures=("air.aqi", "air.coverage_pct"))
POLLUTANTS = Panel(
    id="air.pollutants",
    domains=("air",),
    view=pollutants,
    measures=("air.pm25_ug_m3", "air.pm10_ug_m3", "air.o3_ug_m3", "air.no2_ug_m3"),
)
STATIONS = Panel(id="air.stations", domains=("air",), view=stations)
MET = Panel(id="air.met", domains=("air",), view=met)
DISTRICTS = Panel(id="air.districts", domains=("air",), view=districts)
FLAGS = Panel(id="air.flags", domains=("air",), view=flags)
TRENDS = Panel(id="air.trends", domains=("air",), view=trends)
FINDINGS = Panel(id="air.findings", domains=("air",), view=findings)
LAYERS = (map_layers.STATIONS, map_layers.findings_of("air"), map_layers.AIR_DISTRICTS)


def layout(viewing: Viewing) -> list[Component]:
    """Index, pollutants and their day on the left; stations, doubts and districts on the right of the map."""
    stage = map.stage(viewing, [layer.id for layer in LAYERS])
    top = slot(NOW, viewing, measures=[_measure("aqi"), _measure("coverage_pct")], class_name="grow-3")
    six = slot(
        POLLUTANTS,
        viewing,
        measures=[_measure(f"{p}_ug_m3") for p in ("pm25", "pm10", "o3", "no2", "so2")],
        skeleton="list",
        class_name="grow-3",
    )
    day = slot(TRENDS, viewing, class_name="grow-2 wide-only desk-hidden")
    wind = slot(MET, viewing, skeleton="figure", class_name="air-met")
    all_stations = slot(STATIONS, viewing, skeleton="table", class_name="grow-4")
    parts = slot(DISTRICTS, viewing, skeleton="list", class_name="grow-2 wide-only desk-hidden")
    doubts = slot(FLAGS, viewing, skeleton="list", class_name="grow-2")
    found = slot(FINDINGS, viewing, skeleton="list", class_name="grow-2")
    if viewing.portal == "phone":
        body: Component = place.columns(
            [top, html.Div(stage, className="middle"), six, all_stations, found, wind, parts, day, doubts]
        )
    elif viewing.portal == "desk":
        body = place.stage([[top, six], [wind, day]], stage, [[all_stations], [found, doubts, parts]])
    else:
        body = place.stage([[top, wind], [six, day]], stage, [[all_stations], [found, parts, doubts]])
    return [body, *drawer(viewing, "air")]


def things(city: City) -> list[Thing]:
    """Stations."""
    known = city.tables.get("air/stations.csv", ())
    return [Thing(kind="station", key=row.mn, name=row.name, name_en=row.name_en) for row in known]


PAGE = Page(
    name="air",
    route="/air",
    icon="air",
    permission="air.read",
    panels=(NOW, POLLUTANTS, STATIONS, MET, DISTRICTS, FLAGS, TRENDS, FINDINGS),
    layout=layout,
    layers=LAYERS,
    detail=detail.detail,
    things=things,
    order=40,
)
