"""The road graph: junctions, directed links, shortest-path trees. Lengths in metres on a local plane."""

import heapq
import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from demo.city import City, Road, metres
from demo.world.seeds import rng

_FREE_SHARE = {"expressway": 0.97, "arterial": 0.88, "secondary": 0.86, "branch": 0.84}  # of the limit, lights included
_LANE_VPH = {"expressway": 1750, "arterial": 820, "secondary": 620, "branch": 430}


class Link:
    """One direction of a road: `<road id>:f` as drawn, `<road id>:b` against it."""

    def __init__(self, index: int, road: Road, forward: bool, origin: tuple[float, float]) -> None:
        points = road.geometry if forward else tuple(reversed(road.geometry))
        self.index, self.road, self.id = index, road, f"{road.id}:{'f' if forward else 'b'}"
        self.xy = [metres(origin, point) for point in points]
        self.at = [0.0]
        for a, b in zip(self.xy, self.xy[1:], strict=False):
            self.at.append(self.at[-1] + math.dist(a, b))
        self.length_m = max(self.at[-1], 5.0)
        self.free_kmh = road.limit_kmh * _FREE_SHARE.get(road.road_class, 0.84)
        self.capacity_vph = _LANE_VPH.get(road.road_class, 430) * road.lanes
        self.tail = self.head = -1  # junction indices

    def place(self, s: float, right_m: float = 0.0) -> tuple[float, float, float]:
        """Metres along the link -> (east, north, heading in degrees), moved `right_m` to the right of the line."""
        k = min(max(bisect_right(self.at, s) - 1, 0), len(self.xy) - 2)
        (x0, y0), (x1, y1) = self.xy[k], self.xy[k + 1]
        long = self.at[k + 1] - self.at[k] or 1.0
        f, ux, uy = (s - self.at[k]) / long, (x1 - x0) / long, (y1 - y0) / long
        heading = math.degrees(math.atan2(ux, uy)) % 360
        return x0 + (x1 - x0) * f + uy * right_m, y0 + (y1 - y0) * f - ux * right_m, heading


class Graph:
    """Junctions and links of a city; ends of roads closer than a metre are one junction."""

    def __init__(self, city: City) -> None:
        self.origin = city.centre
        self.links: list[Link] = []
        self.junctions: list[tuple[float, float]] = []  # east, north of the origin
        self.out: list[list[Link]] = []
        self._known: dict[tuple[int, int], int] = {}
        for road in city.roads:
            for forward in (True,) if road.oneway else (True, False):
                link = Link(len(self.links), road, forward, self.origin)
                link.tail, link.head = self._junction(link.xy[0]), self._junction(link.xy[-1])
                self.links.append(link)
                self.out[link.tail].append(link)
        self.length_m = np.array([link.length_m for link in self.links])
        self.free_kmh = np.array([link.free_kmh for link in self.links])
        self.capacity_vph = np.array([float(link.capacity_vph) for link in self.links])
        self.weight = self.length_m * np.array([float(link.road.lanes) for link in self.links])
        self.by_id = {link.id: link for link in self.links}
        self.main = self._largest()

    def _junction(self, point: tuple[float, float]) -> int:
        key = (round(point[0]), round(point[1]))
        if key not in self._known:
            self._known[key] = len(self.junctions)
            self.junctions.append(point)
            self.out.append([])
        return self._known[key]

    def _largest(self) -> list[int]:
        """Junctions from which and to which most of the network can be reached; trips stay among them."""
        if not self.junctions:
            return []
        start = max(range(len(self.junctions)), key=lambda n: len(self.out[n]))
        cost = (self.length_m / self.free_kmh).tolist()
        ahead = {n for n, d in enumerate(self.tree(start, cost)[0]) if math.isfinite(d)}
        return [n for n in sorted(ahead) if math.isfinite(self.tree(n, cost)[0][start])]

    def tree(self, source: int, cost: Sequence[float]) -> tuple[list[float], list[Link | None], list[int]]:
        """Dijkstra from `source`: cost to each junction, the link it is reached by, junctions in order of cost."""
        far: list[float] = [math.inf] * len(self.junctions)
        via: list[Link | None] = [None] * len(self.junctions)
        done: list[int] = []
        closed = [False] * len(self.junctions)
        far[source] = 0.0
        heap = [(0.0, source)]
        while heap:
            d, n = heapq.heappop(heap)
            if closed[n]:
                continue
            closed[n] = True
            done.append(n)
            for link in self.out[n]:
                new = d + cost[link.index]
                if new < far[link.head]:
                    far[link.head], via[link.head] = new, link
                    heapq.heappush(heap, (new, link.head))
        return far, via, done

    @lru_cache(maxsize=4096)  # noqa: B019 - one graph lives as long as the process
    def _free_tree(self, source: int, taste: int) -> list[Link | None]:
        cost = self.length_m / self.free_kmh
        if taste:
            cost = cost * rng("taste", taste).uniform(0.7, 1.45, len(cost))
        return self.tree(source, cost.tolist())[1]

    def path(self, source: int, target: int, taste: int = 0) -> list[Link]:
        """Links of the quickest way on free roads; empty when source and target are one or not connected.

        Drivers do not agree on what is quickest: each `taste` above 0 sees other costs.
        """
        via, links, node = self._free_tree(source, taste), [], target
        while node != source:
            link = via[node]
            if link is None:
                return []
            links.append(link)
            node = link.tail
        return links[::-1]

    def nearest(self, point: tuple[float, float]) -> int:
        """The junction nearest to a (lon, lat)."""
        x, y = metres(self.origin, point)
        return min(self.main, key=lambda n: (self.junctions[n][0] - x) ** 2 + (self.junctions[n][1] - y) ** 2)

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """East and north of the origin in metres -> (lon, lat), WGS-84."""
        lon, lat = self.origin
        return lon + x / (111_320 * math.cos(math.radians(lat))), lat + y / 110_940
