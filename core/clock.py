"""Time at the edges only: storage is UTC, people see the city's zone. Pure code gets `now` passed in."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def from_epoch(seconds: float) -> datetime:
    """Aware UTC time of a POSIX time stamp."""
    return datetime.fromtimestamp(seconds, UTC)


def epoch(at: datetime) -> float:
    """POSIX seconds of an aware time; a naive one is refused."""
    if at.tzinfo is None:
        raise ValueError("naive time")
    return at.timestamp()


def zone_day(at: datetime, timezone: str) -> str:
    """The local calendar day, "2026-11-24", that an aware time falls in."""
    return at.astimezone(ZoneInfo(timezone)).date().isoformat()
