"""Configuration tables: CSV, TOML and GeoJSON files read into a domain's row types, every complaint with its place.

A row type's first field is its key and unique in the file. Lines that begin with # are comments in CSV. Fields with the
names in `LIMITS` mean the same in every table, so their range is stated once.
"""

import csv
import json
import math
import re
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

LIMITS: tuple[tuple[str, float, float], ...] = (  # a name or an ending, lowest, highest
    ("lon", -180, 180),
    ("lat", -90, 90),
    ("capacity", 1, 20_000),
    ("lanes", 1, 12),
    ("limit_kmh", 5, 130),
    ("dwell_s", 1, 86_400),
    ("_min", 0, 1_440),
    ("_fen", 0, 1_000_000),
    ("_pct", 0, 100),
)
UNIT_SQUARE = ("polygon", "privacy")  # fields whose points are shares of a picture's width and height
_WORDS: dict[Any, str] = {
    int: "a whole number", float: "a number", bool: "true or false", str: "text",
    list[tuple[float, float]]: "a list of [x, y] pairs",
    tuple[float, float]: "[lon, lat]",
    tuple[float, float, float, float]: "[west, south, east, north]",
}
Steps = tuple[str | int, ...]  # keys and list indices


class Complaints:
    """What is wrong with a configuration, in the order it was found."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, place: str, what: str) -> None:
        """`place` is "file:line" (or "file: feature n"), `what` says what was expected."""
        self.lines.append(f"{place}: {what}")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A validated row and where it stands, for complaints that need more than one table."""

    place: Callable[..., str]  # keys and indices of a field -> "file:line"
    value: Any


Raw = tuple[Mapping[str, Any], Callable[[Steps], str]]  # what is written, and the place of a path in it


def read(folder: Path, name: str, row_type: type, complaints: Complaints, key: str = "") -> list[Row]:
    """The rows of `folder/name` that are right; the others are in `complaints`. A missing file is one complaint.

    `key` names a TOML file's tables (default: the row type's name, `[[camera]]`).
    """
    text = read_text(folder, name, complaints)
    if text is None:
        return []
    table = key or row_type.__name__.lower()
    readers: dict[str, Callable[..., Iterator[Raw]]] = {
        ".csv": csv_rows, ".toml": partial(toml_rows, key=table), ".geojson": geojson_rows,
    }
    rows: list[Row] = []
    seen: dict[Any, str] = {}
    first = msgspec.structs.fields(row_type)[0].name
    for written, place in readers[Path(name).suffix](text, name, row_type, complaints):
        value = convert(written, row_type, place, complaints, exact=not name.endswith(".csv"))
        if value is None:
            continue
        identity = getattr(value, first)
        here = place((first,))
        if identity in seen:
            complaints.add(here, f"{first}: expected a unique value, found {identity!r} again (first at {seen[identity]})")
            continue
        seen[identity] = here
        rows.append(Row(place=lambda *steps, place=place: place(steps), value=value))
    return rows


def read_text(folder: Path, name: str, complaints: Complaints) -> str | None:
    """A file's text; None (and a complaint) if it is missing or not UTF-8."""
    try:
        return (folder / name).read_text("utf-8-sig")
    except FileNotFoundError:
        complaints.add(f"{name}:1", "expected this file, found none")
    except UnicodeDecodeError as error:
        line = (folder / name).read_bytes()[: error.start].count(b"\n") + 1
        complaints.add(f"{name}:{line}", "expected UTF-8 text, found other bytes (a GBK file saved from a spreadsheet?)")
    return None


def csv_rows(text: str, name: str, row_type: type, complaints: Complaints) -> Iterator[Raw]:
    """Rows of a table with a header line. Empty cells are absent values."""
    lines = [("" if line.startswith("#") else line) for line in text.splitlines()]
    reader = csv.reader(lines)
    header: list[str] | None = None
    for cells in reader:
        if not any(cells):
            continue
        place = f"{name}:{reader.line_num}"
        if header is None:
            header = [cell.strip() for cell in cells]
            if not check_header(header, row_type, place, complaints):
                return
        elif len(cells) != len(header):
            complaints.add(place, f"expected {len(header)} cells, found {len(cells)}")
        else:
            filled = {column: cell.strip() for column, cell in zip(header, cells, strict=True) if cell.strip()}
            yield filled, lambda _path, place=place: place  # type: ignore[misc]
    if header is None:
        complaints.add(f"{name}:1", "expected a header line, found an empty file")


def check_header(header: Sequence[str], row_type: type, place: str, complaints: Complaints) -> bool:
    """Whether the rows below can be read. Unknown, doubled and missing columns are told once, not once per row."""
    fields = {field.name: field for field in msgspec.structs.fields(row_type)}
    before = len(complaints.lines)
    for column in header:
        if column not in fields:
            complaints.add(place, f"{column}: no such column, expected some of {', '.join(fields)}")
        elif header.count(column) > 1:
            complaints.add(place, f"{column}: expected once, found {header.count(column)} times")
    for field in fields.values():
        if field.required and field.name not in header:
            complaints.add(place, f"{field.name}: expected this column, found none")
    return len(complaints.lines) == before


def toml_rows(text: str, name: str, row_type: type, complaints: Complaints, key: str) -> Iterator[Raw]:
    """The `[[key]]` tables of a TOML file; another key at the top is a complaint."""
    document = parse_toml(text, name, complaints)
    if document is None:
        return
    for other in document:
        if other != key:
            complaints.add(f"{name}:{toml_line(text, (other,))}", f"{other}: no such key, expected [[{key}]] tables")
    entries = document.get(key, [])
    if not isinstance(entries, list):
        complaints.add(f"{name}:{toml_line(text, (key,))}", f"{key}: expected [[{key}]] tables, found {shown(entries)}")
        return
    for index, entry in enumerate(entries):
        yield entry, lambda path, index=index: f"{name}:{toml_line(text, (key, index, *path))}"  # type: ignore[misc]


def parse_toml(text: str, name: str, complaints: Complaints) -> dict[str, Any] | None:
    """A TOML document, or a complaint with the line the parser stumbled over."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        complaints.add(f"{name}:{found[1] if found else len(text.splitlines())}", f"expected TOML: {error}")
        return None


def toml_line(text: str, path: Steps) -> int:
    """The line where `path` (keys and list indices, as in the parsed document) is written; its table's if it is absent.

    TOML's parser keeps no positions, so headers are counted: `("camera", 2, "zone", 0, "matter")` is the line of `matter`
    under the first `[[camera.zone]]` after the third `[[camera]]`.
    """
    lines = text.splitlines()
    at, end, header = 0, len(lines), ""
    steps = list(path)
    while steps:
        step = str(steps.pop(0))
        header = f"{header}.{step}" if header else step
        index = int(steps.pop(0)) if steps and isinstance(steps[0], int) else None
        tables = [i for i in range(at, end) if re.match(rf"\s*\[+\s*{re.escape(header)}\s*\]+", lines[i])]
        if tables and (index is None or index < len(tables)):
            at = tables[index or 0]
            end = tables[index + 1] if index is not None and index + 1 < len(tables) else end
            continue
        found = [i for i in range(at, end) if re.match(rf"\s*\"?{re.escape(step)}\"?\s*=", lines[i])]
        return (found[0] if found else at) + 1
    return at + 1


def geojson_rows(text: str, name: str, row_type: type, complaints: Complaints) -> Iterator[Raw]:
    """Features: properties are fields, a LineString's points are the field `geometry`."""
    for index, feature in enumerate(features(text, name, complaints)):
        place = f"{name}: feature {index}"
        geometry = feature.get("geometry") or {}
        if geometry.get("type") != "LineString" or len(geometry.get("coordinates", ())) < 2:
            complaints.add(place, f"geometry: expected a LineString of two points or more, found {shown(geometry)}")
            continue
        yield {**feature["properties"], "geometry": geometry["coordinates"]}, lambda _path, place=place: place  # type: ignore[misc]


def features(text: str, name: str, complaints: Complaints) -> list[dict[str, Any]]:
    """The features of a GeoJSON collection that have the right shape."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        complaints.add(f"{name}:{error.lineno}", f"expected JSON: {error.msg}")
        return []
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        complaints.add(f"{name}:1", "type: expected a FeatureCollection")
        return []
    good = []
    for index, feature in enumerate(document.get("features", [])):
        if isinstance(feature, dict) and isinstance(feature.get("properties"), dict):
            good.append(feature)
        else:
            complaints.add(f"{name}: feature {index}", f"expected a Feature with properties, found {shown(feature)}")
    return good


def convert(
    written: Mapping[str, Any], row_type: type, place: Callable[[Steps], str], complaints: Complaints,
    *, exact: bool, path: Steps = (),
) -> Any | None:
    """A struct of `row_type`, or None after telling everything that is wrong with it. `exact`: no text for numbers."""
    before = len(complaints.lines)
    fields = {field.name: field for field in msgspec.structs.fields(row_type)}
    values: dict[str, Any] = {}
    for name in written:
        if name not in fields:
            complaints.add(place((*path, name)), f"{name}: no such key, expected some of {', '.join(fields)}")
    for name, field in fields.items():
        if name not in written:
            if field.required:
                complaints.add(place((*path, name)), f"{name}: expected {expected(field.type)}, found nothing")
            continue
        inner = item_struct(field.type)
        if inner and isinstance(written[name], list) and all(isinstance(item, Mapping) for item in written[name]):
            values[name] = get_origin(field.type)(
                convert(item, inner, place, complaints, exact=exact, path=(*path, name, index))
                for index, item in enumerate(written[name])
            )
            continue
        try:
            values[name] = msgspec.convert(written[name], field.type, strict=exact)
        except msgspec.ValidationError:
            complaints.add(place((*path, name)), f"{name}: expected {expected(field.type)}, found {shown(written[name])}")
            continue
        wrong = "text" if field.required and values[name] == "" else out_of_range(name, values[name])
        if wrong:
            complaints.add(place((*path, name)), f"{name}: expected {wrong}, found {shown(written[name])}")
    return row_type(**values) if len(complaints.lines) == before else None


def item_struct(kind: Any) -> type | None:
    """The struct in `list[Struct]` or `tuple[Struct, ...]`, else None."""
    arguments = get_args(kind)
    inner = arguments[0] if get_origin(kind) in (list, tuple) and arguments else None
    return inner if isinstance(inner, type) and issubclass(inner, msgspec.Struct) else None


def out_of_range(name: str, value: Any) -> str:
    """What a value of this field name should have been, "" if it is fine."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not math.isfinite(value):
            return "a finite number"
        for ending, low, high in LIMITS:
            if (name == ending or (ending.startswith("_") and name.endswith(ending))) and not low <= value <= high:
                return f"{low:g} to {high:g}"
    if name in UNIT_SQUARE:
        polygons = [value] if name == "polygon" else value
        if any(len(polygon) < 3 or any(not 0 <= c <= 1 for p in polygon for c in p) for polygon in polygons):
            return "three or more [x, y] points between 0 and 1"
    return ""


def expected(kind: Any) -> str:
    """A type in words."""
    if kind in _WORDS:
        return _WORDS[kind]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(kind))
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(expected(choice) for choice in get_args(kind) if choice is not type(None))
    if hasattr(kind, "__metadata__"):
        return expected(get_args(kind)[0])
    return "a list" if get_origin(kind) in (list, tuple) else "a table" if get_origin(kind) is dict else str(kind)


def shown(value: Any) -> str:
    """A value as written, shortened."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return repr(text) if len(text) <= 60 else repr(text[:57] + "...")
