"""What the city puts into the air: traffic by link, stacks, construction sites, homes; grams per second."""

from dataclasses import dataclass

import numpy as np

from demo.world import calendar, demand
from demo.world.graph import Graph
from demo.world.seeds import drift, rng

SPECIES = ("pm25", "pm10", "so2", "no2", "co", "o3")
# grams per vehicle-kilometre at free flow, wear and lifted dust included; CO counts in the same unit
_VEHICLE_G_KM = np.array([0.045, 0.14, 0.002, 0.25, 1.9, 0.0])


@dataclass(frozen=True)
class Source:
    """A point source. `rate` is grams per second by species at full activity; `height_m` of its outlet."""

    id: str
    kind: str
    x: float
    y: float
    height_m: float
    rate: tuple[float, ...]


def point_sources(seed: int, dust_stations: list[tuple[str, float, float]]) -> list[Source]:
    """Stacks in the industrial quarters, and one construction site beside every dust station plus some unwatched."""
    chance, found = rng(seed, "sources"), []
    quarters = ((5200.0, 1900.0), (4700.0, 2600.0), (-5600.0, -2400.0), (6100.0, -600.0), (3900.0, -3800.0), (-4900.0, 3300.0))
    for n, (x, y) in enumerate(quarters):
        strength = float(chance.uniform(0.4, 1.5))
        rate = (0.9 * strength, 1.4 * strength, 2.6 * strength, 3.6 * strength, 9.0 * strength, 0.0)
        spot = chance.normal(0, 350, 2)
        found.append(Source(f"S{n + 1}", "stack", x + float(spot[0]), y + float(spot[1]), float(chance.uniform(35, 90)), rate))
    sites = [(f"C-{mn[-3:]}", x, y) for mn, x, y in dust_stations]
    sites += [(f"C-x{n}", float(chance.normal(0, 3000)), float(chance.normal(0, 2600))) for n in range(4)]
    for name, x, y in sites:
        dust = float(chance.uniform(0.5, 1.6))
        spot = chance.uniform(-1, 1, 2) * 130
        rates = (0.10 * dust, 0.85 * dust, 0.0, 0.05, 0.1, 0.0)
        found.append(Source(name, "site", x + float(spot[0]), y + float(spot[1]), 3.0, rates))
    return found


def activity(seed: int, source: Source, t: float) -> float:
    """How hard a source works now, 0 … about 1.4. Sites work 7–12 and 13–19, less on Sundays; stacks day and night."""
    wobble = 1 + 0.35 * drift(t, 2400, seed, source.id, "work")
    if source.kind == "stack":
        return wobble * (0.8 + 0.25 * demand.bump(calendar.local_hour(t), 14, 5))
    hour, sunday = calendar.local_hour(t), (calendar.local_day(t) + 3) % 7 == 6
    working = 7 <= hour < 12 or 13 <= hour < 19
    return (wobble * (0.3 if sunday else 1.0)) if working else 0.04


def traffic_rates(graph: Graph, flows: np.ndarray, speeds_kmh: np.ndarray) -> np.ndarray:
    """Grams per second of every link, shape (..., links, species); crawling traffic emits up to 2.2 times as much."""
    crawl = np.clip(1 + 1.4 * (1 - speeds_kmh / graph.free_kmh), 1, 2.2)
    vehicle_km_s = flows * graph.length_m / 1000 / 3600
    return np.asarray((vehicle_km_s * crawl)[..., None] * _VEHICLE_G_KM)


def homes(t: float, t_c: float) -> np.ndarray:
    """Cooking and heating of the whole city, grams per second by species."""
    hour = calendar.local_hour(t)
    cooking = 0.4 * demand.bump(hour, 7, 0.8) + 0.7 * demand.bump(hour, 11.7, 0.8) + demand.bump(hour, 18.2, 1.0)
    heating = max(0.0, 14 - t_c) / 10 * (0.5 + 0.5 * demand.bump(hour, 21, 4))
    return np.array([1.6, 2.1, 0.7, 1.3, 9.0, 0.0]) * (0.5 * cooking + heating)
