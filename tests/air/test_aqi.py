"""HJ 633 by edition: every vector, the network's own index, the date of change, missing items."""

import json
from datetime import date
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_sources.air import aqi, epa


@pytest.fixture(scope="session")
def vectors(shared: Path) -> Any:
    return json.loads((shared / "vectors/aqi.json").read_text("utf-8"))


def test_tables(vectors: Any) -> None:
    stated = vectors["breakpoints"]
    assert list(aqi.IAQI) == stated["IAQI"]
    for year in (2012, 2026):
        for name, limits in {**stated["common"], **stated[str(year)]}.items():
            assert list(aqi.columns(year)[name.lower().replace("pm2.5", "pm25")]) == limits


def test_every_case(vectors: Any) -> None:
    assert len(vectors["cases_2026"]) == 118 and len(vectors["cases_2012"]) == 8
    for case in vectors["cases_2026"]:
        assert aqi.iaqi(case["item"], case["value"], 2026) == case["expect_iaqi"], case
    for case in vectors["cases_2012"]:
        assert aqi.iaqi(case["item"], case["value"], 2012) == case["expect_iaqi"], case
    for case in vectors["rejected_library_cases"]:
        assert aqi.iaqi(case["item"], case["value"], 2026) == case["per_standard"], case


def test_epa_and_nowcast(vectors: Any) -> None:
    for case in vectors["epa_2024"]["cases"]:
        assert epa.index(case["item"], case["value"]) == case["computed"], case
    for case in vectors["epa_2024"]["doc_cases_off"]:
        assert epa.index(case["item"], case["value"]) == case["computed"], case
    for case in vectors["nowcast"]:
        assert epa.nowcast(case["hours_latest_first"]) == pytest.approx(case["expect"], abs=0.05)
    assert epa.nowcast([None, None, 20, 20]) is None


def test_edition_changes_at_midnight_of_the_first_of_march() -> None:
    values = {"pm25": 75, "pm10": 40, "so2": 5, "no2": 20, "co": 0.5, "o3": 50}
    before, after = aqi.evaluate(values, date(2026, 2, 28)), aqi.evaluate(values, date(2026, 3, 1))
    assert (before.aqi, before.standard) == (100, "HJ 633-2012")
    assert (after.aqi, after.standard, after.level) == (114, "HJ 633-2026", 3)


def test_beyond_the_table() -> None:
    assert aqi.iaqi("so2_1h", 801, 2012) is None and aqi.iaqi("o3_8h", 801, 2012) is None
    assert aqi.iaqi("so2_1h", 801, 2026) == 200 and aqi.iaqi("o3_8h", 801, 2026) == 300


def test_half_goes_to_even_and_the_index_up() -> None:
    assert aqi.iaqi("co_24h", "2.2", 2026) == 55 and aqi.iaqi("co_24h", 2.04, 2026) == 50
    assert aqi.iaqi("pm25_24h", "60.5", 2026) == 100 and aqi.iaqi("pm25_24h", "61.5", 2026) == aqi.iaqi("pm25_24h", 62, 2026)


def test_missing_items() -> None:
    clean = {"pm25": 20, "pm10": 40, "so2": 5, "no2": 20, "co": 0.5}
    assert aqi.evaluate(clean, date(2026, 6, 1)).aqi is None
    assert aqi.evaluate(clean, date(2026, 6, 1)).missing == ("o3",)
    assert aqi.evaluate({**clean, "pm25": 116}, date(2026, 6, 1)).aqi == 152
    assert aqi.evaluate(clean, date(2026, 6, 1), planned=tuple(clean)).aqi == 40
    assert aqi.evaluate(clean, date(2018, 2, 20)).aqi == 40
    assert aqi.evaluate({}, date(2026, 6, 1)).aqi is None


def test_primary_pollutants() -> None:
    tie = aqi.evaluate({"pm25": 60, "pm10": 120, "so2": 5, "no2": 20, "co": 0.5, "o3": 50}, date(2026, 6, 1))
    assert (tie.aqi, set(tie.primary)) == (100, {"pm25", "pm10"})
    clean = aqi.evaluate({"pm25": 35, "pm10": 40, "so2": 5, "no2": 20, "co": 0.5, "o3": 50}, date(2026, 6, 1))
    assert (clean.aqi, clean.primary, clean.level) == (50, (), 1)


@pytest.mark.parametrize("bad", ["x", "", "nan", "inf", -1])
def test_what_is_no_concentration_is_an_error(bad: Any) -> None:
    with pytest.raises(ValueError):
        aqi.iaqi("pm25_24h", bad, 2026)
    with pytest.raises(ValueError):
        aqi.iaqi("xx_1h", 3, 2026)


@settings(max_examples=200)
@given(st.integers(0, 5_000), st.sampled_from(sorted(aqi.columns(2026))))
def test_against_fractions(tenths: int, item: str) -> None:
    limits, step = aqi.columns(2026)[item], 10 if item.startswith("co_") else 1
    c = Fraction(tenths, step)
    got = aqi.iaqi(item, str(tenths / step) if step == 10 else tenths, 2026)
    if c > limits[-1]:
        assert got == aqi.IAQI[len(limits) - 1]
        return
    i = next(i for i in range(1, len(limits)) if c <= limits[i])
    low, high = limits[i - 1], limits[i]
    assert got == ceil(Fraction(aqi.IAQI[i] - aqi.IAQI[i - 1], high - low) * (c - low) + aqi.IAQI[i - 1])


def test_the_network_itself(shared: Path) -> None:
    """A real national snapshot: index, level and primary pollutant as the network published them."""
    from data_sources.air import table

    rows = table.read(shared / "data/air/cnemc_20180220T07.json")
    judged = [table.judge(row) for row in rows]
    compared = [j for j in judged if j.published is not None]
    assert len(rows) == 1495 and len(compared) > 1_400
    assert [j for j in compared if not j.agrees] == []
