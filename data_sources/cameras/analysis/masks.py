"""Masks: uint8 planes of 0 and 255."""

from collections.abc import Sequence

import cv2
import numpy as np

from data_sources.cameras.analysis.parameters import Array


def above(plane: Array, limit: float) -> Array:
    """Where a single-channel plane is greater than `limit`."""
    return cv2.compare(plane, limit, cv2.CMP_GT)  # type: ignore[call-overload,no-any-return]  # stubs omit the scalar


def labelled(labels: Array, index: int) -> Array:
    """Where a label image holds `index`."""
    return np.where(labels == index, 255, 0).astype(np.uint8)


def polygon(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Array:
    """A polygon in 0..1 of the picture, filled, on (width, height)."""
    mask: Array = np.zeros((size[1], size[0]), np.uint8)
    corners = np.array([[round(x * size[0]), round(y * size[1])] for x, y in points], np.int32)
    cv2.fillPoly(mask, [corners], 255)
    return mask
