"""Days and hours of the city. A service day runs from 04:00 to 04:00 local time, when the least is under way."""

from math import floor

UTC_OFFSET_S = 8 * 3600  # China has one zone and no summer time
DAY_S = 86400
SERVICE_START_S = 4 * 3600


def local_hour(t: float) -> float:
    """Local hour of the day, 0 ≤ h < 24, of POSIX seconds."""
    return ((t + UTC_OFFSET_S) % DAY_S) / 3600


def local_day(t: float) -> int:
    """Local calendar day, counted from 1970-01-01."""
    return floor((t + UTC_OFFSET_S) / DAY_S)


def service_day(t: float) -> int:
    """The service day that holds `t`."""
    return floor((t + UTC_OFFSET_S - SERVICE_START_S) / DAY_S)


def service_start(day: int) -> float:
    """POSIX seconds of 04:00 local on service day `day`."""
    return day * DAY_S - UTC_OFFSET_S + SERVICE_START_S


def is_weekend(day: int) -> bool:
    """Saturday or Sunday. 1970-01-01 was a Thursday."""
    return (day + 3) % 7 >= 5


def day_of_year(t: float) -> float:
    """Day of the year as a fraction of 365.25 days, good enough for seasons."""
    return ((t + UTC_OFFSET_S) / DAY_S) % 365.25
