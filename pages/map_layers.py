"""What the map is fed with: pure functions from snapshots to columns of plain values, and the `Layer`s made of them.

Positions are WGS-84, rounded to about one metre. A thing without a known state is sent as unknown, never left out.
"""

from typing import Any

from components import format as fmt
from components.contract import Layer, Snapshots, Viewing
from core.measure import Measure
from core.snapshot import Snapshot
from data_sources.air.model import AirData, Station, StationState
from data_sources.cameras.model import Camera, CamerasData
from data_sources.parking.model import ParkingData, Place, PlaceState
from data_sources.registry import domain
from data_sources.transit.model import TransitData

SEVERITY = {"alarm": 3, "warning": 2, "info": 1}
SHAPE = {"alarm": "triangle", "warning": "diamond", "info": "disc"}
STATION_SHAPE = {"national": "disc", "micro": "ring", "dust": "square"}
LOADS = ("easy", "busy", "tight", "full")
Columns = dict[str, list[Any]]
_MARK = ("entity", "lon", "lat", "text", "label", "shape", "color", "rank", "state", "group")


def name_of(row: Any, viewing: Viewing) -> str:
    """A configured thing's name in this viewing's language; the Chinese one when the other is not stated."""
    return str(row.name if viewing.lang == "zh" else row.name_en or row.name)


def rows(viewing: Viewing, table: str) -> dict[str, Any]:
    """The rows of a configuration table by their id (`mn` for air stations)."""
    return {getattr(row, "id", None) or getattr(row, "mn", ""): row for row in viewing.city.tables.get(table, ())}


def measure(domain_name: str, key: str) -> Measure:
    """A measure's row from its domain's manifest."""
    return next(m for m in domain(domain_name).measures if m.key == key)


def occupancy(place: PlaceState) -> float | None:
    """Occupied share in % of the berths whose state is known; None when nothing is known."""
    known = place.known or place.capacity
    return None if place.occupied is None or known <= 0 else min(100.0, 100.0 * place.occupied / known)


def load(pct: float | None) -> str:
    """The pressure word of an occupancy: easy, busy, tight, full or unknown (bands of the measure)."""
    band = measure("parking", "parking.occupancy_pct").band(pct)
    return "unknown" if band is None else band.key.rpartition(".")[2]


def vehicles(snapshots: Snapshots, viewing: Viewing) -> Any:
    """Every vehicle with a fix, column by column; `at` in whole POSIX seconds."""
    fleet = _data(snapshots["transit"], TransitData).fleet
    return {
        "id": list(fleet.id),
        "kind": "".join("b" if kind == "bus" else "t" for kind in fleet.kind),
        "lon": [round(x, 5) for x in fleet.lon],
        "lat": [round(y, 5) for y in fleet.lat],
        "head": list(fleet.heading_deg),
        "at": [round(at) for at in fleet.at],
    }


def roads(snapshots: Snapshots, viewing: Viewing) -> Any:
    """State letter and speed of both directions of every configured segment; u where too few vehicles were seen."""
    links = _data(snapshots["transit"], TransitData).links
    segments = [s.id for s in viewing.city.tables.get("transit/roads.geojson", ())]
    segments = segments or sorted({link.rpartition(":")[0] for link in links})
    return {
        "seg": segments,
        **{
            way: "".join(links[f"{s}:{way}"].state[0] if f"{s}:{way}" in links else "u" for s in segments)
            for way in ("f", "b")
        },
    }


def parking(snapshots: Snapshots, viewing: Viewing) -> Any:
    """A mark per place: "P" with the free spaces, coloured by pressure; roads with berths carry their segment."""
    known = rows(viewing, "parking/places.csv")
    columns = _empty("id", "road", "pct")
    for state in _data(snapshots["parking"], ParkingData).places:
        place = known.get(state.id)
        if not isinstance(place, Place):
            continue
        pct = occupancy(state)
        word = load(pct)
        free = "?" if state.free is None else str(state.free)
        label = viewing.t(
            "map.parking.label",
            name=name_of(place, viewing),
            free=fmt.number(state.free),
            capacity=state.capacity,
            word=viewing.t(f"map.parking.{word}"),
        )
        _add(
            columns,
            id=state.id,
            road=place.road,
            pct=None if pct is None else round(pct),
            entity=f"parking:{state.id}",
            lon=place.lon,
            lat=place.lat,
            text=f"P{free}",
            label=label,
            group=word,
            state=state.state,
            shape="park-unknown" if pct is None else "park-full" if word == "full" else "park",
            color="road-unknown" if pct is None else f"load-{word}",
            rank=-1.0 if pct is None else round(pct, 1),
        )
    return columns


def stations(snapshots: Snapshots, viewing: Viewing) -> Any:
    """A mark per air station: its AQI on the exact colour of HJ 633, its kind by shape."""
    known = rows(viewing, "air/stations.csv")
    columns = _empty()
    for state in _data(snapshots["air"], AirData).stations:
        station = known.get(state.mn)
        if not isinstance(station, Station):
            continue
        columns = _station(columns, station, state, viewing)
    return columns


def _station(columns: Columns, station: Station, state: StationState, viewing: Viewing) -> Columns:
    blind = state.aqi is None or state.level is None
    word = viewing.t("map.unknown") if blind else viewing.t(f"aqi.{state.level}")
    label = viewing.t("map.station.label", name=name_of(station, viewing), aqi=fmt.number(state.aqi), word=word)
    _add(
        columns,
        entity=f"station:{state.mn}",
        lon=station.lon,
        lat=station.lat,
        text="—" if blind else str(state.aqi),
        label=label,
        shape="unknown" if blind else STATION_SHAPE[station.kind],
        color="road-unknown" if blind else f"aqi-{state.level}",
        rank=-1 if state.aqi is None else state.aqi,
        state=state.state,
        group=station.kind,
    )
    return columns


def cameras(snapshots: Snapshots, viewing: Viewing) -> Any:
    """A mark per camera: how many open findings it has, its health by shape and colour."""
    snapshot = snapshots["cameras"]
    known = rows(viewing, "cameras/cameras.toml")
    open_at: dict[str, int] = {}
    for finding in snapshot.findings:
        if finding.ended_at is None:
            open_at[finding.entity] = open_at.get(finding.entity, 0) + 1
    columns = _empty()
    for status in _data(snapshot, CamerasData).cameras:
        camera = known.get(status.id)
        if not isinstance(camera, Camera):
            continue
        well = status.status == "online"
        count = open_at.get(status.id, 0)
        label = viewing.t(
            "map.camera.label",
            name=name_of(camera, viewing),
            status=viewing.t(f"governance.camera.{status.status}"),
            n=count,
        )
        _add(
            columns,
            entity=f"camera:{status.id}",
            lon=camera.lon,
            lat=camera.lat,
            text=str(count) if well else "×",
            label=label,
            shape="camera" if well else "camera-bad",
            color="ok" if well else "bad",
            rank=count if well else 1000,
            state=status.state,
            group="well" if well else "bad",
        )
    return columns


def findings_of(*domains: str) -> Layer:
    """The layer of open findings of these domains, numbered worst and newest first as `ranked` numbers a list."""

    def data(snapshots: Snapshots, viewing: Viewing) -> Any:
        columns = _empty()
        for number, finding in enumerate(ranked(snapshots, domains), start=1):
            label = viewing.t(
                "map.finding.label",
                kind=viewing.t(finding.kind),
                place=finding.place,
                time=fmt.time_of(finding.at, viewing.city.timezone),
            )
            _add(
                columns,
                entity=f"finding:{finding.id}",
                lon=finding.lon,
                lat=finding.lat,
                text=str(number),
                label=label,
                shape=SHAPE[finding.severity],
                color=finding.severity,
                rank=SEVERITY[finding.severity] * 1000 - number,
                state="live",
                group=finding.severity,
            )
        return columns

    return Layer(id="findings", domains=domains, data=data, partial=True)


def ranked(snapshots: Snapshots, domains: tuple[str, ...]) -> list[Any]:
    """Open findings of these domains, most severe first, then newest; the order in which maps and lists number them."""
    found = [f for name in domains if name in snapshots for f in snapshots[name].findings if f.ended_at is None]
    return sorted(found, key=lambda f: (-SEVERITY[f.severity], -f.at.timestamp(), f.id))


def traffic_districts(snapshots: Snapshots, viewing: Viewing) -> Any:
    """District tint of the inset: the network index per district."""
    values = _data(snapshots["transit"], TransitData).index_by_district
    return _tints(values, measure("transit", "traffic.network_index"), viewing)


def air_districts(snapshots: Snapshots, viewing: Viewing) -> Any:
    """District tint of the inset: the AQI per district."""
    return _tints(_data(snapshots["air"], AirData).by_district, measure("air", "air.aqi"), viewing)


def parking_districts(snapshots: Snapshots, viewing: Viewing) -> Any:
    """District tint of the inset: the occupancy per district."""
    return _tints(
        _data(snapshots["parking"], ParkingData).by_district, measure("parking", "parking.occupancy_pct"), viewing
    )


def _tints(values: Any, meant: Measure, viewing: Viewing) -> dict[str, dict[str, str]]:
    tints: dict[str, dict[str, str]] = {}
    for code, value in values.items():
        band = meant.band(value)
        if band is not None and code in viewing.city.districts:
            name = viewing.city.districts[code][0 if viewing.lang == "zh" else 1]
            tints[code] = {"color": band.color, "text": f"{name} {fmt.with_unit(value, meant.unit, meant.digits)}"}
    return tints


def _data(snapshot: Snapshot, kind: type[Any]) -> Any:
    if not isinstance(snapshot.data, kind):
        raise TypeError(f"snapshot {snapshot.domain}: data is {type(snapshot.data).__name__}, expected {kind.__name__}")
    return snapshot.data


def _empty(*more: str) -> Columns:
    return {name: [] for name in (*_MARK, *more)}


def _add(columns: Columns, **values: Any) -> None:
    for name, column in columns.items():
        value = values[name]
        column.append(round(value, 5) if name in ("lon", "lat") and value is not None else value)


VEHICLES = Layer(id="vehicles", domains=("transit",), data=vehicles)
ROADS = Layer(id="roads", domains=("transit",), data=roads)
PARKING = Layer(id="parking", domains=("parking",), data=parking)
STATIONS = Layer(id="stations", domains=("air",), data=stations)
CAMERAS = Layer(id="cameras", domains=("cameras",), data=cameras)
TRAFFIC_DISTRICTS = Layer(id="districts", domains=("transit",), data=traffic_districts)
AIR_DISTRICTS = Layer(id="districts", domains=("air",), data=air_districts)
PARKING_DISTRICTS = Layer(id="districts", domains=("parking",), data=parking_districts)
