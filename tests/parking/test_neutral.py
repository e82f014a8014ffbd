"""Rows of the neutral format: what is accepted, every way of being refused, plates, fuzz."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.observation import Message
from data_sources.parking.intake import INTAKE
from data_sources.parking.model import BerthEvent, CountReport, GateEvent
from data_sources.parking.wire import neutral
from data_sources.parking.wire.plates import hashed, redacted_bytes, without_plates
from tests.parking.fixtures import NOW, STATIC, berth, count, gate

KEY = b"k" * 32


def verdicts(rows: list[Any]) -> list[neutral.Row]:
    return neutral.parse(rows, "parking-gate", NOW, STATIC.places)


def test_good_rows() -> None:
    rows = verdicts([berth(3, 1, NOW), gate("e1", "in", NOW), count(7, NOW)])
    assert [row.status for row in rows] == ["accepted"] * 3
    assert [type(row.event) for row in rows] == [BerthEvent, GateEvent, CountReport]
    assert rows[0].event.berth == "R01-003" and rows[2].event.vacant == 7  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (3, "not_an_object"),
        ({}, "unknown_row"),
        ({**gate("e", "in", NOW), "lot_id": "P99"}, "unknown_lot"),
        ({**gate("e", "in", NOW), "lot_id": "R01"}, "no_gate_here"),
        ({**gate("e", "in", NOW), "dir": "through"}, "bad_direction"),
        ({**gate("e", "in", NOW), "event_id": ""}, "missing_field"),
        ({**gate("e", "in", NOW), "event_id": 7}, "bad_value"),
        ({**gate("e", "in", NOW), "at": "yesterday"}, "bad_time"),
        ({**gate("e", "in", NOW), "at": 1781064420}, "bad_time"),
        ({**gate("e", "in", NOW), "at": None}, "missing_field"),
        ({**gate("e", "in", NOW), "at": "2026-06-10T12:07:00"}, "naive_time"),
        (gate("e", "in", NOW + timedelta(days=365)), "clock_ahead"),
        (gate("e", "in", NOW - timedelta(days=30)), "too_old"),
        (berth(11, 1, NOW), "berth_out_of_range"),
        (berth(0, 1, NOW), "berth_out_of_range"),
        (berth(1, 1, NOW, "P01"), "no_berths_here"),
        (berth(1, 4, NOW), "bad_status"),
        (berth(1, True, NOW), "bad_status"),
        ({**berth(1, 1, NOW), "lot_id": "P01"}, "berth_of_another_lot"),
        ({**berth(1, 1, NOW), "berth_id": "R77-001"}, "unknown_lot"),
        (count(21, NOW), "vacant_above_total"),
        (count(-1, NOW), "bad_value"),
        ({"lot_id": "P01", "total": 20, "observed_at": NOW.isoformat()}, "missing_field"),
    ],
)
def test_every_way_of_being_refused(row: Any, reason: str) -> None:
    (verdict,) = verdicts([row])
    assert (verdict.status, verdict.reason) == ("refused", reason)
    assert verdict.problem is not None and verdict.problem.raw and not verdict.problem.kept


def test_one_bad_row_does_not_harm_the_others() -> None:
    parsed = INTAKE.parse(
        Message(source="parking-gate", received_at=NOW, payload=json.dumps([gate("a", "in", NOW), {"x": 1}, count(5, NOW)]).encode()),
        STATIC,
    )
    assert len(parsed.observations) == 2 and [p.reason for p in parsed.problems] == ["unknown_row"]


def test_another_total_is_kept_with_a_note() -> None:
    (row,) = verdicts([count(5, NOW, total=25)])
    assert row.status == "accepted" and [n.reason for n in row.notes] == ["capacity_differs"] and row.notes[0].kept


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 5_000, b"9" * 5_000])
def test_bodies_that_are_no_rows(body: bytes) -> None:
    with pytest.raises(ValueError):
        neutral.rows_of(body)
    assert INTAKE.parse(Message(source="parking-gate", received_at=NOW, payload=body), STATIC).problems[0].reason == "bad_json"


def test_plates_become_keyed_hashes() -> None:
    clean = without_plates({"event_id": "1", "plate": "皖N·12345", "note": "车 皖N12345 到", "deep": [{"carNo": "皖ND12345"}]}, KEY)
    assert clean["plate_hash"] == hashed("皖N12345", KEY) == hashed("皖n 123 45", KEY) != hashed("皖N12345", b"x" * 32)
    text = json.dumps(clean, ensure_ascii=False)
    assert "12345" not in text and "plate\"" not in text and hashed("皖ND12345", KEY) in text


def test_plates_in_what_cannot_be_parsed() -> None:
    for raw in ('{"plate": "皖N12345", ', json.dumps({"plate": "皖N12345"})[:-1], '{"car_no":"AB123C"'):
        safe = redacted_bytes(raw.encode(), KEY).decode()
        assert "12345" not in safe and "AB123C" not in safe


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([berth(1, 1, NOW), gate("e", "in", NOW), count(5, NOW)]), st.data())
def test_fuzz_rows_never_raise(row: dict[str, Any], data: Any) -> None:
    broken = {**row, data.draw(st.sampled_from([*row, "plate_hash", "battery_pct"])): data.draw(json_values)}
    (verdict,) = verdicts([broken])
    assert (verdict.event is None) == (verdict.status == "refused")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
def test_fuzz_bodies_never_raise(body: bytes) -> None:
    parsed = INTAKE.parse(Message(source="parking-gate", received_at=NOW, payload=body), STATIC)
    assert parsed.observations or parsed.problems
