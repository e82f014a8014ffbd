"""Every threshold of the stillness method in one place, with its unit."""

from typing import Any

import msgspec
import numpy.typing as npt

Array = npt.NDArray[Any]
VERSION = "stillness-1"


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds found on real street clips; lengths are pixels at the working width, times are seconds."""

    width: int = 640
    sample_s: float = 4.0
    history: int = 12  # luminance planes kept to find when a thing came
    spread: int = 26  # grey levels between the 2nd and 4th order statistic of a stable pixel
    shift_low: float = 0.35  # at 320 px: below it is noise of the estimate, above `shift_high` another picture
    shift_high: float = 12.0
    shift_response: float = 0.05
    tau_s: float = 600.0  # long-term picture
    tau_changed_s: float = 90.0  # where changed, but not by an object
    gradient: float = 14.0  # difference of log-luminance gradients
    density: float = 0.16  # of such pixels in 11 x 11
    chroma: float = 14.0  # beyond what shade explains
    opening: int = 13  # wider than the edge band of a moving shadow
    relearn_share: float = 0.35
    relearn_s: float = 20.0
    settled: float = 0.85  # of a region's pixels must be stable
    side: int = 18  # smallest side of an object
    added_energy: float = 2.2
    added_chroma_share: float = 0.30
    added_ratio_spread: float = 0.38
    added_ncc: float = 0.50
    removed_energy: float = 0.80
    present: float = 0.65  # masked NCC with the anchor
    tint: float = 12.0  # grey levels the mean chroma of a thing may wander from one sample to the next
    crept: float = 0.80
    crept_range: float = 0.20
    arrived: float = 0.50  # NCC of the sample before it came must be lower than this
    register_s: float = 24.0
    hold_s: float = 60.0  # occluded
    restore_s: float = 1800.0
    in_zone: float = 0.50
    reopen_iou: float = 0.50
    reopen_s: float = 120.0
    light_step: float = 0.12  # relative step of the frame median
    gap_samples: float = 3.0


DEFAULT = Parameters()
