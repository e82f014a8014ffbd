"""The road network as links (segment × direction) with a spatial index: which link is a fix on?"""

import itertools
import zlib
from collections.abc import Sequence
from math import hypot

import msgspec

from core import geo
from data_sources.transit.model import Segment

CELL_M = 120.0
REACH_M = 40.0  # a fix further from every road than this is on none (GNSS error between houses, schematic geometry)
SURE_SPEED_KMH = 5.0  # below it a receiver's heading is noise
TURN_WEIGHT = 0.3  # metres of cost per degree between heading and road
STAY_BONUS_M = 1.0  # settles a tie only: more would keep vehicles on a link they have left

Piece = tuple[float, float, float, float, float, float, int, int]  # x, y, ux, uy, length, bearing, forward, backward


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One direction of a segment. `weight` is length × lanes (GB/T 29107 App. A, flow per lane unknown)."""

    id: str
    segment: str
    name: str
    name_en: str
    district: str
    length_m: float
    weight: float
    limit_kmh: float
    free_kmh: float  # surveyed free-flow speed, or the limit
    surveyed: bool
    lon: float  # its middle, WGS-84
    lat: float


class Network:
    """Immutable after construction. `digest` changes when links do: stored link numbers are then void."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.links: list[Link] = []
        self.segments = tuple(segments)
        self._grid: dict[tuple[int, int], list[Piece]] = {}
        self._ends: list[tuple[float, float]] = []
        points = [p for s in segments for p in s.geometry]
        lon = sum(p[0] for p in points) / len(points) if points else 0.0
        lat = sum(p[1] for p in points) / len(points) if points else 0.0
        self.plane = geo.plane_at(lon, lat)
        for segment in segments:
            self._add(segment)
        self.number = {link.id: i for i, link in enumerate(self.links)}
        self.length_m = sum(link.length_m for link in self.links)
        self.weight = sum(link.weight for link in self.links)
        self.radius_m = max((hypot(*self.plane.xy(*p)) for p in points), default=0.0)
        self.digest = zlib.crc32("|".join(f"{x.id}:{x.length_m:.0f}" for x in self.links).encode())
        self.surveyed = all(link.surveyed for link in self.links)
        self.by_road = _grouped([x.name for x in self.links])
        self.by_district = _grouped([x.district for x in self.links])

    def _add(self, segment: Segment) -> None:
        places = [self.plane.xy(*p) for p in segment.geometry]
        length = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(places))
        if places:
            self._ends += [places[-1]] if segment.oneway else [places[-1], places[0]]
        middle = segment.geometry[len(segment.geometry) // 2] if segment.geometry else (0.0, 0.0)
        forward, backward = len(self.links), -1 if segment.oneway else len(self.links) + 1
        for way in ("f",) if segment.oneway else ("f", "b"):
            self.links.append(
                Link(
                    id=f"{segment.id}:{way}", segment=segment.id, name=segment.name, name_en=segment.name_en,
                    district=segment.district, length_m=length, weight=length * segment.lanes,
                    limit_kmh=segment.limit_kmh, free_kmh=min(segment.free_kmh or segment.limit_kmh, segment.limit_kmh),
                    surveyed=segment.free_kmh is not None, lon=middle[0], lat=middle[1],
                )
            )  # fmt: skip
        for (x1, y1), (x2, y2) in itertools.pairwise(places):
            size = hypot(x2 - x1, y2 - y1)
            if size > 0:
                ux, uy = (x2 - x1) / size, (y2 - y1) / size
                self._index((x1, y1, ux, uy, size, geo.bearing_deg(ux, uy), forward, backward))

    def _index(self, piece: Piece) -> None:
        x, y, ux, uy, size = piece[:5]
        steps = int(size // REACH_M) + 1
        cells = set()
        for k in range(steps + 1):
            px, py = x + ux * size * k / steps, y + uy * size * k / steps
            for dx in (-REACH_M, REACH_M):
                for dy in (-REACH_M, REACH_M):
                    cells.add((int((px + dx) // CELL_M), int((py + dy) // CELL_M)))
        for cell in cells:
            self._grid.setdefault(cell, []).append(piece)

    def to_end_m(self, link: int, lon: float, lat: float) -> float:
        """Straight metres from a place to the junction a link leads to."""
        (x, y), (ex, ey) = self.plane.xy(lon, lat), self._ends[link]
        return hypot(ex - x, ey - y)

    def match(self, lon: float, lat: float, heading_deg: float, speed_kmh: float, last: int = -1) -> int:
        """Number of the link a fix is on, -1 when none.

        Nearest piece within `REACH_M` whose direction agrees with the heading within 60°; below `SURE_SPEED_KMH` the
        heading is not believed: the vehicle stays on its `last` link while that is in reach, else the heading decides.
        A first depth: sequences of fixes are not considered together.
        """
        x, y = self.plane.xy(lon, lat)
        sure = speed_kmh >= SURE_SPEED_KMH
        best, best_cost = -1, REACH_M + 60 * TURN_WEIGHT
        for px, py, ux, uy, size, bearing, forward, backward in self._grid.get((int(x // CELL_M), int(y // CELL_M)), ()):
            dx, dy = x - px, y - py
            along = dx * ux + dy * uy
            along = 0.0 if along < 0.0 else size if along > size else along
            away = hypot(dx - along * ux, dy - along * uy)
            if away > REACH_M:
                continue
            if not sure and last >= 0 and last in (forward, backward):
                link, cost = last, away - STAY_BONUS_M
            else:
                turn = abs(heading_deg - bearing) % 360.0
                turn = 360.0 - turn if turn > 180.0 else turn
                link = forward
                if turn > 90.0:
                    turn, link = 180.0 - turn, backward
                if link < 0 or turn > 60.0:
                    continue
                cost = away + turn * TURN_WEIGHT - (STAY_BONUS_M if link == last else 0.0)
            if cost < best_cost:
                best, best_cost = link, cost
        return best


def _grouped(names: list[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        groups.setdefault(name, []).append(number)
    return groups
