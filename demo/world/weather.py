"""Weather over the city: one smooth, seeded state for all of it. Season and hour set the means, seeds the rest."""

from dataclasses import dataclass
from math import cos, exp, pi

from demo.world import calendar
from demo.world.seeds import draw, drift


@dataclass(frozen=True, slots=True)
class Weather:
    """`wind_deg` is where the wind comes from; `mixing_m` the height pollutants mix into; `sun` 0 night … 1 zenith."""

    t_c: float
    rh_pct: float
    pressure_kpa: float
    wind_ms: float
    wind_deg: float
    mixing_m: float
    inversion: bool
    cloud: float
    sun: float
    sun_azimuth_deg: float


def sun_height(t: float) -> float:
    """Sine of the sun's height over Lu'an (31.7° N), negative at night. Declination by the usual cosine."""
    declination = -23.44 * pi / 180 * cos(2 * pi * (calendar.day_of_year(t) + 10) / 365.25)
    latitude = 31.73 * pi / 180
    hour_angle = (calendar.local_hour(t) - 12.0 - 0.23) * pi / 12  # solar noon is at about 12:14
    s = cos(pi / 2 - latitude) * cos(pi / 2 - declination)
    return s + cos(latitude) * cos(declination) * cos(hour_angle)


def inversion(seed: int, day: int) -> bool:
    """Whether the night before local day `day` leaves a lid over the morning (about one day in four, winter more)."""
    winter = 0.5 + 0.5 * cos(2 * pi * (day % 365.25 - 15) / 365.25)
    return draw(seed, "inversion", day) < 0.12 + 0.26 * winter


def at(seed: int, t: float) -> Weather:
    """The weather at POSIX seconds `t`."""
    hour, day = calendar.local_hour(t), calendar.local_day(t)
    cloud = min(1.0, max(0.0, 0.45 + 0.6 * drift(t, 9 * 3600, seed, "cloud")))
    height = sun_height(t)
    sun = max(0.0, height) * (1 - 0.65 * cloud)
    season = 16.6 - 12.2 * cos(2 * pi * (calendar.day_of_year(t) - 20) / 365.25)
    swing = (4.6 - 2.2 * cloud) * cos(2 * pi * (hour - 14.6) / 24)
    t_c = season + swing + 3.5 * drift(t, 60 * 3600, seed, "t") + 0.5 * drift(t, 1800, seed, "t-fine")
    rh = 71 - 3.2 * swing + 14 * drift(t, 30 * 3600, seed, "rh") + 8 * (cloud - 0.45)
    wind = 1.9 + 1.25 * drift(t, 11 * 3600, seed, "ws") + 0.9 * max(0.0, height) + 0.35 * drift(t, 1500, seed, "gust")
    turn = 50 * drift(t, 13 * 3600, seed, "wd") + 12 * drift(t, 1800, seed, "wd-fine")
    lid = inversion(seed, day) and hour < 11
    mixing = 240 + 950 * max(0.0, height) * (1 - 0.4 * cloud) * _lag(hour) + 60 * max(0.0, wind - 1)
    if lid:
        mixing *= 0.55 + 0.45 * max(0.0, hour - 9.5) / 1.5
        wind *= 0.7
    return Weather(
        t_c=t_c, rh_pct=min(99.0, max(18.0, rh)), pressure_kpa=102.1 + 0.9 * drift(t, 50 * 3600, seed, "p"),
        wind_ms=max(0.25, wind), wind_deg=(62 + turn) % 360, mixing_m=mixing, inversion=lid, cloud=cloud, sun=sun,
        sun_azimuth_deg=180 + (hour - 12.23) * 15,
    )


def _lag(hour: float) -> float:
    """Mixing grows behind the sun: the morning's layer is shallow though the sun is up."""
    return 1 / (1 + exp(-(hour - 9.6) * 1.1))
