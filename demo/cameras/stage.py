"""One camera's picture at one moment: backdrop under the day's light, actors, noise, on-screen clock, JPEG."""

from datetime import UTC, datetime, timedelta, timezone

import cv2
import numpy as np

from demo.cameras import script
from demo.cameras.backdrop import Backdrop
from demo.cameras.figures import Painter
from demo.cameras.view import HEIGHT, WIDTH, View
from demo.world import weather
from demo.world.seeds import draw, rng

RELIGHT_S = 20.0
_GMT8 = timezone(timedelta(hours=8))


class Stage:
    """Draws frames of one camera. Not thread-safe: one thread draws all cameras."""

    def __init__(self, view: View, seed: int) -> None:
        self.view, self.seed = view, seed
        self.backdrop = Backdrop(view, seed)
        tile = rng(seed, "sensor", view.id).normal(0, 1, (HEIGHT + 64, WIDTH + 64, 1))
        self._day = np.repeat(np.rint(tile * 2.2), 3, axis=2).astype(np.int8)
        self._night = np.repeat(np.rint(tile * 5.0), 3, axis=2).astype(np.int8)
        self._lit: tuple[float, np.ndarray, float] | None = None

    def _background(self, t: float) -> tuple[np.ndarray, float]:
        """The lit street, renewed each 20 s of time (aligned, so that it does not depend on who watches)."""
        at = t // RELIGHT_S * RELIGHT_S
        if self._lit is None or self._lit[0] != at:
            light, level = self.backdrop.light(weather.at(self.seed, at))
            picture = np.clip(self.backdrop.albedo * light[..., None] * 255, 0, 255).astype(np.uint8)
            self._lit = (at, picture, level)
        return self._lit[1], self._lit[2]

    def frame(self, t: float) -> np.ndarray:
        """BGR picture (360, 640, 3) at `t`."""
        background, level = self._background(t)
        picture = background.copy()
        painter = Painter(self.view, picture, level)
        for actor in script.actors(self.seed, self.view, t):
            painter.actor(actor)
        noise = self._night if level < 0.45 else self._day
        y, x = int(draw(self.view.id, t, "ny") * 64), int(draw(self.view.id, t, "nx") * 64)
        cv2.add(picture, noise[y:y + HEIGHT, x:x + WIDTH], dst=picture, dtype=cv2.CV_8U)
        self._clock(picture, t)
        return picture

    def _clock(self, picture: np.ndarray, t: float) -> None:
        text = datetime.fromtimestamp(t, UTC).astimezone(_GMT8).strftime("%Y-%m-%d %H:%M:%S") + f"  {self.view.id.upper()}"
        band = picture[6:26, 6:262]
        band[:] = band // 3
        cv2.putText(picture, text, (10, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (240, 240, 240), 1, cv2.LINE_AA)

    def black(self, t: float) -> np.ndarray:
        """A covered lens: nearly nothing but sensor noise."""
        picture = np.full((HEIGHT, WIDTH, 3), 5, np.uint8)
        y = int(draw(self.view.id, t) * 64)
        return np.asarray(cv2.add(picture, self._day[y:y + HEIGHT, :WIDTH], dtype=cv2.CV_8U))


def jpeg(picture: np.ndarray, quality: int = 78) -> bytes:
    """Baseline JPEG, 4:2:0, standard Huffman tables: what RFC 2435 can carry."""
    done, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise RuntimeError("JPEG encoder failed")
    return bytes(data)
