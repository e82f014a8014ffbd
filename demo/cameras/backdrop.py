"""The street without its people: painted once per camera as reflectance, lit anew as the sun moves and lamps come on."""

import cv2
import numpy as np

from demo.cameras.view import FOCAL, HEIGHT, MAST_M, WIDTH, View
from demo.world.seeds import rng
from demo.world.weather import Weather


class Backdrop:
    """Reflectance (BGR float, 0..1), the ground's metres per pixel, and where shade and lamplight fall."""

    def __init__(self, view: View, seed: int) -> None:
        self.view, self.seed = view, seed
        self.chance = rng(seed, "street", view.id)
        v, u = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        below = np.maximum(v - view.vy, 3.0)
        self.z = (FOCAL * MAST_M / below).astype(np.float32)
        self.x = ((u - view.vx) * self.z / FOCAL).astype(np.float32)
        self.is_ground = v > view.vy + 3
        self.trees = [(side, float(z)) for side in (-1, 1) for z in np.arange(14 + 5 * self.chance.random(), 80, 11)]
        self.wall_left, self.wall_right = view.kerb_left - 6.5, view.kerb_right + 6.5
        self.albedo = self._ground()
        self._walled = np.zeros((HEIGHT, WIDTH), bool)
        self._sky()
        self._facades()
        self._trees()
        self.lamps = self._lamps()

    def _texture(self, scale: float, strength: float) -> np.ndarray:
        """Noise fixed to the ground, one sample per `scale` metres."""
        raw = self.chance.normal(0, 1, (512, 512)).astype(np.float32)
        soft = np.asarray(cv2.GaussianBlur(raw, (0, 0), 1.2), dtype=np.float32)
        tile = soft / float(soft.std())
        mapped = cv2.remap(tile, (self.x / scale + 256) % 511, (self.z / scale) % 511, cv2.INTER_LINEAR)
        fade = np.clip(scale * FOCAL / self.z / 1.5, 0, 1)  # finer than a pixel: averages out
        return np.asarray(1 + strength * mapped * fade, dtype=np.float32)

    def _ground(self) -> np.ndarray:
        view, x, z = self.view, self.x, self.z
        road = (x > view.kerb_left) & (x < view.kerb_right)
        grey = np.where(road, 0.30, 0.47) * self._texture(0.12, 0.06) * self._texture(1.7, 0.07)
        tint = np.where(road[..., None], (1.0, 0.99, 0.97), (0.90, 0.97, 1.05))
        picture = np.asarray(grey[..., None] * tint, dtype=np.float32)
        joints = ((x % 0.6 < 0.04) | (z % 0.6 < 0.05)) & ~road & (z < 32)
        picture[joints] *= 0.82
        for kerb in (view.kerb_left, view.kerb_right):
            picture[np.abs(x - kerb) < 0.13] = 0.62
        for n, edge in enumerate(view.lane_edges):
            inner = 0 < n < len(view.lane_edges) - 1
            double = inner and view.lanes[n - 1][1] != view.lanes[n][1]
            width = np.maximum(0.08, 0.7 * z / FOCAL)
            mark = np.abs(x - edge) < width if not double else (np.abs(np.abs(x - edge) - 0.16) < width * 0.8)
            if inner and not double:
                mark &= z % 7.0 < 3.2
            picture[mark & road] = (0.35, 0.72, 0.80) if double else (0.78, 0.79, 0.78)
        zebra = (np.abs(z - 64) < 2.2) & road & (x % 1.1 < 0.55)
        picture[zebra] = 0.75
        for _ in range(9):  # patches and covers
            cx, cz = self.chance.uniform(view.kerb_left, view.kerb_right), self.chance.uniform(12, 60)
            spot = ((x - cx) / self.chance.uniform(0.35, 1.6)) ** 2 + ((z - cz) / self.chance.uniform(0.4, 4)) ** 2 < 1
            picture[spot & road] *= self.chance.uniform(0.78, 0.93)
        return picture

    def _sky(self) -> None:
        top = int(self.view.vy + 4)
        ramp = np.linspace(0.86, 0.95, top, dtype=np.float32)[:, None, None]
        self.albedo[:top] = ramp * np.array((1.0, 0.97, 0.93), dtype=np.float32)

    def _facades(self) -> None:
        """Rows of houses on both sides: textured walls in perspective."""
        self._wall(self.wall_left)
        self._wall(self.wall_right)

    def _wall(self, x: float) -> None:
        z = 9.0
        while z < 200:
            long, tall = float(self.chance.uniform(13, 26)), float(self.chance.uniform(9, 24))
            corners = [(x, tall, z), (x, tall, z + long), (x, 0, z + long), (x, 0, z)]
            quad = (self.view.many(corners) / 16).astype(np.float32)
            self._paste(self._facade(long, tall), quad)
            z += long + float(self.chance.uniform(0, 2))

    def _facade(self, long: float, tall: float) -> np.ndarray:
        """A wall seen from the front, 12 pixels a metre: plaster, windows, shops with signs below."""
        w, h = int(long * 12), int(tall * 12)
        base = self.chance.uniform(0.42, 0.68) * np.array((0.92, 0.97, 1.0)) * self.chance.uniform(0.94, 1.06, 3)
        wall = np.tile(base.astype(np.float32), (h, w, 1)) * self.chance.normal(1, 0.03, (h, w, 1)).astype(np.float32)
        for y in range(8, h - 52, 36):
            for x in range(8, w - 20, 30):
                glass = float(self.chance.uniform(0.12, 0.36))
                cv2.rectangle(wall, (x, y), (x + 17, y + 20), (glass * 1.15, glass, glass * 0.9), -1)
                cv2.rectangle(wall, (x, y), (x + 17, y + 20), (0.75, 0.75, 0.75), 1)
        for x in range(4, w - 30, 46):
            sign = tuple(float(c) for c in self.chance.uniform(0.15, 0.85, 3))
            cv2.rectangle(wall, (x, h - 44), (x + 40, h - 33), sign, -1)
            for k in range(5):
                cv2.rectangle(wall, (x + 4 + 7 * k, h - 42), (x + 8 + 7 * k, h - 35), (0.9, 0.9, 0.9), -1)
            shade = float(self.chance.uniform(0.10, 0.3))
            cv2.rectangle(wall, (x, h - 31), (x + 40, h - 1), (shade, shade, shade * 1.1), -1)
        return wall

    def _paste(self, texture: np.ndarray, quad: np.ndarray) -> None:
        h, w = texture.shape[:2]
        flat = np.array([(0, 0), (w, 0), (w, h), (0, h)], dtype=np.float32)
        matrix = cv2.getPerspectiveTransform(flat, quad)
        warped = cv2.warpPerspective(texture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
        mask = cv2.warpPerspective(np.ones((h, w), np.uint8), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST)
        # nearer houses are pasted first: only fill what none of them covers yet
        free = (mask > 0) & ~self._walled
        self.albedo[free] = warped[free]
        self._walled |= mask > 0

    def _trees(self) -> None:
        for side, z in sorted(self.trees, key=lambda t: -t[1]):
            x = (self.view.kerb_left - 1.1) if side < 0 else (self.view.kerb_right + 1.1)
            foot, top = self.view.project(x, 0, z), self.view.project(x, 3.2, z)
            thick = max(1, int(0.28 * FOCAL / z))
            cv2.line(self.albedo, _int(foot), _int(top), (0.16, 0.2, 0.24), thick)
            for _ in range(26):
                dx, dy = self.chance.normal(0, 0.75), self.chance.normal(0, 0.7)
                r = max(1, int(self.chance.uniform(0.35, 0.8) * FOCAL / z))
                green = float(self.chance.uniform(0.12, 0.34))
                at = self.view.project(x + dx, 4.4 + dy, z)
                cv2.ellipse(self.albedo, _int(at), (r, int(r * 0.8)), 0, 0, 360, (green * 0.45, green, green * 0.72), -1)

    def _lamps(self) -> np.ndarray:
        """Lamplight on the ground: pools every 22 m on both kerbs."""
        pool = np.zeros((HEIGHT, WIDTH), np.float32)
        for z in range(16, 120, 22):
            for x in (self.view.kerb_left + 0.5, self.view.kerb_right - 0.5):
                pool += np.exp(-((self.x - x) ** 2 + (self.z - z) ** 2) / 70)
        return np.asarray(np.where(self.is_ground, np.minimum(pool, 1.2), 0.22))

    def light(self, w: Weather) -> tuple[np.ndarray, float]:
        """(light map for the picture, mean level for things that move) under this sun and cloud."""
        sky = 0.58 + 0.44 * min(1.0, w.sun * 3.2)  # the camera's exposure evens out dull days
        day = min(1.0, max(0.0, (w.sun + 0.02) * 14))
        direct = 0.62 * (1 - w.cloud) * min(1.0, w.sun * 3.5)
        night = (1 - day) * (0.13 + 0.42 * self.lamps)
        shade = self._shade(w) if direct > 0.02 else np.zeros((HEIGHT, WIDTH), np.float32)
        lit = np.asarray((day * (sky + direct * (1 - shade)) + night).astype(np.float32))
        return lit, float(day * (sky + 0.7 * direct) + (1 - day) * 0.33)

    def _shade(self, w: Weather) -> np.ndarray:
        """Shadows of the houses and trees on the ground, by the sun's azimuth against the street's."""
        turn = np.radians(w.sun_azimuth_deg - 160 + 50 * self.seed_angle())
        low = 1 / max(0.18, np.tan(np.arcsin(min(0.95, max(w.sun, 0.05)))))
        across, along = -np.sin(turn) * low, -np.cos(turn) * low
        reach = 7.0 * across
        if reach > 0:
            soft = np.clip((self.wall_left + reach - self.x) / 0.5 + 0.5, 0, 1)
        else:
            soft = np.clip((self.x - (self.wall_right + reach)) / 0.5 + 0.5, 0, 1)
        shade = np.where(self.is_ground, soft, 0).astype(np.float32)
        for side, z in self.trees:
            x = (self.view.kerb_left - 1.1) if side < 0 else (self.view.kerb_right + 1.1)
            d = ((self.x - x - 4.4 * across) / 1.5) ** 2 + ((self.z - z - 4.4 * along) / 1.6) ** 2
            shade = np.maximum(shade, np.where(self.is_ground, np.clip(1.6 - d, 0, 1) * 0.8, 0).astype(np.float32))
        return shade

    def seed_angle(self) -> float:
        """Which way this street runs, −1 … 1."""
        return float(rng(self.seed, "bearing", self.view.id).uniform(-1, 1))


def _int(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0]), round(point[1])
