"""What a number means: one row per measure, the only place where unit, bands and standard are stated."""

from typing import Literal

import msgspec

Better = Literal["low", "high", "neither"]


class Band(msgspec.Struct, frozen=True):
    """Values up to and including `upto` (None: no end) are called `key` (a string key) and drawn in `color` (a theme token)."""

    upto: float | None
    key: str
    color: str


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the measure registry. Names, definitions and band words are string keys `measure.<key>[.definition]`."""

    key: str  # "<domain>.<name_unit>", e.g. "traffic.network_index"
    unit: str  # "", "%", "km/h", "µg/m³", ...
    digits: int = 0
    better: Better = "neither"
    bands: tuple[Band, ...] = ()
    standard: str = ""  # "GB/T 33171-2016 Annex C"
    formula: str = ""
    low: float | None = None  # plausible range, outside is a problem, not a value
    high: float | None = None

    def band(self, value: float | None) -> Band | None:
        """The band `value` falls in; None for a missing value or a measure without bands."""
        if value is None:
            return None
        for band in self.bands:
            if band.upto is None or value <= band.upto:
                return band
        return None
