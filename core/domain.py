"""A domain's manifest: the one row from which route, menu, link, freshness, tile, permission and docs derive."""

from collections.abc import Mapping
from typing import Any

import msgspec

from core.measure import Measure


class SourceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A feed a domain listens to. `id` is unique in the city; its title is the string `source.<id>`."""

    id: str
    protocol: str  # "JT/T 808", "HJ 212", "HTTPS+HMAC", "RTSP", ...
    cadence_s: float  # how often the newest observation should move
    required: bool = True
    blinds: tuple[str, ...] = ()  # measure keys that go dark without it


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """Manifest. Its title is the string `domain.<name>`; strings live in the domain's `strings.json`."""

    name: str
    route: str
    icon: str
    cadence_s: float  # how often a snapshot is built
    data_type: type  # type of Snapshot.data, from the domain's model.py
    tables: Mapping[str, type]  # "parking/places.csv" -> row struct; validated on start
    sources: tuple[SourceSpec, ...]
    measures: tuple[Measure, ...]
    headline: tuple[str, ...]  # measure keys shown on the overview, most important first
    permission: str = ""  # default "<name>.read"
    group: str = "operate"  # menu group
    extra: Mapping[str, Any] = {}

    def may_read(self) -> str:
        """The permission that guards this domain's pages, snapshots and live link."""
        return self.permission or f"{self.name}.read"
