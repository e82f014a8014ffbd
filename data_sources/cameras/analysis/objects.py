"""One thing that stands: its picture (the anchor), what was there before, and the clock of its stay."""

import cv2
import msgspec
import numpy as np

from data_sources.cameras.analysis.parameters import Array, Parameters
from data_sources.cameras.analysis.regions import ncc

_GROW = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
MARGIN = 12


class Standing(msgspec.Struct, kw_only=True):
    """A thing in a zone. Arrays are crops at (x, y); masks are 0/255. Times are POSIX seconds.

    `anchor` is its luminance when it first stood still; `ground` is the long-term picture (YCrCb) it hides.
    """

    id: str
    zone: int
    x: int
    y: int
    mask: Array
    anchor: Array
    ground: Array
    ground_at: float
    onset: float
    last_seen: float
    share: float  # of its first mask inside the zone
    arrived: bool
    tint: tuple[float, float]  # mean chroma (Cr, Cb) inside the mask
    paused_s: float = 0.0
    registered: bool = False
    low: int = 0  # samples in a row that are stable but unlike the anchor
    score: float = 0.0  # last NCC
    alarmed_at: float = 0.0
    confidence: float = 0.0  # at its alarm

    def box(self) -> tuple[int, int, int, int]:
        """x, y, width, height of the mask on the working picture."""
        left, top, width, height = cv2.boundingRect(self.mask)
        return self.x + left, self.y + top, width, height

    def crop(self, plane: Array) -> Array:
        """The part of a full-size array that lies under this object."""
        height, width = self.mask.shape
        return plane[self.y : self.y + height, self.x : self.x + width]

    def outline(self) -> Array:
        """The mask grown by a few pixels, so that its rim and shadow belong to it."""
        return cv2.dilate(self.mask, _GROW)

    def dwell(self, at: float) -> float:
        """Seconds it has stood, gaps in the video not counted."""
        return max(0.0, at - self.onset - self.paused_s)


def likeness(anchor: Array, ground: Array, current: Array, mask: Array) -> float:
    """How much `current` is the anchor rather than the bare ground, as an NCC (-1..1).

    A flat anchor (a dark bag) has no structure to correlate: then its contrast with the ground counts instead.
    """
    grown = cv2.dilate(mask, _GROW)
    score = ncc(anchor, current, grown)
    inside = mask > 0
    if float(anchor[inside].std()) < 6.0:
        contrast = float(np.abs(anchor[inside].astype(np.float32) - ground[inside]).mean())
        away = float(np.abs(anchor[inside].astype(np.float32) - current[inside]).mean())
        return max(score, 1.0 - away / max(contrast, 8.0))
    bare = ncc(ground, current, grown)
    return min(score, 0.5) if bare > score + 0.05 else score


def tint_of(picture: Array, mask: Array) -> tuple[float, float]:
    """Mean Cr and Cb of a YCrCb crop under a mask."""
    _, cr, cb, _ = cv2.mean(picture, mask)
    return float(cr), float(cb)


def creep(thing: Standing, luminance: Array, p: Parameters) -> tuple[int, int] | None:
    """Shift (dx, dy) by which the thing crept forward, looking 20 % of its size around; None when it is not there."""
    left, top, width, height = cv2.boundingRect(thing.mask)
    # The inner part only: a thing at the picture's edge may creep out of it.
    inset_x, inset_y = round(0.15 * width), round(0.15 * height)
    left, top, width, height = left + inset_x, top + inset_y, width - 2 * inset_x, height - 2 * inset_y
    patch = thing.anchor[top : top + height, left : left + width]
    if float(patch.std()) < 6.0:
        return None
    x, y = thing.x + left, thing.y + top
    rx, ry = max(3, round(width * p.crept_range / 0.7)), max(3, round(height * p.crept_range / 0.7))
    x0, y0 = max(0, x - rx), max(0, y - ry)
    x1, y1 = min(luminance.shape[1], x + width + rx), min(luminance.shape[0], y + height + ry)
    field = luminance[y0:y1, x0:x1]
    if field.shape[0] < height or field.shape[1] < width:
        return None
    _, best, _, where = cv2.minMaxLoc(cv2.matchTemplate(field, patch, cv2.TM_CCOEFF_NORMED))
    if best < p.crept:
        return None
    return x0 + where[0] - x, y0 + where[1] - y


def moved(thing: Standing, by: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, Array]:
    """(x, y, mask) after a shift inside a picture of (width, height); what leaves the picture is cut off."""
    x, y = thing.x + by[0], thing.y + by[1]
    height, width = thing.mask.shape
    x0, y0, x1, y1 = max(0, x), max(0, y), min(size[0], x + width), min(size[1], y + height)
    return x0, y0, thing.mask[y0 - y : y1 - y, x0 - x : x1 - x].copy()


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (a[2] * a[3] + b[2] * b[3] - common)
