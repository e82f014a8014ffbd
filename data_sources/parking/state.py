"""What the parking builder remembers between builds, and how a place moves through time. Times are POSIX seconds."""

from hashlib import blake2b

import msgspec

from core.clock import BEIJING, from_epoch
from core.snapshot import Finding
from data_sources.parking.model import Place

QUARTER = 900
BINS = 96
GAP_S = 3 * 3_600  # a place not heard for so long is a gap in its trend, not a flat line
FOLLOW_S = 1_800  # a place whose newest event is older is filling its past: its present is not sampled yet
LIVE_WITHIN_S = 120  # what is at most so old when a place is first heard of belongs to the present, not to the past
RECENT_S = 2 * 3_600
REZERO_HOUR = 4
FULL, FULL_ENDS = 0.95, 0.90
SEEN = 30_000
IDLE, TAKEN, FAULT, UNKNOWN = b"0123"


class PlaceMemory(msgspec.Struct):
    """One place. On-street: one status digit per berth. Off-street: a count from gates on top of a known base."""

    newest: float = 0.0  # observed
    alive: float = 0.0  # last time its present state was confirmed
    # on-street
    status: bytearray = bytearray()
    last: list[float] = []  # time of the newest event of each berth
    since: list[float] = []  # when its present status began
    occupied: int = 0
    faults: int = 0
    known: int = 0
    # off-street
    count: int | None = None
    estimated: bool = False
    base_at: float = 0.0
    moves: list[tuple[float, int]] = []  # gate movements of the last two hours, by time
    net: int = 0
    low: int = 0  # lowest net since the last re-zero
    drift: int | None = None
    clamped: bool = False
    clamps: int = 0
    capacity_differs: bool = False
    # both
    arrivals: dict[int, int] = {}  # minute -> number
    departures: dict[int, int] = {}
    bins: dict[int, tuple[int, int]] = {}  # quarter of an hour -> (occupied, known)
    sampled: int = 0
    live_from: float = 0.0  # two minutes before the place was first heard of: events before it fill the past
    counted_at: float = 0.0  # newest count stated by the operator
    past: int | None = None  # number of vehicles at `past_at`, on the way from an old count to `live_from`
    past_at: float = 0.0
    full_since: float = 0.0
    trend: list[float | None] = []
    trend_end: int = 0

    def clone(self) -> "PlaceMemory":
        """A copy that may be changed without touching the state it came from."""
        copy = msgspec.structs.replace(self)
        copy.status, copy.last, copy.since = bytearray(self.status), list(self.last), list(self.since)
        copy.moves, copy.bins = list(self.moves), dict(self.bins)
        copy.arrivals, copy.departures = dict(self.arrivals), dict(self.departures)
        return copy


class ParkingState(msgspec.Struct):
    """The whole memory. `seen` are hashes of gate event ids, oldest first, bounded."""

    places: dict[str, PlaceMemory] = {}
    seen: dict[int, int] = {}
    newest: dict[str, float] = {}
    city: dict[str, dict[int, tuple[int, int]]] = {}  # kind -> quarter -> (occupied, known)
    unknown_day: str = ""
    unknown: int = 0
    open: dict[str, Finding] = {}
    ended: list[Finding] = []


def fresh(place: Place) -> PlaceMemory:
    """A place of which nothing is known."""
    if place.kind == "off_street":
        return PlaceMemory(status=bytearray(), last=[], since=[], moves=[], arrivals={}, departures={}, bins={}, trend=[])
    return PlaceMemory(
        status=bytearray(b"3" * place.capacity), last=[0.0] * place.capacity, since=[0.0] * place.capacity,
        moves=[], arrivals={}, departures={}, bins={}, trend=[],
    )


def load(memory: PlaceMemory, place: Place) -> tuple[int, int] | None:
    """(occupied, spaces it is known of), None when nothing is known. Never 0 for want of data."""
    if place.kind == "off_street":
        return None if memory.count is None else (memory.count, place.capacity)
    return (memory.occupied, memory.known) if memory.known else None


def advance(memory: PlaceMemory, place: Place, until: float) -> list[int]:
    """Sample the quarters of an hour before `until` that have not been sampled; the sampled quarters.

    Called with an event's own time before the event is merged, so that what arrives late but in order is drawn right.
    Nothing before the first word of the place is sampled here: that is the past, filled by `past.py`.
    """
    if not memory.sampled:
        memory.sampled = int(memory.live_from // QUARTER) * QUARTER
    if until - memory.sampled > (BINS + 8) * QUARTER:
        memory.sampled = int((until - (BINS + 8) * QUARTER) // QUARTER) * QUARTER
    done: list[int] = []
    while memory.sampled + QUARTER < until:
        at = memory.sampled = memory.sampled + QUARTER
        _rezero(memory, place, at)
        known = load(memory, place)
        if known is None or at - max(memory.newest, memory.alive) > GAP_S:
            continue
        memory.bins[at] = known
        done.append(at)
        note_full(memory, place, at)
    if done:
        memory.trend_end = 0
        for old in [b for b in memory.bins if b <= memory.sampled - (BINS + 8) * QUARTER]:
            del memory.bins[old]
    return done


def _rezero(memory: PlaceMemory, place: Place, at: int) -> None:
    """Nightly re-zero of a car park whose operator states no counts: the lowest net of the day counts as empty."""
    local = from_epoch(at).astimezone(BEIJING)
    if place.kind != "off_street" or (local.hour, local.minute) != (REZERO_HOUR, 0):
        return
    if memory.estimated or at - memory.base_at > 86_400:
        memory.count = min(max(0, memory.net - memory.low), place.capacity)
        memory.estimated, memory.base_at = True, at
    memory.low = memory.net


def note_full(memory: PlaceMemory, place: Place, at: float) -> None:
    """Remember since when the place is full: from above 95 % until it falls below 90 %."""
    known = load(memory, place)
    share = known[0] / known[1] if known and known[1] else 0.0
    if share > FULL and not memory.full_since:
        memory.full_since = at
    elif share < FULL_ENDS:
        memory.full_since = 0.0


def first_time(state: ParkingState, identity: str, at: float) -> bool:
    """Whether a gate event id is new; remembers it. Memory is bounded: the oldest ids are forgotten."""
    key = int.from_bytes(blake2b(identity.encode(), digest_size=7).digest(), "big")
    if key in state.seen:
        return False
    state.seen[key] = int(at // 60)
    if len(state.seen) > SEEN:
        del state.seen[next(iter(state.seen))]
    return True
