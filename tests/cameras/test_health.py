"""A manipulated picture is noticed in time; a clean one never is."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from data_sources.cameras.analysis.health import Health
from tests.cameras.scenes import passing, play

Spoil = Callable[[np.ndarray], np.ndarray]


def judged(spoil: Spoil, from_s: float = 60, seconds: float = 90, step: float = 2.0) -> list[tuple[float, str]]:
    health = Health()
    return [(at, health.judge((spoil(picture) if at >= from_s else picture)[:, :, 1], 1000 + at))
            for at, picture in play(passing, seconds, step=step)]


def covered(picture: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    coat = cv2.resize(rng.integers(40, 160, (12, 20, 3), dtype=np.uint8), (640, 360), interpolation=cv2.INTER_CUBIC)
    return cv2.addWeighted(coat, 1.0, picture, 0.05, 0)


@pytest.mark.parametrize(("fault", "spoil"), [
    ("dark", lambda p: (p * 0.05).astype(np.uint8)),
    ("bright", lambda p: (240 + p / 18).astype(np.uint8)),
    ("blurred", lambda p: cv2.GaussianBlur(p, (0, 0), 5)),
    ("moved", lambda p: np.ascontiguousarray(p[::-1, ::-1])),
    ("moved", covered),
])
def test_a_fault_is_stated_within_15_s(fault: str, spoil: Spoil) -> None:
    states = judged(spoil)
    assert {state for at, state in states if at < 60} == {""}
    assert {state for at, state in states if at >= 75} == {fault}


def test_frozen_within_10_s_and_gone_with_the_next_picture() -> None:
    health = Health()
    pictures = [picture[:, :, 1] for _, picture in play(passing, 60, step=2.0)]
    states = [health.judge(pictures[min(i, 10)] if i < 20 else pictures[i], 1000 + 2.0 * i) for i in range(30)]
    assert states[:14] == [""] * 14 and states[15:20] == ["frozen"] * 5 and set(states[20:]) == {""}


def test_a_clean_scene_is_healthy_also_as_it_grows_dark() -> None:
    health = Health()
    assert {health.judge(picture[:, :, 1], 1000 + at)
            for at, picture in play(passing, 600, step=8.0, gain=lambda t: 1 - 0.0008 * t)} == {""}


def test_ten_minutes_of_another_view_are_the_new_view() -> None:
    states = judged(lambda p: np.ascontiguousarray(p[::-1, ::-1]), 20, 700, 8.0)
    assert states[8][1] == "moved" and states[-1][1] == ""
