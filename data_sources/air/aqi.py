"""China's air quality index: HJ 633-2026 and HJ 633-2012, chosen by the date of observation, in exact arithmetic.

Units: µg/m³, CO mg/m³. Method: HJ 633-2026 table 3 and chapter 5 (HJ 633-2012 table 1 and chapter 4). Concentrations are
first rounded by GB/T 8170 (half to even: whole µg/m³, CO one decimal); IAQI and AQI are rounded up. The hourly report
uses 1-hour means, for particles in the 24-hour column. Edges: beyond the last column 500; SO₂ 1 h > 800 gives 200 and
O₃ 8 h > 800 gives 300 in 2026, no IAQI in 2012. A missing planned item leaves AQI NA in 2026 unless the others exceed 100.

>>> iaqi("co_24h", "2.2", 2026), iaqi("pm25_24h", "60.5", 2026), iaqi("pm25_24h", 75, 2012)
(55, 100, 100)
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Literal

import msgspec

Edition = Literal[2012, 2026]
Basis = Literal["hour", "day"]
Number = float | str | Decimal

IN_FORCE_2026 = date(2026, 3, 1)
IAQI = (0, 50, 100, 150, 200, 300, 400, 500)
_COMMON: dict[str, tuple[int, ...]] = {
    "so2_24h": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "so2_1h": (0, 150, 500, 650, 800),
    "no2_24h": (0, 40, 80, 180, 280, 565, 750, 940),
    "no2_1h": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "co_24h": (0, 2, 4, 14, 24, 36, 48, 60),
    "co_1h": (0, 5, 10, 35, 60, 90, 120, 150),
    "o3_8h": (0, 100, 160, 215, 265, 800),
    "o3_1h": (0, 160, 200, 300, 400, 800, 1000, 1200),
}
_PARTICLES: dict[Edition, dict[str, tuple[int, ...]]] = {
    2012: {"pm10_24h": (0, 50, 150, 250, 350, 420, 500, 600), "pm25_24h": (0, 35, 75, 115, 150, 250, 350, 500)},
    2026: {"pm10_24h": (0, 50, 120, 250, 350, 420, 500, 600), "pm25_24h": (0, 35, 60, 115, 150, 250, 350, 500)},
}
_BASIS: dict[Basis, dict[str, str]] = {
    "hour": {"so2": "so2_1h", "no2": "no2_1h", "co": "co_1h", "o3": "o3_1h", "pm10": "pm10_24h", "pm25": "pm25_24h"},
    "day": {"so2": "so2_24h", "no2": "no2_24h", "co": "co_24h", "o3": "o3_8h", "pm10": "pm10_24h", "pm25": "pm25_24h"},
}
_LEVELS = (50, 100, 150, 200, 300)


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one evaluation. `missing` are planned items without a value; `primary` all items of the largest IAQI."""

    aqi: int | None
    level: int | None  # 1..6
    primary: tuple[str, ...]
    iaqi: dict[str, int | None]
    missing: tuple[str, ...]
    standard: str


def edition(on: date) -> Edition:
    """The edition in force on a day of observation: HJ 633-2026 from 2026-03-01."""
    return 2026 if on >= IN_FORCE_2026 else 2012


def rounded(value: Number, digits: int) -> Decimal:
    """GB/T 8170 rounding, half to even, of the decimal number as written (60.5 -> 60, 61.5 -> 62)."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)


def columns(of: Edition) -> dict[str, tuple[int, ...]]:
    """Concentration limits by item; entry i belongs to `IAQI[i]`."""
    return _COMMON | _PARTICLES[of]


def iaqi(item: str, value: Number, of: Edition) -> int | None:
    """Individual index of one item ("so2_1h", "pm25_24h", "pm25_1h", ...).

    None when the edition does not compute it (2012: SO₂ 1 h or O₃ 8 h above 800). Raises ValueError for an unknown item,
    a negative or a non-finite concentration.
    """
    name = item.lower().replace("pm2.5", "pm25")
    name = {"pm25_1h": "pm25_24h", "pm10_1h": "pm10_24h"}.get(name, name)
    limits = columns(of).get(name)
    if limits is None:
        raise ValueError(f"no such item: {item!r}")
    tenths = 10 if name.startswith("co_") else 1
    try:
        number = int(rounded(value, 1 if tenths == 10 else 0) * tenths)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{item}: not a number: {value!r}") from None
    if Decimal(str(value)) < 0:
        raise ValueError(f"{item}: negative concentration {value!r}")
    if number > limits[-1] * tenths:
        if len(limits) < len(IAQI):
            return IAQI[len(limits) - 1] if of == 2026 else None
        return 500
    for i in range(1, len(limits)):
        low, high = limits[i - 1] * tenths, limits[i] * tenths
        if number <= high:
            return IAQI[i - 1] - (-(IAQI[i] - IAQI[i - 1]) * (number - low) // (high - low))
    raise AssertionError("unreachable")


def level(aqi: int) -> int:
    """1 excellent … 6 severely polluted."""
    return 1 + sum(aqi > upper for upper in _LEVELS)


def evaluate(
    values: Mapping[str, Number | None], on: date, basis: Basis = "hour",
    planned: Iterable[str] = ("pm25", "pm10", "so2", "no2", "co", "o3"), of: Edition | None = None,
) -> Index:
    """Index of a set of concentrations (keys pm25 pm10 so2 no2 co o3; o3 of a day is its largest 8-hour mean).

    `planned` items without a value are missing: in 2026 the index is then NA unless the others give more than 100
    (HJ 633-2026 chapter 6); 2012 takes what there is. `of` overrides the choice by date.
    """
    used = edition(on) if of is None else of
    singles: dict[str, int | None] = {}
    missing: list[str] = []
    for name in planned:
        value = values.get(name)
        if value is None:
            singles[name] = None
            missing.append(name)
        else:
            singles[name] = iaqi(_BASIS[basis][name], value, used)
    known = {name: single for name, single in singles.items() if single is not None}
    top = max(known.values(), default=None)
    if top is None or (missing and used == 2026 and top <= 100):
        return Index(aqi=None, level=None, primary=(), iaqi=singles, missing=tuple(missing), standard=f"HJ 633-{used}")
    primary = tuple(name for name, single in known.items() if single == top) if top > 50 else ()
    return Index(aqi=top, level=level(top), primary=primary, iaqi=singles, missing=tuple(missing), standard=f"HJ 633-{used}")
