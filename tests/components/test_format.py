"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import format as fmt

ZONE = "Asia/Shanghai"
NOON = datetime(2026, 11, 22, 4, 42, tzinfo=UTC)


@pytest.mark.parametrize(("value", "digits", "text"), [
    (None, 0, "—"), (0, 0, "0"), (0.0, 1, "0.0"), (1264.4, 0, "1,264"), (-3.25, 1, "−3.2"), (-0.04, 1, "0.0"), (4.649, 1, "4.6"),
])
def test_number(value: float | None, digits: int, text: str) -> None:
    assert fmt.number(value, digits) == text


def test_zero_is_not_missing() -> None:
    assert fmt.number(0) != fmt.number(None)
    assert fmt.with_unit(0, "%") == "0%"
    assert fmt.percent(0) == "0%" and fmt.percent(None) == "—"


@pytest.mark.parametrize(("value", "zh", "en"), [
    (None, "—", "—"), (9999, "9,999", "9,999"), (13307, "1.3万", "13.3k"), (10000, "1万", "10k"), (374e8, "374亿", "37.4bn"),
    (1_284_390, "128.4万", "1.3M"), (-25000, "−2.5万", "−25k"),
])
def test_compact(value: float | None, zh: str, en: str) -> None:
    assert fmt.compact(value, "zh") == zh
    assert fmt.compact(value, "en") == en


def test_unit_never_wraps() -> None:
    assert " " not in fmt.with_unit(31.4, "km/h")
    assert fmt.with_unit(81, "%") == "81%"
    assert fmt.with_unit(None, "km/h") == "—"


@pytest.mark.parametrize(("value", "usual", "text"), [(4.6, 3.9, "+0.7"), (3, 6, "−3"), (5.01, 5, "±0")])
def test_delta(value: float, usual: float, text: str) -> None:
    assert fmt.delta(value, usual, 1 if isinstance(value, float) else 0) == text


@pytest.mark.parametrize(("share", "text"), [(0.996, "99%"), (1.0, "100%"), (0.004, "<1%"), (0.87, "87%")])
def test_percent_rounds_to_the_honest_side(share: float, text: str) -> None:
    assert fmt.percent(share) == text


def test_times_are_the_citys() -> None:
    assert fmt.time_of(NOON, ZONE) == "12:42"
    assert fmt.moment(NOON - timedelta(days=1), NOON, ZONE) == "11-21 12:42"
    assert fmt.moment(NOON - timedelta(days=400), NOON, ZONE) == "2025-10-18"
    assert fmt.day(NOON, ZONE, "zh") == "11月22日 周日"
    assert fmt.day(NOON, ZONE, "en") == "Sun 22 Nov"
    assert fmt.share_of_day(NOON, NOON, ZONE) == pytest.approx((12 * 60 + 42) / 1440)
    with pytest.raises(ValueError, match="naive"):
        fmt.local(datetime(2026, 1, 1), ZONE)


@pytest.mark.parametrize(("seconds", "text"), [(-5, "0 秒前"), (59, "59 秒前"), (60, "1 分钟前"), (7200, "2 小时前"), (200000, "2 天前")])
def test_age(seconds: int, text: str) -> None:
    assert fmt.age(NOON - timedelta(seconds=seconds), NOON, "zh") == text


@given(st.floats(-1e12, 1e12))
def test_never_a_negative_zero(value: float) -> None:
    for text in (fmt.number(value, 1), fmt.compact(value, "zh"), fmt.delta(value, 0, 0)):
        assert text.strip("−+±0.,") != "" or not text.startswith("−")


@pytest.mark.parametrize(("value", "digits", "text"), [
    (None, 0, "—"), (100, 0, "100"), (100.0, 1, "100.0"), (99.4987, 0, "99"), (99.5, 0, "99.5"), (99.97, 0, "99.9"), (99.99, 1, "99.9"), (0, 0, "0"),
])
def test_what_is_not_complete_is_never_a_hundred(value: float | None, digits: int, text: str) -> None:
    assert fmt.share(value, digits) == text
    assert value is None or fmt.with_unit(value, "%", digits) == text + "%"
