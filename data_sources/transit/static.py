"""What gateway and builder know beforehand: approved terminals and the road network, indexed once."""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from data_sources.transit.model import Vehicle
from data_sources.transit.network import Network


class Static:
    """Indexed rows of the domain's tables. Immutable by convention."""

    def __init__(self, tables: Mapping[str, Sequence[Any]]) -> None:
        vehicles: Sequence[Vehicle] = tables["transit/vehicles.csv"]
        self.vehicles = {terminal_key(v.terminal): v for v in vehicles}
        self.network = Network(tables["transit/roads.geojson"])
        self.registered: dict[str, int] = dict(Counter(str(v.kind) for v in self.vehicles.values()))
        # The key is the fleet table itself, which viewers do not have: an id cannot be guessed from a phone number.
        key = blake2b("|".join(f"{v.terminal},{v.plate}" for v in vehicles).encode(), digest_size=32).digest()
        self.opaque = {t: blake2b(t.encode(), key=key, digest_size=5).hexdigest() for t in self.vehicles}
        self.number = {t: zlib.crc32(t.encode()) for t in self.vehicles}  # short name inside the state
        self.by_operator: dict[str, list[str]] = {}
        for terminal, vehicle in self.vehicles.items():
            self.by_operator.setdefault(vehicle.operator, []).append(terminal)


def terminal_key(phone: str) -> str:
    """A terminal's phone field as the tables name it: lower case, without leading zeros."""
    return phone.strip().lower().lstrip("0") or "0"
