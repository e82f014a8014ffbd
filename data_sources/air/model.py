"""Air stations and what they measured: what pages may know. Concentrations are µg/m³, CO mg/m³."""

from datetime import datetime
from typing import Literal

import msgspec

from core.snapshot import State, Trend

Pollutant = Literal["pm25", "pm10", "so2", "no2", "co", "o3"]
POLLUTANTS: tuple[Pollutant, ...] = ("pm25", "pm10", "so2", "no2", "co", "o3")
Period = Literal["instant", "minute", "hour", "day"]


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `air/stations.csv`. `mn` is the HJ 212 device number. `pm_unit` is what this device really sends."""

    mn: str
    name: str
    name_en: str
    kind: Literal["national", "micro", "dust"]
    st: str  # HJ 212 system type: 22 ambient, 39 construction dust
    lon: float  # WGS-84
    lat: float
    district: str
    pm_unit: Literal["ug/m3", "mg/m3", "ng/m3"] = "ug/m3"
    gas_unit: Literal["ug/m3", "mg/m3"] = "ug/m3"
    monitors: str = ""  # pollutants it is planned to measure, "pm25 pm10 ..."; empty: all six, of a dust site pm25 pm10
    password_sha256: str = ""  # hex SHA-256 of its HJ 212 PW; empty: any password is accepted

    @property
    def planned(self) -> tuple[Pollutant, ...]:
        """Pollutants this station is planned to measure: only their absence counts as missing (HJ 633)."""
        named = self.monitors.split()
        if named:
            return tuple(p for p in POLLUTANTS if p in named)
        return ("pm25", "pm10") if self.kind == "dust" else POLLUTANTS


class AirReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one HJ 212 command said. `observed_at` is the instant, or the START of a minute, hour or day period.

    `values` are in our units; `factor_flags` holds the device's own flag of a factor where it is not N (normal).
    """

    source: str
    entity: str  # MN
    period: Period
    values: dict[str, float | None]
    factor_flags: dict[str, str]
    observed_at: datetime
    received_at: datetime
    flags: tuple[str, ...] = ()


class HourResult(msgspec.Struct, frozen=True, kw_only=True):
    """An hour's means and what HJ 633 makes of them. A pollutant without a valid mean is absent."""

    values: dict[str, float]
    iaqi: dict[str, int | None]
    aqi: int | None
    level: int | None
    primary: tuple[str, ...]
    standard: str
    why: str = ""  # string key: why there is no index
    reported: bool = False  # the means are the device's own (2061), not ours


class StationState(msgspec.Struct, frozen=True, kw_only=True):
    """A station now. `aqi` follows HJ 633 for the last complete hour; `standard` names the edition used."""

    mn: str
    values: dict[str, float | None]  # pollutant and met -> latest value (t_c, rh_pct, wind_ms, wind_deg, noise_db too)
    hour_values: dict[str, float | None]  # means of the last complete hour
    hour: datetime | None  # start of that hour
    aqi: int | None
    iaqi: dict[str, int | None]
    level: int | None  # 1..6
    primary: tuple[str, ...]
    standard: str
    state: State
    flags: tuple[str, ...]  # quality flags that hold now: "flat_line", "pm25_gt_pm10", "out_of_range" ...
    observed_at: datetime | None
    trend: Trend  # hourly AQI, 24 h
    pm25_trend: Trend  # hourly PM2.5


class AirData(msgspec.Struct, kw_only=True):
    """Data of the air snapshot."""

    stations: list[StationState]
    standard: str
    aqi: int | None  # city: mean concentrations over national stations, then HJ 633
    level: int | None
    primary: tuple[str, ...]
    city_values: dict[str, float | None]
    aqi_trend: Trend  # hourly, 24 h
    pm25_trend: Trend
    pm10_trend: Trend
    o3_trend: Trend
    wind_ms: float | None
    wind_deg: float | None  # where it comes from
    t_c: float | None
    rh_pct: float | None
    by_district: dict[str, int | None]
