"""The air snapshot's data and readings from the builder's state. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import atan2, cos, degrees, hypot, radians, sin
from statistics import median

from core.clock import from_epoch
from core.snapshot import Reading, State, Trend, state_of_age
from data_sources.air import aqi, hours
from data_sources.air.model import POLLUTANTS, AirData, HourResult, Station, StationState
from data_sources.air.state import HOUR, SLOT, AirState, StationMemory

SOURCE = "hj212"
CADENCE_S = 60.0
TREND_HOURS = 24
LAST_WITHIN = 3  # an hour's result is shown as "last complete hour" for so many hours
CLOCK_AHEAD_S = 600
READINGS = {"pm25": "air.pm25_ug_m3", "pm10": "air.pm10_ug_m3", "o3": "air.o3_ug_m3", "no2": "air.no2_ug_m3",
            "so2": "air.so2_ug_m3", "co": "air.co_mg_m3"}


def last_hour(results: Mapping[int, HourResult], now: float) -> tuple[int, HourResult | None]:
    """Start and result of the newest complete hour of the last three."""
    for number in range(1, LAST_WITHIN + 1):
        hour = int(now // HOUR) * HOUR - number * HOUR
        if hour in results:
            return hour, results[hour]
    return 0, None


def trend(results: Mapping[int, HourResult], now: float, pick: Callable[[HourResult], float | None]) -> Trend:
    """The last 24 complete hours; an hour without a valid value is a gap."""
    first = int(now // HOUR) * HOUR - TREND_HOURS * HOUR
    found = [results.get(first + i * HOUR) for i in range(TREND_HOURS)]
    return Trend(start_at=from_epoch(first), step_s=HOUR, values=[None if r is None else pick(r) for r in found])


def _index(result: HourResult) -> float | None:
    return None if result.aqi is None else float(result.aqi)


def _value(name: str) -> Callable[[HourResult], float | None]:
    def pick(result: HourResult) -> float | None:
        value = result.values.get(name)
        return None if value is None else round(value, 1)

    return pick


def station_state(memory: StationMemory, station: Station, now: float) -> StationState:
    """A station as pages see it."""
    hour, result = last_hour(memory.hours, now)
    flags = set(memory.flags)
    if memory.clock_ahead_at and now - memory.clock_ahead_at < CLOCK_AHEAD_S:
        flags.add("clock_ahead")
    at = memory.newest or None
    return StationState(
        mn=station.mn,
        values=dict(memory.values),
        hour_values={name: None if result is None else result.values.get(name) for name in POLLUTANTS},
        hour=None if result is None else from_epoch(hour),
        aqi=None if result is None else result.aqi,
        iaqi={} if result is None else dict(result.iaqi),
        level=None if result is None else result.level,
        primary=() if result is None else result.primary,
        standard="" if result is None else result.standard,
        state=state_of_age(None if at is None else now - at, CADENCE_S),
        flags=tuple(sorted(flags)),
        observed_at=None if at is None else from_epoch(at),
        trend=trend(memory.hours, now, _index),
        pm25_trend=trend(memory.hours, now, _value("pm25")),
    )


def data(state: AirState, stations: Mapping[str, Station], now: datetime) -> AirData:
    """Everything the air page draws."""
    moment = now.timestamp()
    _, result = last_hour(state.city, moment)
    wind = weather(state, moment)
    return AirData(
        stations=[station_state(state.stations.get(mn, StationMemory()), s, moment) for mn, s in stations.items()],
        standard=result.standard if result is not None else f"HJ 633-{aqi.edition(hours.day_of(moment))}",
        aqi=None if result is None else result.aqi,
        level=None if result is None else result.level,
        primary=() if result is None else result.primary,
        city_values={name: None if result is None else result.values.get(name) for name in POLLUTANTS},
        aqi_trend=trend(state.city, moment, _index),
        pm25_trend=trend(state.city, moment, _value("pm25")),
        pm10_trend=trend(state.city, moment, _value("pm10")),
        o3_trend=trend(state.city, moment, _value("o3")),
        by_district=districts(state, stations, moment),
        **wind,
    )


def districts(state: AirState, stations: Mapping[str, Station], now: float) -> dict[str, int | None]:
    """AQI by district: means over its ambient stations (national and micro) that have the last complete hour.

    None when fewer than half of them have it: what is missing is not made up for by the rest.
    """
    found: dict[str, list[tuple[int, HourResult]]] = {}
    for mn, station in stations.items():
        rows = found.setdefault(station.district, [])
        hour, result = last_hour(state.stations.get(mn, StationMemory()).hours, now)
        if station.kind != "dust" and result is not None:
            rows.append((hour, result))
    indices: dict[str, int | None] = {}
    for district, rows in found.items():
        newest = max((hour for hour, _ in rows), default=0)
        values = [result.values for hour, result in rows if hour == newest]
        planned = {p for s in stations.values() if s.district == district and s.kind != "dust" for p in s.planned}
        means = hours.mean_of(values, sum(s.district == district and s.kind != "dust" for s in stations.values()))
        indices[district] = hours.judged(means, newest, [p for p in POLLUTANTS if p in planned]).aqi if means else None
    return indices


def weather(state: AirState, now: float) -> dict[str, float | None]:
    """Wind as the mean vector, temperature and humidity as medians, over stations that are not stale."""
    fresh = [m.values for m in state.stations.values() if m.newest and now - m.newest <= 4 * CADENCE_S]
    winds = [(v["wind_ms"], v["wind_deg"]) for v in fresh if v.get("wind_ms") is not None and v.get("wind_deg") is not None]
    east = sum(ms * sin(radians(deg)) for ms, deg in winds if ms is not None and deg is not None)
    north = sum(ms * cos(radians(deg)) for ms, deg in winds if ms is not None and deg is not None)
    met = {name: [value for v in fresh if (value := v.get(name)) is not None] for name in ("t_c", "rh_pct")}
    return {
        "wind_ms": round(hypot(east, north) / len(winds), 2) if winds else None,
        "wind_deg": round(degrees(atan2(east, north)) % 360, 1) % 360 if winds else None,
        "t_c": round(median(met["t_c"]), 1) if met["t_c"] else None,
        "rh_pct": round(median(met["rh_pct"]), 1) if met["rh_pct"] else None,
    }


def readings(state: AirState, stations: Mapping[str, Station], now: datetime) -> dict[str, Reading]:
    """The measures of the manifest, each with time, coverage and state."""
    moment = now.timestamp()
    hour, result = last_hour(state.city, moment)
    at = None if result is None else from_epoch(hour + HOUR)
    coverage = state.city_coverage.get(hour)
    made: dict[str, Reading] = {}
    index = None if result is None else _index(result)
    made["air.aqi"] = _reading("air.aqi", index, "", at, moment, HOUR, coverage, _why(state, stations, result))
    for name, measure in READINGS.items():
        value = None if result is None else result.values.get(name)
        unit = "mg/m³" if name == "co" else "µg/m³"
        made[measure] = _reading(measure, value, unit, at, moment, HOUR, coverage, _why(state, stations, result))
    five = state.five
    heard = [m.newest for m in state.stations.values() if m.newest]
    made["air.pm25_5min_ug_m3"] = _reading(
        "air.pm25_5min_ug_m3", None if five is None else five.value, "µg/m³", None if five is None else from_epoch(five.end),
        moment, SLOT, None if five is None else five.coverage, "air.why.no_five" if heard else "air.why.silent",
    )
    share = 100 * sum(moment - t <= 2 * CADENCE_S for t in heard) / len(stations) if heard and stations else None
    made["air.coverage_pct"] = _reading(
        "air.coverage_pct", share, "%", from_epoch(max(heard)) if heard else None, moment, CADENCE_S,
        None if share is None else share / 100, "air.why.silent",
    )
    return made


def _why(state: AirState, stations: Mapping[str, Station], result: HourResult | None) -> str:
    if not any(s.kind == "national" for s in stations.values()):
        return "air.why.no_national"
    if result is None:
        return "air.why.no_hour" if any(m.newest for m in state.stations.values()) else "air.why.silent"
    return "air.why.item_missing" if result.values else "air.why.too_few_national"


def _reading(
    measure: str, value: float | None, unit: str, at: datetime | None, now: float, cadence_s: float,
    coverage: float | None, why: str,
) -> Reading:
    state: State = state_of_age(None if at is None else now - at.timestamp(), cadence_s)
    if value is None:
        state = "missing" if at is None else "withheld"
    return Reading(
        measure=measure, value=value, unit=unit, observed_at=at, source=SOURCE, state=state, coverage=coverage,
        why=why if value is None else "",
    )
