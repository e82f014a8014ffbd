"""The neutral parking JSON: one object or a list of rows -> events, one verdict per row. Pure.

Rows (PROTOCOLS of the product, docs): gate event {event_id, lot_id, dir in|out, at, plate_hash?, plate_color?},
berth event {berth_id, lot_id?, status 0..3, changed_at, battery_pct?, rssi?}, count {lot_id, total, vacant, observed_at}.
Times are ISO 8601 with a zone; a naive time is refused, because eight hours are easily lost.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from core.observation import Problem
from data_sources.parking.model import BerthEvent, CountReport, GateEvent, Place, UnknownPlace

AHEAD = timedelta(minutes=5)
TOO_OLD = timedelta(days=7)
MAX_ROWS = 5_000
MAX_COUNT = 100_000
_KEPT_RAW = 1_000

Event = GateEvent | BerthEvent | CountReport
Status = Literal["accepted", "refused"]
_STATUS: tuple[Literal[0], Literal[1], Literal[2], Literal[3]] = (0, 1, 2, 3)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Verdict on one row. `reason` is empty for an accepted row; `key` names the fact, so that repeats can be told."""

    index: int
    status: Status
    reason: str = ""
    event: Event | None = None
    unknown: UnknownPlace | None = None
    problem: Problem | None = None
    notes: tuple[Problem, ...] = ()
    key: str = ""


class _Bad(Exception):
    def __init__(self, reason: str, detail: str = "", entity: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail, self.entity = reason, detail, entity


def rows_of(body: bytes) -> list[Any]:
    """The rows of a request body. Raises ValueError for what is not JSON, not an object or list, empty or too long."""
    try:
        parsed = json.loads(body)
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(f"not JSON: {error}") from None
    rows = parsed if isinstance(parsed, list) else [parsed]
    if not isinstance(parsed, (dict, list)):
        raise ValueError("expected one object or a list of objects")
    if not rows:
        raise ValueError("the list is empty")
    if len(rows) > MAX_ROWS:
        raise ValueError(f"{len(rows)} rows, at most {MAX_ROWS} in one request")
    return rows


def parse(rows: list[Any], source: str, received_at: datetime, places: Mapping[str, Place]) -> list[Row]:
    """A verdict for every row, in order. Never raises."""
    return [_row(index, row, source, received_at, places) for index, row in enumerate(rows)]


def _row(index: int, row: Any, source: str, received_at: datetime, places: Mapping[str, Place]) -> Row:
    notes: list[Problem] = []
    try:
        if not isinstance(row, dict):
            raise _Bad("not_an_object", type(row).__name__)
        event, key = _event(row, source, received_at, places, notes)
        return Row(index=index, status="accepted", event=event, notes=tuple(notes), key=key)
    except _Bad as bad:
        raw = json.dumps(row, ensure_ascii=False, default=str)[:_KEPT_RAW].encode("utf-8", "replace")
        problem = Problem(source=source, reason=bad.reason, detail=bad.detail, raw=raw, entity=bad.entity,
                          received_at=received_at)
        unknown = None
        if bad.reason == "unknown_lot":
            unknown = UnknownPlace(source=source, entity=bad.entity, observed_at=received_at, received_at=received_at)
        return Row(index=index, status="refused", reason=bad.reason, problem=problem, unknown=unknown)


def _event(
    row: dict[str, Any], source: str, received_at: datetime, places: Mapping[str, Place], notes: list[Problem]
) -> tuple[Event, str]:
    if "dir" in row or "event_id" in row:
        return _gate(row, source, received_at, places)
    if "berth_id" in row:
        return _berth(row, source, received_at, places)
    if "vacant" in row or "total" in row:
        return _count(row, source, received_at, places, notes)
    raise _Bad("unknown_row", "neither gate event, berth event nor count")


def _gate(
    row: dict[str, Any], source: str, received_at: datetime, places: Mapping[str, Place]
) -> tuple[GateEvent, str]:
    place = _place(row, places)
    if place.kind != "off_street":
        raise _Bad("no_gate_here", f"{place.id} is a road with berths", place.id)
    identity = _text(row, "event_id", 64)
    direction = row.get("dir")
    if direction not in ("in", "out"):
        raise _Bad("bad_direction", f"dir={direction!r}"[:80], place.id)
    at = _time(row, "at", received_at, place.id)
    plate = row.get("plate_hash") or ""
    if not isinstance(plate, str) or len(plate) > 128:
        raise _Bad("bad_value", "plate_hash", place.id)
    event = GateEvent(source=source, entity=place.id, event_id=identity, direction=direction, observed_at=at,
                      received_at=received_at, plate_hash=plate)
    return event, f"g:{identity}"


def _berth(
    row: dict[str, Any], source: str, received_at: datetime, places: Mapping[str, Place]
) -> tuple[BerthEvent, str]:
    berth = _text(row, "berth_id", 64)
    lot, _, number = berth.rpartition("-")
    place = places.get(lot)
    if place is None:
        raise _Bad("unknown_lot", f"berth_id={berth}", lot or berth)
    stated = row.get("lot_id", lot)
    if stated != lot:
        raise _Bad("berth_of_another_lot", f"berth_id={berth}, lot_id={stated!r}"[:160], place.id)
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= place.capacity):
        raise _Bad("berth_out_of_range", f"{berth}: the lot has {place.capacity} berths", place.id)
    if place.kind != "on_street":
        raise _Bad("no_berths_here", f"{lot} is a car park", place.id)
    status = row.get("status")
    if isinstance(status, bool) or status not in (0, 1, 2, 3):
        raise _Bad("bad_status", f"status={status!r}"[:80], place.id)
    at = _time(row, "changed_at", received_at, place.id)
    battery = row.get("battery_pct")
    if isinstance(battery, bool) or not isinstance(battery, (int, float)) or not 0 <= battery <= 100:
        battery = None
    event = BerthEvent(source=source, entity=place.id, berth=berth, status=_STATUS[int(status)], observed_at=at,
                       received_at=received_at, battery_pct=None if battery is None else round(battery))
    return event, f"b:{berth}:{at.timestamp()}"


def _count(
    row: dict[str, Any], source: str, received_at: datetime, places: Mapping[str, Place], notes: list[Problem]
) -> tuple[CountReport, str]:
    place = _place(row, places)
    vacant, total = _whole(row, "vacant", place.id), _whole(row, "total", place.id)
    if vacant > total:
        raise _Bad("vacant_above_total", f"vacant {vacant} of {total}", place.id)
    at = _time(row, "observed_at", received_at, place.id)
    if total != place.capacity:
        detail = f"the operator says {total}, the register {place.capacity}"
        notes.append(Problem(source=source, reason="capacity_differs", detail=detail, entity=place.id,
                             received_at=received_at, kept=True))
    event = CountReport(source=source, entity=place.id, vacant=vacant, total=total, observed_at=at, received_at=received_at)
    return event, f"c:{place.id}:{at.timestamp()}"


def _place(row: dict[str, Any], places: Mapping[str, Place]) -> Place:
    lot = _text(row, "lot_id", 64)
    place = places.get(lot)
    if place is None:
        raise _Bad("unknown_lot", f"lot_id={lot}", lot)
    return place


def _text(row: dict[str, Any], key: str, longest: int) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise _Bad("missing_field" if value in (None, "") else "bad_value", f"{key}: expected text up to {longest} characters")
    return value.strip()


def _whole(row: dict[str, Any], key: str, entity: str) -> int:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise _Bad("missing_field" if value is None else "bad_value", f"{key}: expected a whole number from 0", entity)
    return value


def _time(row: dict[str, Any], key: str, received_at: datetime, entity: str) -> datetime:
    value = row.get(key)
    if value is None:
        raise _Bad("missing_field", f"{key}: expected ISO 8601 with a zone", entity)
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None:
        raise _Bad("bad_time", f"{key}={value!r}"[:80], entity)
    if at.tzinfo is None:
        raise _Bad("naive_time", f"{key}={value}: add a zone, like +08:00", entity)
    try:
        if at > received_at + AHEAD:
            raise _Bad("clock_ahead", f"{key}={value}", entity)
        if at < received_at - TOO_OLD:
            raise _Bad("too_old", f"{key}={value}", entity)
    except OverflowError:
        raise _Bad("bad_time", f"{key}={value}"[:80], entity) from None
    return at
