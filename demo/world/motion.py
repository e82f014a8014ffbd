"""How vehicles move: each is a chain of pieces (time, link, metres) that only depends on seed, vehicle and day.

A piece is travelled at constant speed; a light, a stop or a rank is a piece that stays where it is. Driving a link takes
its length over the link's travel speed, of which a part may be spent at the red light at its end, so that the mean over
vehicles is the link's true travel speed (buses lose their stops on top of it).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from demo.world import calendar, demand
from demo.world.graph import Graph, Link
from demo.world.land import Land
from demo.world.seeds import draw, drift, rng
from demo.world.traffic import SLOT_S, Traffic

TASTES = 8  # kinds of drivers by the ways they prefer


class Piece(NamedTuple):
    """From `start` to `end` the vehicle goes from `a` to `b` metres on `link`."""

    start: float
    end: float
    link: int
    a: float
    b: float
    occupied: bool
    acc: bool


class Pose(NamedTuple):
    """Where a vehicle truly is. `x`, `y`: metres east and north of the graph's origin."""

    x: float
    y: float
    heading_deg: float
    speed_kmh: float
    occupied: bool
    acc: bool
    link: int
    s: float


@dataclass(frozen=True, slots=True)
class Unit:
    """A vehicle of the register with its place in its fleet."""

    terminal: str
    kind: str
    line: str
    rank: int  # its number among the vehicles of its line
    of: int


class Roadway:
    """Everything a moving vehicle asks of the world."""

    def __init__(self, graph: Graph, land: Land, traffic: Traffic, seed: int) -> None:
        self.graph, self.land, self.traffic, self.seed = graph, land, traffic, seed
        self._loops: dict[str, list[Link]] = {}
        main = graph.main
        wanted = 0.35 * land.jobs[main] + 0.25 * land.homes[main] + 0.4 / max(len(main), 1) if main else np.zeros(0)
        self._goal = np.cumsum(wanted)

    def loop(self, line: str) -> list[Link]:
        """A bus line: out and back between two far junctions through the busy part, the same every day."""
        if line not in self._loops:
            main, xy = self.graph.main, self.graph.junctions
            chance = rng(self.seed, "line", line)
            for _ in range(60):
                a, b = (main[int(chance.integers(len(main)))] for _ in range(2))
                via, taste = self.goal(float(chance.random())), int(chance.integers(1, TASTES))
                far = np.hypot(xy[a][0] - xy[b][0], xy[a][1] - xy[b][1])
                legs = [self.graph.path(p, q, taste) for p, q in ((a, via), (via, b), (b, via), (via, a))]
                if far > 4500 and all(legs):
                    break
            self._loops[line] = [link for leg in legs for link in leg]
        return self._loops[line]

    def goal(self, chance: float) -> int:
        """A junction drawn by how many people want to go there."""
        at = int(np.searchsorted(self._goal, chance * self._goal[-1], side="right"))
        return self.graph.main[min(at, len(self.graph.main) - 1)]

    def drive(self, t: float, link: Link, pace: float, occupied: bool) -> Iterator[Piece]:
        """One link from its beginning to its end."""
        day = calendar.service_day(t)
        slot = int((t - calendar.service_start(day)) // SLOT_S)
        total = link.length_m / (self.traffic.speed_rows(day)[slot][link.index] * pace)
        red = self.red(link, t + 0.75 * total)
        wait = min(red, 0.38 * total)
        yield Piece(t, t + total - wait, link.index, 0.0, link.length_m - 8, occupied, True)
        if wait > 0.5:
            yield Piece(t + total - wait, t + total, link.index, link.length_m - 8, link.length_m - 8, occupied, True)

    def red(self, link: Link, t: float) -> float:
        """Seconds of red left at the end of a link; the phase belongs to the junction and the link's direction."""
        if len(self.graph.out[link.head]) < 3:
            return 0.0
        cycle = 80.0 + 10.0 * (link.head % 5)
        ns = abs(link.xy[-1][1] - link.xy[-2][1]) > abs(link.xy[-1][0] - link.xy[-2][0])
        phase = (t + link.head * 17.0 + (cycle * 0.5 if ns else 0.0)) % cycle
        return max(0.0, cycle * 0.48 - phase)


def bus(road: Roadway, unit: Unit, day: int) -> Iterator[Piece]:
    """A bus over a service day: depot, rounds with stops and layovers, depot."""
    t, end = calendar.service_start(day), calendar.service_start(day + 1)
    loop, chance = road.loop(unit.line), rng(road.seed, "bus", unit.terminal, day)
    if not loop:
        return
    first = loop[0]
    round_s = 1.75 * sum(link.length_m / (link.free_kmh / 3.6) for link in loop) + 60 * len(loop) * 0.4
    out = t + 1.6 * 3600 + round_s * unit.rank / max(unit.of, 1) + chance.uniform(-40, 40)
    home = t + 17.9 * 3600 + chance.uniform(0, 1800)
    yield Piece(t, out, first.index, 12.0, 12.0, False, False)
    t = out
    while t < home:
        for link in loop:
            for piece in _with_stop(road, link, t, chance):
                yield piece
                t = piece.end
        rest = float(chance.uniform(150, 480))
        yield Piece(t, t + rest, first.index, 12.0, 12.0, False, True)
        t += rest
    if t < end:
        yield Piece(t, end, first.index, 12.0, 12.0, False, False)


def _with_stop(road: Roadway, link: Link, t: float, chance: np.random.Generator) -> Iterator[Piece]:
    """A link driven by a bus; links longer than 320 m have a stop at 45 % of their length."""
    pace, dwell = float(chance.uniform(0.84, 0.98)), 0.0
    for piece in road.drive(t, link, pace, False):
        if piece.b > piece.a and link.length_m > 320:
            stop = 0.45 * link.length_m
            halt = piece.start + (piece.end - piece.start) * stop / piece.b
            dwell = float(chance.uniform(12, 34))
            yield piece._replace(end=halt, b=stop)
            yield Piece(halt, halt + dwell, link.index, stop, stop, False, True)
            yield piece._replace(start=halt + dwell, end=piece.end + dwell, a=stop)
        else:
            yield piece._replace(start=piece.start + dwell, end=piece.end + dwell)


def taxi(road: Roadway, unit: Unit, day: int) -> Iterator[Piece]:
    """A taxi over a service day: cruises, finds customers by demand, drives them the quickest way, rests at home."""
    start, end = calendar.service_start(day), calendar.service_start(day + 1)
    chance = rng(road.seed, "taxi", unit.terminal, day)
    home = road.graph.main[int(draw(road.seed, "home", unit.terminal) * len(road.graph.main))]
    night = draw(road.seed, "night-shift", unit.terminal) < 0.3
    first = road.graph.out[home][0]
    off = end - 3600 if night else end - float(chance.uniform(2.5, 5.5)) * 3600
    out = start + float(chance.uniform(0, 1500) if night else chance.uniform(1.2, 3.2) * 3600)
    yield Piece(start, out, first.index, 20.0, 20.0, False, False)
    t, node = out, home
    while t < off:
        for piece in _job(road, t, node, chance):
            yield piece
            t = piece.end
            node = road.graph.links[piece.link].head
    for link in road.graph.path(node, home):
        for piece in road.drive(t, link, 1.0, False):
            yield piece
            t = piece.end
    if t < end:
        yield Piece(t, end, first.index, 20.0, 20.0, False, False)


def _job(road: Roadway, t: float, node: int, chance: np.random.Generator) -> Iterator[Piece]:
    """Cruise (or stand at a rank) until a customer turns up, pick up, drive, set down."""
    links, graph = road.graph.links, road.graph
    mean = 420 / demand.taxi_pull(calendar.local_hour(t))
    found = t + float(chance.exponential(mean))
    last: Link | None = None
    if found - t > 500 and chance.random() < 0.55:  # a long wait is spent at a rank
        link = graph.out[node][0]
        yield Piece(t, found, link.index, 25.0, 25.0, False, True)
        t = found
        node = link.head
        for piece in road.drive(t, link, 1.0, False):
            yield piece
            t = piece.end
    while t < found or last is None:
        ways = [link for link in graph.out[node] if last is None or link.head != last.tail] or graph.out[node]
        weights = np.array([road.land.jobs[link.head] + 0.012 for link in ways])
        last = ways[int(np.searchsorted(np.cumsum(weights), chance.random() * weights.sum()))]
        for piece in road.drive(t, last, float(chance.uniform(0.92, 1.06)), False):
            yield piece
            t = piece.end
        node = last.head
    trip = graph.path(node, road.goal(float(chance.random())), int(chance.integers(TASTES)))
    if not trip:
        return
    halt = float(chance.uniform(18, 50))
    yield Piece(t, t + halt, trip[0].index, 4.0, 4.0, False, True)
    t += halt
    for link in trip:
        for piece in road.drive(t, link, float(chance.uniform(0.94, 1.08)), True):
            yield piece
            t = piece.end
    halt = float(chance.uniform(25, 70))
    at = links[trip[-1].index].length_m - 8
    yield Piece(t, t + halt, trip[-1].index, at, at, True, True)


def pieces(road: Roadway, unit: Unit, since: float) -> Iterator[Piece]:
    """The pieces of a vehicle from the service day that holds `since` on, without end."""
    day = calendar.service_day(since)
    plan = bus if unit.kind == "bus" else taxi
    while True:
        end = calendar.service_start(day + 1)
        for piece in plan(road, unit, day):
            if piece.start >= end:
                break
            yield piece if piece.end <= end else piece._replace(
                end=end, b=piece.a + (piece.b - piece.a) * (end - piece.start) / (piece.end - piece.start))
        day += 1


class Track:
    """A vehicle followed forward in time."""

    def __init__(self, road: Roadway, unit: Unit, since: float) -> None:
        self.road, self.unit = road, unit
        self._ahead = pieces(road, unit, since)
        self._now = next(self._ahead, None)

    def pose(self, t: float) -> Pose | None:
        """The true pose at `t`, which never goes back. None for a vehicle without a way to go."""
        while self._now is not None and self._now.end <= t:
            self._now = next(self._ahead, None)
        piece = self._now
        if piece is None:
            return None
        long = piece.end - piece.start
        share = min(max((t - piece.start) / long, 0.0), 1.0) if long > 0 else 1.0
        s = piece.a + (piece.b - piece.a) * share
        link = self.road.graph.links[piece.link]
        x, y, heading = link.place(s, 1.7 * link.road.lanes if piece.acc else 9.0)
        speed = (piece.b - piece.a) / long * 3.6 if long > 0 else 0.0
        return Pose(x, y, heading, min(speed, link.road.limit_kmh * 1.1), piece.occupied, piece.acc, piece.link, s)


def seen_by_gps(seed: int, terminal: str, t: float, pose: Pose) -> tuple[float, float, float]:
    """East, north and speed as the receiver sees them: slow wander of some metres, white noise, speed to 0.1 km/h."""
    wander = 4.0
    x = pose.x + wander * drift(t, 45, seed, terminal, "gx") + 1.2 * (draw(seed, terminal, "wx", int(t)) - 0.5)
    y = pose.y + wander * drift(t, 45, seed, terminal, "gy") + 1.2 * (draw(seed, terminal, "wy", int(t)) - 0.5)
    speed = 0.0 if pose.speed_kmh < 0.5 else max(0.0, pose.speed_kmh + 1.1 * drift(t, 9, seed, terminal, "v"))
    return x, y, speed
