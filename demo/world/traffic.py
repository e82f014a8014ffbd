"""Flows and speeds on the links: commuting patterns assigned to the graph, BPR speeds, incidents, five-minute slots.

Assignment is user equilibrium by the method of successive averages (Sheffi 1985, ch. 5); speed follows the Bureau of
Public Roads form v = v_free / (1 + a·(q/c)^b). A day is one table, computed once.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from demo.world import calendar, demand
from demo.world.graph import Graph
from demo.world.land import Land
from demo.world.seeds import rng

SLOT_S = 300
SLOTS = calendar.DAY_S // SLOT_S
_A, _B = 0.85, 1.9
_KINDS = (("rear_end", 0.45, 35), ("breakdown", 0.6, 25), ("works", 0.55, 150), ("ponding", 0.65, 80))


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that takes capacity from a link for a while. `left` is the share of the capacity that stays."""

    id: str
    kind: str
    link: int
    start: float
    end: float
    left: float


class Traffic:
    """Link flows (vehicles per hour) and travel speeds (km/h, waiting at lights included) at any time."""

    def __init__(self, graph: Graph, land: Land, seed: int) -> None:
        self.graph, self.land, self.seed = graph, land, seed
        self.loads = self._assign()

    def _assign(self) -> np.ndarray:
        """Flow per link for each pattern at strength 1, shape (3, links)."""
        g = self.graph
        if not g.links:
            return np.zeros((3, 0))
        free = g.length_m / g.free_kmh
        raw = np.array([self._load(matrix, free) for matrix in self.land.trips])
        peak = raw[0] + 0.25 * raw[2]
        scale = 0.50 / float(np.quantile(peak / g.capacity_vph, 0.50))
        loads = raw * scale
        for n in range(2, 7):
            for k, matrix in enumerate(self.land.trips):
                ratio = (loads[k] + 0.2 * loads[2]) / g.capacity_vph
                cost = free * (1 + _A * np.minimum(ratio, 2.2) ** _B)
                loads[k] += (self._load(matrix, cost) * scale - loads[k]) / n
        return loads * (1 + 0.06 * (rng(self.seed, "load").standard_normal(loads.shape))) + 0.04 * g.capacity_vph

    def _load(self, trips: np.ndarray, cost: np.ndarray) -> np.ndarray:
        """All-or-nothing assignment of a trip matrix to quickest paths."""
        g, flow, costs = self.graph, np.zeros(len(self.graph.links)), cost.tolist()
        for source in g.main:
            _, via, order = g.tree(source, costs)
            carried = trips[source].tolist()
            for node in reversed(order):
                link = via[node]
                if link is not None:
                    flow[link.index] += carried[node]
                    carried[link.tail] += carried[node]
        return flow

    @lru_cache(maxsize=8)  # noqa: B019 - one world per process
    def incidents(self, day: int) -> tuple[Incident, ...]:
        """The incidents of a service day, by start. Busy links at busy hours attract them."""
        chance, found = rng(self.seed, "incidents", day), []
        weight = self.loads[0] * self.graph.length_m if self.graph.links else np.zeros(0)
        for n in range(int(chance.poisson(13)) if weight.sum() > 0 else 0):
            kind, left, minutes = _KINDS[int(chance.choice(4, p=(0.42, 0.28, 0.2, 0.1)))]
            hour = float(chance.choice((8.0, 10.5, 14.5, 17.7, 20.5), p=(0.28, 0.18, 0.18, 0.26, 0.1)))
            start = calendar.service_start(day) + (hour - 4 + chance.normal(0, 0.9)) * 3600
            span = minutes * 60 * float(chance.uniform(0.6, 1.5))
            link = int(chance.choice(len(weight), p=weight / weight.sum()))
            found.append(Incident(f"I{day}-{n:02d}", kind, link, start, start + span, left * float(chance.uniform(0.75, 1.1))))
        return tuple(sorted(found, key=lambda i: i.start))

    @lru_cache(maxsize=4)  # noqa: B019
    def table(self, day: int) -> tuple[np.ndarray, np.ndarray]:
        """(flows, speeds) of a service day, each of shape (slots, links)."""
        start = calendar.service_start(day)
        times = start + SLOT_S * np.arange(SLOTS)
        strength = np.array([demand.patterns(self.seed, float(t)) for t in times])
        knots = rng(self.seed, "wobble", day).normal(0, 0.07, (SLOTS // 6 + 2, len(self.graph.links)))
        at = np.arange(SLOTS) / 6
        low, f = at.astype(int), (at - at.astype(int))[:, None]
        flows = strength @ self.loads * (1 + knots[low] * (1 - f) + knots[low + 1] * f)
        capacity = np.tile(self.graph.capacity_vph, (SLOTS, 1))
        for incident in self.incidents(day):
            self._block(capacity, incident, start)
        ratio = np.minimum(flows / self.graph.capacity_vph, 1.75) * self.graph.capacity_vph / np.maximum(capacity, 1)
        speeds = self.graph.free_kmh / (1 + _A * ratio**_B)
        return np.maximum(flows, 0), np.maximum(speeds, 3.5)

    def _block(self, capacity: np.ndarray, incident: Incident, start: float) -> None:
        a, b = (round((t - start) / SLOT_S) for t in (incident.start, incident.end))
        capacity[max(a, 0):max(b, 0), incident.link] *= incident.left
        for link in self.graph.links:  # the queue reaches back into the links before it
            if link.head == self.graph.links[incident.link].tail and link.index != incident.link:
                capacity[max(a + 1, 0):max(b + 1, 0), link.index] *= 1 - 0.5 * (1 - incident.left)

    @lru_cache(maxsize=4)  # noqa: B019
    def speed_rows(self, day: int) -> list[list[float]]:
        """Speeds of a day in m/s as plain lists: what moving vehicles read millions of times."""
        rows: list[list[float]] = (self.table(day)[1] / 3.6).tolist()
        return rows

    def speed_ms(self, t: float, link: int) -> float:
        """Travel speed of a link at `t`, m/s."""
        day = calendar.service_day(t)
        return self.speed_rows(day)[int((t - calendar.service_start(day)) // SLOT_S)][link]

    def flows(self, t: float) -> np.ndarray:
        """Vehicles per hour on every link at `t`."""
        day = calendar.service_day(t)
        return np.asarray(self.table(day)[0][int((t - calendar.service_start(day)) // SLOT_S)])

    def speeds_kmh(self, t: float) -> np.ndarray:
        """Travel speeds of all links at `t`."""
        day = calendar.service_day(t)
        return np.asarray(self.table(day)[1][int((t - calendar.service_start(day)) // SLOT_S)])

    def active(self, t: float) -> list[Incident]:
        """Incidents that hold now."""
        return [i for i in self.incidents(calendar.service_day(t)) if i.start <= t < i.end]


def network_index(speeds_kmh: np.ndarray, free_kmh: np.ndarray, weight: np.ndarray) -> float:
    """GB/T 33171-2016 Annex C from delay ratio, weighted by length × lanes: the truth the product is scored against."""
    dtp = np.clip(1 - speeds_kmh / free_kmh, 0, 1)
    tpi = np.interp(dtp, (0, 0.3, 0.5, 0.6, 0.7, 1.0), (0, 2, 4, 6, 8, 10))
    return float((tpi * weight).sum() / max(float(weight.sum()), 1e-9))

