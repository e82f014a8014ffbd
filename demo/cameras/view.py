"""How a camera looks at its street: a shifted pinhole (verticals stay vertical) and the street laid out after its zones.

Ground coordinates in metres: X to the right of the camera, Z ahead of it, Y up. Pictures are 640 × 360.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from demo.world.seeds import draw

WIDTH, HEIGHT, FOCAL, MAST_M = 640, 360, 560.0, 6.5
ON_ROAD = ("vehicle_parked",)  # what is watched on the carriageway; everything else is watched beside it
Point = tuple[float, float]


@dataclass(frozen=True)
class ZoneOnGround:
    """A zone of the configuration and the strip of ground it shows. Banner zones hang on a wall: `wall` is true."""

    id: str
    matter: str
    dwell_s: float
    polygon: tuple[Point, ...]  # pixels
    x0: float
    x1: float
    z0: float
    z1: float
    wall: bool


@dataclass(frozen=True)
class View:
    """The camera's geometry and its street: kerbs and moving lanes (X of the middle, +1 away from the camera)."""

    id: str
    vx: float
    vy: float
    zones: tuple[ZoneOnGround, ...]
    kerb_left: float
    kerb_right: float
    lanes: tuple[tuple[float, int], ...]
    lane_edges: tuple[float, ...]

    def project(self, x: float, y: float, z: float) -> Point:
        """Metres -> pixels."""
        z = max(z, 2.0)
        return self.vx + FOCAL * x / z, self.vy + FOCAL * (MAST_M - y) / z

    def many(self, points: Sequence[tuple[float, float, float]]) -> np.ndarray:
        """Metres -> pixels with 4 binary fraction digits, as OpenCV's `shift=4` wants them."""
        p = np.asarray(points, dtype=np.float64)
        z = np.maximum(p[:, 2], 2.0)
        found = np.stack((self.vx + FOCAL * p[:, 0] / z, self.vy + FOCAL * (MAST_M - p[:, 1]) / z), axis=1)
        return np.rint(np.clip(found, -4000, 4000) * 16).astype(np.int32)

    def ground(self, u: float, v: float) -> Point:
        """Pixels below the horizon -> (X, Z) on the ground."""
        z = FOCAL * MAST_M / max(v - self.vy, 6.0)
        return (u - self.vx) * z / FOCAL, z


def look(seed: int, row: Mapping[str, Any]) -> View:
    """The view of a configured camera. Zones decide where the kerbs are; without zones a seeded street."""
    name = str(row["id"])
    polygons = [(zone, [(x * WIDTH, y * HEIGHT) for x, y in zone["polygon"]]) for zone in row.get("zone", ())]
    vx, vy = _vanishing([p for z, p in polygons if z["matter"] != "illegal_banner"])
    bare = View(name, vx, vy, (), 0, 0, (), ())
    zones = tuple(_on_ground(bare, zone, polygon) for zone, polygon in polygons)
    right = next((z for z in zones if not z.wall and z.x0 + z.x1 > 0), None)
    left = next((z for z in zones if not z.wall and z.x0 + z.x1 <= 0), None)
    kerb_right, inner_right = _side(right, 1, 4.0 + draw(seed, name, "right"))
    kerb_left, inner_left = _side(left, -1, -7.5 - draw(seed, name, "left"))
    if inner_right - inner_left < 6.4:
        inner_left = kerb_left = inner_right - 7.0
    count = max(2, min(4, int((inner_right - inner_left) / 3.1)))
    edges = tuple(float(e) for e in np.linspace(inner_left, inner_right, count + 1))
    lanes = tuple(((a + b) / 2, 1 if n >= count / 2 else -1) for n, (a, b) in enumerate(pairwise(edges)))
    return View(name, vx, vy, zones, kerb_left, kerb_right, lanes, edges)


def _side(zone: ZoneOnGround | None, sign: int, otherwise: float) -> tuple[float, float]:
    """(kerb, inner edge of the moving lanes) on one side of the street."""
    if zone is None:
        return otherwise, otherwise
    inner, outer = (zone.x0, zone.x1) if sign > 0 else (zone.x1, zone.x0)
    if zone.matter in ON_ROAD:
        return outer + 0.4 * sign, inner - 0.25 * sign
    return inner - 0.35 * sign, inner - 0.35 * sign


def _on_ground(view: View, zone: Mapping[str, Any], polygon: list[Point]) -> ZoneOnGround:
    wall = zone["matter"] == "illegal_banner"
    xs, zs = zip(*(view.ground(u, v) for u, v in polygon), strict=True)
    low, half = sorted(xs), len(xs) // 2
    x0, x1 = sum(low[:half]) / half, sum(low[-half:]) / half
    return ZoneOnGround(
        str(zone["id"]), str(zone["matter"]), float(zone["dwell_s"]), tuple(polygon), x0, x1, min(zs), max(zs), wall)


def _vanishing(polygons: list[list[Point]]) -> Point:
    """Where the long edges of the first four-cornered zone meet, when that is a sensible horizon."""
    for polygon in polygons:
        if len(polygon) != 4:
            continue
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = polygon
        left, right = (dx - ax) / (dy - ay or 1), (cx - bx) / (cy - by or 1)
        if abs(left - right) < 0.05:
            continue
        y = (bx - right * by - ax + left * ay) / (left - right)
        x = ax + left * (y - ay)
        if 0.02 * HEIGHT < y < 0.30 * HEIGHT and 0.3 * WIDTH < x < 0.7 * WIDTH:
            return x, y
    return 0.5 * WIDTH, 0.13 * HEIGHT
