"""Things that stand or move in a street, drawn as shaded solids in perspective."""

from collections.abc import Sequence

import cv2
import numpy as np

from demo.cameras.script import Actor
from demo.cameras.view import FOCAL, View
from demo.world.seeds import draw

# length, width, body height, cabin from, cabin to (shares of the length from the front), whole height
_SIZES = {
    "sedan": (4.5, 1.8, 0.78, 0.28, 0.86, 1.45), "suv": (4.7, 1.9, 0.95, 0.26, 0.97, 1.75),
    "van": (5.0, 1.95, 1.0, 0.12, 1.0, 2.1), "truck": (7.6, 2.3, 1.0, 0.02, 0.26, 2.6), "bus": (11.0, 2.5, 1.1, 0.0, 1.0, 3.1),
}
_PAINTS = (
    (236, 236, 234), (228, 226, 222), (60, 58, 56), (38, 36, 38), (168, 170, 172), (130, 74, 36), (44, 44, 158), (92, 98, 70),
    (200, 190, 150), (150, 152, 156),
)
Colour = tuple[float, float, float]
Point3 = tuple[float, float, float]


class Painter:
    """Draws on one frame at one level of light (1 = full day)."""

    def __init__(self, view: View, frame: np.ndarray, light: float) -> None:
        self.view, self.frame, self.light = view, frame, max(0.12, light)
        self.night = light < 0.42

    def actor(self, actor: Actor) -> None:
        """Draw whatever it is."""
        if actor.kind in _SIZES:
            self._vehicle(actor)
        elif actor.kind == "ebike":
            self._ebike(actor)
        elif actor.kind == "person":
            self._person(actor)
        else:
            getattr(self, "_" + actor.kind)(actor)

    def _fill(self, points: Sequence[Point3], colour: Colour, shade: float = 1.0, *, glow: bool = False) -> None:
        k = 1.0 if glow else self.light * shade
        bgr = (min(255.0, colour[0] * k), min(255.0, colour[1] * k), min(255.0, colour[2] * k))
        cv2.fillConvexPoly(self.frame, self.view.many(points), bgr, cv2.LINE_AA, 4)

    def _blob(self, u: float, v: float, rx: int, ry: int, colour: Colour) -> None:
        """A filled ellipse around a pixel, under the frame's light."""
        lit = [min(255.0, c * self.light) for c in colour]
        cv2.ellipse(self.frame, (round(u), round(v)), (rx, ry), 0, 0, 360, lit, -1, cv2.LINE_AA)

    def _tint(self, key: str, name: object, low: float, span: float) -> Colour:
        """A seeded colour of a thing."""
        return low + span * draw(key, name, 0), low + span * draw(key, name, 1), low + span * draw(key, name, 2)

    def _shadow(self, x0: float, x1: float, z0: float, z1: float, strength: float = 0.5) -> None:
        """Darken the ground under something; nearly the same at night, when lamps throw it."""
        points = self.view.many([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)]) >> 4
        left, top = np.maximum(points.min(axis=0), 0)
        right, low = points.max(axis=0) + 1
        part = self.frame[top:low, left:right]
        if part.size == 0:
            return
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, points - (left, top), 255, cv2.LINE_AA)
        part[mask > 100] = (part[mask > 100] * strength).astype(np.uint8)

    def _box(self, x0: float, x1: float, y0: float, y1: float, z0: float, z1: float, colour: Colour, shrink: float = 0.0) -> None:
        """A block between corners; its top is smaller by `shrink`. Only faces towards the camera are drawn."""
        a, b, near, far = x0 + shrink, x1 - shrink, z0 + shrink, z1 - shrink
        if x0 > 0:
            self._fill([(x0, y0, z0), (x0, y0, z1), (a, y1, far), (a, y1, near)], colour, 0.72)
        elif x1 < 0:
            self._fill([(x1, y0, z0), (x1, y0, z1), (b, y1, far), (b, y1, near)], colour, 0.86)
        if y1 < 6.0:
            self._fill([(a, y1, near), (b, y1, near), (b, y1, far), (a, y1, far)], colour, 1.08)
        self._fill([(x0, y0, z0), (x1, y0, z0), (b, y1, near), (a, y1, near)], colour, 0.80)

    def _vehicle(self, actor: Actor) -> None:
        long, wide, body, front, back, tall = _SIZES[actor.kind]
        paint = _PAINTS[int(draw(actor.key, "paint") * len(_PAINTS))]
        if actor.kind == "bus":
            paint = ((60, 150, 70), (190, 120, 40), (60, 90, 200))[int(draw(actor.key, "bus") * 3)]
        x0, x1, z0, z1 = actor.x - wide / 2, actor.x + wide / 2, actor.z - long / 2, actor.z + long / 2
        self._shadow(x0 - 0.25, x1 + 0.35, z0 - 0.25, z1 + 0.2)
        if self.night and actor.way < 0:
            self._beam(actor, z0)
        nose = z1 if actor.way > 0 else z0  # where the front is
        c0, c1 = (nose - back * long, nose - front * long) if actor.way > 0 else (nose + front * long, nose + back * long)
        lower = (0.25, body)
        if actor.kind == "truck":
            bed = (z0, nose - 0.28 * long) if actor.way > 0 else (nose + 0.28 * long, z1)
            parts = [(bed, (0.5, 2.5), (120, 134, 150), 0.0), ((c0, c1), (0.3, tall), paint, 0.12)]
            for (p0, p1), (y0, y1), colour, shrink in sorted(parts, key=lambda p: -p[0][0]):
                self._box(x0, x1, y0, y1, p0, p1, colour, shrink)
        else:
            self._box(x0, x1, *lower, z0, z1, paint, 0.05)
            self._box(x0 + 0.06, x1 - 0.06, body, tall, c0, c1, paint, 0.22 if actor.kind == "sedan" else 0.10)
            self._glass(x0, x1, body, tall, c0, c1, 0.22 if actor.kind == "sedan" else 0.10)
        self._wheels(x0, x1, z0, z1, long)
        self._lights(actor, x0, x1, z0)

    def _glass(self, x0: float, x1: float, low: float, tall: float, c0: float, c1: float, shrink: float) -> None:
        """Windscreen or rear window, and the side windows towards us."""
        dark, y0, y1 = (52.0, 44.0, 38.0), low + 0.08, tall - 0.10
        inset = shrink * 0.8
        a, b = x0 + inset + 0.1, x1 - inset - 0.1
        self._fill([(x0 + 0.14, y0, c0 + 0.02), (x1 - 0.14, y0, c0 + 0.02), (b, y1, c0 + inset), (a, y1, c0 + inset)], dark)
        for x, inner in ((x0, x0 + inset), (x1, x1 - inset)):
            if (x == x0 and x0 > 0) or (x == x1 and x1 < 0):
                low_edge = [(x + 0.02, y0, c0 + 0.35), (x + 0.02, y0, c1 - 0.3)]
                self._fill([*low_edge, (inner, y1, c1 - 0.55), (inner, y1, c0 + 0.6)], dark, 0.9)

    def _wheels(self, x0: float, x1: float, z0: float, z1: float, long: float) -> None:
        x = x0 if x0 > 0 else x1 if x1 < 0 else None
        if x is None:
            return
        for z in (z0 + 0.19 * long, z1 - 0.2 * long):
            u, v = self.view.project(x, 0.32, z)
            r = 0.33 * FOCAL / z
            squeeze = max(0.25, min(1.0, abs(x) / z * 2.2))
            self._blob(u, v, max(1, round(r * squeeze)), max(1, round(r)), (30, 30, 30))

    def _lights(self, actor: Actor, x0: float, x1: float, z: float) -> None:
        """What shows towards us: tail lamps of vehicles driving away, headlamps of those that come."""
        parked = actor.key.count("-z") > 0 and not actor.braking
        for x in (x0 + 0.22, x1 - 0.22):
            if actor.way > 0:
                colour: Colour = (40, 40, 235) if actor.braking else (40, 40, 150)
                glow = (self.night or actor.braking) and not parked
            else:
                colour, glow = (235, 245, 250), not parked and self.night
            lamp = [(x - 0.16, 0.58, z), (x + 0.16, 0.58, z), (x + 0.16, 0.74, z), (x - 0.16, 0.74, z)]
            self._fill(lamp, colour, 1.0, glow=glow)
            if glow and actor.way < 0:
                u, v = self.view.project(x, 0.66, z)
                cv2.circle(self.frame, (round(u), round(v)), max(2, int(0.28 * FOCAL / z)), (225, 240, 245), -1, cv2.LINE_AA)

    def _beam(self, actor: Actor, z0: float) -> None:
        x = actor.x
        points = self.view.many([(x - 0.7, 0, z0), (x + 0.7, 0, z0), (x + 1.6, 0, z0 - 7), (x - 1.6, 0, z0 - 7)]) >> 4
        left, top = np.maximum(points.min(axis=0), 0)
        right, low = points.max(axis=0) + 1
        part = self.frame[top:low, left:right]
        if part.size:
            mask = np.zeros(part.shape[:2], np.uint8)
            cv2.fillConvexPoly(mask, points - (left, top), 26)
            cv2.add(part, cv2.merge((mask, mask, mask)), part)

    def _person(self, actor: Actor) -> None:
        x, z, key = actor.x, actor.z, actor.key
        shirt = self._tint(key, "shirt", 40, 190)
        legs = self._tint(key, "legs", 30, 70)
        swing = 0.22 * np.sin(actor.stride * 4.2)
        self._shadow(x - 0.25, x + 0.4, z - 0.15, z + 0.15, 0.62)
        for side in (-1, 1):
            foot = x + side * swing * 0.6
            self._fill([(foot - 0.08, 0, z), (foot + 0.08, 0, z), (x + 0.14, 0.85, z), (x - 0.14, 0.85, z)], legs, 0.9)
        self._fill([(x - 0.2, 0.8, z), (x + 0.2, 0.8, z), (x + 0.23, 1.4, z), (x - 0.23, 1.4, z)], shirt)
        u, v = self.view.project(x, 1.56, z)
        r = max(1, round(0.13 * FOCAL / z))
        self._blob(u, v, r, r, (70, 90, 120))

    def _ebike(self, actor: Actor) -> None:
        x, z = actor.x, actor.z
        self._shadow(x - 0.3, x + 0.4, z - 0.8, z + 0.8, 0.6)
        frame = self._tint(actor.key, "bike", 30, 150)
        wheel = [(x - 0.08, 0.0, z - 0.7), (x + 0.08, 0.0, z - 0.7), (x + 0.1, 0.75, z - 0.3), (x - 0.1, 0.75, z - 0.3)]
        self._fill(wheel, (35, 35, 35))
        self._box(x - 0.14, x + 0.14, 0.3, 0.72, z - 0.6, z + 0.6, frame)
        self._person(Actor("person", x, z, actor.way, actor.key, stride=0.0))

    def _stall(self, actor: Actor) -> None:
        x, z = actor.x, actor.z
        cloth = self._tint(actor.key, "cloth", 60, 180)
        self._shadow(x - 1.2, x + 1.3, z - 0.9, z + 0.9, 0.55)
        self._box(x - 0.95, x + 0.95, 0.0, 0.8, z - 0.55, z + 0.55, cloth)
        for n in range(8):
            gx, gz = x - 0.8 + 0.22 * n, z - 0.3 + 0.5 * draw(actor.key, n)
            goods = self._tint(actor.key, ("goods", n), 50, 200)
            self._box(gx, gx + 0.18, 0.8, 0.98, gz, gz + 0.18, goods)
        self._box(x - 0.03, x + 0.03, 0.8, 2.1, z, z + 0.06, (60, 60, 60))
        canopy = self._tint(actor.key, "canopy", 70, 180)
        for n in range(4):
            a = x - 1.2 + 0.6 * n
            self._fill([(a, 2.0, z - 1.0), (a + 0.6, 2.0, z - 1.0), (x, 2.55, z)], canopy, 0.75 + 0.3 * (n % 2))
        self._fill([(x - 1.2, 2.0, z - 1.0), (x - 1.2, 2.0, z + 1.0), (x, 2.55, z)], canopy, 0.85)

    def _cart(self, actor: Actor) -> None:
        x, z = actor.x, actor.z
        self._shadow(x - 0.8, x + 0.9, z - 1.2, z + 1.2, 0.55)
        self._box(x - 0.6, x + 0.6, 0.35, 0.95, z - 1.0, z + 1.0, (70, 110, 190))
        self._box(x - 0.55, x + 0.55, 0.95, 1.25, z - 0.9, z + 0.5, (60, 160, 210))
        self._box(x - 0.6, x + 0.6, 1.9, 2.0, z - 1.0, z + 0.8, (200, 205, 210))
        self._wheels(x - 0.6, x + 0.6, z - 1.0, z + 1.0, 2.0)

    def _boxes(self, actor: Actor) -> None:
        self._shadow(actor.x - 0.9, actor.x + 1.0, actor.z - 0.6, actor.z + 0.6, 0.55)
        for n in range(6):
            x, z = actor.x - 0.8 + 0.52 * (n % 3), actor.z + 0.35 - 0.55 * (n // 3)
            tint = 0.75 + 0.5 * draw(actor.key, n)
            self._box(x, x + 0.48, 0.0, 0.45 + 0.5 * draw(actor.key, n, "h"), z, z + 0.45, (90 * tint, 140 * tint, 175 * tint))

    def _bags(self, actor: Actor) -> None:
        self._shadow(actor.x - 0.7, actor.x + 0.8, actor.z - 0.5, actor.z + 0.5, 0.6)
        for n in range(5):
            x, z = actor.x - 0.55 + 0.27 * n, actor.z + 0.4 * (draw(actor.key, n) - 0.5)
            u, v = self.view.project(x, 0.26, z)
            r = (0.24 + 0.16 * draw(actor.key, n, "r")) * FOCAL / z
            tone = (28, 26, 24) if draw(actor.key, n, "c") < 0.6 else (190, 196, 198)
            self._blob(u, v, max(2, round(r)), max(2, round(r * 0.85)), tone)
            shine = max(1, round(r / 4))
            self._blob(u - r / 3, v - r / 3, shine, shine, (tone[0] * 1.5 + 22, tone[1] * 1.5 + 22, tone[2] * 1.5 + 22))

    def _heap(self, actor: Actor) -> None:
        x, z = actor.x, actor.z
        self._shadow(x - 1.3, x + 1.5, z - 1.0, z + 1.0, 0.6)
        for n in range(9):
            a, h = x - 1.2 + 0.28 * n, 0.35 + 0.7 * draw(actor.key, n) * (1 - abs(n - 4) / 5.5)
            tone = 0.7 + 0.5 * draw(actor.key, n, "t")
            d = z - 0.5 * draw(actor.key, n, "z")
            self._fill([(a - 0.35, 0, d), (a + 0.4, 0, d), (a + 0.1, h, d + 0.2)], (105 * tone, 140 * tone, 172 * tone), 0.9)

    def _bikes(self, actor: Actor) -> None:
        count = 2 + int(draw(actor.key, "n") * 3)
        for n in range(count):
            x = actor.x + (n - count / 2) * 0.62
            colour = ((200, 140, 30), (60, 190, 230), (90, 90, 90))[int(draw(actor.key, "b", n) * 3)]
            self._shadow(x - 0.2, x + 0.35, actor.z - 0.85, actor.z + 0.85, 0.65)
            self._box(x - 0.13, x + 0.13, 0.25, 0.75, actor.z - 0.75, actor.z + 0.75, colour)
            self._box(x - 0.28, x + 0.28, 0.98, 1.05, actor.z + 0.45, actor.z + 0.55, (50, 50, 50))
            self._box(x - 0.10, x + 0.10, 0.75, 0.95, actor.z - 0.5, actor.z - 0.1, (40, 40, 45))

    def _banner(self, actor: Actor) -> None:
        """Hangs in its zone on the wall: drawn straight into the picture."""
        zone = next(z for z in self.view.zones if z.wall)
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = zone.polygon[:4]

        def at(f: float, g: float) -> tuple[float, float]:
            top, low = (ax + (bx - ax) * f, ay + (by - ay) * f), (dx + (cx - dx) * f, dy + (cy - dy) * f)
            return top[0] * (1 - g) + low[0] * g, top[1] * (1 - g) + low[1] * g

        k = self.light
        quad = np.array([at(0.15, 0.35), at(0.85, 0.35), at(0.85, 0.62), at(0.15, 0.62)])
        cloth = np.rint(quad * 16).astype(np.int32)
        cv2.fillConvexPoly(self.frame, cloth, (30 * k, 30 * k, 205 * k), cv2.LINE_AA, 4)
        for n in range(7):
            f = 0.2 + 0.09 * n
            letter = np.array([at(f, 0.41), at(f + 0.05, 0.41), at(f + 0.05, 0.56), at(f, 0.56)])
            sign = np.rint(letter * 16).astype(np.int32)
            cv2.polylines(self.frame, [sign], True, (60 * k, 220 * k, 240 * k), 1, cv2.LINE_AA, 4)
