"""The parking snapshot's data and readings from the builder's state. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.clock import from_epoch
from core.snapshot import Reading, State, Trend, state_of_age
from data_sources.parking.model import ParkingData, Place, PlaceState
from data_sources.parking.state import BINS, FULL, QUARTER, TAKEN, ParkingState, PlaceMemory, fresh, load

PLACE_CADENCE_S = 150.0  # a place is late after 5 minutes without any word, stale (unknown) after 10
SOURCE_CADENCE_S = 60.0
SOURCE_OF = {"on_street": "parking-berth", "off_street": "parking-gate"}
STUCK_TAKEN_S, STUCK_IDLE_S = 24 * 3_600, 72 * 3_600
DRIFT_SHARE, DRIFT_LEAST = 0.05, 5
MIN_COVERAGE = 0.5
Range = tuple[float, float] | None


def place_state(memory: PlaceMemory, place: Place, now: float) -> PlaceState:
    """A place as pages see it."""
    known = load(memory, place)
    at = max(memory.newest, memory.alive) or None
    stuck = stuck_berths(memory, now)
    return PlaceState(
        id=place.id,
        occupied=None if known is None else known[0],
        free=None if known is None else max(0, known[1] - known[0]),
        capacity=place.capacity,
        known=0 if known is None else known[1],
        faults=memory.faults,
        state=state_of_age(None if at is None else now - at, PLACE_CADENCE_S),
        observed_at=None if at is None else from_epoch(at),
        arrivals_h=last_hour(memory.arrivals, now),
        departures_h=last_hour(memory.departures, now),
        trend=Trend(start_at=trend_start(now), step_s=QUARTER, values=memory.trend),
        flags=_flags(memory, place, stuck),
        full_since=from_epoch(memory.full_since) if memory.full_since else None,
        stuck=stuck,
        drift=memory.drift,
        berths=memory.status.decode("ascii"),
    )


def trend_start(now: float) -> datetime:
    """Time of the first of the 96 quarters that end with the newest one."""
    return from_epoch(int(now // QUARTER) * QUARTER - (BINS - 1) * QUARTER)


def trend_values(bins: Mapping[int, tuple[int, int]], now: float) -> list[float | None]:
    """Occupancy in % at each of the last 96 quarters; None is a gap."""
    first = int(now // QUARTER) * QUARTER - (BINS - 1) * QUARTER
    found = [bins.get(first + i * QUARTER) for i in range(BINS)]
    return [None if pair is None or not pair[1] else round(100 * pair[0] / pair[1], 1) for pair in found]


def last_hour(minutes: Mapping[int, int], now: float) -> int:
    """Sum over the last sixty minutes."""
    return sum(number for minute, number in minutes.items() if now - 3_600 < minute * 60 + 59 and minute * 60 <= now + 300)


def stuck_berths(memory: PlaceMemory, now: float) -> int:
    """Berths that have not changed for implausibly long: taken for a day, idle for three."""
    return sum(
        1
        for code, since in zip(memory.status, memory.since, strict=True)
        if since and now - since > STUCK_TAKEN_S and (code == TAKEN or now - since > STUCK_IDLE_S)
    )


def drifts(memory: PlaceMemory, place: Place) -> bool:
    """Whether gate counting was off by more than 5 % of the capacity (at least 5) at the last reconciliation."""
    return memory.drift is not None and abs(memory.drift) > max(DRIFT_LEAST, DRIFT_SHARE * place.capacity)


def _flags(memory: PlaceMemory, place: Place, stuck: int) -> tuple[str, ...]:
    flags = {
        "stuck_berths": stuck > 0,
        "counter_drift": drifts(memory, place),
        "clamped": memory.clamped,
        "estimated": memory.estimated,
        "capacity_differs": memory.capacity_differs,
    }
    return tuple(name for name, holds in flags.items() if holds)


class Sums:
    """Totals over places that are known and not stale."""

    def __init__(self, states: Iterable[PlaceState], capacity: int) -> None:
        rows = [s for s in states if s.occupied is not None and s.state != "stale"]
        self.occupied = sum(s.occupied or 0 for s in rows)
        self.known = sum(s.known for s in rows)
        self.free = sum(s.free or 0 for s in rows)
        self.full = sum(1 for s in rows if s.known and (s.occupied or 0) / s.known > FULL)
        self.arrivals = sum(s.arrivals_h for s in rows)
        self.departures = sum(s.departures_h for s in rows)
        self.capacity = capacity
        self.coverage = self.known / capacity if capacity else None
        self.rate = 100 * self.occupied / self.known if self.known else None
        self.unknown = max(0, capacity - self.known)

    def rates(self) -> Range:
        """Occupancy if everything unknown were free, and if it were taken; None when nothing is unknown."""
        if not self.unknown:
            return None
        return 100 * self.occupied / self.capacity, 100 * (self.occupied + self.unknown) / self.capacity


def data(state: ParkingState, states: list[PlaceState], places: Mapping[str, Place], now: datetime) -> ParkingData:
    """Everything the parking page draws."""
    moment = now.timestamp()

    def trend(kind: str) -> Trend:
        return Trend(start_at=trend_start(moment), step_s=QUARTER, values=trend_values(state.city.get(kind, {}), moment))

    districts: dict[str, list[PlaceState]] = {}
    for known in states:
        districts.setdefault(places[known.id].district, []).append(known)
    return ParkingData(
        places=states,
        trend=trend("all"),
        trend_on_street=trend("on_street"),
        trend_off_street=trend("off_street"),
        by_district={name: _district(rows) for name, rows in districts.items()},
        unknown_places=state.unknown,
    )


def _district(rows: list[PlaceState]) -> float | None:
    """Occupancy in %, None when less than half of the district's capacity is known."""
    sums = Sums(rows, sum(s.capacity for s in rows))
    return None if sums.rate is None or (sums.coverage or 0) < MIN_COVERAGE else round(sums.rate, 1)


def readings(
    state: ParkingState, states: list[PlaceState], places: Mapping[str, Place], now: datetime
) -> dict[str, Reading]:
    """The measures of the manifest. A composite is as old as its older source, and withheld when one half is unknown."""
    kinds = {kind for kind in SOURCE_OF if any(p.kind == kind for p in places.values())}
    sums = {
        kind: Sums(
            [s for s in states if places[s.id].kind == kind], sum(p.capacity for p in places.values() if p.kind == kind)
        )
        for kind in kinds
    }
    every = Sums(states, sum(p.capacity for p in places.values()))
    short = any((s.coverage or 0) < MIN_COVERAGE for s in sums.values())
    times = [state.newest.get(SOURCE_OF[kind]) for kind in kinds]
    known = [t for t in times if t is not None]
    at = min(known) if known and len(known) == len(times) else None
    source = "+".join(sorted(SOURCE_OF[kind] for kind in kinds))
    heard = max(known, default=None)
    made: dict[str, Reading] = {}

    def put(
        key: str, value: float | None, unit: str, when: float | None, of: str, coverage: float | None, band: Range = None
    ) -> None:
        made[key] = reading(key, value, unit, when, of, coverage, now.timestamp(), band)

    free = (float(every.free), float(every.free + every.unknown)) if every.unknown else None
    put("parking.occupancy_pct", None if short else every.rate, "%", at, source, every.coverage, every.rates())
    put("parking.free", None if short else float(every.free), "", at, source, every.coverage, free)
    put("parking.full_places", None if short else float(every.full), "", at, source, every.coverage)
    put("parking.arrivals_h", None if short else float(every.arrivals), "/h", at, source, every.coverage)
    put("parking.departures_h", None if short else float(every.departures), "/h", at, source, every.coverage)
    for kind, key in (("on_street", "parking.on_street_occupancy_pct"), ("off_street", "parking.off_street_occupancy_pct")):
        half = sums.get(kind)
        rate = half.rate if half is not None and (half.coverage or 0) >= MIN_COVERAGE else None
        coverage = None if half is None else half.coverage
        band = None if half is None else half.rates()
        put(key, rate, "%", state.newest.get(SOURCE_OF[kind]), SOURCE_OF[kind], coverage, band)
    share = None if heard is None or every.coverage is None else 100 * every.coverage
    put("parking.coverage_pct", share, "%", heard, source, every.coverage)
    return made


def reading(
    key: str, value: float | None, unit: str, at: float | None, source: str, coverage: float | None, now: float,
    band: Range = None,
) -> Reading:
    """One reading: missing when its source was never heard, withheld when too little is known.

    `band` is what the value could be, whatever the unknown places hold.
    """
    state: State = state_of_age(None if at is None else now - at, SOURCE_CADENCE_S)
    why = ""
    if value is None or at is None:
        state, why = ("missing", "parking.why.silent") if at is None else ("withheld", "parking.why.coverage")
        value = None
    return Reading(
        measure=key, value=value, unit=unit, observed_at=None if at is None else from_epoch(at), source=source,
        state=state, coverage=coverage, why=why, low=band[0] if band and value is not None else None,
        high=band[1] if band and value is not None else None,
    )


def empty_memory(place: Place) -> PlaceMemory:
    """A place never heard of, for drawing."""
    memory = fresh(place)
    memory.trend = [None] * BINS
    return memory
