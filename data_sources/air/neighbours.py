"""Which stations may serve as control for a construction site: near ones, upwind ones when there is wind. Pure."""

from collections.abc import Mapping, Sequence
from math import atan2, cos, degrees, hypot, radians

import msgspec

from data_sources.air.model import Station

REACH_M = 8_000
MOST = 6
CALM_MS = 0.5
UPWIND_DEG = 60
_M_PER_DEG = 111_320.0


class Neighbour(msgspec.Struct, frozen=True):
    """A station near a site: distance in metres and bearing seen from the site (degrees, clockwise from north)."""

    mn: str
    distance_m: float
    bearing_deg: float


def neighbours(stations: Mapping[str, Station]) -> dict[str, tuple[Neighbour, ...]]:
    """For each dust site the nearest stations of other kinds within 8 km, nearest first."""
    return {s.mn: _around(s, stations) for s in stations.values() if s.kind == "dust"}


def _around(site: Station, stations: Mapping[str, Station]) -> tuple[Neighbour, ...]:
    found: list[Neighbour] = []
    for other in stations.values():
        if other.kind == "dust":
            continue
        east = (other.lon - site.lon) * _M_PER_DEG * cos(radians(site.lat))
        north = (other.lat - site.lat) * _M_PER_DEG
        distance = hypot(east, north)
        if distance <= REACH_M:
            found.append(Neighbour(other.mn, distance, degrees(atan2(east, north)) % 360))
    return tuple(sorted(found, key=lambda n: n.distance_m)[:MOST])


def controls(
    around: Sequence[Neighbour], wind_ms: float | None, wind_deg: float | None
) -> tuple[tuple[Neighbour, ...], bool]:
    """Stations to compare a site with, and whether they lie upwind.

    `wind_deg` is where the wind comes FROM, so an upwind station lies in that direction. In calm air, without wind data or
    without an upwind station, all neighbours serve.
    """
    if wind_ms is None or wind_deg is None or wind_ms < CALM_MS:
        return tuple(around), False
    upwind = tuple(n for n in around if abs((n.bearing_deg - wind_deg + 180) % 360 - 180) <= UPWIND_DEG)
    return (upwind, True) if upwind else (tuple(around), False)
