"""A city as data: `config/<city>/` read and validated in one go, every error with file, line and expected form."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import msgspec

from core.auth import Role
from core.domain import Domain
from core.errors import BadConfiguration
from core.tables import Complaints, Row, Steps, convert, features, parse_toml, read, read_text, shown, toml_line

Box = tuple[float, float, float, float]  # west, south, east, north
MAP_FILES = ("map/districts.geojson", "map/water.geojson", "map/places.geojson")


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that can own a finding."""

    id: str
    name: str
    name_en: str


class Holiday(msgspec.Struct, frozen=True, kw_only=True):
    """A public holiday, both ends included."""

    name: str
    name_en: str
    first: date
    last: date


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Days that differ from their weekday: `calendar.toml`."""

    working_weekends: tuple[date, ...] = ()
    holiday: tuple[Holiday, ...] = ()

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open on `day`. Outside the published years the weekday decides."""
        if any(holiday.first <= day <= holiday.last for holiday in self.holiday):
            return False
        return day.weekday() < 5 or day in self.working_weekends


class AccountTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `accounts.toml`: an account a new installation is meant to have. Passwords are never configuration."""

    name: str
    role: Role
    department: str = ""


class City(msgspec.Struct, frozen=True, kw_only=True):
    """What every process may know about the city. `tables` holds the domains' validated rows by table name."""

    id: str
    name: str
    name_en: str
    code: str  # GB/T 2260
    timezone: str
    centre: tuple[float, float]  # lon, lat, WGS-84
    bounds: Box  # west, south, east, north of the city
    urban: Box  # of the built-up core the wall shows first
    folder: Path
    departments: tuple[Department, ...]
    districts: Mapping[str, tuple[str, str]]  # code -> (zh, en)
    owners: Mapping[str, str]  # domain -> department id
    tables: Mapping[str, Sequence[Any]]
    calendar: Calendar = Calendar()
    accounts: tuple[AccountTemplate, ...] = ()

    def of(self, domain: Domain) -> dict[str, Sequence[Any]]:
        """The rows of one domain's tables."""
        return {name: self.tables[name] for name in domain.tables}


class _District(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    name_en: str


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """`city.toml` as written."""

    id: str
    name: str
    name_en: str
    code: str
    timezone: str
    centre: tuple[float, float]
    bounds: Box
    urban: Box
    districts: dict[str, _District]
    department: list[Department]
    owners: dict[str, str]


def load(folder: Path, domains: Sequence[Domain]) -> City:
    """Read `folder`. Raises `BadConfiguration` whose `details["errors"]` holds all errors at once."""
    complaints = Complaints()
    head = _head(folder, domains, complaints)
    calendar = _calendar(folder, complaints)
    accounts = _accounts(folder, head, complaints)
    rows = {name: read(folder, name, kind, complaints) for domain in domains for name, kind in domain.tables.items()}
    if head is not None:
        for name in rows:
            _check_places(rows[name], head, complaints)
        _check_map(folder, head, complaints)
    for domain in domains:
        _check_references(domain, rows, complaints)
    if complaints.lines or head is None:
        count = len(complaints.lines)
        text = f"{folder}: {count} error{'s' if count != 1 else ''}\n" + "\n".join(complaints.lines)
        raise BadConfiguration(text, errors=complaints.lines)
    return City(
        id=head.id, name=head.name, name_en=head.name_en, code=head.code, timezone=head.timezone, centre=head.centre,
        bounds=head.bounds, urban=head.urban, folder=folder, departments=tuple(head.department),
        districts={code: (words.name, words.name_en) for code, words in head.districts.items()}, owners=head.owners,
        tables={name: tuple(row.value for row in found) for name, found in rows.items()}, calendar=calendar,
        accounts=accounts,
    )


def _head(folder: Path, domains: Sequence[Domain], complaints: Complaints) -> _File | None:
    name = "city.toml"
    text = read_text(folder, name, complaints)
    document = parse_toml(text, name, complaints) if text is not None else None
    if text is None or document is None:
        return None

    def place(path: Steps) -> str:
        return f"{name}:{toml_line(text, path)}"

    head: _File | None = convert(document, _File, place, complaints, exact=True)
    if head is not None:
        _check_head(head, {domain.name for domain in domains}, place, complaints)
    return head


def _check_head(head: _File, domains: set[str], place: Any, complaints: Complaints) -> None:
    """What the types of `city.toml` cannot say."""
    if head.timezone not in available_timezones():
        complaints.add(place(("timezone",)), f"timezone: expected a name like Asia/Shanghai, found {head.timezone!r}")
    if not (head.code.isdigit() and len(head.code) == 6):
        complaints.add(place(("code",)), f"code: expected six digits (GB/T 2260), found {head.code!r}")
    for key, (west, south, east, north) in (("bounds", head.bounds), ("urban", head.urban)):
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            complaints.add(place((key,)), f"{key}: expected west < east and south < north in degrees")
    if not inside(head.centre, head.bounds):
        complaints.add(place(("centre",)), f"centre: expected a point inside bounds, found {shown(head.centre)}")
    if not (inside(head.urban[:2], head.bounds) and inside(head.urban[2:], head.bounds)):
        complaints.add(place(("urban",)), f"urban: expected a box inside bounds, found {shown(head.urban)}")
    for code in head.districts:
        if not (code.isdigit() and len(code) == 6):
            complaints.add(place(("districts", code)), f"districts: expected codes of six digits, found {code!r}")
    ids = [department.id for department in head.department]
    for index, one in enumerate(ids):
        if one in ids[:index]:
            complaints.add(place(("department", index, "id")), f"id: expected a unique value, found {one!r} again")
    for domain, owner in head.owners.items():
        if domain not in domains:
            complaints.add(place(("owners", domain)), f"owners: expected a domain, found {domain!r}")
        if owner not in ids:
            complaints.add(place(("owners", domain)), f"{domain}: expected a department of this file, found {owner!r}")


def _calendar(folder: Path, complaints: Complaints) -> Calendar:
    """`calendar.toml`; a city without one has weekdays only."""
    name = "calendar.toml"
    if not (folder / name).exists():
        return Calendar()
    text = read_text(folder, name, complaints)
    document = parse_toml(text, name, complaints) if text is not None else None
    if text is None or document is None:
        return Calendar()

    def place(path: Steps) -> str:
        return f"{name}:{toml_line(text, path)}"

    calendar: Calendar | None = convert(document, Calendar, place, complaints, exact=True)
    for index, holiday in enumerate(calendar.holiday if calendar else ()):
        if not timedelta(0) <= holiday.last - holiday.first <= timedelta(days=30):
            complaints.add(place(("holiday", index, "last")), "last: expected a day within 30 days after first")
    return calendar or Calendar()


def _accounts(folder: Path, head: _File | None, complaints: Complaints) -> tuple[AccountTemplate, ...]:
    """`accounts.toml`; a city may do without."""
    name = "accounts.toml"
    if not (folder / name).exists():
        return ()
    rows = read(folder, name, AccountTemplate, complaints, key="account")
    known = {department.id for department in head.department} if head is not None else set()
    for row in rows:
        if row.value.department and head is not None and row.value.department not in known:
            found = row.value.department
            complaints.add(row.place("department"), f"department: expected a department of city.toml, found {found!r}")
    return tuple(row.value for row in rows)


def inside(point: Sequence[float], box: Box) -> bool:
    """Whether lon, lat lies in the box, its edges included."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _check_places(rows: Sequence[Row], head: _File, complaints: Complaints) -> None:
    """Positions inside the city, districts that exist: fields `lon`/`lat`, `geometry` and `district` of any row."""
    for row in rows:
        value = row.value
        if hasattr(value, "lon") and not inside((value.lon, value.lat), head.bounds):
            complaints.add(row.place("lon"), f"lon, lat: expected a position inside the city, found {value.lon}, {value.lat}")
        for point in getattr(value, "geometry", ()):
            if not inside(point, head.bounds):
                complaints.add(row.place("geometry"), f"geometry: expected positions inside the city, found {shown(point)}")
                break
        if hasattr(value, "district") and value.district not in head.districts:
            known = ", ".join(head.districts)
            complaints.add(row.place("district"), f"district: expected one of {known}, found {value.district!r}")


def _check_references(domain: Domain, rows: Mapping[str, Sequence[Row]], complaints: Complaints) -> None:
    """What the manifest declares in `extra`: `references` {table: {field: table}} and `choices` {table: {field: words}}.

    A choice's field may lie in nested rows ("zone.matter"). An empty reference means none.
    """
    for table, fields in domain.extra.get("references", {}).items():
        for field, target in fields.items():
            if not rows.get(target):
                continue  # that table is missing, which was told, or belongs to a domain that is not loaded
            known = {getattr(row.value, row.value.__struct_fields__[0]) for row in rows[target]}
            for row in rows[table]:
                found = getattr(row.value, field)
                if found and found not in known:
                    complaints.add(row.place(field), f"{field}: expected a key of {target}, found {found!r}")
    for table, fields in domain.extra.get("choices", {}).items():
        for field, words in fields.items():
            nested, _, leaf = field.rpartition(".")
            for row in rows[table]:
                for index, value in enumerate(getattr(row.value, nested) if nested else [row.value]):
                    if getattr(value, leaf) not in words:
                        where = row.place(nested, index, leaf) if nested else row.place(leaf)
                        complaints.add(where, f"{leaf}: expected one of {', '.join(words)}, found {getattr(value, leaf)!r}")


def _check_map(folder: Path, head: _File, complaints: Complaints) -> None:
    """The drawn base: an outline for every district, everything inside the city's bounds."""
    for name in MAP_FILES:
        text = read_text(folder, name, complaints)
        outlined = set()
        for index, feature in enumerate(features(text, name, complaints) if text is not None else ()):
            outlined.add(feature["properties"].get("code"))
            geometry = feature.get("geometry") or {}
            outside = [point for point in points(geometry.get("coordinates")) if not inside(point, head.bounds)]
            if outside:
                found = f"{len(outside)} outside, first {shown(outside[0])}"
                complaints.add(f"{name}: feature {index}", f"geometry: expected positions inside the city, found {found}")
        for code in head.districts if text is not None and name == MAP_FILES[0] else ():
            if code not in outlined:
                complaints.add(f"{name}:1", f"code: expected an outline of district {code}, found none")


def points(coordinates: Any) -> list[tuple[float, float]]:
    """All positions of a GeoJSON geometry, however deep."""
    if not isinstance(coordinates, list) or not coordinates:
        return []
    if isinstance(coordinates[0], (int, float)):
        return [(coordinates[0], coordinates[1])]
    return [point for part in coordinates for point in points(part)]
