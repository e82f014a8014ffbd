"""Where two pictures differ in structure or in colour, but not merely in brightness."""

import cv2
import numpy as np

from data_sources.cameras.analysis.masks import above
from data_sources.cameras.analysis.parameters import Array, Parameters

_LOG = (110.0 * np.log(np.arange(256, dtype=np.float64) + 10.0)).astype(np.float32)  # slope 1 at grey level 100
_FILL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))


def gradients(luminance: Array) -> tuple[Array, Array]:
    """(d/dx, d/dy) of log-luminance of a uint8 plane, float32, lightly smoothed: a gain cancels out."""
    plane = cv2.LUT(cv2.GaussianBlur(luminance, (3, 3), 0), _LOG)
    return (cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=3, scale=0.25),
            cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=3, scale=0.25))


def chroma_excess(still: Array, usual: Array) -> Array:
    """Chroma difference (float32, grey levels) after taking off what a change of light explains.

    YCrCb is linear in the signal, so light that scales the luminance by k scales both chroma differences by k.
    """
    ratio = cv2.divide(still[:, :, 0], usual[:, :, 0], dtype=cv2.CV_32F)
    np.clip(ratio, 0.4, 1.6, out=ratio)
    worst: Array | None = None
    for channel in (1, 2):
        a = still[:, :, channel].astype(np.float32)
        b = usual[:, :, channel].astype(np.float32)
        a -= 128.0
        b -= 128.0
        b *= ratio
        difference = cv2.absdiff(a, b)
        worst = difference if worst is None else cv2.max(worst, difference)
    assert worst is not None
    return worst


class Change:
    """Result of `compare`: `raw` differs at all, `solid` is wide enough to be a thing (masks 0/255)."""

    def __init__(self, raw: Array, solid: Array, chroma: Array) -> None:
        self.raw = raw
        self.solid = solid
        self.chroma = chroma  # mask of pixels whose colour alone differs


def compare(still: Array, usual: Array, p: Parameters) -> Change:
    """Compare the short-term picture with the long-term one (both YCrCb uint8, same size)."""
    sx, sy = gradients(still[:, :, 0])
    lx, ly = gradients(usual[:, :, 0])
    difference = cv2.add(cv2.absdiff(sx, lx), cv2.absdiff(sy, ly))
    edges = above(difference, p.gradient)
    dense = above(cv2.blur(edges, (11, 11)), p.density * 255.0)
    half = (still.shape[1] // 2, still.shape[0] // 2)  # video carries its chroma at half resolution anyway
    excess = chroma_excess(cv2.resize(still, half, interpolation=cv2.INTER_AREA),
                           cv2.resize(usual, half, interpolation=cv2.INTER_AREA))
    excess = cv2.resize(cv2.blur(excess, (3, 3)), (still.shape[1], still.shape[0]), interpolation=cv2.INTER_LINEAR)
    chroma = above(excess, p.chroma)
    raw = cv2.bitwise_or(dense, chroma)
    return Change(raw, _solid(raw, p), chroma)


def _solid(raw: Array, p: Parameters) -> Array:
    closed = cv2.morphologyEx(raw, cv2.MORPH_CLOSE, _FILL)
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros_like(raw)
    # Holes are filled only in what could be one thing: a ring round half the picture must not become a disc.
    limit = 0.25 * raw.size
    small = [c for c in contours if cv2.contourArea(c) < limit]
    cv2.drawContours(filled, small, -1, 255, cv2.FILLED)
    filled = cv2.bitwise_or(filled, closed)
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (p.opening, p.opening))
    return cv2.morphologyEx(filled, cv2.MORPH_OPEN, element)
