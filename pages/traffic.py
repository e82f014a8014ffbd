"""Traffic: where it is stuck, how sure we are, and what is on the road."""

from dash import html
from dash.development.base_component import Component

from components import chart, finding, kpi, map, table
from components import format as fmt
from components import layout as place
from components.contract import Page, Panel, Snapshots, Thing, Viewing
from components.drawer import drawer
from components.panel import empty, slot
from components.ranking import Row, ranking
from core.city import City
from core.measure import Measure
from core.snapshot import Snapshot
from data_sources.transit.model import Corridor, RoadState, TransitData
from pages import detail, map_layers
from pages.map_layers import measure

STATES: tuple[RoadState, ...] = ("free", "basic", "light", "moderate", "severe", "unknown")


def _measure(name: str) -> Measure:
    return measure("transit", f"traffic.{name}")


def index(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The network index with its word, its coverage, its formula, and the last 24 h against the five levels."""
    snapshot = snapshots["transit"]
    data: TransitData = snapshot.data
    meant = _measure("network_index")
    note = html.P(viewing.t("traffic.formula", formula=meant.formula, standard=meant.standard), className="note")
    return place.view(
        kpi.kpi(snapshot.readings.get(meant.key), meant, viewing, size="l", label=False),
        chart.trend(
            data.index_trend, viewing, digits=1, label=viewing.t(f"measure.{meant.key}"), bands=meant.bands, low=0.0
        ),
        note if viewing.portal != "phone" else None,
    )


def speed(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Mean speed of the network and its last 24 h."""
    snapshot = snapshots["transit"]
    meant = _measure("mean_speed_kmh")
    return place.view(
        kpi.kpi(snapshot.readings.get(meant.key), meant, viewing, label=False),
        chart.trend(
            snapshot.data.speed_trend, viewing, unit=meant.unit, label=viewing.t(f"measure.{meant.key}"), low=0.0
        ),
    )


def corridors(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Named roads, worst first: state, speed, ratio to free flow, share observed; unobserved ones last and said to be so."""
    rows = [_corridor(c, viewing) for c in snapshots["transit"].data.corridors]
    titles = [viewing.t("traffic.col.road"), "", "km/h", viewing.t("traffic.col.coverage")]
    widths = ["minmax(0,1fr)", "4.9em" if viewing.lang == "zh" else "7.6em", "2.6em", "2.9em"]
    if viewing.portal == "wall":
        titles.insert(3, viewing.t("traffic.col.ratio"))
        widths.insert(3, "4.6em")
    return ranking(
        titles,
        " ".join(widths),
        rows,
        viewing,
        right=(2, len(titles) - 1),
        empty=empty(viewing, "traffic.no_corridors"),
    )


def _corridor(corridor: Corridor, viewing: Viewing) -> Row:
    name = corridor.name if viewing.lang == "zh" else corridor.name_en or corridor.name
    blind = corridor.speed_kmh is None
    cells: list[Component | str] = [
        name,
        state_chip(corridor.state, viewing),
        fmt.number(corridor.speed_kmh),
        fmt.percent(corridor.coverage),
    ]
    if viewing.portal == "wall":
        cells.insert(
            3, table.bar(None if corridor.ratio is None else corridor.ratio * 100, 100, f"road-{corridor.state}")
        )
    return Row(kind="corridor", key=corridor.name, cells=tuple(cells), state="missing" if blind else "live", label=name)


def state_chip(state: str, viewing: Viewing) -> Component:
    """A road state as a word on its colour."""
    return html.Span(
        viewing.t(f"map.roads.{state}"),
        className="chip-state",
        style={"background": f"var(--road-{state})", "color": f"var(--on-road-{state})"},
    )


def districts(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The index by district; a district without observed roads says so."""
    data: TransitData = snapshots["transit"].data
    meant = _measure("network_index")
    rows = []
    for code, value in sorted(data.index_by_district.items(), key=lambda item: (item[1] is None, -(item[1] or 0.0))):
        names = viewing.city.districts.get(code, (code, code))
        band = meant.band(value)
        rows.append(
            Row(
                state="live" if band else "missing",
                cells=(
                    names[0 if viewing.lang == "zh" else 1],
                    table.bar(value, 10, band.color if band else "line-2"),
                    fmt.number(value, 1),
                    viewing.t(band.key) if band else viewing.t("map.roads.unknown"),
                ),
            )
        )
    return ranking(
        ["", "", viewing.t("traffic.col.index"), ""],
        "4.4em minmax(0,1fr) 2.6em 5em",
        rows,
        viewing,
        right=(2,),
        empty=empty(viewing, "traffic.no_districts"),
    )


def fleet(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Vehicles with a fix inside 90 s by kind, how old the fixes are, terminals that wait for approval."""
    snapshot = snapshots["transit"]
    data: TransitData = snapshot.data
    meant = _measure("online_share_pct")
    kinds = []
    for kind in ("bus", "taxi"):
        online, known = data.online.get(kind), data.registered.get(kind)
        kinds.append(
            html.Div(
                [
                    html.Span(viewing.t(f"map.vehicles.{kind}"), className="fact-name"),
                    table.bar(None if online is None else float(online), float(known or 0), "accent-2"),
                    html.B(viewing.t("traffic.of", n=fmt.number(online), all=fmt.number(known))),
                ],
                className="meter",
            )
        )
    ages = _ages(snapshot)
    parts = [(float(n), token) for n, token in zip(ages, ("ok", "late", "line-2"), strict=True)]
    words = [
        html.Span(viewing.t(f"traffic.age.{w}", n=n)) for w, n in zip(("fresh", "fading", "aged"), ages, strict=True)
    ]
    fixes = html.Div(
        [
            html.Div(viewing.t("traffic.fixes"), className="kpi-label"),
            table.stacked(parts, float(sum(ages))),
            html.Div(words, className="strip-ends"),
        ],
        className="level-strip",
    )
    waiting = html.P(viewing.t("traffic.pending", n=data.pending), className="note") if data.pending else None
    return place.view(
        kpi.kpi(snapshot.readings.get(meant.key), meant, viewing, label=False),
        html.Div(kinds, className="meters"),
        fixes,
        waiting,
        class_name="spread",
    )


def _ages(snapshot: Snapshot) -> tuple[int, int, int]:
    """Vehicles whose fix was ≤30 s, ≤90 s and older when the snapshot was built."""
    ages = [snapshot.built_at.timestamp() - at for at in snapshot.data.fleet.at]
    return sum(a <= 30 for a in ages), sum(30 < a <= 90 for a in ages), sum(a > 90 for a in ages)


def links(snapshots: Snapshots, viewing: Viewing) -> Component:
    """How many link directions are in which state; those without enough vehicles are their own row, not green."""
    data: TransitData = snapshots["transit"].data
    counts = {state: sum(link.state == state for link in data.links.values()) for state in STATES}
    most = float(max(counts.values(), default=0))
    rows = [
        html.Div(
            [state_chip(state, viewing), table.bar(float(n), most, f"road-{state}"), html.B(fmt.number(n))],
            className="meter",
        )
        for state, n in counts.items()
    ]
    return place.view(
        html.Div(rows, className="meters"),
        html.P(viewing.t("traffic.links", n=len(data.links)), className="note"),
        class_name="spread",
    )


def findings(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Congestion beyond what is usual, gravest first; numbered as on the map."""
    found = [f for f in snapshots["transit"].findings if f.ended_at is None]
    if not found:
        return empty(viewing, "traffic.no_findings")
    return finding.listing(found, viewing, picture=False)


INDEX = Panel(
    id="traffic.index", domains=("transit",), view=index, measures=("traffic.network_index", "traffic.coverage_pct")
)
SPEED = Panel(id="traffic.speed", domains=("transit",), view=speed, measures=("traffic.mean_speed_kmh",))
CORRIDORS = Panel(id="traffic.corridors", domains=("transit",), view=corridors)
DISTRICTS = Panel(id="traffic.districts", domains=("transit",), view=districts, measures=("traffic.network_index",))
FLEET = Panel(id="traffic.fleet", domains=("transit",), view=fleet, measures=("traffic.online_share_pct",))
LINKS = Panel(id="traffic.links", domains=("transit",), view=links, measures=("traffic.coverage_pct",))
FINDINGS = Panel(id="traffic.findings", domains=("transit",), view=findings)
LAYERS = (map_layers.ROADS, map_layers.VEHICLES, map_layers.findings_of("transit"), map_layers.TRAFFIC_DISTRICTS)


def layout(viewing: Viewing) -> list[Component]:
    """Stage in the middle; a phone gets the index, the map and the list, in this order."""
    stage = map.stage(viewing, [layer.id for layer in LAYERS], legend=("roads", "vehicles"))
    top = slot(INDEX, viewing, measures=[_measure("network_index"), _measure("coverage_pct")], class_name="grow-2")
    pace = slot(SPEED, viewing, measures=[_measure("mean_speed_kmh")], class_name="wide-only pace")
    roads = slot(CORRIDORS, viewing, skeleton="table", class_name="grow-3")
    found = slot(FINDINGS, viewing, skeleton="list", class_name="grow-2")
    moving = slot(FLEET, viewing, measures=[_measure("online_share_pct")], skeleton="list", class_name="grow-2")
    parts = slot(
        DISTRICTS, viewing, measures=[_measure("network_index")], skeleton="list", class_name="wide-only desk-hidden"
    )
    states = slot(
        LINKS, viewing, measures=[_measure("coverage_pct")], skeleton="list", class_name="grow-2 wide-only desk-hidden"
    )
    if viewing.portal == "phone":
        body: Component = place.columns(
            [top, html.Div(stage, className="middle"), found, roads, moving, parts, states, pace]
        )
    elif viewing.portal == "desk":
        body = place.stage([[top], [roads]], stage, [[found, moving], [pace, parts, states]])
    else:
        body = place.stage([[top, pace], [roads]], stage, [[found, parts], [moving, states]])
    return [body, *drawer(viewing, "traffic")]


def things(city: City) -> list[Thing]:
    """Roads by name, each once."""
    named = {row.name: row.name_en for row in city.tables.get("transit/roads.geojson", ())}
    return [Thing(kind="corridor", key=name, name=name, name_en=english) for name, english in named.items()]


PAGE = Page(
    name="traffic",
    route="/traffic",
    icon="traffic",
    permission="transit.read",
    panels=(INDEX, SPEED, CORRIDORS, DISTRICTS, FLEET, LINKS, FINDINGS),
    layout=layout,
    layers=LAYERS,
    detail=detail.detail,
    things=things,
    order=20,
)
