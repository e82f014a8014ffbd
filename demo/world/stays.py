"""Parking as individual stays: who comes when, where a space is left, how long. A service day is one schedule.

Residents keep a berth of their own over night; workers and visitors take a berth that stays free for as long as they
need it. Roads near the goal are tried first, then car parks around it: so roads fill first, and car parks behind them.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from demo.city import metres
from demo.world import calendar, demand
from demo.world.land import Land
from demo.world.seeds import draw, rng

NEVER = 9e18


class Stay(NamedTuple):
    """One vehicle in one space from `start` to `end`. `berth` counts from 0. `id` is unique over places and days."""

    place: int
    berth: int
    start: float
    end: float
    id: str


@dataclass(frozen=True)
class Place:
    """A road with berths or a car park, in metres from the origin."""

    index: int
    id: str
    on_street: bool
    capacity: int
    x: float
    y: float
    pull: float


@dataclass
class _Space:
    """Per place while a day is laid out: when each berth becomes free, and when its resident wants it."""

    free_at: np.ndarray
    wanted_at: np.ndarray


def places(rows: Sequence[Mapping[str, str]], origin: tuple[float, float], land: Land) -> list[Place]:
    """Register rows -> places."""
    found: list[Place] = []
    for row in rows:
        x, y = metres(origin, (float(row["lon"]), float(row["lat"])))
        found.append(Place(len(found), row["id"], row["kind"] == "on_street", int(row["capacity"]), x, y, land.pull(x, y)))
    return found


class Parking:
    """All stays of the city."""

    def __init__(self, all_places: list[Place], seed: int) -> None:
        self.places, self.seed = all_places, seed
        self._near = [self._around(place) for place in all_places]

    def _around(self, place: Place) -> list[int]:
        """Where a driver who wants to be here looks: this place, roads within 350 m, then car parks within 1.1 km."""
        def far(other: Place) -> float:
            return math.hypot(other.x - place.x, other.y - place.y)
        roads = [o for o in self.places if o.on_street and o.index != place.index and far(o) < 350]
        garages = [o for o in self.places if not o.on_street and o.index != place.index and far(o) < 1100]
        return [place.index] + [o.index for o in sorted(roads, key=far)[:3] + sorted(garages, key=far)[:4]]

    def _night(self, place: Place, day: int) -> list[tuple[int, float, float]]:
        """Residents of the night that ends on service day `day`: (berth, evening arrival, morning departure)."""
        chance = rng(self.seed, "night", place.id, day)
        share = (0.42 if place.on_street else 0.20) * (0.75 + 0.5 * draw(self.seed, "residents", place.id))
        berths = np.flatnonzero(chance.random(place.capacity) < share)
        before = calendar.service_start(day - 1)
        came = before + (chance.normal(14.3, 1.1, len(berths)).clip(11.5, 19.5)) * 3600
        late = 3.2 if calendar.is_weekend(day) else 0.0
        spread = 1.8 if late else 1.0
        went = before + 86400 + (chance.normal(3.55 + late, spread, len(berths)).clip(0.6, 9.5)) * 3600
        return [(int(b), float(a), float(d)) for b, a, d in zip(berths, came, went, strict=True)]

    @lru_cache(maxsize=4)  # noqa: B019 - one world per process
    def day(self, day: int) -> tuple[Stay, ...]:
        """Stays that touch service day `day`, by start: residents of last and of this night, workers, visitors."""
        stays: list[Stay] = []
        spaces = []
        for place in self.places:
            space = _Space(np.full(place.capacity, -NEVER), np.full(place.capacity, NEVER))
            for night in (day, day + 1):
                for berth, came, went in self._night(place, night):
                    stays.append(Stay(place.index, berth, came, went, f"{night}N{place.index}-{berth}"))
                    if night == day:
                        space.free_at[berth] = went
                    else:
                        space.wanted_at[berth] = came
            spaces.append(space)
        for n, (start, goal, length) in enumerate(self._wishes(day)):
            taken = self._seek(spaces, goal, start, length)
            if taken is not None:
                stays.append(Stay(taken[0], taken[1], start + 60, start + 60 + length, f"{day}D{n}"))
        return tuple(sorted(stays, key=lambda s: s.start))

    def _wishes(self, day: int) -> list[tuple[float, int, float]]:
        """(when, where to, how long) of all who want to park on this day, by time."""
        weekend, begin = calendar.is_weekend(day), calendar.service_start(day)
        hours = np.arange(0, 24, 1 / 6)
        work = np.array([demand.arrivals_at_work((4 + h) % 24) for h in hours]) * (0.15 if weekend else 1)
        errand = np.array([demand.arrivals_on_errands((4 + h) % 24, weekend) for h in hours])
        wishes: list[tuple[float, int, float]] = []
        for place in self.places:
            chance = rng(self.seed, "wishes", place.id, day)
            draw_to = place.capacity * (0.55 + 0.75 * min(place.pull, 1.3)) * float(chance.normal(1, 0.07))
            per_slot = draw_to * (work * (0.40 if place.on_street else 0.52) + errand * (0.75 if place.on_street else 0.38)) / 6
            counts = chance.poisson(np.maximum(per_slot, 0))
            for slot in np.flatnonzero(counts):
                at_work = work[slot] * 0.5 / max(work[slot] * 0.5 + errand[slot] * 0.55, 1e-9)
                for _ in range(int(counts[slot])):
                    start = begin + (hours[slot] + chance.random() / 6) * 3600
                    if chance.random() < at_work:
                        length = float(np.clip(chance.normal(8.9, 1.0), 5, 11)) * 3600
                    else:
                        length = float(np.clip(np.exp(chance.normal(math.log(52), 0.8)), 4, 360)) * 60
                    length = min(length, begin + 85500 - start - 120)
                    if length > 120:
                        wishes.append((float(start), place.index, length))
        return sorted(wishes)

    def _seek(self, spaces: list[_Space], goal: int, t: float, length: float) -> tuple[int, int] | None:
        """The first place around `goal` with a berth free from now on for `length`; takes it."""
        for index in self._near[goal]:
            space = spaces[index]
            fits = (space.free_at <= t) & (space.wanted_at >= t + 60 + length + 60)
            berth = int(np.argmax(fits))
            if fits[berth]:
                candidates = np.flatnonzero(fits)
                berth = int(candidates[int(draw(self.seed, "berth", index, t) * len(candidates))])
                space.free_at[berth] = t + 60 + length + 45
                return index, berth
        return None

    @lru_cache(maxsize=4)  # noqa: B019
    def changes(self, day: int) -> tuple[list[float], list[tuple[float, int, Stay]]]:
        """Arrivals (+1) and departures (−1) inside service day `day`, by time; the times alone for bisection."""
        a, b = calendar.service_start(day), calendar.service_start(day + 1)
        found = [(s.start, 1, s) for s in self.day(day) if a <= s.start < b]
        found += [(s.end, -1, s) for s in self.day(day) if a <= s.end < b]
        found.sort(key=lambda c: (c[0], c[1], c[2].id))
        return [c[0] for c in found], found

    def between(self, since: float, until: float) -> list[tuple[float, int, Stay]]:
        """Changes with since < t ≤ until, over service days."""
        found: list[tuple[float, int, Stay]] = []
        for day in range(calendar.service_day(since), calendar.service_day(until) + 1):
            times, changes = self.changes(day)
            found += changes[bisect_right(times, since):bisect_right(times, until)]
        return found

    def present(self, t: float) -> list[set[int]]:
        """Occupied berths of every place at `t`."""
        found: list[set[int]] = [set() for _ in self.places]
        for stay in self.day(calendar.service_day(t)):
            if stay.start > t:
                break
            if stay.end > t:
                found[stay.place].add(stay.berth)
        return found
