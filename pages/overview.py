"""总体态势: is the city normal right now, and if not, where and who is on it?"""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import chart, feed, finding, kpi, layout, panel, sign, table
from components import format as fmt
from components import map as city_map
from components.contract import Page, Panel, Snapshots, Viewing
from components.drawer import drawer
from core.measure import Measure
from core.snapshot import Finding, Snapshot
from data_sources.registry import NAMES, domain
from pages import detail, map_layers, signs

ALL = NAMES
ROUTES = {name: domain(name).route for name in NAMES}


def measure(domain_name: str, key: str) -> Measure:
    """A measure's row from its domain's manifest."""
    return next(m for m in domain(domain_name).measures if m.key == key)


def findings(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Open findings of all domains, gravest and newest first. Says what was looked at when there is none."""
    present = [s for name, s in snapshots.items() if name in ALL]
    open_now = [f for s in present for f in s.findings if f.ended_at is None]
    absent = [name for name in ALL if name not in snapshots]
    if open_now:
        body = finding.listing(open_now, viewing, most={"wall": 9, "desk": 9, "phone": 30}[viewing.portal], fold=True, hrefs=ROUTES)
    else:
        body = panel.empty(viewing, "overview.none", share=fmt.percent(feed.coverage(snapshots)))
    room = {"wall": 7, "desk": 6, "phone": 5}[viewing.portal] - len(open_now)
    near = sign.listing(signs.nearest(snapshots, viewing, room), viewing) if room > 1 else None
    return layout.view(body, near, _uncovered(absent, viewing), class_name="has-signs" if near is not None else "")


def _uncovered(absent: list[str], viewing: Viewing) -> Component | None:
    if not absent:
        return None
    names = viewing.t("ui.list_comma").join(viewing.t(f"domain.{name}") for name in absent)
    return html.P(viewing.t("overview.uncovered", domains=names), className="uncovered")


def traffic(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The network index with its day; mean speed and fleet; the worst corridors where there is room."""
    snapshot = snapshots["transit"]
    index, speed = measure("transit", "traffic.network_index"), measure("transit", "traffic.mean_speed_kmh")
    reading = snapshot.readings.get(index.key)
    head = kpi.kpi(reading, index, viewing, usual=_usual(snapshot, index.key), size="l", label=False)
    side = _row(snapshot, speed, viewing)
    online, known = sum(snapshot.data.online.values()), sum(snapshot.data.registered.values())
    fleet = _fact(viewing.t("overview.vehicles"), f"{fmt.number(online)}/{fmt.number(known)}")
    line = chart.trend(snapshot.data.index_trend, viewing, digits=1, label=viewing.t(f"measure.{index.key}"), bands=index.bands, low=0)
    return layout.view(_split(head, [side, fleet], line), _corridors(snapshot.data.corridors, viewing))


def _corridors(corridors: list[Any], viewing: Viewing) -> Component:
    rows = [(html.Span(c.name if viewing.lang == "zh" else c.name_en), kpi.swatch(viewing.t(f"road.{c.state}"), f"road-{c.state}"),
             table.number(c.speed_kmh, 0, "km/h")) for c in corridors if c.state != "unknown"][:3]
    columns = [table.Column(grow=True), table.Column(width="7.2em"), table.Column(align="right", width="5.6em")]
    return table.ranked(columns, rows, head=False, caption=viewing.t("overview.corridors"), class_name="if-tall")


def parking(snapshots: Snapshots, viewing: Viewing) -> Component:
    """How full the city is; free spaces; full places; street against car parks where there is room."""
    snapshot = snapshots["parking"]
    rate = measure("parking", "parking.occupancy_pct")
    free = snapshot.readings.get("parking.free")
    word = viewing.t("overview.free", n=fmt.number(free.value)) if free and free.value is not None else ""
    head = kpi.kpi(snapshot.readings.get(rate.key), rate, viewing, usual=_usual(snapshot, rate.key), size="l", label=False, note=word)
    side = [_row(snapshot, measure("parking", key), viewing) for key in ("parking.full_places", "parking.arrivals_h")]
    line = chart.trend(snapshot.data.trend, viewing, unit="%", label=viewing.t(f"measure.{rate.key}"), bands=rate.bands, low=0, high=100)
    keys = ("parking.on_street_occupancy_pct", "parking.off_street_occupancy_pct", "parking.coverage_pct")
    more = html.Div([_row(snapshot, measure("parking", key), viewing) for key in keys], className="fact-list if-tall")
    return layout.view(_split(head, side, line), more)


def air(snapshots: Snapshots, viewing: Viewing) -> Component:
    """AQI by the edition in force, primary pollutant, the day, and the concentrations behind it."""
    snapshot = snapshots["air"]
    aqi = measure("air", "air.aqi")
    primary = viewing.t("ui.list_comma").join(viewing.t(f"pollutant.{p}") for p in snapshot.data.primary)
    note = viewing.t("overview.primary", pollutant=primary) if primary else ""
    head = kpi.kpi(snapshot.readings.get(aqi.key), aqi, viewing, usual=_usual(snapshot, aqi.key), size="l", label=False, note=note)
    side = [_row(snapshot, measure("air", key), viewing) for key in ("air.pm25_ug_m3", "air.pm10_ug_m3")]
    line = chart.trend(snapshot.data.aqi_trend, viewing, label=viewing.t(f"measure.{aqi.key}"), bands=aqi.bands, low=0)
    more = html.Div([_row(snapshot, measure("air", key), viewing) for key in ("air.o3_ug_m3", "air.no2_ug_m3")]
                    + [_fact(viewing.t("overview.standard"), snapshot.data.standard)], className="fact-list if-tall")
    return layout.view(_split(head, side, line), more)


def districts(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The seven districts side by side: index, occupancy, AQI. What is not measured there is "—"."""
    parts: list[tuple[Measure, Mapping[str, float | None]]] = [
        (measure("transit", "traffic.network_index"), snapshots["transit"].data.index_by_district),
        (measure("parking", "parking.occupancy_pct"), snapshots["parking"].data.by_district),
        (measure("air", "air.aqi"), snapshots["air"].data.by_district),
    ]
    columns = [table.Column(grow=True), *(table.Column(title=viewing.t(f"overview.short.{m.key}"), align="right", width="23%") for m, _ in parts)]
    rows = [[html.Span(names[0 if viewing.lang == "zh" else 1]), *(_cell(m, values.get(code), viewing) for m, values in parts)]
            for code, names in viewing.city.districts.items()]
    return layout.view(table.ranked(columns, rows, caption=viewing.t("panel.overview.districts")))


def _cell(meant: Measure, value: float | None, viewing: Viewing) -> Component:
    band = meant.band(value)
    style = {"background": f"var(--{band.color})"} if band else {}
    title = viewing.t(band.key) if band else viewing.t("why.missing")
    return html.Span([html.I(className="pip", style=style) if band else None, table.number(value, meant.digits, meant.unit)],
                     className="pipped", title=title)


def governance(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Open and found today; by class over the key areas, most first."""
    snapshot = snapshots["cameras"]
    data = snapshot.data
    meant = measure("cameras", "cameras.open_findings")
    head = kpi.kpi(snapshot.readings.get(meant.key), meant, viewing, size="l", label=False, word=viewing.t("overview.open"))
    side = [_row(snapshot, measure("cameras", key), viewing) for key in ("cameras.findings_today", "cameras.online_share_pct")]
    counts = sorted(((matter, data.today.get(matter, 0)) for matter in domain("cameras").extra["matters"]), key=lambda pair: (-pair[1], pair[0]))
    most = max((count for _, count in counts), default=0)
    rows = [[html.Span(viewing.t(f"governance.matter.{matter}")), table.bar(count, most), table.number(count)] for matter, count in counts]
    columns = [table.Column(grow=True, width="46%"), table.Column(), table.Column(align="right", width="2.6em")]
    if viewing.portal == "phone":  # half a phone's width: the word and the count
        columns, rows = [table.Column(grow=True), columns[2]], [[cells[0], cells[2]] for cells in rows]
    body = table.ranked(columns, rows[:4] if viewing.portal == "phone" else rows, head=False,
                        caption=viewing.t("overview.matters", areas=len(data.matrix)), class_name="if-room")
    return layout.view(_top(head, side), body)


def sources(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Every feed, worst first: state, age, devices that report."""
    feeds = [f for _, f in feed.gather(snapshots)]
    names = [html.Span(feed.short(f, viewing), title=f"{feed.name(f, viewing)} {feed.devices(f)}") for f in feeds]
    rows = [[name, feed.state(f, viewing), feed.age(f)] for name, f in zip(names, feeds, strict=True)]
    columns = [table.Column(grow=True), table.Column(width="4.4em"), table.Column(align="right", width="5.8em")]
    if viewing.portal == "wall":
        rows = [[*cells, html.Span(feed.devices(f), className="n")] for cells, f in zip(rows, feeds, strict=True)]
        columns.append(table.Column(align="right", width="4.6em"))
    states = [f.state for f in feeds]
    return layout.view(table.ranked(columns, rows, states=states, head=False, caption=viewing.t("panel.overview.sources")),
                       _uncovered([name for name in ALL if name not in snapshots], viewing))


def _usual(snapshot: Snapshot, key: str) -> float | None:
    """The usual value as a finding about the city's own measure states it; nothing else may claim to know it."""
    about: list[Finding] = [f for f in snapshot.findings if f.detail.get("measure") == key and f.ended_at is None]
    return about[0].usual if about else None


def _row(snapshot: Snapshot, meant: Measure, viewing: Viewing) -> Component:
    return kpi.row(snapshot.readings.get(meant.key), meant, viewing, name=viewing.t(f"overview.short.{meant.key}"))


def _fact(name: str, value: str) -> Component:
    return html.Div([html.Span(name, className="fact-name"), html.B(value, className="figure")], className="fact")


def _split(head: Component, side: list[Component], line: Component) -> Component:
    return html.Div([_top(head, side), line], className="split")


def _top(head: Component, side: list[Component]) -> Component:
    return html.Div([head, html.Div(side, className="top-side")], className="top")


FINDINGS = Panel(id="overview.findings", domains=ALL, view=findings, partial=True)
TRAFFIC = Panel(id="overview.traffic", domains=("transit",), view=traffic, measures=domain("transit").headline)
PARKING = Panel(id="overview.parking", domains=("parking",), view=parking, measures=domain("parking").headline)
AIR = Panel(id="overview.air", domains=("air",), view=air, measures=domain("air").headline)
DISTRICTS = Panel(id="overview.districts", domains=("transit", "parking", "air"), view=districts)
GOVERNANCE = Panel(id="overview.governance", domains=("cameras",), view=governance, measures=domain("cameras").headline)
SOURCES = Panel(id="overview.sources", domains=ALL, view=sources, partial=True)
LAYERS = (map_layers.ROADS, map_layers.VEHICLES, map_layers.findings_of(*ALL), map_layers.TRAFFIC_DISTRICTS)


def page_layout(viewing: Viewing) -> list[Component]:
    """Left what is wrong and how the roads are; middle the city; right air, order, and the feeds behind it all."""
    def slot(part: Panel, **more: Any) -> Component:
        explained = [m for name in part.domains for m in domain(name).measures if m.key in part.measures]
        href = domain(part.domains[0]).route if len(part.domains) == 1 else ""
        return panel.slot(part, viewing, measures=explained, **{"href": href, "class_name": "small" if href else "", **more})

    left = [[slot(FINDINGS, skeleton="list", grow=2.5, class_name="anchor-events")], [slot(TRAFFIC), slot(PARKING)]]
    right = [[slot(AIR), slot(DISTRICTS, skeleton="table", class_name="only-wide")],
             [slot(GOVERNANCE, skeleton="table", grow=1.15), slot(SOURCES, skeleton="table", grow=0.98, href="/sources")]]
    stage = city_map.stage(viewing, [layer.id for layer in LAYERS], legend=("roads", "findings"))
    return [layout.stage(left, stage, right), *drawer(viewing, "overview")]


PAGE = Page(name="overview", route="/", icon="overview", permission="overview.read", layout=page_layout, layers=LAYERS, order=0, detail=detail.detail,
            panels=(FINDINGS, TRAFFIC, PARKING, AIR, DISTRICTS, GOVERNANCE, SOURCES))
