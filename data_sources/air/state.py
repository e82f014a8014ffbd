"""What the air builder remembers between builds. Times are POSIX seconds; hours are POSIX seconds of their start."""

import msgspec

from core.snapshot import Finding
from data_sources.air.model import HourResult

HOUR, SLOT = 3600, 300
KEEP_HOURS = 26  # results kept for the trends
CELL_IDLE_S = 2 * HOUR  # samples of a past hour are dropped when nothing was added for so long
MAX_CELLS = 48


class Watch(msgspec.Struct):
    """Recent life of one factor: since when it has not moved, and its last plausible values."""

    value: float
    since: float
    samples: int
    recent: list[float]
    spikes: int = 0


class Cell(msgspec.Struct):
    """Valid samples of one hour: minute of the hour -> factor -> value. Writing a sample twice changes nothing."""

    touched: float
    minutes: dict[int, dict[str, float]] = {}


class StationMemory(msgspec.Struct):
    """One station. `hours` are finished results, `reported` the device's own hourly means, `dirty` hours to recompute."""

    newest: float = 0.0
    values: dict[str, float | None] = {}
    flags: tuple[str, ...] = ()
    clock_ahead_at: float = 0.0
    watches: dict[str, Watch] = {}
    cells: dict[int, Cell] = {}
    reported: dict[int, dict[str, float]] = {}
    hours: dict[int, HourResult] = {}
    dirty: list[int] = []

    def clone(self) -> "StationMemory":
        """A copy that may be changed without touching the state it came from."""
        return StationMemory(
            newest=self.newest,
            values=dict(self.values),
            flags=self.flags,
            clock_ahead_at=self.clock_ahead_at,
            watches={k: Watch(w.value, w.since, w.samples, list(w.recent), w.spikes) for k, w in self.watches.items()},
            cells={h: Cell(c.touched, dict(c.minutes)) for h, c in self.cells.items()},  # samples are replaced, never changed
            reported=dict(self.reported),
            hours=dict(self.hours),
            dirty=list(self.dirty),
        )

    def mark(self, hour: int) -> None:
        """The result of `hour` has to be computed (again)."""
        if hour not in self.dirty:
            self.dirty.append(hour)


class Recent(msgspec.Struct, frozen=True):
    """A short mean of the city: value, end of its interval, share of stations in it."""

    value: float
    end: int
    coverage: float


class AirState(msgspec.Struct):
    """The whole memory: per station (by MN), the city's hours, the last five minutes, open and lately ended findings."""

    stations: dict[str, StationMemory] = {}
    city: dict[int, HourResult] = {}
    city_coverage: dict[int, float] = {}
    five: Recent | None = None
    open: dict[str, Finding] = {}
    ended: list[Finding] = []


def slot_means(cell: Cell | None, factor: str) -> dict[int, float]:
    """Five-minute slot (0..11) -> mean of its valid samples of one factor."""
    sums: dict[int, list[float]] = {}
    for minute, values in (cell.minutes if cell is not None else {}).items():
        if factor in values:
            sums.setdefault(minute // 5, []).append(values[factor])
    return {slot: sum(v) / len(v) for slot, v in sums.items()}


def recent_mean(memory: StationMemory, factor: str, end: int, slots: int) -> float | None:
    """Mean of the last `slots` whole five-minute slots before `end` (a slot border); None when one of them is empty."""
    found: list[float] = []
    for number in range(1, slots + 1):
        start = end - number * SLOT
        hour = start - start % HOUR
        cell = memory.cells.get(hour)
        first = (start - hour) // 60
        samples = [cell.minutes.get(first + i, {}).get(factor) for i in range(SLOT // 60)] if cell is not None else []
        known = [value for value in samples if value is not None]
        if not known:
            return None
        found.append(sum(known) / len(known))
    return sum(found) / len(found)
