"""Air: reports and the previous state to the next state and the snapshot's parts. Pure and idempotent."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from core.clock import from_epoch
from core.snapshot import state_of_age
from data_sources.air import draw, findings, hours, quality
from data_sources.air.model import POLLUTANTS, AirReport, HourResult, Station
from data_sources.air.neighbours import Neighbour
from data_sources.air.state import HOUR, KEEP_HOURS, SLOT, AirState, Recent, StationMemory, recent_mean
from data_sources.contract import Built, Point

SOURCE = "hj212"
CADENCE_S = 60.0
CITY = "city"
FIVE_GRACE_S = 20  # samples of the last minute may still be on their way
UNIT_OF = {"pm25": "ug_m3", "pm10": "ug_m3", "so2": "ug_m3", "no2": "ug_m3", "o3": "ug_m3", "co": "mg_m3"}


def build(
    state: AirState, reports: Sequence[AirReport], stations: Mapping[str, Station],
    around: Mapping[str, tuple[Neighbour, ...]], now: datetime,
) -> Built:
    """Merge reports (any order, repeated, late) and draw. `state` is left as it was."""
    moment = now.timestamp()
    following = AirState(
        stations={mn: memory for mn, memory in state.stations.items() if mn in stations},
        city=dict(state.city), city_coverage=dict(state.city_coverage), five=state.five,
        open=dict(state.open), ended=list(state.ended),
    )
    own: set[str] = set()

    def mine(mn: str) -> StationMemory:
        """The station's memory, copied before the first change."""
        if mn not in own:
            following.stations[mn] = following.stations.get(mn, StationMemory()).clone()
            own.add(mn)
        return following.stations[mn]

    for report in sorted(reports, key=lambda r: r.observed_at):
        if report.entity in stations:
            _merge(mine(report.entity), report, stations[report.entity], moment)
    points = _hours(following, stations, mine, moment)
    points += _five(following, stations, moment)
    _find(following, stations, around, now)
    return _built(following, points, stations, now)


def _merge(memory: StationMemory, report: AirReport, station: Station, now: float) -> None:
    at = report.observed_at.timestamp()
    if "clock_ahead" in report.flags:
        memory.clock_ahead_at = max(memory.clock_ahead_at, report.received_at.timestamp())
        return
    if report.period == "hour":
        hours.add_reported(memory, report, station)
        return
    if report.period == "day":
        return
    newest = at > memory.newest
    good, flags = quality.accept(memory if newest else StationMemory(), report)
    hours.add_sample(memory, at, good, now)
    if newest:
        quality.remember(memory, report, good, at)
        memory.newest = at
        memory.values = {name: good.get(name) for name in report.values}
        memory.flags = tuple(sorted(flags | quality.standing(memory, station, good)))


def _hours(
    following: AirState, stations: Mapping[str, Station], mine: Callable[[str], StationMemory], now: float
) -> list[Point]:
    """Finish hours that are over; then the city's hours that changed with them. Their values go to the history."""
    points: list[Point] = []
    touched: set[int] = set()
    oldest = int(now // HOUR) * HOUR - KEEP_HOURS * HOUR
    for mn, memory in list(following.stations.items()):
        if not any(h + HOUR <= now for h in memory.dirty):
            continue
        memory = mine(mn)
        for hour, result in hours.finish(memory, stations[mn], now).items():
            points += _points(mn, hour, result)
            if stations[mn].kind == "national":
                touched.add(hour)
    for hour in sorted(touched):
        points += _city_hour(following, stations, hour)
    for mn, memory in list(following.stations.items()):
        if any(h < oldest for h in memory.hours) or any(h < oldest for h in memory.reported):
            memory = mine(mn)
            memory.hours = {h: r for h, r in memory.hours.items() if h >= oldest}
            memory.reported = {h: r for h, r in memory.reported.items() if h >= oldest}
    following.city = {h: r for h, r in following.city.items() if h >= oldest}
    following.city_coverage = {h: c for h, c in following.city_coverage.items() if h >= oldest}
    return points


def _city_hour(following: AirState, stations: Mapping[str, Station], hour: int) -> list[Point]:
    national = [mn for mn, station in stations.items() if station.kind == "national"]
    found = [r.values for mn in national if (m := following.stations.get(mn)) and (r := m.hours.get(hour))]
    result = hours.judged(hours.mean_of(found, len(national)), hour, POLLUTANTS)
    following.city_coverage[hour] = len(found) / len(national)
    following.city[hour] = result
    return _points(CITY, hour, result)


def _points(entity: str, hour: int, result: HourResult) -> list[Point]:
    at = from_epoch(hour)
    points = [
        Point(measure=f"air.{name}_{UNIT_OF[name]}", entity=entity, at=at, value=round(value, 3))
        for name, value in result.values.items()
    ]
    if result.aqi is not None:
        points.append(Point(measure="air.aqi", entity=entity, at=at, value=float(result.aqi)))
    return points


def _five(following: AirState, stations: Mapping[str, Station], now: float) -> list[Point]:
    """The city's PM2.5 over the last whole five minutes, once at least half of the national stations have it."""
    end = int((now - FIVE_GRACE_S) // SLOT) * SLOT
    national = [mn for mn, station in stations.items() if station.kind == "national"]
    if not national or (following.five is not None and following.five.end >= end and following.five.coverage == 1):
        return []
    memories = [m for mn in national if (m := following.stations.get(mn)) is not None]
    found = [value for m in memories if (value := recent_mean(m, "pm25", end, 1)) is not None]
    if len(found) < 0.5 * len(national):
        return []
    fresh = Recent(value=sum(found) / len(found), end=end, coverage=len(found) / len(national))
    if fresh == following.five:
        return []
    following.five = fresh
    at = from_epoch(end - SLOT)
    return [Point(measure="air.pm25_5min_ug_m3", entity=CITY, at=at, value=round(fresh.value, 2))]


def _find(
    following: AirState, stations: Mapping[str, Station], around: Mapping[str, tuple[Neighbour, ...]], now: datetime
) -> None:
    moment = now.timestamp()
    conditions: list[findings.Condition | None] = []
    hour, result = draw.last_hour(following.city, moment)
    conditions.append(findings.polluted(CITY, None, hour, result))
    wind = draw.weather(following, moment)
    for mn, station in stations.items():
        memory = following.stations.get(mn)
        if memory is None:
            continue
        conditions.append(findings.stuck(station, memory, moment))
        if station.kind == "dust":
            near, held = around.get(mn, ()), f"dust:{mn}" in following.open
            vector = (wind["wind_ms"], wind["wind_deg"])
            conditions.append(findings.dusty(station, following.stations, near, vector, held, moment))
        else:
            hour, result = draw.last_hour(memory.hours, moment)
            conditions.append(findings.polluted(mn, station, hour, result))
    findings.update(following, [c for c in conditions if c is not None], now)


def _built(following: AirState, points: list[Point], stations: Mapping[str, Station], now: datetime) -> Built:
    moment = now.timestamp()
    heard = [m.newest for m in following.stations.values() if m.newest]
    reporting = sum(state_of_age(moment - at, CADENCE_S) in ("live", "late") for at in heard)
    return Built(
        state=following,
        data=draw.data(following, stations, now),
        readings=draw.readings(following, stations, now),
        findings=[*following.open.values(), *following.ended],
        points=points,
        newest={SOURCE: from_epoch(min(max(heard), moment))} if heard else {},
        reporting={SOURCE: reporting},
        expected={SOURCE: len(stations)},
    )
