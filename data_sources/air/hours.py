"""Hourly means with validity, and their index: per station and for the city. Pure.

Method: GB 3095-2026 table 4 (an hour needs 45 minutes of data): here nine of twelve five-minute slots with a valid sample;
the hour is the mean of its slot means. A device's own hourly mean (HJ 212 CN=2061) is preferred: it saw every sample.
The city is the mean of the national stations, at least half of them valid (HJ 633 chapter 5).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from core.clock import BEIJING, from_epoch
from data_sources.air import aqi
from data_sources.air.model import POLLUTANTS, AirReport, HourResult, Station
from data_sources.air.quality import RANGE
from data_sources.air.state import CELL_IDLE_S, HOUR, MAX_CELLS, Cell, StationMemory, slot_means

VALID_SLOTS = 9
CITY_SHARE = 0.5


def add_sample(memory: StationMemory, at: float, good: Mapping[str, float], now: float) -> None:
    """Put a sample's valid pollutant values into its hour."""
    values: dict[str, float] = {name: good[name] for name in POLLUTANTS if name in good}
    if not values:
        return
    hour = int(at // HOUR) * HOUR
    cell = memory.cells.setdefault(hour, Cell(touched=now, minutes={}))
    cell.minutes[int(at - hour) // 60] = values
    cell.touched = now
    memory.mark(hour)


def add_reported(memory: StationMemory, report: AirReport, station: Station) -> bool:
    """Take a device's own hourly means; False when none of them is usable."""
    hour = int(report.observed_at.timestamp() // HOUR) * HOUR
    means: dict[str, float] = {
        name: value
        for name in POLLUTANTS
        if (value := report.values.get(name)) is not None
        and name not in report.factor_flags
        and RANGE[name][0] <= value <= RANGE[name][1]
    }
    if means and memory.reported.get(hour) != means:
        memory.reported[hour] = means
        memory.mark(hour)
    return bool(means)


def finish(memory: StationMemory, station: Station, now: float) -> dict[int, HourResult]:
    """Compute every hour that is over and was touched; the changed results by hour. Drops samples nobody adds to."""
    changed: dict[int, HourResult] = {}
    for hour in [h for h in memory.dirty if h + HOUR <= now]:
        memory.dirty.remove(hour)
        result = _result(memory, hour, station)
        if result is not None and memory.hours.get(hour) != result:
            memory.hours[hour] = changed[hour] = result
    idle = [h for h, c in memory.cells.items() if h + HOUR <= now and now - c.touched > CELL_IDLE_S]
    excess = sorted(memory.cells)[: max(0, len(memory.cells) - MAX_CELLS)]
    for hour in {*idle, *excess}:
        del memory.cells[hour]
    return changed


def _result(memory: StationMemory, hour: int, station: Station) -> HourResult | None:
    own = memory.reported.get(hour, {})
    values = dict(own)
    cell = memory.cells.get(hour)
    for name in POLLUTANTS:
        slots = slot_means(cell, name) if name not in values else {}
        if len(slots) >= VALID_SLOTS:
            values[name] = sum(slots.values()) / len(slots)
    if not values:
        return None
    return judged(values, hour, station.planned, bool(own))


def judged(values: Mapping[str, float], hour: int, planned: Iterable[str], reported: bool = False) -> HourResult:
    """An hour's means with the index of the edition in force on its day (Beijing date of the start of the hour)."""
    index = aqi.evaluate(values, day_of(hour), "hour", planned)
    why = "" if index.aqi is not None else "air.why.item_missing" if values else "air.why.no_hour"
    return HourResult(
        values=dict(values), iaqi=index.iaqi, aqi=index.aqi, level=index.level, primary=index.primary,
        standard=index.standard, why=why, reported=reported,
    )


def day_of(at: float) -> date:
    """The Beijing day a moment belongs to."""
    return from_epoch(at).astimezone(BEIJING).date()


def mean_of(hours: Sequence[Mapping[str, float]], expected: int, share: float = CITY_SHARE) -> dict[str, float]:
    """Mean by pollutant over stations; a pollutant that fewer than `share` of the expected stations have is left out."""
    means: dict[str, float] = {}
    for name in POLLUTANTS:
        found = [values[name] for values in hours if name in values]
        if found and len(found) >= share * expected:
            means[name] = sum(found) / len(found)
    return means
