"""The United States' index (EPA-454/B-24-002, May 2024) and NowCast, for comparison with foreign sources.

Units: O₃ and CO ppm, PM µg/m³. Concentrations are truncated, the index is rounded half up. Exact arithmetic.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

_ROWS: dict[str, tuple[int, tuple[tuple[str, str, int, int], ...]]] = {
    "o3_8h": (3, (("0", "0.054", 0, 50), ("0.055", "0.070", 51, 100), ("0.071", "0.085", 101, 150),
                  ("0.086", "0.105", 151, 200), ("0.106", "0.200", 201, 300))),
    "o3_1h": (3, (("0.125", "0.164", 101, 150), ("0.165", "0.204", 151, 200), ("0.205", "0.404", 201, 300),
                  ("0.405", "0.604", 301, 500))),
    "pm2.5": (1, (("0", "9.0", 0, 50), ("9.1", "35.4", 51, 100), ("35.5", "55.4", 101, 150), ("55.5", "125.4", 151, 200),
                  ("125.5", "225.4", 201, 300), ("225.5", "325.4", 301, 500))),
    "pm10": (0, (("0", "54", 0, 50), ("55", "154", 51, 100), ("155", "254", 101, 150), ("255", "354", 151, 200),
                 ("355", "424", 201, 300), ("425", "604", 301, 500))),
    "co_8h": (1, (("0", "4.4", 0, 50), ("4.5", "9.4", 51, 100), ("9.5", "12.4", 101, 150), ("12.5", "15.4", 151, 200),
                  ("15.5", "30.4", 201, 300), ("30.5", "50.4", 301, 500))),
}


def index(item: str, value: float | str | Decimal) -> int | None:
    """EPA index of one item; None below the table (1-hour ozone under 0.125), 500 above it.

    >>> index("PM2.5", "35.9"), index("O3_8h", "0.07853333")
    (102, 126)
    """
    digits, rows = _ROWS[item.lower()]
    cut = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_DOWN)
    if cut < Decimal(rows[0][0]):
        return None
    for low, high, index_low, index_high in rows:
        if cut <= Decimal(high):
            share = (index_high - index_low) * (cut - Decimal(low)) / (Decimal(high) - Decimal(low))
            return int((share + index_low).quantize(Decimal(1), ROUND_HALF_UP))
    return 500


def nowcast(latest_first: Sequence[float | None]) -> float | None:
    """NowCast of particles over the last 12 hours, newest first; None when fewer than 2 of the last 3 hours are there.

    >>> round(nowcast([13, 16, 10, 21, 74, 64, 53, 82, 90, 75, 80, 50]), 1)
    17.4
    """
    hours = list(latest_first[:12])
    known = [c for c in hours if c is not None]
    if sum(c is not None for c in hours[:3]) < 2:
        return None
    top = max(known)
    weight = max(min(known) / top, 0.5) if top > 0 else 1.0
    pairs = [(weight**i, c) for i, c in enumerate(hours) if c is not None]
    return sum(w * c for w, c in pairs) / sum(w for w, _ in pairs)
