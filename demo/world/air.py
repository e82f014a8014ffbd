"""Concentrations at points of the city: regional background + a city box + plumes of near sources. µg/m³, CO mg/m³.

The box is dC/dt = E/(A·H) − C·(u/L + k): emissions of the whole core into the mixing layer, ventilated by the wind (Hanna's
box model); near sources add a Gaussian plume with Briggs' urban dispersion in neutral air. Ozone follows sun and
temperature and is titrated by what NO2 stands for.
"""

from functools import lru_cache
from math import exp

import numpy as np

from demo.world import calendar, emitters, weather
from demo.world.emitters import SPECIES, Source
from demo.world.graph import Graph
from demo.world.seeds import draw, drift
from demo.world.traffic import SLOT_S, SLOTS, Traffic

_AREA_M2, _LENGTH_M = 9.0e7, 9500.0
_DECAY = np.array([1.5e-5, 4.5e-5, 2e-5, 4.5e-5, 2e-6, 0.0])  # settling and chemistry, 1/s


class Air:
    """The air over a list of points (metres from the origin), slot by slot of a service day."""

    def __init__(
        self, graph: Graph, traffic: Traffic, sources: list[Source], points: list[tuple[float, float]], seed: int,
    ) -> None:
        self.graph, self.traffic, self.sources, self.seed = graph, traffic, sources, seed
        self.points = np.array(points, dtype=float).reshape(-1, 2)
        mids = [link.place(link.length_m / 2)[:2] for link in graph.links]
        self._mids = np.array(mids, dtype=float).reshape(-1, 2)
        self._exposed = np.array([0.6 + 0.8 * draw(seed, "exposure", n) for n in range(len(points))])

    def background(self, t: float) -> np.ndarray:
        """What the wind brings: regional PM with slow episodes and a diurnal breath."""
        hour = calendar.local_hour(t)
        episode = 1 + 0.55 * drift(t, 46 * 3600, self.seed, "episode") + 0.12 * drift(t, 5 * 3600, self.seed, "regional")
        breath = 1 + 0.12 * np.cos(2 * np.pi * (hour - 6.5) / 24)
        pm = 27 * episode * breath
        return np.array([pm, pm * 1.48 + 5, 6.0 * episode, 10 * episode * breath, 350 * episode, 0.0])

    @lru_cache(maxsize=4)  # noqa: B019 - one world per process
    def _box(self, day: int) -> np.ndarray:
        """City-wide increments of a service day, (slots, species); run in from the day before so that it has no start."""
        begin, level, rows = calendar.service_start(day - 1), np.zeros(6), []
        for n in range(2 * SLOTS):
            t = begin + n * SLOT_S
            w = weather.at(self.seed, t)
            cars = emitters.traffic_rates(self.graph, self.traffic.flows(t), self.traffic.speeds_kmh(t)).sum(axis=0)
            points = np.zeros(6)
            for source in self.sources:
                points += np.array(source.rate) * emitters.activity(self.seed, source, t)
            grams = cars + points + emitters.homes(t, w.t_c)
            feed = grams * 1e6 / (_AREA_M2 * max(w.mixing_m, 90))
            loss = max(w.wind_ms, 0.5) / _LENGTH_M + _DECAY
            settled = feed / loss
            level = settled + (level - settled) * np.exp(-loss * SLOT_S)
            rows.append(level)
        return np.array(rows[SLOTS:])

    @lru_cache(maxsize=4)  # noqa: B019
    def table(self, day: int) -> np.ndarray:
        """Concentrations of a service day, (slots, points, species); CO in mg/m³."""
        box, begin = self._box(day), calendar.service_start(day)
        rows = []
        for n in range(SLOTS):
            t = begin + n * SLOT_S
            w = weather.at(self.seed, t)
            total = self.background(t) + box[n] + self._plumes(t, w)
            total[:, 5] = self._ozone(t, w, total[:, 3])
            total[:, 4] /= 1000
            rows.append(np.maximum(total, 0.05))
        return np.array(rows)

    def _plumes(self, t: float, w: weather.Weather) -> np.ndarray:
        """Increments of near sources at the points, (points, species)."""
        rates = emitters.traffic_rates(self.graph, self.traffic.flows(t), self.traffic.speeds_kmh(t))
        near = _plume(self.points, self._mids, np.full(len(self._mids), 2.0), w, reach_m=900) * self._exposed[:, None]
        found = near @ rates * 1e6
        if self.sources:
            places = np.array([(s.x, s.y) for s in self.sources])
            heights = np.array([s.height_m for s in self.sources])
            power = np.array([np.array(s.rate) * emitters.activity(self.seed, s, t) for s in self.sources])
            found += _plume(self.points, places, heights, w, reach_m=8000) @ power * 1e6
        return np.asarray(found)

    def _ozone(self, t: float, w: weather.Weather, no2: np.ndarray) -> np.ndarray:
        """Made by the afternoon sun, eaten by fresh exhaust."""
        made = 190 * w.sun * (0.6 + 0.02 * max(w.t_c, 0)) * (1 + 0.2 * drift(t, 4 * 3600, self.seed, "o3"))
        return np.asarray((42 + made) * np.exp(-no2 / 95) + 6)

    def at(self, t: float) -> np.ndarray:
        """Concentrations at the points now, (points, species), between two slots."""
        day = calendar.service_day(t)
        x = (t - calendar.service_start(day)) / SLOT_S
        n = int(x)
        here = self.table(day)[n]
        after = self.table(day)[n + 1] if n + 1 < SLOTS else self.table(day + 1)[0]
        f = x - n
        return np.asarray(here * (1 - f) + after * f)

    def mean(self, start: float, end: float) -> np.ndarray:
        """Means over an interval from one sample a minute."""
        return np.asarray(np.mean([self.at(t) for t in np.arange(start, end, 60.0)], axis=0))


def _plume(points: np.ndarray, places: np.ndarray, heights: np.ndarray, w: weather.Weather, reach_m: float) -> np.ndarray:
    """Seconds per cubic metre from each source to each point (receptor at 3 m), shape (points, sources)."""
    toward = np.radians(w.wind_deg + 180)
    ux, uy, speed = np.sin(toward), np.cos(toward), max(w.wind_ms, 0.6)
    dx = points[:, None, 0] - places[None, :, 0]
    dy = points[:, None, 1] - places[None, :, 1]
    down = dx * ux + dy * uy
    cross = dx * uy - dy * ux
    x = np.maximum(down, 25.0)
    sy = 0.16 * x / np.sqrt(1 + 0.0004 * x) + 25
    sz = np.minimum(0.14 * x / np.sqrt(1 + 0.0003 * x) + 4, w.mixing_m)
    lift = np.exp(-0.5 * ((heights[None, :] - 3) / sz) ** 2) + np.exp(-0.5 * ((heights[None, :] + 3) / sz) ** 2)
    spread = np.exp(-0.5 * (cross / sy) ** 2) * lift / (2 * np.pi * speed * sy * sz)
    return np.where((down > -40) & (down < reach_m), spread, 0.0)


def humid_bias(rh_pct: float) -> float:
    """How much a light-scattering particle sensor over-reads in damp air."""
    return 1.0 + 0.28 * exp((min(rh_pct, 99) - 95) / 8)


__all__ = ["SPECIES", "Air", "humid_bias"]
