"""The drawer of traffic: a segment in its two directions, a named road, a vehicle."""

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import kpi, table
from components.contract import Viewing
from core.clock import from_epoch
from core.snapshot import Snapshot
from data_sources.transit.model import LinkState, Segment, TransitData
from pages.map_layers import name_of, rows


def road(key: str, snapshot: Snapshot, viewing: Viewing) -> Component | None:
    """A segment: what its two directions do now, against free flow, from how many vehicles."""
    segment = rows(viewing, "transit/roads.geojson").get(key)
    if not isinstance(segment, Segment):
        return None
    data: TransitData = snapshot.data
    ways = ["f"] if segment.oneway else ["f", "b"]
    parts: list[Component] = [
        html.H2(name_of(segment, viewing)),
        html.P(
            viewing.t(
                "detail.road.sub",
                road_class=viewing.t(f"detail.class.{segment.road_class}"),
                lanes=segment.lanes,
                limit=fmt.number(segment.limit_kmh),
            ),
            className="sub",
        ),
    ]
    for way in ways:
        parts += [
            html.H3(viewing.t("detail.way", compass=compass(segment, way, viewing))),
            _link(data.links.get(f"{key}:{way}"), viewing),
        ]
    parts.append(html.P(viewing.t("map.schematic"), className="note"))
    return html.Div(parts, className="drawer-body")


def compass(segment: Segment, way: str, viewing: Viewing) -> str:
    """The compass word a direction of a segment leads to: eight points."""
    (x0, y0), (x1, y1) = segment.geometry[0], segment.geometry[-1]
    east, north = (x1 - x0) * 0.85, y1 - y0
    if way == "b":
        east, north = -east, -north
    horizontal = "e" if east > 0 else "w"
    vertical = "n" if north > 0 else "s"
    if abs(east) > 2.4 * abs(north):
        return viewing.t(f"ui.compass.{horizontal}")
    if abs(north) > 2.4 * abs(east):
        return viewing.t(f"ui.compass.{vertical}")
    return viewing.t(f"ui.compass.{vertical}{horizontal}")


def _link(link: LinkState | None, viewing: Viewing) -> Component:
    state = "unknown" if link is None else link.state
    pairs: dict[str, Component | str] = {
        viewing.t("detail.state"): kpi.swatch(viewing.t(f"map.roads.{state}"), f"road-{state}")
    }
    if link is None or link.speed_kmh is None:
        pairs[viewing.t("detail.speed")] = viewing.t("detail.too_few", n=0 if link is None else link.vehicles)
    else:
        pairs[viewing.t("detail.speed")] = fmt.with_unit(link.speed_kmh, "km/h")
        pairs[viewing.t("detail.free_speed")] = fmt.with_unit(link.free_speed_kmh, "km/h")
        pairs[viewing.t("detail.vehicles")] = fmt.number(link.vehicles)
        pairs[viewing.t("detail.at")] = fmt.moment(link.observed_at, viewing.now, viewing.city.timezone)
    return table.facts(pairs)


def corridor(key: str, snapshot: Snapshot, viewing: Viewing) -> Component | None:
    """A named road as a whole and its segments, each of which can be opened."""
    data: TransitData = snapshot.data
    found = next((c for c in data.corridors if c.name == key), None)
    if found is None:
        return None
    name = found.name if viewing.lang == "zh" else found.name_en or found.name
    pairs: dict[str, Component | str] = {
        viewing.t("detail.state"): kpi.swatch(viewing.t(f"map.roads.{found.state}"), f"road-{found.state}"),
        viewing.t("detail.speed"): fmt.with_unit(found.speed_kmh, "km/h")
        if found.speed_kmh is not None
        else viewing.t("map.roads.unknown"),
        viewing.t("detail.ratio"): fmt.percent(found.ratio),
        viewing.t("detail.coverage"): fmt.percent(found.coverage),
        viewing.t("detail.length"): fmt.with_unit(found.length_km, "km", 1),
    }
    segments = [s for s in rows(viewing, "transit/roads.geojson").values() if s.name == key]
    return html.Div(
        [
            html.H2(name),
            table.facts(pairs),
            html.H3(viewing.t("detail.segments", n=len(segments))),
            html.Ol([_segment(s, data, viewing) for s in segments], className="segments"),
        ],
        className="drawer-body",
    )


def _segment(segment: Segment, data: TransitData, viewing: Viewing) -> Component:
    cells: list[Component] = []
    for way in ("f",) if segment.oneway else ("f", "b"):
        link = data.links.get(f"{segment.id}:{way}")
        state = "unknown" if link is None else link.state
        speed = None if link is None else link.speed_kmh
        cells.append(
            html.Span(
                [
                    html.I(style={"background": f"var(--road-{state})"}),
                    compass(segment, way, viewing),
                    " ",
                    html.B(fmt.with_unit(speed, "km/h") if speed is not None else viewing.t("map.roads.unknown")),
                ]
            )
        )
    return html.Li(
        [html.Code(segment.id), *cells], tabIndex="0", role="button", **{"data-entity": f"road:{segment.id}"}
    )


def vehicle(key: str, snapshot: Snapshot, viewing: Viewing) -> Component | None:
    """A vehicle by its opaque id: line, speed, heading, the time of its fix. No plate, no driver."""
    fleet = snapshot.data.fleet
    if key not in fleet.id:
        return None
    i = fleet.id.index(key)
    kind = fleet.kind[i]
    occupied = fleet.occupied[i]
    pairs: dict[str, Component | str] = {}
    if fleet.line[i]:
        pairs[viewing.t("detail.line")] = fleet.line[i]
    if occupied is not None:
        pairs[viewing.t("detail.occupied")] = viewing.t("detail.yes" if occupied else "detail.no")
    at = from_epoch(fleet.at[i])
    pairs |= {
        viewing.t("detail.speed"): fmt.with_unit(fleet.speed_kmh[i], "km/h"),
        viewing.t("detail.heading"): f"{fleet.heading_deg[i]}°",
        viewing.t("detail.position"): f"{fleet.lat[i]:.5f}, {fleet.lon[i]:.5f} (WGS-84)",
        viewing.t("detail.fix"): fmt.local(at, viewing.city.timezone).strftime("%H:%M:%S"),
        viewing.t("detail.id"): html.Code(key),
    }
    return html.Div(
        [
            html.H2(viewing.t(f"detail.kind.{kind}")),
            table.facts(pairs),
            html.P(viewing.t("detail.opaque"), className="note"),
        ],
        className="drawer-body",
    )
