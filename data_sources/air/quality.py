"""Sensor quality: what may enter a mean, and which flags hold. Limits in our units (µg/m³, CO mg/m³).

Method: plausible range, isolated jump against the median of the last values (an event of three samples is believed),
flat line by the resolution of the readings, PM2.5 above PM10, light scatter in humid air, and the device's own flags
(HJ 212-2017 table B: only N enters a mean).
"""

from collections.abc import Mapping
from statistics import median

from data_sources.air.model import AirReport, Station
from data_sources.air.state import StationMemory, Watch

RANGE: dict[str, tuple[float, float]] = {
    "pm25": (0, 1000), "pm10": (0, 3000), "tsp": (0, 10000), "pm1": (0, 1000),
    "so2": (0, 2620), "no2": (0, 3840), "no": (0, 3840), "nox": (0, 5000), "co": (0, 150), "o3": (0, 1200),
    "t_c": (-40, 60), "rh_pct": (0, 100), "p_kpa": (50, 110), "wind_ms": (0, 60), "wind_deg": (0, 360),
    "noise_db": (0, 140),
}
JUMP: dict[str, float] = {"pm25": 150, "pm10": 300, "so2": 300, "no2": 200, "o3": 200, "co": 10}
RECENT, SPIKE_RUN = 9, 3
FLAT_FINE_S, FLAT_FINE_SAMPLES = 1_200, 30  # readings with decimals: thirty equal ones do not happen
FLAT_COARSE_S, FLAT_GAS_S = 4 * 3_600, 12 * 3_600  # whole numbers: HJ 818-style 4 h; clean gases rest at low integers
HUMID_PCT = 90
_FAULTS, _MAINTENANCE = frozenset("FDTB"), frozenset("MCS")


def accept(memory: StationMemory, report: AirReport) -> tuple[dict[str, float], set[str]]:
    """Values of a report that may enter a mean, and the flags it raises. Reads the watches, changes nothing."""
    good: dict[str, float] = {}
    flags: set[str] = set()
    for name, value in report.values.items():
        own = report.factor_flags.get(name)
        if own is not None:
            flags.add("maintenance" if own in _MAINTENANCE else "fault")
        elif value is not None:
            low, high = RANGE.get(name, (float("-inf"), float("inf")))
            if not low <= value <= high:
                flags.add("out_of_range")
            elif _is_spike(memory.watches.get(name), name, value):
                flags.add("spike")
            else:
                good[name] = value
    return good, flags


def _is_spike(watch: Watch | None, name: str, value: float) -> bool:
    if watch is None or name not in JUMP or len(watch.recent) < 5 or watch.spikes >= SPIKE_RUN - 1:
        return False
    usual = median(watch.recent)
    return abs(value - usual) > max(JUMP[name], 2 * usual)


def remember(memory: StationMemory, report: AirReport, good: Mapping[str, float], at: float) -> None:
    """Update the watches with a newest report (never with a late one)."""
    for name, value in report.values.items():
        watch = memory.watches.get(name)
        if value is None or name in report.factor_flags:
            continue
        if name not in good:
            if watch is not None:
                watch.spikes += 1
            continue
        if watch is None:
            memory.watches[name] = Watch(value, at, 1, [value])
            continue
        if watch.value == value:
            watch.samples += 1
        else:
            watch.value, watch.since, watch.samples = value, at, 1
        before = [] if watch.spikes >= SPIKE_RUN - 1 else watch.recent[-(RECENT - 1) :]  # a believed event starts anew
        watch.recent = [*before, value]
        watch.spikes = 0


def standing(memory: StationMemory, station: Station, good: Mapping[str, float]) -> set[str]:
    """Flags that follow from the station's present values and recent life."""
    flags: set[str] = set()
    if any(is_flat(name, watch, memory.newest) for name, watch in memory.watches.items()):
        flags.add("flat_line")
    pm25, pm10 = good.get("pm25"), good.get("pm10")
    if pm25 is not None and pm10 is not None and pm25 > pm10 * 1.1 + 5:
        flags.add("pm25_gt_pm10")
    if station.kind != "national" and good.get("rh_pct", 0) > HUMID_PCT:
        flags.add("humid")
    return flags


def is_flat(name: str, watch: Watch, newest: float) -> bool:
    """Whether a pollutant has stood still longer than nature allows at the resolution it is sent with."""
    if name not in JUMP:
        return False
    stood = newest - watch.since
    if watch.value % 1:
        return stood >= FLAT_FINE_S and watch.samples >= FLAT_FINE_SAMPLES
    limit = FLAT_GAS_S if name in ("so2", "no2", "co") else FLAT_COARSE_S
    return stood >= limit and watch.samples >= FLAT_FINE_SAMPLES
