"""What kind of difference a region is: something was added, something was removed, or only the light changed."""

from typing import Literal

import cv2
import numpy as np

from data_sources.cameras.analysis.change import gradients
from data_sources.cameras.analysis.parameters import Array, Parameters

Verdict = Literal["added", "removed", "light"]


def ncc(a: Array, b: Array, mask: Array) -> float:
    """Normalised cross-correlation of two equal-sized planes under a mask, -1..1; 0 when either is flat."""
    inside = mask > 0
    x = a[inside].astype(np.float32)
    y = b[inside].astype(np.float32)
    if x.size < 16:
        return 0.0
    x -= x.mean()
    y -= y.mean()
    scale = float(np.sqrt(np.dot(x, x) * np.dot(y, y)))
    return float(np.dot(x, y)) / scale if scale > 1e-6 else 0.0


def energy(luminance: Array, mask: Array) -> float:
    """Mean magnitude of log-luminance gradients under the mask, above a floor that stands for noise."""
    gx, gy = gradients(luminance)
    inside = mask > 0
    return float(np.abs(gx[inside]).mean() + np.abs(gy[inside]).mean()) + 1.0 if inside.any() else 1.0


def _ring(mask: Array) -> Array:
    outer = cv2.dilate(mask, np.ones((25, 25), np.uint8))
    inner = cv2.dilate(mask, np.ones((9, 9), np.uint8))
    return cv2.subtract(outer, inner)


def _colour_gap(picture: Array, mask: Array, ring: Array) -> float:
    """Distance between the mean colour inside and around."""
    inside = np.array(cv2.mean(picture, mask)[:3])
    around = np.array(cv2.mean(picture, ring)[:3])
    return float(np.linalg.norm(inside - around))


def judge(still: Array, usual: Array, mask: Array, chroma: Array, p: Parameters) -> Verdict:
    """Judge one region; all arguments are crops of the same size with some margin around the mask.

    *added*: much more structure than before, or a colour light cannot explain, or a ratio that is anything but even.
    *removed*: less structure than before, or a colour nearer to its surroundings than before (a ghost).
    """
    before, now = energy(usual[:, :, 0], mask), energy(still[:, :, 0], mask)
    ring = _ring(mask)
    inside = mask > 0
    colour_before, colour_now = _colour_gap(usual, mask, ring), _colour_gap(still, mask, ring)
    gain = now / before
    if gain < p.removed_energy:
        return "removed"
    if colour_before > 1.5 * colour_now + 8 and gain < p.added_energy:
        return "removed"
    if gain >= p.added_energy:
        return "added"
    if float((chroma[inside] > 0).mean()) >= p.added_chroma_share:
        return "added"
    ratio = np.log((still[:, :, 0][inside] + 4.0) / (usual[:, :, 0][inside] + 4.0))
    if float(ratio.std()) >= p.added_ratio_spread and ncc(still[:, :, 0], usual[:, :, 0], mask) < p.added_ncc:
        return "added"
    return "light"
