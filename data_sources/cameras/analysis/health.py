"""Whether a camera's picture can be believed: dark, bright, blurred, moved or covered, frozen."""

from typing import Literal

import cv2
import numpy as np

from data_sources.cameras.analysis.parameters import Array
from data_sources.cameras.analysis.regions import ncc

Fault = Literal["", "dark", "bright", "blurred", "moved", "frozen"]
SIZE = (320, 180)
HOLD_S = 6.0
FROZEN_S = 8.0
DARK_MEAN, DARK_DEVIATION, BRIGHT_MEAN = 18.0, 8.0, 237.0
BLUR_RATIO, BLUR_NCC, MOVED_NCC, FROZEN_DIFFERENCE = 0.72, 0.20, 0.50, 0.02
TAU_S = 600.0
RELEARN_S = 600.0
_EVERYWHERE: Array = np.full((SIZE[1], SIZE[0]), 255, np.uint8)


def structure(plane: Array) -> Array:
    """Gradient magnitude of a small luminance plane, float32: what stays of a view when the light changes."""
    smooth = cv2.GaussianBlur(plane, (3, 3), 0)
    return cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))


class Health:
    """Judges pictures (luminance, any size) of one camera in the order of their times (POSIX seconds).

    A fault is stated when it has held for 6 s; frozen when the same picture has come for 8 s (two more until the next
    picture is judged: at most 10 s). References follow only while the picture is healthy. A view that stays moved
    for ten minutes becomes the new reference. A close-up of bare asphalt has too little structure for *moved*.
    """

    def __init__(self) -> None:
        self.fault: Fault = ""
        self._reference: Array | None = None
        self._sharpness = 0.0
        self._last: Array | None = None
        self._last_at = 0.0
        self._same_since = 0.0
        self._suspected: Fault = ""
        self._suspected_since = 0.0
        self._healthy_s = 0.0

    def judge(self, luminance: Array, at: float) -> Fault:
        """The fault that holds now, "" for none."""
        plane = cv2.resize(luminance, SIZE, interpolation=cv2.INTER_AREA)
        if self._last is None or float(cv2.absdiff(plane, self._last).mean()) >= FROZEN_DIFFERENCE:
            self._same_since = at
        step = min(30.0, max(0.0, at - self._last_at)) if self._last_at else 0.0
        self._last, self._last_at = plane, at
        if at - self._same_since >= FROZEN_S:
            self.fault = "frozen"
            return self.fault
        found = self._look(plane, step)
        if found != self._suspected:
            self._suspected, self._suspected_since = found, at
        if not found or at - self._suspected_since >= HOLD_S:
            self.fault = found
        elif self.fault == "frozen":
            self.fault = ""
        if found == "moved" and at - self._suspected_since >= RELEARN_S:
            self._reference = None
        return self.fault

    def _look(self, plane: Array, step: float) -> Fault:
        mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(plane))
        if mean < DARK_MEAN or deviation < DARK_DEVIATION:
            return "dark" if mean < 128 else "bright" if mean > BRIGHT_MEAN else "moved"
        if mean > BRIGHT_MEAN:
            return "bright"
        now = structure(plane)
        sharpness = float(now.mean()) / (mean + 10.0)  # a gain changes both
        if self._reference is None:
            self._reference, self._sharpness = now, sharpness
            return ""
        alike = ncc(now, self._reference, _EVERYWHERE)
        if sharpness < BLUR_RATIO * self._sharpness and alike > BLUR_NCC:
            return "blurred"
        if alike < MOVED_NCC:
            return "moved"
        self._healthy_s += step
        weight = 1.0 - float(np.exp(-step / min(TAU_S, max(20.0, self._healthy_s))))
        cv2.accumulateWeighted(now, self._reference, weight)
        self._sharpness += weight * (sharpness - self._sharpness)
        return ""
