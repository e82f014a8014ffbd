"""What happens in front of a camera: traffic through a light, passers-by, and the seeded events the product must find.

Everything is a function of (seed, camera, time): a frame can be drawn for any moment without the ones before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import floor

from demo.cameras.view import View, ZoneOnGround
from demo.world import calendar, demand
from demo.world.seeds import draw, rng

CYCLE_S, RED_S, SPEED, HEADWAY_S, QUEUE_M = 72.0, 34.0, 9.0, 2.2, 7.2
STOP_AWAY, STOP_TOWARD = 58.0, 19.0
VEHICLES = ("sedan",) * 5 + ("suv",) * 4 + ("van",) * 2 + ("truck", "bus")


@dataclass(frozen=True, slots=True)
class Actor:
    """Something to draw: `x`, `z` of the middle of its footprint; `way` +1 when it heads away from the camera."""

    kind: str
    x: float
    z: float
    way: int
    key: str
    braking: bool = False
    stride: float = 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """A truth event: an object stands in a zone from `start` to `end`. `x`, `z` on the ground."""

    id: str
    zone: str
    matter: str
    kind: str
    start: float
    end: float
    x: float
    z: float


_OBJECTS = {
    "vehicle_parked": ("sedan", "suv", "van"), "street_vendor": ("stall", "cart"), "shop_overflow": ("stall", "boxes"),
    "road_occupation": ("stall", "boxes"), "litter": ("bags",), "bin_overflow": ("bags",), "debris": ("heap",),
    "bicycle_parked": ("bikes",), "illegal_banner": ("banner",),
}


def level(seed: int, t: float) -> float:
    """How busy the street is, 0.06 … 1."""
    return min(1.0, 0.06 + 0.62 * sum(demand.patterns(seed, t)))


@lru_cache(maxsize=4096)
def events(seed: int, camera: str, zone: ZoneOnGround, day: int) -> tuple[Event, ...]:
    """Events of one zone on a service day, by start, never overlapping. A third stays too short to count."""
    chance, begin = rng(seed, "camera-events", zone.id, day), calendar.service_start(day)
    t = begin + 2.2 * 3600 + float(chance.exponential(1500))
    found: list[Event] = []
    while t < begin + 18.5 * 3600:
        short = chance.random() < 0.3
        length = zone.dwell_s * chance.uniform(0.3, 0.7) if short else zone.dwell_s + chance.uniform(50, 560)
        kinds = _OBJECTS.get(zone.matter, ("boxes",))
        x, z = spot(zone, float(chance.random()), float(chance.random()))
        kind = kinds[int(chance.integers(len(kinds)))]
        found.append(Event(f"{zone.id}-{day}-{len(found)}", zone.id, zone.matter, kind, t, t + float(length), x, z))
        t += float(length) + 240 + float(chance.exponential(1900))
    return tuple(found)


def spot(zone: ZoneOnGround, along: float, across: float) -> tuple[float, float]:
    """A point of the zone where something may stand, not at its very edge."""
    z0, z1 = zone.z0 + 2.5, max(zone.z0 + 3.0, min(zone.z1 - 2.5, 26.0))
    margin = 0.5 if zone.matter == "vehicle_parked" else 0.3
    x0, x1 = zone.x0 + (zone.x1 - zone.x0) * margin * 0.8, zone.x1 - (zone.x1 - zone.x0) * margin * 0.8
    return x0 + (x1 - x0) * across, z0 + (z1 - z0) * along


def now(seed: int, view: View, t: float) -> list[Event]:
    """Events whose object is in the picture at `t` (a vehicle also while it comes and goes)."""
    found = []
    for zone in view.zones:
        for event in events(seed, view.id, zone, calendar.service_day(t)):
            if event.start - 5 <= t <= event.end + 5:
                found.append(event)
    return found


def actors(seed: int, view: View, t: float) -> list[Actor]:
    """Everything in the picture at `t`, far ones first."""
    found = [*_traffic(seed, view, t), *_walkers(seed, view, t)]
    for event in now(seed, view, t):
        found += _placed(view, event, t)
    return sorted(found, key=lambda a: -a.z)


def _placed(view: View, event: Event, t: float) -> Iterator[Actor]:
    """The object of an event; a vehicle rolls in from the lane and out again, other things appear with a person."""
    if event.matter == "vehicle_parked":
        side = 1 if event.x > 0 else -1
        into = 0.0
        if t < event.start:
            into = (event.start - t) / 5
        elif t > event.end:
            into = (t - event.end) / 5
        ease = into * into
        forward = -18 * ease if t < event.start else 18 * ease
        z = max(3.0, event.z + side * forward)
        yield Actor(event.kind, event.x - side * 3.0 * min(1.0, 1.6 * into), z, side, event.id, braking=into > 0)
        return
    if event.start <= t <= event.end:
        yield Actor(event.kind, event.x, event.z, 1, event.id)
    if event.kind in ("stall", "cart") or abs(t - event.start) < 4 or abs(t - event.end) < 4:
        sway = 0.35 * draw(event.id, floor(t / 7))
        yield Actor("person", event.x + 0.9 + sway, event.z + 0.4, 1, event.id + "p", stride=0.1 * draw(event.id, floor(t)))


def _traffic(seed: int, view: View, t: float) -> Iterator[Actor]:
    """Vehicles of every lane: those of the cycle before, of this and of the next one that are within sight."""
    cycle = floor(t / CYCLE_S)
    for lane, (x, way) in enumerate(view.lanes):
        stop = STOP_AWAY if way > 0 else STOP_TOWARD
        for c in (cycle - 1, cycle, cycle + 1):
            for due, leaves, queued, kind, key in _wave(seed, view.id, lane, c):
                ahead = _behind_line(t, due, leaves, queued)
                z = stop + ahead * way if way > 0 else stop - ahead
                if 7.0 < z < 105.0:
                    wobble = 0.25 * (draw(key, "x") - 0.5)
                    waiting = leaves > due and leaves - 14 < t < leaves
                    yield Actor(kind, x + wobble, z, way, key, braking=waiting)


@lru_cache(maxsize=512)
def _wave(seed: int, camera: str, lane: int, cycle: int) -> tuple[tuple[float, float, float, str, str], ...]:
    """Vehicles of one lane and light cycle: (due at the line, leaves, metres queued behind it, kind, key)."""
    begin = cycle * CYCLE_S
    chance = rng(seed, "wave", camera, lane, cycle)
    count = int(chance.binomial(7, min(0.85, level(seed, begin))))
    times = sorted(float(begin + chance.uniform(3, CYCLE_S - 8)) for _ in range(count))
    found: list[tuple[float, float, float, str, str]] = []
    queue, last_due, last_leaves, clear = 0.0, begin, begin + RED_S + 1 - HEADWAY_S, begin
    for n, wished in enumerate(times):
        kind = VEHICLES[int(chance.integers(len(VEHICLES)))]
        due = max(wished, last_due + 2.0)
        if due < begin + RED_S:
            leaves = last_leaves = last_leaves + HEADWAY_S
            behind, queue = queue, queue + QUEUE_M + (5.0 if kind in ("bus", "truck") else 0.0)
            clear = leaves + SPEED / 3.6 + (behind + 1) / SPEED  # when one at full speed would be as far
        else:
            due = leaves = max(due, clear + HEADWAY_S)
            behind, clear = 0.0, due
            if due > begin + CYCLE_S - 2:
                break
        last_due = due
        found.append((due, leaves, behind, kind, f"{camera}-{lane}-{cycle}-{n}"))
    return tuple(found)


def _behind_line(t: float, due: float, leaves: float, queued: float) -> float:
    """Metres past the stop line (negative: before it): free run, soft stop at the queue's end, soft start."""
    free = (t - due) * SPEED
    if leaves <= due + 0.1:
        return free
    wait = -queued - 1.0
    if t >= leaves:
        since = t - leaves
        return wait + (0.9 * since * since if since < SPEED / 1.8 else SPEED * since - SPEED * SPEED / 3.6)
    if free < wait - 12:
        return free
    over = (free - (wait - 12)) / 12
    return wait - 12 + 12 * (1 - 1 / (1 + over + over * over)) * 1.0 if over < 12 else wait


def _walkers(seed: int, view: View, t: float) -> Iterator[Actor]:
    """People on both pavements, some on e-bikes along the kerb."""
    busy = level(seed, t)
    for side, kerb in ((-1, view.kerb_left), (1, view.kerb_right)):
        for slot in range(floor(t / 9) - 12, floor(t / 9) + 1):
            key = f"{view.id}-{side}-{slot}"
            if draw(seed, key) > busy * 0.75:
                continue
            ride = draw(seed, key, "ride") < 0.35
            speed = 4.6 if ride else 1.05 + 0.5 * draw(seed, key, "v")
            way = 1 if draw(seed, key, "way") < 0.5 else -1
            gone = (t - slot * 9 - 9 * draw(seed, key, "t0")) * speed
            z = 9 + gone if way > 0 else 85 - gone
            off = -0.9 if ride else 0.8 + 2.6 * draw(seed, key, "x")
            if gone >= 0 and 9 < z < 85:
                yield Actor("ebike" if ride else "person", kerb + side * off, z, way, key, stride=gone)
