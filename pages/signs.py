"""Signs: what is nearest to its limit or largest right now, from every domain that has sent. Not findings: no rule was broken.

At most two of a kind, so that one domain does not fill the list; what has an open finding already is left out.
"""

from collections.abc import Iterable, Sequence

from dash import html
from dash.development.base_component import Component

from components import feed, kpi
from components import format as fmt
from components.contract import Snapshots, Viewing
from components.sign import Sign
from core.snapshot import Snapshot
from data_sources.air.model import AirData, Station
from data_sources.cameras.model import Camera, CamerasData
from data_sources.parking.model import ParkingData, Place
from data_sources.registry import domain
from data_sources.transit.model import TransitData
from pages.map_layers import load, measure, name_of, occupancy, rows

SEVERE_RATIO = 0.3  # GB/T 33171 clause 7: at or below it a road is severely congested
POOR_AQI = 200.0  # HJ 633: above it air is heavily polluted
COVERED = 0.3  # less of a road's length observed says nothing about the road
OF_A_KIND = 2


def nearest(snapshots: Snapshots, viewing: Viewing, most: int) -> list[Sign]:
    """The `most` nearest to their limits, over all domains present; deterministic for the same snapshots."""
    made: list[Sign] = []
    for name, make in (("transit", _roads), ("parking", _places), ("air", _stations), ("cameras", _cameras)):
        if name in snapshots:
            told = {f.entity for f in snapshots[name].findings if f.ended_at is None}
            made += _first(make(snapshots[name], viewing, told))
    made += _first(_feeds(snapshots, viewing))
    return _first(made, most)


def _first(signs: Iterable[Sign], most: int = OF_A_KIND) -> list[Sign]:
    return sorted(signs, key=lambda sign: (-sign.near, sign.name))[:most]


def _roads(snapshot: Snapshot, viewing: Viewing, told: set[str]) -> list[Sign]:
    data: TransitData = snapshot.data
    congested = {f.place for f in snapshot.findings if f.ended_at is None}
    return [
        Sign(
            near=(1 - c.ratio) / (1 - SEVERE_RATIO), icon=domain("transit").icon, kind="corridor", key=c.name,
            name=c.name if viewing.lang == "zh" else c.name_en or c.name,
            what=viewing.t("signs.road", share=fmt.percent(c.ratio), coverage=fmt.percent(c.coverage)),
            value=_value(fmt.with_unit(c.speed_kmh, "km/h"), viewing.t(f"road.{c.state}"), f"road-{c.state}"),
        )
        for c in data.corridors
        if c.ratio is not None and c.coverage >= COVERED and c.name not in congested
    ]  # fmt: skip


def _places(snapshot: Snapshot, viewing: Viewing, told: set[str]) -> list[Sign]:
    data: ParkingData = snapshot.data
    known = rows(viewing, "parking/places.csv")
    limit = max(band.upto for band in measure("parking", "parking.occupancy_pct").bands if band.upto is not None)
    signs = []
    for place in data.places:
        row, pct = known.get(place.id), occupancy(place)
        if not isinstance(row, Place) or pct is None or place.id in told:
            continue
        word = load(pct)
        signs.append(Sign(
            near=pct / limit, icon=domain("parking").icon, kind="parking", key=place.id, name=name_of(row, viewing),
            what=viewing.t("signs.place", free=fmt.number(place.free), capacity=fmt.number(place.capacity)),
            value=_value(fmt.with_unit(pct, "%"), viewing.t(f"map.parking.{word}"), f"load-{word}"),
        ))  # fmt: skip
    return signs


def _stations(snapshot: Snapshot, viewing: Viewing, told: set[str]) -> list[Sign]:
    data: AirData = snapshot.data
    known = rows(viewing, "air/stations.csv")
    signs = []
    for station in data.stations:
        row = known.get(station.mn)
        if not isinstance(row, Station) or station.aqi is None or station.level is None or station.mn in told:
            continue
        kind = viewing.t(f"air.kind.{row.kind}")
        primary = viewing.t("ui.list_comma").join(viewing.t(f"pollutant.{p}") for p in station.primary)
        signs.append(Sign(
            near=station.aqi / POOR_AQI, icon=domain("air").icon, kind="station", key=station.mn, name=name_of(row, viewing),
            what=viewing.t("signs.station", kind=kind, names=primary) if primary else kind,
            value=_value(f"AQI{fmt.THIN}{fmt.number(station.aqi)}", viewing.t(f"aqi.{station.level}"), f"aqi-{station.level}"),
        ))  # fmt: skip
    return signs


def _cameras(snapshot: Snapshot, viewing: Viewing, told: set[str]) -> list[Sign]:
    data: CamerasData = snapshot.data
    known = rows(viewing, "cameras/cameras.toml")
    return [
        Sign(
            near=1.0, icon="camera", kind="camera", key=camera.id, name=name_of(known[camera.id], viewing),
            what=viewing.t("signs.camera", since=fmt.moment(camera.since, viewing.now, viewing.city.timezone)),
            value=html.Span(viewing.t(f"governance.camera.{camera.status}"), className="state", **{"data-state": "stale"}),
        )
        for camera in data.cameras
        if camera.status != "online" and isinstance(known.get(camera.id), Camera) and camera.id not in told
    ]  # fmt: skip


def _feeds(snapshots: Snapshots, viewing: Viewing) -> Sequence[Sign]:
    return [
        Sign(
            near=feed.silent(one), icon="sources", name=feed.short(one, viewing), href="/sources",
            what=viewing.t("signs.feed", n=fmt.number((one.expected or 0) - one.entities)), value=feed.devices(one),
        )
        for _, one in feed.gather(snapshots)
        if feed.silent(one) > 0
    ]  # fmt: skip


def _value(figure: str, word: str, token: str) -> Component:
    return html.Span([html.B(figure), kpi.swatch(word, token)])
