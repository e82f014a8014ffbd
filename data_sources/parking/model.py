"""Roads with berths and car parks: what pages may know."""

from datetime import datetime
from typing import Literal

import msgspec

from core.snapshot import State, Trend


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `parking/places.csv`: a road with berths or a car park. Berths of a road are `<id>-001` … `<id>-<capacity>`."""

    id: str
    name: str
    name_en: str
    kind: Literal["on_street", "off_street"]
    capacity: int
    lon: float  # WGS-84
    lat: float
    district: str
    operator: str
    road: str = ""  # segment id it lies on, "" for a car park
    free_min: int = 30
    unit_min: int = 60
    unit_fee_fen: int = 0
    day_cap_fen: int = 0


class GateEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle through a gate. `plate_hash` is a keyed hash made by the operator or by us before anything is stored."""

    source: str
    entity: str  # place id
    event_id: str
    direction: Literal["in", "out"]
    observed_at: datetime
    received_at: datetime
    plate_hash: str = ""
    flags: tuple[str, ...] = ()


class BerthEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A berth sensor's state change. Status as in the neutral model: 0 idle, 1 taken, 2 fault, 3 unknown."""

    source: str
    entity: str  # place id
    berth: str
    status: Literal[0, 1, 2, 3]
    observed_at: datetime
    received_at: datetime
    battery_pct: int | None = None
    flags: tuple[str, ...] = ()


class CountReport(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's own statement of free places (a count to reconcile the events with)."""

    source: str
    entity: str
    vacant: int
    total: int
    observed_at: datetime
    received_at: datetime
    flags: tuple[str, ...] = ()


class UnknownPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A row about a place that is not in the register: refused, but counted where people see it."""

    source: str
    entity: str
    observed_at: datetime
    received_at: datetime


class PlaceState(msgspec.Struct, frozen=True, kw_only=True):
    """A place now. `occupied` None: nothing is known (never 0). `known` berths back the number, of `capacity`."""

    id: str
    occupied: int | None
    free: int | None
    capacity: int
    known: int
    faults: int
    state: State
    observed_at: datetime | None
    arrivals_h: int  # arrivals in the last hour
    departures_h: int
    trend: Trend  # occupancy %, 15 min, 24 h
    flags: tuple[str, ...] = ()  # "stuck_berths", "counter_drift", "clamped", "estimated", "capacity_differs"
    full_since: datetime | None = None  # > 95 % without a break since then
    stuck: int = 0  # berths whose state has not changed for implausibly long
    drift: int | None = None  # off-street: operator's count minus ours at the last reconciliation
    berths: str = ""  # on-street: one digit per berth in order, 0 idle 1 taken 2 fault 3 unknown


class ParkingData(msgspec.Struct, kw_only=True):
    """Data of the parking snapshot."""

    places: list[PlaceState]
    trend: Trend  # city occupancy %, 15 min, 24 h
    trend_on_street: Trend
    trend_off_street: Trend
    by_district: dict[str, float | None]  # occupancy %
    unknown_places: int  # events refused because their place is not in the register, today
