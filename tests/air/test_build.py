"""From frames to the air snapshot: hours with validity, quality flags, city, findings, idempotence."""

import random
from datetime import datetime, timedelta
from typing import Any

import msgspec

from core.snapshot import Reading
from data_sources.air.intake import INTAKE
from data_sources.air.state import AirState
from tests.air.fixtures import CLEAN, NOW, STATIONS, frame, message, minutes, reports, static, station

HOUR = NOW.replace(minute=0)  # 12:00 in Lu'an; NOW is 12:30
LAST = HOUR - timedelta(hours=1)


def built(raws: list[bytes], rows: Any = None, now: datetime = NOW, state: AirState | None = None) -> Any:
    known = rows if rows is not None else static()
    return INTAKE.build(state or AirState(), reports(raws, known, now), known, now)


def of(result: Any, mn: str) -> Any:
    return next(s for s in result.data.stations if s.mn == mn)


def test_an_hour_needs_45_minutes() -> None:
    full = of(built(minutes("N1", LAST, 60, CLEAN)), "N1")
    assert full.aqi == 40 and full.hour == LAST and full.standard == "HJ 633-2026"
    assert abs(full.hour_values["pm10"] - 40.5) < 0.2
    assert of(built(minutes("N1", LAST, 45, CLEAN)), "N1").aqi == 40
    short = of(built(minutes("N1", LAST, 40, CLEAN)), "N1")
    assert short.aqi is None and short.hour_values["pm10"] is None and short.hour is None


def test_five_minute_reports_make_a_valid_hour() -> None:
    assert of(built(minutes("N1", LAST, 12, CLEAN, step_s=300)), "N1").aqi == 40


def test_an_hour_of_our_own_is_judged_only_when_it_is_over() -> None:
    raws = minutes("N1", HOUR, 31, CLEAN)
    assert of(built(raws), "N1").hour is None
    later = NOW + timedelta(minutes=31)
    assert of(built(raws + minutes("N1", NOW, 30, CLEAN), now=later), "N1").aqi == 40


def test_back_filled_hours_fill_the_trend_in_time_order() -> None:
    raws = [frame("N1", HOUR - timedelta(hours=h), {**CLEAN, "pm10": 40 + h}, cn="2061") for h in range(24, 0, -1)]
    random.Random(1).shuffle(raws)
    result = built(raws)
    one = of(result, "N1")
    assert one.trend.start_at == HOUR - timedelta(hours=24) and one.trend.step_s == 3600
    assert [v is not None for v in one.trend.values] == [True] * 24
    assert one.aqi == 41 and one.trend.values[0] == 60  # pm10 64
    points = [p for p in result.points if p.measure == "air.pm10_ug_m3" and p.entity == "N1"]
    assert len(points) == 24 and {p.value for p in points} == set(range(41, 65))


def test_labels_are_starts_and_a_mean_of_an_hour_that_is_not_over_is_refused() -> None:
    parsed = INTAKE.parse(message(frame("N1", HOUR, CLEAN, cn="2061")), static())
    assert parsed.observations == [] and parsed.problems[-1].reason == "period_not_over"


def test_edition_by_observation_date() -> None:
    now = datetime(2026, 3, 1, 0, 30, tzinfo=HOUR.tzinfo)
    raws = [frame("N1", now.replace(minute=0) - timedelta(hours=h), CLEAN, cn="2061") for h in (1, 9)]
    known = static()
    state = built(raws, known, now).state
    editions = {r.standard for r in state.stations["N1"].hours.values()}
    assert editions == {"HJ 633-2026", "HJ 633-2012"}  # midnight in Lu'an is 16:00 UTC


def test_merging_twice_in_any_cut_is_merging_once() -> None:
    raws = minutes("N1", LAST, 60, CLEAN) + minutes("N2", LAST, 90, CLEAN) + [frame("M1", LAST, CLEAN, cn="2061")]
    known = static()
    once = INTAKE.build(AirState(), reports(raws, known), known, NOW)
    state = AirState()
    for part in (raws[:70], raws[:70], raws[50:], raws[:10]):
        before = msgspec.msgpack.encode(state)
        result = INTAKE.build(state, reports(part, known), known, NOW)
        assert msgspec.msgpack.encode(state) == before, "build changed the state it was given"
        state = result.state
    assert result.data.stations == once.data.stations and result.readings == once.readings


def test_state_survives_a_restart() -> None:
    state = built(minutes("N1", LAST, 60, CLEAN)).state
    blob = msgspec.msgpack.encode(state)
    assert msgspec.msgpack.decode(blob, type=AirState) == state
    assert len(blob) < 100_000


def test_only_normal_values_enter_a_mean() -> None:
    raws = minutes("N1", LAST, 60, CLEAN)
    raws += [frame("N1", LAST + timedelta(minutes=m), {"pm10": 900}, factor_flag="C") for m in range(0, 60, 7)]
    assert abs(of(built(raws), "N1").hour_values["pm10"] - 40.5) < 0.2
    last = of(built([frame("N1", NOW, {"pm10": 900}, factor_flag="D")]), "N1")
    assert last.values["pm10"] is None and "fault" in last.flags


def test_flags() -> None:
    assert "out_of_range" in of(built([frame("N1", NOW, {"pm25": -7})]), "N1").flags
    assert "pm25_gt_pm10" in of(built([frame("N1", NOW, {"pm25": 90, "pm10": 40})]), "N1").flags
    assert "humid" in of(built([frame("M1", NOW, {"pm25": 9, "rh_pct": 97})]), "M1").flags
    spiky = [*minutes("N1", NOW - timedelta(minutes=12), 11, CLEAN), frame("N1", NOW, {**CLEAN, "pm25": 800})]
    result = of(built(spiky), "N1")
    assert result.flags == ("spike",) and result.values["pm25"] is None


def test_an_event_of_three_samples_is_no_spike() -> None:
    raws = minutes("N1", NOW - timedelta(minutes=20), 15, CLEAN)
    raws += [frame("N1", NOW - timedelta(minutes=3 - i), {**CLEAN, "pm25": 400 + i}) for i in range(4)]
    assert of(built(raws), "N1").values["pm25"] == 403


def test_a_stuck_sensor_is_found_and_ends() -> None:
    known = static()
    raws = [frame("M1", NOW - timedelta(minutes=m), CLEAN) for m in range(60, -1, -1)]
    first = built(raws, known)
    assert "flat_line" in of(first, "M1").flags
    finding = next(f for f in first.findings if f.kind == "finding.air.stuck")
    assert finding.entity == "M1" and finding.ended_at is None and "pm25" in finding.detail["pollutants"]
    later = NOW + timedelta(minutes=2)
    second = built([frame("M1", later, {k: v + 1.3 for k, v in CLEAN.items()})], known, later, first.state)
    ended = next(f for f in second.findings if f.id == finding.id)
    assert ended.ended_at == later


def test_a_clock_ahead_is_refused_counted_and_flagged() -> None:
    known = static()
    parsed = INTAKE.parse(message(frame("N1", NOW + timedelta(days=365), CLEAN)), known)
    assert [p.reason for p in parsed.problems] == ["clock_ahead"] and not parsed.problems[0].kept
    result = INTAKE.build(AirState(), parsed.observations, known, NOW)
    assert "clock_ahead" in of(result, "N1").flags and of(result, "N1").observed_at is None
    assert result.newest == {}


def test_units_per_device() -> None:
    rows = [station("U", pm_unit="ug/m3"), station("G", pm_unit="mg/m3", gas_unit="mg/m3"), station("N", pm_unit="ng/m3")]
    known = static(rows)
    sent = [("U", {"pm25": 35.1, "o3": 80}), ("G", {"pm25": 0.029, "o3": 0.08, "co": 0.7}), ("N", {"pm25": 35100})]
    result = built([frame(mn, NOW, values) for mn, values in sent], known)
    assert of(result, "U").values == {"pm25": 35.1, "o3": 80}
    assert of(result, "G").values == {"pm25": 29.0, "o3": 80.0, "co": 0.7}
    assert of(result, "N").values == {"pm25": 35.1}


def test_city_is_the_mean_of_the_national_stations() -> None:
    one = [frame("N1", LAST, CLEAN, cn="2061"), frame("M1", LAST, {**CLEAN, "pm25": 300}, cn="2061")]
    half = built(one)
    assert half.data.aqi == 40 and half.readings["air.aqi"].coverage == 0.5
    both = built([*one, frame("N2", LAST, {**CLEAN, "pm10": 160.5}, cn="2061")])
    assert both.data.city_values["pm10"] == 100.5 and both.data.primary == ("pm10",)
    reading: Reading = both.readings["air.pm10_ug_m3"]
    assert (reading.value, reading.state, reading.observed_at, reading.coverage) == (100.5, "live", HOUR, 1.0)
    assert both.data.by_district["341502"] is not None


def test_nothing_is_not_zero() -> None:
    result = built([])
    assert all(r.value is None and r.state == "missing" and r.why for r in result.readings.values())
    assert result.data.aqi is None and set(result.data.aqi_trend.values) == {None}
    few = static([*STATIONS, station("N3"), station("N4"), station("N5")])
    short = built([frame("N1", LAST, CLEAN, cn="2061")], few)
    assert short.readings["air.aqi"].state == "withheld" and short.readings["air.aqi"].why == "air.why.too_few_national"
    item = built([frame(mn, LAST, {**CLEAN, "o3": None}, cn="2061") for mn in ("N1", "N2")])
    assert item.readings["air.aqi"].why == "air.why.item_missing" and item.readings["air.pm25_ug_m3"].value == 20.5


def test_polluted_hour_is_a_finding() -> None:
    result = built([frame(mn, LAST, {**CLEAN, "pm25": 180}, cn="2061") for mn in ("N1", "N2")])
    kinds = {(f.entity, f.severity) for f in result.findings if f.kind == "finding.air.level"}
    assert kinds == {("city", "alarm"), ("N1", "alarm"), ("N2", "alarm")}


def dusty(site_pm10: float, other_pm10: float) -> Any:
    start = NOW - timedelta(minutes=30)
    raws = minutes("D1", start, 31, {"pm25": 60, "pm10": site_pm10, "wind_ms": 2.0, "wind_deg": 270})
    for mn in ("N1", "N2", "M1"):
        raws += minutes(mn, start, 31, {**CLEAN, "pm10": other_pm10})
    return built(raws, now=NOW + timedelta(seconds=5))


def test_construction_dust_needs_a_clean_control() -> None:
    found = [f for f in dusty(400, 60).findings if f.kind == "finding.air.dust_site"]
    assert len(found) == 1 and found[0].entity == "D1" and found[0].code == "GB/T 47678.5-2026:08004"
    assert found[0].detail["upwind"] is True and set(found[0].detail["controls"]) == {"N1", "M1"}  # west of the site
    storm = dusty(600, 480)
    assert [f for f in storm.findings if f.kind == "finding.air.dust_site"] == []
    assert [f for f in dusty(90, 20).findings if f.kind == "finding.air.dust_site"] == []


def test_five_minutes_of_the_city() -> None:
    raws = minutes("N1", NOW - timedelta(minutes=20), 20, CLEAN) + minutes("N2", NOW - timedelta(minutes=20), 20, CLEAN)
    result = built(raws, now=NOW + timedelta(seconds=30))
    reading = result.readings["air.pm25_5min_ug_m3"]
    assert reading.value is not None and abs(reading.value - 20.5) < 0.2 and reading.state == "live"
    assert reading.observed_at == NOW
    assert [p.entity for p in result.points if p.measure == "air.pm25_5min_ug_m3"] == ["city"]


def test_coverage_and_health() -> None:
    result = built([frame("N1", NOW - timedelta(seconds=30), CLEAN), frame("N2", NOW - timedelta(minutes=10), CLEAN)])
    assert result.readings["air.coverage_pct"].value == 25
    assert result.expected == {"hj212": 4} and result.reporting == {"hj212": 1}
    assert result.newest == {"hj212": NOW - timedelta(seconds=30)}
    assert of(result, "N2").state == "stale" and of(result, "D1").state == "missing"


def test_one_station_does_not_speak_for_its_district() -> None:
    many = static([*STATIONS, *[station(f"D{n}", kind="micro") for n in range(6)]])
    result = built([frame("D0", LAST, CLEAN, cn="2061")], many)
    assert result.data.by_district["341502"] is None
