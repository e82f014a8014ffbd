"""From checked HJ 212 frames to one `AirReport` in our units: µg/m³, CO mg/m³, °C, %, kPa, m/s, degrees, dB(A).

Factor codes: HJ 212-2017 table B.2, HJ 524 for ozone; vendor names seen in the field. `DataTime` of 2011 is the instant,
of 2051/2061/2031 the START of the period (HJ 212-2017 6.6.4); device clocks are Beijing time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.clock import BEIJING
from core.observation import Problem
from data_sources.air.model import AirReport, Period, Station
from data_sources.air.wire.hj212 import Frame

CODES: dict[str, str] = {
    "a34004": "pm25", "a34002": "pm10", "a34001": "tsp", "a34005": "pm1",
    "a21026": "so2", "a21004": "no2", "a21003": "no", "a21002": "nox", "a21005": "co", "a05024": "o3",
    "a01001": "t_c", "a01002": "rh_pct", "a01006": "p_kpa", "a01007": "wind_ms", "a01008": "wind_deg",
    "LA": "noise_db", "Leq": "noise_db",
}
VENDOR_CODES: dict[str, str] = {
    "PM25": "pm25", "PM2.5": "pm25", "PM10": "pm10", "TSP": "tsp", "O3": "o3", "SO2": "so2", "NO2": "no2", "CO": "co",
    "TEM": "t_c", "RH": "rh_pct", "WS": "wind_ms", "WD": "wind_deg", "NOIS": "noise_db", "a50001": "noise_db",
    "PRE": "p_kpa",
}
PERIODS: dict[str, Period] = {"2011": "instant", "2051": "minute", "2061": "hour", "2031": "day"}
SUFFIX: dict[Period, tuple[str, ...]] = {
    "instant": ("Rtd", "Data"), "minute": ("Avg", "Data"), "hour": ("Avg", "Data"), "day": ("Avg", "Data"),
}
LENGTH: dict[Period, timedelta] = {
    "instant": timedelta(), "minute": timedelta(), "hour": timedelta(hours=1), "day": timedelta(days=1),
}
AHEAD = timedelta(minutes=5)  # a device clock may be this much ahead of ours
TOO_OLD = timedelta(days=31)
PARTICLES, GASES = frozenset({"pm25", "pm10", "tsp", "pm1"}), frozenset({"so2", "no2", "no", "nox", "o3"})
_SCALE = {"ug/m3": 1.0, "mg/m3": 1000.0, "ng/m3": 0.001}


def read(
    frames: Sequence[Frame], station: Station, source: str, received_at: datetime
) -> tuple[AirReport | None, list[Problem]]:
    """One report from the frames of one command (sub-packets in order), and its problems.

    None when the command carries no measurements or its time cannot be believed; the problem says which.
    Concentrations are converted by what this device is configured to send (`pm_unit`, `gas_unit`; CO is always mg/m³).
    """
    problems = [_problem(source, station, reason, detail, True) for f in frames for reason, detail in f.notes]
    command = frames[0].command
    period = PERIODS.get(command)
    if period is None:
        problems.append(_problem(source, station, "unused_command", f"CN={command}", True))
        return None, problems
    at, reason, detail = _time(frames, period, received_at)
    if at is None:
        problems.append(_problem(source, station, reason, detail, False))
        if reason != "clock_ahead":
            return None, problems
        seen = AirReport(source=source, entity=station.mn, period="instant", values={}, factor_flags={},
                         observed_at=received_at, received_at=received_at, flags=("clock_ahead",))
        return seen, problems
    values: dict[str, float | None] = {}
    flags: dict[str, str] = {}
    for frame in frames:
        _factors(frame, period, station, source, values, flags, problems)
    return AirReport(source=source, entity=station.mn, period=period, values=values, factor_flags=flags,
                     observed_at=at, received_at=received_at), problems


def _factors(
    frame: Frame, period: Period, station: Station, source: str,
    values: dict[str, float | None], flags: dict[str, str], problems: list[Problem],
) -> None:
    for code, parts in frame.factors.items():
        name = CODES.get(code)
        if name is None:
            name = VENDOR_CODES.get(code)
            reason = "unknown_factor" if name is None else "vendor_factor_name"
            problems.append(_problem(source, station, reason, code, True))
            if name is None:
                continue
        text = next((parts[suffix] for suffix in SUFFIX[period] if suffix in parts), None)
        if text is None:
            near = next((s for s in parts if s.lower() in ("td", "rtd", "rd", "rt", "avg", "ag", "data")), None)
            if near is None:
                continue
            problems.append(_problem(source, station, "suffix_misspelt", f"{code}-{near}", True))
            text = parts[near]
        value = _number(text)
        if value is None:
            problems.append(_problem(source, station, "bad_value", f"{code}={text[:40]}", False))
        else:
            value = scaled(name, value, station)
        values[name] = value
        flag = parts.get("Flag", "N").upper()
        if flag != "N":
            flags[name] = flag[:1]


def scaled(name: str, value: float, station: Station) -> float:
    """A device's number in our unit. ng/m³ is the standard's own default for particles, µg/m³ what most devices send."""
    if name in PARTICLES:
        return round(value * _SCALE[station.pm_unit], 6)  # 0.029 mg is 29 µg, not 29.000000000000004
    if name in GASES:
        return round(value * _SCALE[station.gas_unit], 6)
    return value


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None  # also refuses nan and inf


def _time(
    frames: Sequence[Frame], period: Period, received_at: datetime
) -> tuple[datetime | None, str, str]:
    text = next((f.cp["DataTime"] for f in frames if "DataTime" in f.cp), "")
    if not text and period == "instant":
        text = frames[0].fields.get("QN", "")[:14]
    if not text:
        return None, "no_time", "no DataTime"
    at = moment(text)
    if at is None:
        return None, "bad_time", f"DataTime={text[:40]}"
    if at > received_at + AHEAD:
        return None, "clock_ahead", f"DataTime={text}, received {received_at.astimezone(BEIJING):%Y%m%d%H%M%S}"
    if at + LENGTH[period] > received_at + AHEAD:
        return None, "period_not_over", f"DataTime={text} is the start of its {period}"
    if at < received_at - TOO_OLD:
        return None, "too_old", f"DataTime={text}"
    return at, "", ""


def moment(text: str) -> datetime | None:
    """yyyyMMddHHmmss with optional milliseconds, Beijing time -> aware; None when it is no such time."""
    if not (text.isascii() and text.isdigit() and len(text) in (14, 17)):
        return None
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
    except ValueError:
        return None


def _problem(source: str, station: Station, reason: str, detail: str, kept: bool) -> Problem:
    return Problem(source=source, reason=reason, detail=detail, entity=station.mn, kept=kept)
