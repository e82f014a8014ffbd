"""Buses, taxis and roads: what pages may know. Positions are WGS-84 unless a name says otherwise."""

from datetime import datetime
from typing import Literal

import msgspec

from core.snapshot import Trend

Kind = Literal["bus", "taxi"]
RoadState = Literal["free", "basic", "light", "moderate", "severe", "unknown"]  # GB/T 33171, + not observed


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `transit/roads.geojson` (LineString, WGS-84, schematic): one road between two junctions.

    Its two directions are the links `<id>:f` (as drawn) and `<id>:b` (against).
    """

    id: str
    name: str
    name_en: str
    road_class: Literal["expressway", "arterial", "secondary", "branch"]
    lanes: int
    limit_kmh: float
    district: str
    oneway: bool = False
    free_kmh: float | None = None  # surveyed free-flow speed, lights included; without it the limit stands in, "estimated"
    geometry: list[tuple[float, float]] = []  # lon, lat


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `transit/vehicles.csv`: a terminal the city has approved. Others wait on the approval list."""

    terminal: str  # JT/T 808 phone field, digits without leading zeros
    kind: Kind
    plate: str
    operator: str
    line: str = ""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One fix. `entity` is the terminal, normalised like `Vehicle.terminal`."""

    source: str
    entity: str
    observed_at: datetime
    received_at: datetime
    lon: float
    lat: float
    speed_kmh: float
    heading_deg: int
    occupied: bool | None = None
    alarm: int = 0
    backfill: bool = False
    flags: tuple[str, ...] = ()


class LinkState(msgspec.Struct, frozen=True, kw_only=True):
    """A direction of a segment over the last 5 minutes, or 15 where fewer than 3 vehicles drove in 5.

    `speed_kmh` None with state unknown: fewer than 3 vehicles in 15 minutes either.
    """

    state: RoadState
    speed_kmh: float | None
    free_speed_kmh: float
    vehicles: int
    minutes: int = 5
    observed_at: datetime | None


class Fleet(msgspec.Struct, kw_only=True):
    """All vehicles on the map, column by column (index i is one vehicle); aged ones are dropped by the builder."""

    id: list[str]  # opaque, stable, not the plate
    kind: list[Kind]
    lon: list[float]
    lat: list[float]
    heading_deg: list[int]
    speed_kmh: list[float]
    occupied: list[bool | None]
    at: list[float]  # POSIX seconds of the fix
    line: list[str]


class Corridor(msgspec.Struct, frozen=True, kw_only=True):
    """A named road as a whole: mean speed, state, ratio to free flow, share of its length that was observed."""

    name: str
    name_en: str
    state: RoadState
    speed_kmh: float | None
    ratio: float | None
    coverage: float
    length_km: float


class TransitData(msgspec.Struct, kw_only=True):
    """Data of the transit snapshot."""

    fleet: Fleet
    links: dict[str, LinkState]
    corridors: list[Corridor]  # worst first, unobserved last
    index_trend: Trend  # GB/T 33171 network index, 5 min
    speed_trend: Trend  # network mean speed, 5 min
    online: dict[str, int]  # kind -> vehicles with a fix inside 90 s
    registered: dict[str, int]  # kind -> approved terminals
    index_by_district: dict[str, float | None]
    pending: int  # unknown terminals waiting for approval
