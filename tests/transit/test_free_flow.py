"""Free flow learned by GB/T 33171 clause 7.3, and what is said while it is not."""

from datetime import datetime

import pytest

from core.clock import BEIJING
from data_sources.transit import free_flow
from data_sources.transit.tpi import Sample

from . import city
from .vectors import load

CASE = load("traffic_tpi.json")["free_flow_case"]
NETWORK = city.static().network


def profile_of(speeds: list[float], days: int = 30) -> dict[int, bytes]:
    profile: dict[int, bytes] = {}
    for _ in range(days):
        for place, kmh in enumerate(speeds):
            profile = free_flow.learned(profile, {0: Sample(kmh, 60, 1000, 1000)}, place)
    return profile


def test_bins_of_the_day() -> None:
    def at(hour: int, minute: int) -> int | None:
        return free_flow.bin_of(datetime(2026, 11, 23, hour, minute, tzinfo=BEIJING).timestamp())

    assert [at(5, 59), at(6, 0), at(6, 14), at(6, 15), at(23, 59)] == [None, 0, 0, 1, 71]
    assert free_flow.BINS == CASE["bins_15min"]
    assert free_flow.BINS // 9 == CASE["top"]


def test_the_best_ninth_capped_at_the_limit() -> None:
    speeds = [20.0] * 64 + [40.0] * 4 + [50.0] * 4
    assert free_flow.speeds(profile_of(speeds, 1), NETWORK) == {0: 45.0}
    assert free_flow.speeds(profile_of([90.0] * 72, 1), NETWORK) == {0: 60.0}


def test_a_short_morning_teaches_nothing() -> None:
    assert free_flow.speeds(profile_of([20.0] * 35, 1), NETWORK) == {}
    assert not free_flow.settled(profile_of([20.0] * 72, 29), NETWORK)


def test_settled_needs_every_link() -> None:
    profile = profile_of([20.0] * 72, 30)
    assert not free_flow.settled(profile, NETWORK)
    assert free_flow.settled(dict.fromkeys(range(len(NETWORK.links)), profile[0]), NETWORK)


def test_usual_is_the_mean_of_its_time_of_day_once_there_are_three_days() -> None:
    at = city.NOW.timestamp()
    place = free_flow.bin_of(at)
    profile: dict[int, bytes] = {}
    for kmh in (20.0, 30.0):
        profile = free_flow.learned(profile, {0: Sample(kmh, 60, 1, 1)}, place)
    assert free_flow.usual(profile, 0, at) is None
    profile = free_flow.learned(profile, {0: Sample(40.0, 60, 1, 1)}, place)
    assert free_flow.usual(profile, 0, at) == pytest.approx(30)
    assert free_flow.usual(profile, 1, at) is None


def test_the_builder_learns_at_each_quarter_of_an_hour_once() -> None:
    from datetime import timedelta

    from data_sources.transit.intake import INTAKE

    from .test_build import NOW, STATIC, drive

    state = INTAKE.build(INTAKE.empty(STATIC, NOW), [p for n in (4, 5, 6) for p in drive(n, 30)], STATIC, NOW).state
    for seconds in (60, 61, 120):
        state = INTAKE.build(state, [], STATIC, NOW + timedelta(seconds=seconds)).state
    east = STATIC.network.number["east:f"]
    place = free_flow.bin_of(NOW.timestamp() - 900)
    assert set(state.profile) == {east}
    assert tuple(state.profile[east][2 * place : 2 * place + 2]) == (60, 1)  # 30 km/h, one day
    assert state.free == {}  # one quarter of an hour says nothing about free flow
