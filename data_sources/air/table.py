"""Concentration tables (CSV, JSON, GeoJSON) judged by HJ 633: for the command line and for comparison with a network."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from data_sources.air import aqi
from data_sources.air.model import POLLUTANTS

NAMES: dict[str, str] = {
    "pm25": "pm25", "pm2.5": "pm25", "pm2_5": "pm25", "pm10": "pm10", "so2": "so2", "no2": "no2", "co": "co", "o3": "o3",
}
LEVELS = ("优", "良", "轻度污染", "中度污染", "重度污染", "严重污染")
PRIMARY = {"细颗粒物(PM2.5)": "pm25", "颗粒物(PM10)": "pm10", "二氧化硫": "so2", "二氧化氮": "no2", "一氧化碳": "co",
           "臭氧1小时": "o3", "臭氧": "o3", "臭氧8小时": "o3_8h"}
_BLANK = {"", "-", "-;", "—", "NA", "na", "null", "None", "_"}
_TIMES = ("timepoint", "time", "datetime", "date", "observed_at", "timestamp")


class BadTable(ValueError):
    """A table that cannot be read; says what and where."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One record: its place in the file, the day of observation, concentrations as written, what the network published."""

    where: str
    name: str
    day: date | None
    values: dict[str, Decimal]
    bad: tuple[str, ...]
    published: int | None
    level: str
    primary: str


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A record and its index; `agrees` compares with what the network published."""

    where: str
    name: str
    index: aqi.Index
    published: int | None
    agrees: bool
    bad: tuple[str, ...]


def read(path: Path) -> list[Row]:
    """All records of a file. Raises `BadTable` naming the file and the place."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadTable(f"{path}: not UTF-8 at byte {error.start}") from None
    if not text.strip():
        raise BadTable(f"{path}: the file is empty")
    records = _json(path, text) if text.lstrip()[0] in "{[" else _csv(path, text)
    rows = [_row(where, record) for where, record in _ozone_sorted_out(records)]
    if not any(row.values for row in rows):
        raise BadTable(f"{path}: no concentrations in {len(rows)} records; expected columns {', '.join(POLLUTANTS)}")
    return rows


def _ozone_sorted_out(records: list[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Some publications of the national network exchange `o3` (this hour) and `o3_24h` (largest hour of the day).

    A day's largest hour cannot lie below this hour: when it does in most records that differ, the two are exchanged back.
    """
    below = above = 0
    for _, record in records:
        hour, largest = _plain(record.get("o3")), _plain(record.get("o3_24h"))
        if hour is not None and largest is not None:
            below, above = below + (largest < hour), above + (largest > hour)
    if below <= above:
        return records
    return [
        (where, {**record, "o3": record["o3_24h"], "o3_24h": record["o3"]} if "o3_24h" in record and "o3" in record else record)
        for where, record in records
    ]


def _plain(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _json(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadTable(f"{path}: line {error.lineno}, column {error.colno}: {error.msg}") from None
    if isinstance(parsed, dict) and isinstance(parsed.get("features"), list):
        parsed = [f.get("properties") if isinstance(f, dict) else f for f in parsed["features"]]
    records = parsed if isinstance(parsed, list) else [parsed]
    for number, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise BadTable(f"{path}: record {number}: expected an object, found {type(record).__name__}")
    return [(f"record {number}", record) for number, record in enumerate(records, 1)]


def _csv(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    known = [name for name in reader.fieldnames or () if name.strip().lower() in NAMES]
    if not known:
        raise BadTable(f"{path}: line 1: no column named {', '.join(POLLUTANTS)}; found {reader.fieldnames}")
    try:
        return [(f"line {reader.line_num}", record) for record in reader]
    except csv.Error as error:
        raise BadTable(f"{path}: line {reader.line_num}: {error}") from None


def _row(where: str, record: Mapping[str, Any]) -> Row:
    lowered = {str(key).strip().lower(): "" if value is None else str(value).strip() for key, value in record.items() if key}
    values: dict[str, Decimal] = {}
    bad: list[str] = []
    for key, name in NAMES.items():
        text = lowered.get(key, "")
        if text in _BLANK:
            continue
        try:
            value = Decimal(text)
        except InvalidOperation:
            bad.append(f"{key}={text[:30]}: not a number")
            continue
        if not value.is_finite() or value < 0 or value > 1_000_000:
            bad.append(f"{key}={text[:30]}: not a concentration")
            continue
        values[name] = value
    published = lowered.get("aqi", "")
    return Row(
        where=where, name=lowered.get("positionname") or lowered.get("station") or lowered.get("name") or "",
        day=_day(lowered), values=values, bad=tuple(bad), published=int(published) if published.isdigit() else None,
        level=lowered.get("quality", ""), primary=lowered.get("primarypollutant", ""),
    )


def _day(record: Mapping[str, str]) -> date | None:
    for key in _TIMES:
        try:
            return datetime.fromisoformat(record.get(key, "")).date()
        except ValueError:
            continue
    try:
        return date(int(record["year"]), int(record["month"]), int(record["day"]))
    except (KeyError, ValueError):
        return None


def judge(row: Row, of: aqi.Edition | None = None, basis: aqi.Basis = "hour") -> Judged:
    """Index of a record by the edition of its day, or by `of`. A record without a day needs `of`, else `ValueError`."""
    if row.day is None and of is None:
        raise ValueError("no date: say which edition with --standard")
    index = aqi.evaluate(row.values, row.day or date(2026, 3, 1), basis, POLLUTANTS, of)
    agrees = index.aqi == row.published
    if agrees and row.level in LEVELS and index.level is not None:
        agrees = LEVELS[index.level - 1] == row.level
    if agrees and row.primary not in _BLANK:
        named = {PRIMARY.get(part.strip(), part.strip()) for part in row.primary.split(",")}
        agrees = named == set(index.primary)
    return Judged(where=row.where, name=row.name, index=index, published=row.published, agrees=agrees, bad=row.bad)
