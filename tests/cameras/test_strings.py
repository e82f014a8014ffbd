"""Every state, class and reason that the domain can utter has words in both languages."""

from typing import get_args

import pytest

from core.i18n import table
from data_sources.cameras import DOMAIN
from data_sources.cameras.model import MATTERS, CameraState

DETAILS = ("never_heard", "worker_silent", "unreachable", "stream_ended", "read_failed", "timeout", "lag", "no_such_file",
           "empty_file", "no_video", "not_a_video", "too_small", "decoder_aborted", "quarantined")
KEYS = [
    "domain.cameras", "source.video", "cameras.why.no_picture",
    *(f"measure.{m.key}{end}" for m in DOMAIN.measures for end in ("", ".definition")),
    *(f"{start}.{matter}" for matter in MATTERS for start in ("matter", "finding.cameras")),
    *(f"camera_status.{state}" for state in get_args(CameraState)),
    *(f"camera_detail.{detail}" for detail in DETAILS),
    *(f"reason.{reason}" for reason in ("bad_worker_message", "unknown_camera", "camera_clock_ahead")),
]


@pytest.mark.parametrize("key", KEYS)
def test_there_are_words(key: str) -> None:
    assert table()[key]["zh"] and table()[key]["en"]
    if key.startswith("finding."):
        assert table()[key]["zh"].startswith("疑似")
