"""The short-term picture: what stood still over the last five samples, free of what merely passes."""

from collections import deque

import cv2
import numpy as np

from data_sources.cameras.analysis.masks import above
from data_sources.cameras.analysis.parameters import Array, Parameters

COUNT = 5
_NETWORK = ((0, 1), (3, 4), (2, 4), (2, 3), (1, 4), (0, 3), (0, 2), (1, 3), (1, 2))  # optimal sort of five


def order_statistics(planes: list[Array]) -> list[Array]:
    """Five equal-shaped uint8 arrays sorted per element, smallest first (18 element-wise min/max, no partition)."""
    sorted_planes = list(planes)
    for low, high in _NETWORK:
        a, b = sorted_planes[low], sorted_planes[high]
        sorted_planes[low], sorted_planes[high] = cv2.min(a, b), cv2.max(a, b)
    return sorted_planes


class Samples:
    """The last samples of one camera, as YCrCb uint8 at the working size, with their times in POSIX seconds."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._recent: deque[Array] = deque(maxlen=COUNT)
        self.history: deque[tuple[float, Array]] = deque(maxlen=parameters.history)

    def add(self, at: float, picture: Array) -> None:
        """Take a sample (H, W, 3) at `at`; the caller has aligned it."""
        self._recent.append(picture)
        self.history.append((at, picture[:, :, 0].copy()))

    def ready(self) -> bool:
        """Whether five samples are there."""
        return len(self._recent) == COUNT

    def clear(self) -> None:
        """Forget everything: the camera shows something else now."""
        self._recent.clear()
        self.history.clear()

    def still(self) -> tuple[Array, Array]:
        """(median picture, mask 0/255 of pixels whose 2nd to 4th order spread is small). Needs `ready()`."""
        ordered = order_statistics(list(self._recent))
        spread = cv2.subtract(np.ascontiguousarray(ordered[3][:, :, 0]), np.ascontiguousarray(ordered[1][:, :, 0]))
        return ordered[2], cv2.bitwise_not(above(spread, self._parameters.spread - 1))


def shift_between(reference: Array, picture: Array, parameters: Parameters) -> tuple[float, float]:
    """Shift (dx, dy) in working pixels that moves `picture` onto `reference`; (0, 0) when none can be believed.

    Phase correlation at half width. `cv2.phaseCorrelate` overwrites its inputs, so it gets fresh arrays.
    """
    height, width = reference.shape[:2]
    size = (320, max(2, round(320 * height / width)))
    a = cv2.resize(reference, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    b = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    (dx, dy), response = cv2.phaseCorrelate(a, b)
    length = float(np.hypot(dx, dy))
    if not parameters.shift_low < length < parameters.shift_high or response <= parameters.shift_response:
        return 0.0, 0.0
    scale = width / 320
    return -dx * scale, -dy * scale


def shifted(picture: Array, dx: float, dy: float) -> Array:
    """The picture moved by (dx, dy) pixels; the uncovered border repeats the edge."""
    if not dx and not dy:
        return picture
    matrix = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float64)
    height, width = picture.shape[:2]
    return cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
