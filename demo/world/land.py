"""Where people live and work: weights of the junctions, and how many pull at a place in town."""

import math

import numpy as np

from demo.world.graph import Graph
from demo.world.seeds import draw, rng


class Land:
    """Homes and jobs by junction (each sums to 1), and the three commuting patterns as trips per hour."""

    def __init__(self, graph: Graph, seed: int) -> None:
        self.graph = graph
        xy = np.array(graph.junctions) if graph.junctions else np.zeros((0, 2))
        noise = rng(seed, "land").uniform(0.5, 1.5, (2, len(xy)))
        angle = 0.15 + 0.5 * draw(seed, "new-town")  # the new town lies to the east, as in the real city
        self.new_town = (3600 * math.cos(angle), 2600 * math.sin(angle) - 900)
        near = np.hypot(xy[:, 0], xy[:, 1])
        new = np.hypot(xy[:, 0] - self.new_town[0], xy[:, 1] - self.new_town[1])
        inside = np.zeros(len(xy))
        inside[graph.main] = 1.0
        jobs = (np.exp(-near / 1500) + 0.6 * np.exp(-new / 1200) + 0.05) * noise[0] * inside
        homes = (np.exp(-(((near - 3000) / 1700) ** 2)) + 0.25 * np.exp(-near / 2500) + 0.06) * noise[1] * inside
        self.jobs, self.homes = jobs / max(jobs.sum(), 1e-9), homes / max(homes.sum(), 1e-9)
        gap = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
        reach = np.exp(-gap / 4200) * (gap > 250)
        mixed = 0.5 * self.jobs + 0.5 * self.homes
        pairs = ((self.homes, self.jobs), (self.jobs, self.homes), (mixed, self.jobs + mixed))
        self.trips = tuple(_share(np.outer(a, b) * reach) for a, b in pairs)

    def pull(self, x: float, y: float) -> float:
        """Jobs around a point (east, north in metres), relative: about 1 in the centre, 0.1 at the edge."""
        near, new = math.hypot(x, y), math.hypot(x - self.new_town[0], y - self.new_town[1])
        return math.exp(-near / 1600) + 0.55 * math.exp(-new / 1300) + 0.08


def _share(matrix: np.ndarray) -> np.ndarray:
    return matrix / max(float(matrix.sum()), 1e-12)
