"""The long-term picture: what the place looks like when nobody left anything there."""

import cv2
import numpy as np

from data_sources.cameras.analysis.parameters import Array, Parameters


class LongTerm:
    """A float picture (YCrCb) that follows the short-term one with time constants in seconds."""

    def __init__(self, picture: Array) -> None:
        self.values: Array = picture.astype(np.float32)

    def bytes(self) -> Array:
        """The picture as uint8."""
        return cv2.convertScaleAbs(self.values)

    def learn(self, still: Array, stable: Array, changed: Array, frozen: Array, step_s: float, p: Parameters) -> None:
        """Follow `still` where it is stable and not frozen: slowly where unchanged, faster where changed.

        Masks are 0/255 uint8 of the picture's size; `step_s` is the time since the last call.
        """
        free = cv2.bitwise_and(stable, cv2.bitwise_not(frozen))
        slow = 1.0 - float(np.exp(-step_s / p.tau_s))
        fast = 1.0 - float(np.exp(-step_s / p.tau_changed_s))
        cv2.accumulateWeighted(still, self.values, slow, cv2.bitwise_and(free, cv2.bitwise_not(changed)))
        cv2.accumulateWeighted(still, self.values, fast, cv2.bitwise_and(free, changed))

    def take(self, picture: Array, mask: Array, x: int, y: int) -> None:
        """Set the pixels of `mask` (crop at x, y) to those of `picture` (crop of the same size)."""
        height, width = mask.shape
        target = self.values[y : y + height, x : x + width]
        target[mask > 0] = picture[mask > 0]
