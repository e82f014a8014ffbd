"""From rows to the parking snapshot: counts, reconciliation, order, the past, findings, budget."""

import json
import random
import time
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.observation import Message
from data_sources.parking.intake import INTAKE
from data_sources.parking.state import ParkingState
from tests.parking.fixtures import NOW, STATIC, ago, all_berths, berth, built, count, gate, observations, of, place


def test_nothing_is_not_zero() -> None:
    result = built()
    assert of(result, "R01").occupied is None and of(result, "P01").free is None
    assert of(result, "R01").berths == "3333333333"
    assert all(r.value is None and r.state == "missing" and r.why for r in result.readings.values())
    assert set(result.data.trend.values) == {None} and len(result.data.trend.values) == 96
    assert result.data.by_district == {"341502": None, "341503": None}


def test_berths() -> None:
    result = built([*all_berths(4, ago(3)), berth(9, 2, ago(2)), berth(10, 3, ago(2))])
    road = of(result, "R01")
    assert (road.occupied, road.free, road.known, road.faults) == (4, 4, 8, 1)
    assert road.berths == "1111000023" and road.state == "live"
    assert road.arrivals_h == 0  # the first word about a berth is not an arrival
    after = built([berth(1, 0, ago(1)), berth(5, 1, ago(1)), berth(6, 1, ago(0.5))], state=result.state)
    assert (of(after, "R01").occupied, of(after, "R01").arrivals_h, of(after, "R01").departures_h) == (5, 2, 1)


def test_gates_need_a_base() -> None:
    unknown = built([gate("a", "in", ago(5)), gate("b", "in", ago(4))])
    assert of(unknown, "P01").occupied is None and of(unknown, "P01").arrivals_h == 2
    known = built([count(12, ago(3)), gate("c", "in", ago(2)), gate("d", "out", ago(1)), gate("e", "in", ago(0.5))])
    assert (of(known, "P01").occupied, of(known, "P01").free) == (9, 11)


def test_a_count_counts_only_later_movements_on_top() -> None:
    state = built([count(12, ago(10))], now=ago(10)).state
    state = built([gate("a", "in", ago(2)), gate("b", "in", ago(1))], state=state).state
    result = built([count(9, ago(1.5))], state=state)  # 11 inside, after it came b
    assert of(result, "P01").occupied == 12
    assert of(result, "P01").drift == 2


def test_counts_stay_inside_and_the_cut_is_counted() -> None:
    result = built([count(1, ago(9)), *[gate(f"i{n}", "in", ago(8 - n)) for n in range(4)]])
    lot = of(result, "P01")
    assert (lot.occupied, lot.free) == (20, 0) and "clamped" in lot.flags
    assert result.state.places["P01"].clamps == 3
    out = built([gate(f"o{n}", "out", ago(1 - n / 100)) for n in range(25)], state=result.state)
    assert (of(out, "P01").occupied, of(out, "P01").free) == (0, 20)


def test_repeats_change_nothing() -> None:
    rows = [count(12, ago(9)), gate("a", "in", ago(8)), gate("b", "out", ago(7)), gate("c", "in", ago(6))]
    once = built(rows, all_berths(4, ago(3)))
    twice = built(rows, rows, all_berths(4, ago(3)), all_berths(4, ago(3)), state=once.state)
    assert [(p.occupied, p.arrivals_h, p.departures_h) for p in twice.data.places] == [
        (p.occupied, p.arrivals_h, p.departures_h) for p in once.data.places
    ]


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.tuples(st.integers(1, 10), st.integers(0, 1)), min_size=1, max_size=40))
def test_order_and_cut_do_not_matter(shuffler: random.Random, moves: list[tuple[int, int]]) -> None:
    rows: list[Any] = [berth(b, s, ago(50 - n)) for n, (b, s) in enumerate(moves)]
    gates = [count(10, ago(58))] + [gate(f"g{n}", "in" if s else "out", ago(50 - n)) for n, (_, s) in enumerate(moves)]
    straight = built(rows, gates)
    state = ParkingState()
    shuffled, moved = rows[:], gates[1:]
    shuffler.shuffle(shuffled)
    shuffler.shuffle(moved)
    half = len(rows) // 2
    for part in (shuffled[:half], gates[:1], moved[:half], shuffled[half:], moved[half:], shuffled[:3]):
        before = msgspec.msgpack.encode(state)
        result = INTAKE.build(state, observations(part, NOW), STATIC, NOW)
        assert msgspec.msgpack.encode(state) == before, "build changed the state it was given"
        state = result.state
    assert of(result, "R01").berths == of(straight, "R01").berths
    inside = of(result, "P01").occupied
    assert inside is not None and 0 <= inside <= 20
    if not straight.state.places["P01"].clamps and not state.places["P01"].clamps:
        assert inside == of(straight, "P01").occupied


def test_live_quarters_are_sampled_and_kept() -> None:
    start = ago(60)
    state = built(all_berths(2, start), [count(15, start)], now=start).state
    points: list[Any] = []
    for minute in range(1, 61):
        now = start + timedelta(minutes=minute)
        taken = 2 + minute // 15
        batch = all_berths(taken, now) if minute % 15 == 1 else []
        result = built(batch, [count(15, now)], [count(10 - taken, now, "R01", 10)], now=now, state=state)
        state, points = result.state, points + result.points
    trend = of(result, "R01").trend
    assert trend.step_s == 900 and trend.start_at + timedelta(seconds=95 * 900) == NOW.replace(minute=0)
    assert trend.values[-4:] == [20.0, 30.0, 40.0, 50.0] and trend.values[-5] is None
    assert result.data.trend_off_street.values[-4:] == [25.0] * 4
    assert {p.entity for p in points} == {"R01", "P01", "city"}
    assert len([p for p in points if p.entity == "R01"]) == 4


def history(hours: int) -> tuple[list[Any], list[Any]]:
    """A day of a road that fills one berth an hour, and of a car park likewise, as a head-end sends it afterwards."""
    start = NOW - timedelta(hours=hours)
    road: list[Any] = [count(10, start, "R01", 10)]
    lot: list[Any] = [count(20, start)]
    for n in range(min(hours, 10)):
        road.append(berth(n + 1, 1, start + timedelta(hours=n, minutes=30)))
        lot.append(gate(f"h{n}", "in", start + timedelta(hours=n, minutes=30)))
    return road, lot


def test_the_past_is_filled_behind_the_present() -> None:
    road, lot = history(8)
    standing = [berth(n, int(n <= 8), NOW - timedelta(hours=8 - n + 0.5) if n <= 8 else NOW - timedelta(hours=20)) for n in range(1, 11)]
    live = built([count(2, NOW, "R01", 10)], standing, [count(12, NOW)])
    assert of(live, "R01").occupied == 8 and of(live, "P01").occupied == 8
    assert of(live, "R01").trend.values[-10:] == [None] * 10
    state = live.state
    for part in (road[:4], lot[:5], road[4:], lot[5:]):
        state = built(part, state=state, now=NOW + timedelta(seconds=2)).state
    result = built(state=state, now=NOW + timedelta(seconds=4))
    assert of(result, "R01").occupied == 8 and of(result, "P01").occupied == 8, "the past must not change the present"
    for name, capacity in (("R01", 10), ("P01", 20)):
        values = of(result, name).trend.values
        known = [v for v in values if v is not None]
        assert known == sorted(known) and known[0] == 0 and known[-1] == 100 * 8 / capacity
        assert len(known) >= 31
    assert result.data.trend.values[-2] == 53.3


def test_late_history_corrects_instead_of_guessing() -> None:
    _, lot = history(8)
    live = built([count(12, NOW)]).state
    ordered = built(lot, state=live, now=NOW + timedelta(seconds=2))
    mixed = built([lot[0], *lot[4:]], state=live, now=NOW + timedelta(seconds=2))
    mixed = built(lot[1:4], state=mixed.state, now=NOW + timedelta(seconds=4))
    ordered = built(state=ordered.state, now=NOW + timedelta(seconds=4))
    assert of(mixed, "P01").trend.values == of(ordered, "P01").trend.values


def test_full_since_and_its_finding() -> None:
    state = built(all_berths(9, ago(40)), now=ago(39)).state
    state = built([berth(10, 1, ago(20))], now=ago(19.9), state=state).state
    result = built([count(0, NOW, "R01", 10)], state=state)
    road = of(result, "R01")
    assert road.full_since == ago(20)
    finding = next(f for f in result.findings if f.kind == "finding.parking.full")
    assert (finding.entity, finding.at, finding.value, finding.ended_at) == ("R01", ago(20), 100.0, None)
    assert result.readings["parking.on_street_occupancy_pct"].value == 100
    ended = built([berth(1, 0, NOW), berth(2, 0, NOW)], state=result.state, now=NOW + timedelta(seconds=2))
    assert next(f for f in ended.findings if f.id == finding.id).ended_at == NOW + timedelta(seconds=2)


def test_a_silent_place_under_a_living_feed() -> None:
    static = INTAKE.static({"parking/places.csv": [place("R01", "on_street", 2), place("R02", "on_street", 2)]})
    rows = [berth(n, 1, ago(30), lot) for lot in ("R01", "R02") for n in (1, 2)]
    state = INTAKE.build(ParkingState(), observations(rows, ago(30), static), static, ago(30)).state
    result = INTAKE.build(state, observations([berth(1, 0, NOW, "R02")], NOW, static), static, NOW)
    silent = [f for f in result.findings if f.kind == "finding.parking.silent"]
    assert [f.entity for f in silent] == ["R01"]
    assert of(result, "R01").state == "stale" and of(result, "R02").state == "live"
    assert result.readings["parking.on_street_occupancy_pct"].value == 50 and result.reporting["parking-berth"] == 1
    assert result.readings["parking.coverage_pct"].value == 50


def test_stuck_berths_and_drift() -> None:
    rows = [*all_berths(5, NOW - timedelta(hours=30)), count(5, NOW, "R01", 10)]
    result = built(rows)
    assert of(result, "R01").stuck == 5 and "stuck_berths" in of(result, "R01").flags
    assert "finding.parking.stuck_berths" in {f.kind for f in result.findings}
    state = built([count(18, ago(10))], now=ago(10)).state
    drift = built([count(8, ago(1))], state=state)
    assert of(drift, "P01").drift == 10 and "counter_drift" in of(drift, "P01").flags
    assert "finding.parking.counter_drift" in {f.kind for f in drift.findings}


def test_unknown_places_are_counted_and_composites_withheld() -> None:
    result = built([count(3, NOW, "P99")], all_berths(4, ago(1)))
    assert result.data.unknown_places == 1
    reading = result.readings["parking.occupancy_pct"]
    assert (reading.value, reading.state) == (None, "missing")
    assert result.readings["parking.on_street_occupancy_pct"].value == 40
    tomorrow = built(state=result.state, now=NOW + timedelta(days=1))
    assert tomorrow.data.unknown_places == 0


def test_nightly_re_zero_without_counts() -> None:
    start = NOW.replace(hour=15, minute=0)  # 23:00 in Lu'an
    state = built([gate("a", "in", start)], now=start).state
    for n, way in enumerate(["out", "out", "in", "in", "in"]):
        at = start + timedelta(hours=1 + n)
        state = built([gate(f"n{n}", way, at)], now=at, state=state).state
    morning = start + timedelta(hours=6)
    result = built([gate("last", "in", morning)], now=morning, state=state)
    lot = of(result, "P01")
    assert lot.occupied == 4 and "estimated" in lot.flags  # lowest at -1 is empty: two of the night's three, and two later


def test_budget_and_size() -> None:
    """65 places, 6,000 berths: a build is quick and its memory small."""
    rows = [place(f"R{n:02d}", "on_street", 128) for n in range(47)] + [place(f"P{n:02d}", "off_street", 300) for n in range(18)]
    static = INTAKE.static({"parking/places.csv": rows})
    every = [berth(b, b % 2, ago(20), row.id) for row in rows[:47] for b in range(1, 129)]
    lots = [count(100, ago(10), row.id, 300) for row in rows[47:]]
    state = INTAKE.build(ParkingState(), observations(every, NOW, static), static, NOW).state
    state = INTAKE.build(state, observations(lots, NOW, static), static, NOW).state
    few = observations([berth(b, 1, NOW, rows[b % 47].id) for b in range(1, 60)], NOW, static)
    spent = []
    for n in range(9):
        began = time.perf_counter()
        state = INTAKE.build(state, few, static, NOW + timedelta(seconds=2 * n)).state
        spent.append(time.perf_counter() - began)
    print(f"build {1000 * sorted(spent)[4]:.1f} ms")
    blob = msgspec.msgpack.encode(state)
    assert len(blob) < 2_000_000
    assert msgspec.msgpack.decode(blob, type=ParkingState) == state


def test_parse_is_the_same_twice() -> None:
    message = Message(source="parking-gate", received_at=NOW, payload=json.dumps([gate("a", "in", NOW)]).encode())
    assert INTAKE.parse(message, STATIC) == INTAKE.parse(message, STATIC)


def test_what_is_unknown_widens_the_number_and_withholds_a_district() -> None:
    result = built([count(12, ago(1))], [berth(n, n % 2, ago(1)) for n in range(1, 9)])  # 8 of 10 berths, 4 of them taken
    free, share = result.readings["parking.free"], result.readings["parking.occupancy_pct"]
    assert (free.value, free.low, free.high) == (16, 16, 18)
    assert share.low == 40 and round(share.high or 0, 2) == 46.67 and share.low < (share.value or 0) < (share.high or 0)
    assert result.data.by_district["341502"] == 50
    thin = built([count(12, ago(1))], [berth(n, 1, ago(1)) for n in range(1, 4)])
    assert thin.data.by_district == {"341502": None, "341503": 40}
    whole = built([count(12, ago(1))], [berth(n, n % 2, ago(1)) for n in range(1, 11)])
    assert whole.readings["parking.free"].low is None, "nothing unknown, nothing to widen"
