"""Procedural street scenes with exact truth: a textured road, vehicles, bags, a moving shadow, sensor noise."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

SIZE = (640, 360)
Draw = Callable[[np.ndarray, float], None]


def road(seed: int = 7) -> np.ndarray:
    """A road seen from a mast: asphalt grain, kerb, lane marks, house wall."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.normal(0, 10, (90, 160)).astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC)
    picture = np.full((SIZE[1], SIZE[0], 3), 112, np.float32) + coarse[:, :, None]
    picture[:90] = (130, 150, 165) + rng.normal(0, 6, (90, SIZE[0], 1))
    for x in range(20, 620, 90):
        cv2.rectangle(picture, (x, 20), (x + 50, 70), (70, 60, 50), -1)
    cv2.line(picture, (0, 100), (640, 112), (175, 175, 170), 5)
    for x in range(0, 640, 80):
        cv2.line(picture, (x, 230), (x + 40, 230), (205, 205, 205), 4)
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255)


def car(picture: np.ndarray, x: float, y: float, colour: tuple[int, int, int] = (40, 40, 190)) -> None:
    """A car of 96 × 44 px with its left upper corner at (x, y)."""
    left, top = int(x), int(y)
    cv2.ellipse(picture, (left + 48, top + 42), (50, 8), 0, 0, 360, (45, 45, 45), -1)
    cv2.rectangle(picture, (left, top + 14), (left + 96, top + 38), colour, -1)
    cv2.rectangle(picture, (left + 20, top), (left + 76, top + 16), tuple(int(c * 0.8) for c in colour), -1)
    cv2.rectangle(picture, (left + 25, top + 3), (left + 46, top + 14), (200, 190, 170), -1)
    cv2.rectangle(picture, (left + 51, top + 3), (left + 72, top + 14), (200, 190, 170), -1)
    for wheel in (22, 76):
        cv2.circle(picture, (left + wheel, top + 38), 8, (20, 20, 20), -1)
        cv2.circle(picture, (left + wheel, top + 38), 3, (150, 150, 150), -1)


def shade(picture: np.ndarray, edge: float, depth: float = 0.5) -> None:
    """Everything left of a slanting edge in shade."""
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.array([[-400, 0], [int(edge), 0], [int(edge) - 80, 360], [-400, 360]])], 1.0)
    mask = cv2.GaussianBlur(mask, (9, 9), 0)
    picture *= (1 - depth * mask)[:, :, None]


def play(draw: Draw, seconds: float, step: float = 4.0, seed: int = 1, noise: float = 3.0,
         gain: Callable[[float], float] = lambda t: 1.0) -> Iterator[tuple[float, np.ndarray]]:
    """(time, BGR picture) every `step` seconds."""
    rng = np.random.default_rng(seed)
    ground = road()
    at = 0.0
    while at < seconds:
        picture = ground.copy()
        draw(picture, at)
        picture = picture * gain(at) + rng.normal(0, noise, picture.shape)
        yield at, np.clip(picture, 0, 255).astype(np.uint8)
        at += step


def passing(picture: np.ndarray, at: float) -> None:
    """Traffic: a car crosses the picture every 11 s at 160 px/s."""
    for start in (0.0, 5.3):
        x = ((at + start) % 11.0) * 160 - 100
        car(picture, x, 240, (150, 120, 60))
