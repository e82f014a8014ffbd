"""How much the city wants to move, by hour and kind of day: shares of the peak that later become flows and arrivals."""

from math import exp

from demo.world import calendar
from demo.world.seeds import draw


def bump(hour: float, centre: float, width: float) -> float:
    """A bell over the hours of the day that wraps at midnight; 1 at its centre."""
    gap = (hour - centre + 12) % 24 - 12
    return exp(-0.5 * (gap / width) ** 2)


def patterns(seed: int, t: float) -> tuple[float, float, float]:
    """Strength of (home to work, work to home, everything else) now, each about 0 … 1."""
    hour, day = calendar.local_hour(t), calendar.local_day(t)
    level = 0.94 + 0.12 * draw(seed, "day-level", day)
    if calendar.is_weekend(day):
        morning = 0.18 * bump(hour, 8.6, 1.3)
        evening = 0.22 * bump(hour, 17.5, 1.5)
        other = 0.10 + 0.75 * bump(hour, 10.6, 1.7) + 0.85 * bump(hour, 16.2, 2.3) + 0.35 * bump(hour, 20, 1.5)
    else:
        morning = bump(hour, 7.75, 0.62)
        evening = 0.92 * bump(hour, 17.75, 0.85)
        other = 0.08 + 0.48 * bump(hour, 9.8, 1.9) + 0.55 * bump(hour, 14.9, 2.2) + 0.42 * bump(hour, 19.6, 1.4)
    return morning * level, evening * level, other * level


def taxi_pull(hour: float) -> float:
    """How quickly a free taxi finds a customer, 0.15 … 1."""
    return 0.15 + 0.85 * max(bump(hour, 8.2, 1.2), bump(hour, 18, 1.8), 0.6 * bump(hour, 13, 3), 0.5 * bump(hour, 21.5, 1.5))


def arrivals_at_work(hour: float) -> float:
    """Commuters who look for a place to park, per hour, relative: half an hour behind the road's peak."""
    return bump(hour, 8.25, 0.55)


def arrivals_on_errands(hour: float, weekend: bool) -> float:
    """Short stays: shops, hospitals, offices, dinner."""
    day = 0.75 * bump(hour, 10.2, 1.4) + 0.62 * bump(hour, 15.2, 1.8) + 0.8 * bump(hour, 18.8, 1.2)
    return 1.25 * day if weekend else day
