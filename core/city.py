"""A city as data: `config/<city>/` read and validated in one go, every error with file, line and expected form."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from core.domain import Domain


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that can own a finding."""

    id: str
    name: str
    name_en: str


class City(msgspec.Struct, frozen=True, kw_only=True):
    """What every process may know about the city. `tables` holds the domains' validated rows by table name."""

    id: str
    name: str
    name_en: str
    code: str  # GB/T 2260
    timezone: str
    centre: tuple[float, float]  # lon, lat, WGS-84
    bounds: tuple[float, float, float, float]  # west, south, east, north of the city
    urban: tuple[float, float, float, float]  # of the built-up core the wall shows first
    folder: Path
    departments: tuple[Department, ...]
    districts: Mapping[str, tuple[str, str]]  # code -> (zh, en)
    owners: Mapping[str, str]  # domain -> department id
    tables: Mapping[str, Sequence[Any]]

    def of(self, domain: Domain) -> dict[str, Sequence[Any]]:
        """The rows of one domain's tables."""
        return {name: self.tables[name] for name in domain.tables}


def load(folder: Path, domains: Sequence[Domain]) -> City:
    """Read `folder`. Raises `BadConfiguration` whose `details["errors"]` holds all errors at once."""
    raise NotImplementedError
