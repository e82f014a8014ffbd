"""core.geo against the published pairs, and against itself."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import geo

from .vectors import load

COORDS = load("coords.json")["cases"]


@pytest.mark.parametrize("case", COORDS, ids=[c["name"] for c in COORDS])
def test_published_pairs(case: dict) -> None:
    lat, lon = case["wgs84"]
    tolerance = case.get("tolerance_deg", 1e-12)
    assert geo.wgs84_to_gcj02(lon, lat) == pytest.approx(tuple(reversed(case["gcj02"])), abs=tolerance)
    if "bd09" in case:
        assert geo.wgs84_to_bd09(lon, lat) == pytest.approx(tuple(reversed(case["bd09"])), abs=tolerance)
        assert geo.bd09_to_wgs84(*reversed(case["bd09"])) == pytest.approx((lon, lat), abs=1e-6)


@settings(max_examples=100)
@given(st.floats(100, 125), st.floats(20, 45))
def test_there_and_back_again(lon: float, lat: float) -> None:
    assert geo.gcj02_to_wgs84(*geo.wgs84_to_gcj02(lon, lat)) == pytest.approx((lon, lat), abs=1e-8)
    assert geo.bd09_to_gcj02(*geo.gcj02_to_bd09(lon, lat)) == pytest.approx((lon, lat), abs=1e-8)


def test_luan_is_shifted_by_about_530_m() -> None:
    lon, lat = geo.wgs84_to_gcj02(116.5232, 31.7348)
    assert (lon, lat) == pytest.approx((116.528271, 31.732725), abs=1e-6)
    assert 500 < geo.distance_m(116.5232, 31.7348, lon, lat) < 560


def test_plane_agrees_with_the_sphere_over_a_city() -> None:
    plane = geo.plane_at(116.5, 31.74)
    x, y = plane.xy(116.62, 31.80)
    straight = geo.distance_m(116.5, 31.74, 116.62, 31.80)
    assert (x * x + y * y) ** 0.5 == pytest.approx(straight, rel=1e-3)
    assert plane.lonlat(x, y) == pytest.approx((116.62, 31.80), abs=1e-12)
    with pytest.raises(ValueError, match="latitude"):
        geo.plane_at(0, 90)


def test_bearings() -> None:
    assert [round(geo.bearing_deg(*d)) for d in ((0, 1), (1, 0), (0, -1), (-1, 0))] == [0, 90, 180, 270]
    assert geo.turn_deg(350, 10) == pytest.approx(20)
    assert geo.turn_deg(10, 190) == pytest.approx(180)
    assert json.dumps(geo.distance_m(116.5, 31.7, 116.5, 31.7)) == "0.0"
