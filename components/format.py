"""Numbers, units, times and ages as people write them. Missing is an em dash, never 0."""

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.i18n import Lang, t

MISSING = "—"
MINUS = "−"
THIN = "\u202f"  # narrow no-break space between number and unit


def number(value: float | None, digits: int = 0) -> str:
    """1264.4 -> "1,264"; None -> "—". A true minus sign; never "-0"."""
    if value is None:
        return MISSING
    text = f"{abs(value):,.{digits}f}"
    negative = value < 0 and any(c in "123456789" for c in text)
    return (MINUS if negative else "") + text


def share(value: float | None, digits: int = 0) -> str:
    """A percentage 0..100 without its sign, as `number`, but what is not complete is never shown as 100: 99.7 -> "99.7"."""
    if value is None or value >= 100 or float(f"{value:.{digits}f}") < 100:
        return number(value, digits)
    digits = max(1, digits)
    return number(math.floor(value * 10**digits) / 10**digits, digits)


def compact(value: float | None, lang: Lang, digits: int = 1) -> str:
    """Large numbers in the reader's own steps: 13307 -> "1.3万" / "13.3k"; below one step as `number`.

    zh: 万 from 10⁴, 亿 from 10⁸. en: k from 10⁴, M from 10⁶, bn from 10⁹. Trailing zeros are dropped.
    """
    if value is None:
        return MISSING
    steps: tuple[tuple[float, str], ...]
    steps = ((1e8, "亿"), (1e4, "万")) if lang == "zh" else ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
    if abs(value) >= 1e4:
        for size, word in steps:
            if abs(value) >= size:
                text = f"{abs(value) / size:,.{digits}f}"
                text = text.rstrip("0").rstrip(".") if "." in text else text
                return (MINUS if value < 0 else "") + text + word
    return number(value, 0 if float(value).is_integer() else digits)


def with_unit(value: float | None, unit: str, digits: int = 0) -> str:
    """Number and unit that never wrap apart; "%" sits close, as Chinese and English print it."""
    text = share(value, digits) if unit == "%" else number(value, digits)
    if not unit or value is None:
        return text
    return text + unit if unit == "%" or unit.startswith("/") else text + THIN + unit


def delta(value: float, usual: float, digits: int = 0) -> str:
    """Signed difference to the usual: "+0.7", "−3", "±0" when it rounds away."""
    text = number(value - usual, digits)
    if not any(c in "123456789" for c in text):
        return "±0"
    return text if text.startswith(MINUS) else "+" + text


def percent(share: float | None) -> str:
    """0..1 -> "87%". Rounds towards the honest side: 99.6 % is not 100 %, 0.4 % is not 0 %."""
    if share is None:
        return MISSING
    whole = round(share * 100)
    if whole == 100 and share < 1:
        whole = 99
    if whole == 0 and share > 0:
        return "<1%"
    return f"{whole}%"


def local(at: datetime, timezone: str) -> datetime:
    """`at` on the city's clock. A naive time is refused."""
    if at.tzinfo is None:
        raise ValueError("naive time")
    return at.astimezone(ZoneInfo(timezone))


def time_of(at: datetime | None, timezone: str) -> str:
    """"12:42" on the city's clock."""
    return MISSING if at is None else local(at, timezone).strftime("%H:%M")


def moment(at: datetime | None, now: datetime, timezone: str) -> str:
    """"12:42" today, "11-22 12:42" this year, "2025-11-22" before."""
    if at is None:
        return MISSING
    there, here = local(at, timezone), local(now, timezone)
    if there.date() == here.date():
        return there.strftime("%H:%M")
    return there.strftime("%m-%d %H:%M") if there.year == here.year else there.strftime("%Y-%m-%d")


def day(at: datetime, timezone: str, lang: Lang) -> str:
    """"11月22日 周日" / "Sun 22 Nov"."""
    there = local(at, timezone)
    weekday = t(f"ui.weekday.{there.isoweekday()}", lang)
    if lang == "zh":
        return f"{there.month}月{there.day}日 {weekday}"
    return f"{weekday} {there.day} {t(f'ui.month.{there.month}', lang)}"


def span(seconds: float, lang: Lang) -> str:
    """A duration in its one fitting unit: "42 秒", "8 分钟", "3 小时", "2 天"."""
    seconds = max(0.0, seconds)
    for key, size, limit in (("second", 1, 60), ("minute", 60, 3600), ("hour", 3600, 86400), ("day", 86400, None)):
        if limit is None or seconds < limit:
            return t(f"ui.span.{key}", lang, n=int(seconds // size))
    raise AssertionError


def age(at: datetime | None, now: datetime, lang: Lang) -> str:
    """"8 分钟前"; a time ahead of us counts as this moment; None is "—"."""
    if at is None:
        return MISSING
    return t("ui.ago", lang, span=span((now - at).total_seconds(), lang))


def day_start(now: datetime, timezone: str) -> datetime:
    """Midnight of the city's present day, aware."""
    return local(now, timezone).replace(hour=0, minute=0, second=0, microsecond=0)


def share_of_day(at: datetime, now: datetime, timezone: str) -> float:
    """Where `at` lies in the city's present day, 0..1 and outside it beyond."""
    return (local(at, timezone) - day_start(now, timezone)) / timedelta(days=1)
