"""Parking: where there is space now, where there is none, and which sensors to believe."""

from collections.abc import Iterable

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
from data_sources.parking.model import ParkingData, Place, PlaceState
from pages import detail, map_layers
from pages.map_layers import load, measure, name_of, occupancy, rows


def _measure(name: str) -> Measure:
    return measure("parking", f"parking.{name}")


def now(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Occupancy with its word, free spaces, how much of the capacity is known, and the day's course."""
    snapshot = snapshots["parking"]
    meant = _measure("occupancy_pct")
    free = snapshot.readings.get("parking.free")
    note = "" if free is None or free.value is None else viewing.t("parking.free_now", n=fmt.number(free.value))
    full = snapshot.readings.get("parking.full_places")
    facts = [html.Span(note, className="kpi-strong")] if note else []
    if full is not None and full.value is not None:
        facts.append(html.Span(viewing.t("parking.full_now", n=fmt.number(full.value))))
    return place.view(
        kpi.kpi(snapshot.readings.get(meant.key), meant, viewing, size="l", label=False),
        html.Div(facts, className="kpi-facts") if facts else None,
        chart.trend(
            snapshot.data.trend,
            viewing,
            unit="%",
            label=viewing.t(f"measure.{meant.key}"),
            bands=meant.bands,
            low=0.0,
            high=100.0,
        ),
    )


def kinds(snapshots: Snapshots, viewing: Viewing) -> Component:
    """On-street and off-street apart: each with its figure and its own 24 h."""
    snapshot = snapshots["parking"]
    data: ParkingData = snapshot.data
    parts = []
    for kind, series in (("on_street", data.trend_on_street), ("off_street", data.trend_off_street)):
        meant = _measure(f"{kind}_occupancy_pct")
        parts.append(
            html.Div(
                [
                    kpi.kpi(
                        snapshot.readings.get(meant.key),
                        meant,
                        viewing,
                        size="s",
                        name=viewing.t(f"parking.kind.{kind}"),
                    ),
                    chart.trend(
                        series, viewing, unit="%", label=viewing.t(f"parking.kind.{kind}"), low=0.0, high=100.0
                    ),
                ],
                className="small",
            )
        )
    return html.Div(parts, className="view smalls smalls-2")


def ranking_view(snapshots: Snapshots, viewing: Viewing) -> Component:
    """All roads and car parks by pressure, the fullest first, those of which nothing is known last."""
    data: ParkingData = snapshots["parking"].data
    known = rows(viewing, "parking/places.csv")
    ordered = sorted(data.places, key=_pressure)
    listed = [_place(p, known[p.id], viewing) for p in ordered if isinstance(known.get(p.id), Place)]
    titles = [viewing.t("parking.col.place"), "", "%", viewing.t("parking.col.free")]
    return ranking(
        titles,
        "minmax(0,1fr) 3.4em 2.2em 2.6em",
        listed,
        viewing,
        right=(2, 3),
        empty=empty(viewing, "parking.no_places"),
    )


def _pressure(state: PlaceState) -> tuple[bool, float, str]:
    pct = occupancy(state)
    return pct is None, -(pct or 0.0), state.id


def _place(state: PlaceState, known: Place, viewing: Viewing) -> Row:
    pct = occupancy(state)
    word = load(pct)
    name = html.Span(
        [
            html.Small(
                viewing.t(f"parking.mark.{known.kind}"),
                className="place-kind",
                title=viewing.t(f"parking.kind.{known.kind}"),
            ),
            name_of(known, viewing),
        ]
    )
    return Row(
        kind="parking",
        key=state.id,
        label=name_of(known, viewing),
        state="missing" if pct is None else state.state,
        cells=(name, table.bar(pct, 100, f"load-{word}"), fmt.number(pct), fmt.number(state.free)),
    )


def turnover(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Arrivals and departures of the last hour, and where they are most."""
    snapshot = snapshots["parking"]
    data: ParkingData = snapshot.data
    meant = [_measure(name) for name in ("arrivals_h", "departures_h")]
    heads = [
        kpi.kpi(
            snapshot.readings.get(m.key), m, viewing, size="s", name=viewing.t(f"parking.{m.key.rpartition('.')[2]}")
        )
        for m in meant
    ]
    known = rows(viewing, "parking/places.csv")
    busiest = sorted(
        (p for p in data.places if p.arrivals_h + p.departures_h and p.id in known),
        key=lambda p: (-p.arrivals_h - p.departures_h, p.id),
    )
    most = float(max((p.arrivals_h + p.departures_h for p in busiest), default=1))
    listed = [
        Row(
            kind="parking",
            key=p.id,
            label=name_of(known[p.id], viewing),
            state=p.state,
            cells=(
                name_of(known[p.id], viewing),
                table.stacked([(p.arrivals_h, "accent"), (p.departures_h, "accent-2")], most),
                fmt.number(p.arrivals_h),
                fmt.number(p.departures_h),
            ),
        )
        for p in busiest[:30]
    ]
    titles = [viewing.t("parking.col.place"), "", viewing.t("parking.col.in"), viewing.t("parking.col.out")]
    return place.view(
        html.Div(heads, className="row-2"),
        ranking(
            titles,
            "minmax(0,1fr) 4em 2em 2em",
            listed,
            viewing,
            right=(2, 3),
            most=4 if viewing.portal == "phone" else None,
        ),
    )


def sensors(snapshots: Snapshots, viewing: Viewing) -> Component:
    """How much of the capacity is known, where sensors fail or fall silent, events about unknown places."""
    snapshot = snapshots["parking"]
    data: ParkingData = snapshot.data
    meant = _measure("coverage_pct")
    known = rows(viewing, "parking/places.csv")
    doubtful = [
        p
        for p in data.places
        if p.id in known and (p.faults or p.stuck or p.flags or p.state in ("late", "stale", "missing"))
    ]
    doubtful.sort(key=lambda p: (p.known / p.capacity if p.capacity else 0.0, p.id))
    listed = [
        Row(
            kind="parking",
            key=p.id,
            label=name_of(known[p.id], viewing),
            state=p.state,
            cells=(
                name_of(known[p.id], viewing),
                _doubt(p, viewing),
                f"{fmt.number(p.known)}/{fmt.number(p.capacity)}",
            ),
        )
        for p in doubtful
    ]
    titles = [viewing.t("parking.col.place"), viewing.t("parking.col.doubt"), viewing.t("parking.col.known")]
    unknown = (
        html.P(viewing.t("parking.unknown_places", n=data.unknown_places), className="note")
        if data.unknown_places
        else None
    )
    return place.view(
        kpi.kpi(
            snapshot.readings.get(meant.key),
            meant,
            viewing,
            size="s",
            label=False,
            note=viewing.t("parking.faults", n=_faults(data.places)),
        ),
        ranking(
            titles,
            "minmax(0,1.7fr) minmax(0,1fr) 4.4em",
            listed,
            viewing,
            right=(2,),
            most=4 if viewing.portal == "phone" else None,
            empty=empty(viewing, "parking.no_doubts"),
        ),
        unknown,
    )


def _faults(places: Iterable[PlaceState]) -> int:
    return sum(p.faults for p in places)


def _doubt(state: PlaceState, viewing: Viewing) -> str:
    words = [viewing.t("parking.doubt.faults", n=state.faults)] if state.faults else []
    words += [viewing.t(f"parking.flag.{flag}") for flag in state.flags]
    if state.state in ("late", "stale", "missing"):
        words.append(viewing.t(f"state.{state.state}"))
    return viewing.t("ui.list_comma").join(words)


def findings(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Open findings about parking, numbered as on the map."""
    snapshot: Snapshot = snapshots["parking"]
    found = [f for f in snapshot.findings if f.ended_at is None]
    return finding.listing(found, viewing, picture=False) if found else empty(viewing, "parking.no_findings")


NOW = Panel(
    id="parking.now",
    domains=("parking",),
    view=now,
    measures=("parking.occupancy_pct", "parking.free", "parking.full_places"),
)
KINDS = Panel(
    id="parking.kinds",
    domains=("parking",),
    view=kinds,
    measures=("parking.on_street_occupancy_pct", "parking.off_street_occupancy_pct"),
)
RANKING = Panel(id="parking.ranking", domains=("parking",), view=ranking_view)
TURNOVER = Panel(
    id="parking.turnover", domains=("parking",), view=turnover, measures=("parking.arrivals_h", "parking.departures_h")
)
SENSORS = Panel(id="parking.sensors", domains=("parking",), view=sensors, measures=("parking.coverage_pct",))
FINDINGS = Panel(id="parking.findings", domains=("parking",), view=findings)
LAYERS = (map_layers.PARKING, map_layers.findings_of("parking"), map_layers.PARKING_DISTRICTS)


def layout(viewing: Viewing) -> list[Component]:
    """Now and the two kinds on the left, all places on the right of the map; a phone asks first: where is space?"""
    stage = map.stage(viewing, [layer.id for layer in LAYERS], note=viewing.t("parking.map_note"))
    top = slot(
        NOW, viewing, measures=[_measure(n) for n in ("occupancy_pct", "free", "full_places")], class_name="grow-3"
    )
    both = slot(
        KINDS,
        viewing,
        measures=[_measure(f"{k}_occupancy_pct") for k in ("on_street", "off_street")],
        class_name="grow-2",
    )
    places = slot(RANKING, viewing, skeleton="table", class_name="grow-4")
    flow = slot(
        TURNOVER,
        viewing,
        measures=[_measure("arrivals_h"), _measure("departures_h")],
        skeleton="list",
        class_name="grow-3 wide-only",
    )
    health = slot(SENSORS, viewing, measures=[_measure("coverage_pct")], skeleton="list", class_name="grow-3 wide-only")
    found = slot(FINDINGS, viewing, skeleton="list", class_name="grow-2")
    if viewing.portal == "phone":
        body: Component = place.columns([top, html.Div(stage, className="middle"), places, found, both, flow, health])
    elif viewing.portal == "desk":
        body = place.stage([[top, both], [flow]], stage, [[places], [found, health]])
    else:
        body = place.stage([[top, both], [found, flow]], stage, [[places], [health]])
    return [body, *drawer(viewing, "parking")]


def things(city: City) -> list[Thing]:
    """Roads with berths and car parks."""
    known = city.tables.get("parking/places.csv", ())
    return [Thing(kind="parking", key=row.id, name=row.name, name_en=row.name_en) for row in known]


PAGE = Page(
    name="parking",
    route="/parking",
    icon="parking",
    permission="parking.read",
    panels=(NOW, KINDS, RANKING, TURNOVER, SENSORS, FINDINGS),
    layout=layout,
    layers=LAYERS,
    detail=detail.detail,
    things=things,
    order=30,
)
