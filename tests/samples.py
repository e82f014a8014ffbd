"""Sample snapshots for view tests and for looking at pages: the real city files, plausible states, and things gone wrong.

Deterministic: shaped by sines and by the position of a row, never by chance. `troubled` has a stale feed, a domain
without coverage, a station without a value and a dead camera, because a screen is judged by how it shows those.
"""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.city import City, load
from core.snapshot import Finding, Reading, Snapshot, SourceHealth, State, Trend
from data_sources.air.model import AirData, StationState
from data_sources.cameras.model import CamerasData, CameraStatus
from data_sources.parking.model import ParkingData, PlaceState
from data_sources.registry import domains
from data_sources.transit.model import Corridor, Fleet, LinkState, TransitData

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 22, 4, 42, tzinfo=UTC)  # 12:42 in Lu'an
MATTERS = ("vehicle_parked", "bicycle_parked", "road_occupation", "shop_overflow", "street_vendor", "litter", "debris",
           "bin_overflow", "hanging_laundry", "illegal_banner", "road_damage")


def city() -> City:
    """Lu'an as configured."""
    return load(ROOT / "config" / "luan", domains())


def snapshots(of: City, now: datetime = NOW, *, troubled: bool = False) -> dict[str, Snapshot]:
    """All four domains at `now`."""
    made = (transit(of, now, troubled), parking(of, now, troubled), air(of, now, troubled), cameras(of, now, troubled))
    return {s.domain: s for s in made}


def wave(i: float, seed: float = 0.0) -> float:
    """A smooth wiggle in -1..1."""
    return 0.6 * math.sin(i * 0.91 + seed) + 0.3 * math.sin(i * 2.3 + seed * 1.7) + 0.1 * math.sin(i * 5.1 + seed)


def rush(hour: float) -> float:
    """0..1: how busy the roads are at a local hour."""
    return 0.16 + 0.72 * math.exp(-((hour - 7.9) / 1.1) ** 2) + 0.66 * math.exp(-((hour - 17.9) / 1.4) ** 2) + 0.24 * math.exp(
        -((hour - 12.6) / 2.6) ** 2) - 0.12 * math.exp(-((hour - 2.5) / 2.6) ** 2)


def day_trend(now: datetime, step_s: int, value: "object", gap: tuple[int, int] | None = None) -> Trend:
    """24 h up to `now`; `value(hour, i)`; `gap` is a slice of missing steps."""
    n = 86400 // step_s + 1
    start = now - timedelta(days=1)
    values: list[float | None] = []
    for i in range(n):
        at = start + timedelta(seconds=i * step_s)
        hour = (at.hour + 8 + at.minute / 60) % 24
        values.append(None if gap and gap[0] <= i < gap[1] else round(value(hour, i), 2))  # type: ignore[operator]
    return Trend(start_at=start, step_s=step_s, values=values)


def reading(measure: str, value: float | None, now: datetime, *, unit: str = "", state: State = "live", coverage: float | None = None,
            source: str = "", why: str = "", low: float | None = None, high: float | None = None) -> Reading:
    """A reading three seconds old."""
    return Reading(measure=measure, value=value, unit=unit, observed_at=now - timedelta(seconds=3) if value is not None else None,
                   source=source, state=state if value is not None or state != "live" else "missing", coverage=coverage, why=why,
                   low=low, high=high)


def health(source: str, now: datetime, *, age_s: float = 2, state: State = "live", accepted: int = 1000, refused: dict[str, int] | None = None,
           entities: int = 1, expected: int | None = 1, since_h: float = 5, blinds: tuple[str, ...] = ()) -> SourceHealth:
    """A feed of the registry as seen at `now`."""
    spec = next(s for d in domains() for s in d.sources if s.id == source)
    newest = None if state == "missing" else now - timedelta(seconds=age_s)
    return SourceHealth(id=source, protocol=spec.protocol, cadence_s=spec.cadence_s, state=state, required=spec.required, simulated=True,
                        newest_observed_at=newest, newest_received_at=newest, since=now - timedelta(hours=since_h), accepted=accepted,
                        refused=refused or {}, entities=entities, expected=expected, blinds=blinds or spec.blinds)


def snapshot(domain: str, now: datetime, sources: list[SourceHealth], readings: list[Reading], findings: list[Finding], data: object) -> Snapshot:
    """An envelope of version 7."""
    times = [s.newest_observed_at for s in sources if s.required and s.newest_observed_at]
    return Snapshot(domain=domain, version=7, built_at=now, observed_at=min(times) if times else None, sources={s.id: s for s in sources},
                    readings={r.measure: r for r in readings}, findings=findings, data=data, simulated=True)


def transit(of: City, now: datetime, troubled: bool = False) -> Snapshot:
    """Roads, fleet and corridors; the index is withheld when troubled."""
    segments, vehicles = of.tables["transit/roads.geojson"], of.tables["transit/vehicles.csv"]
    states = ("free", "basic", "light", "moderate", "severe")
    links: dict[str, LinkState] = {}
    load_now = rush((now.hour + 8 + now.minute / 60) % 24)
    for i, segment in enumerate(segments):
        for j, side in enumerate("fb"):
            level = min(4, max(0, int(load_now * 2.1 + 1.5 * wave(i / 3, j) + 0.6)))
            seen = (i * 7 + j * 3) % 9 != 0 and not (troubled and i % 3)
            links[f"{segment.id}:{side}"] = LinkState(
                state=states[level] if seen else "unknown", speed_kmh=segment.limit_kmh * (0.92 - 0.18 * level) if seen else None,
                free_speed_kmh=segment.limit_kmh * 0.92, vehicles=3 + i % 5 if seen else 0,
                observed_at=now - timedelta(seconds=i % 50) if seen else None)
    names = {s.name: s for s in segments}
    corridors = []
    for i, (name, s) in enumerate(names.items()):
        ratio = max(0.18, min(1.0, 0.72 + 0.34 * wave(i, 1)))
        level = 0 if ratio > 0.7 else 1 if ratio > 0.5 else 2 if ratio > 0.4 else 3 if ratio > 0.3 else 4
        corridors.append(Corridor(name=name, name_en=s.name_en, state=states[level], speed_kmh=round(s.limit_kmh * ratio, 1), ratio=round(ratio, 2),
                                  coverage=0.62 + 0.3 * wave(i, 2), length_km=round(2.1 + 1.4 * abs(wave(i, 3)), 1)))
    corridors.sort(key=lambda c: c.ratio or 1)
    fleet = _fleet(segments, vehicles, now)
    index = day_trend(now, 300, lambda hour, i: 1.2 + 5.4 * rush(hour) + 0.14 * wave(i, 4), (96, 108))
    readings = [
        reading("traffic.network_index", None if troubled else 4.6, now, coverage=0.31 if troubled else 0.87, source="jt808", low=4.3, high=4.9,
                state="withheld" if troubled else "live", why="why.withheld"),
        reading("traffic.mean_speed_kmh", 31.4, now, unit="km/h", coverage=0.87, source="jt808"),
        reading("traffic.coverage_pct", 31 if troubled else 87, now, unit="%", source="jt808"),
        reading("traffic.online_share_pct", 94, now, unit="%", source="jt808"),
    ]
    found = [finding("transit", "finding.transit.congestion", "alarm", now, 42, "皖西大道 · 解放路口", 116.5005, 31.7571, value=4.8, usual=2.1, of=of),
             finding("transit", "finding.transit.congestion", "warning", now, 130, "人民路", 116.512, 31.754, value=3.9, usual=2.4, of=of, ended=70)]
    sources = [health("jt808", now, accepted=1284390, refused={"bad_checksum": 41, "clock_ahead": 3}, entities=376, expected=400)]
    districts = {code: (round(2.4 + 1.9 * wave(i, 6), 1) if i < 2 else None) for i, code in enumerate(of.districts)}
    data = TransitData(fleet=fleet, links=links, corridors=corridors, index_trend=index,
                       speed_trend=day_trend(now, 300, lambda hour, i: 44 - 21 * rush(hour) + wave(i, 5), (96, 108)),
                       online={"bus": 188, "taxi": 188}, registered={"bus": 200, "taxi": 200}, index_by_district=districts, pending=2)
    return snapshot("transit", now, sources, readings, found, data)


def _fleet(segments: object, vehicles: object, now: datetime) -> Fleet:
    fleet = Fleet(id=[], kind=[], lon=[], lat=[], heading_deg=[], speed_kmh=[], occupied=[], at=[], line=[])
    rows, roads = list(vehicles), list(segments)  # type: ignore[call-overload]
    for i, vehicle in enumerate(rows[:376]):
        line = roads[(i * 13) % len(roads)].geometry
        (x1, y1), (x2, y2) = line[0], line[-1]
        share = (i * 0.37) % 1
        fleet.id.append(f"v{i:04d}")
        fleet.kind.append(vehicle.kind)
        fleet.lon.append(x1 + (x2 - x1) * share)
        fleet.lat.append(y1 + (y2 - y1) * share)
        fleet.heading_deg.append(int(math.degrees(math.atan2((x2 - x1) * 0.85, y2 - y1))) % 360)
        fleet.speed_kmh.append(18 + 14 * wave(i))
        fleet.occupied.append(None if vehicle.kind == "bus" else i % 3 == 0)
        fleet.at.append(now.timestamp() - i % 40)
        fleet.line.append(vehicle.line)
    return fleet


def parking(of: City, now: datetime, troubled: bool = False) -> Snapshot:
    """Places with occupancy; three are unknown, and all street berths when troubled."""
    places = []
    for i, place in enumerate(of.tables["parking/places.csv"]):
        unknown = i in (11, 29, 52) or (troubled and place.kind == "on_street")
        occupied = None if unknown else min(place.capacity, max(0, round(place.capacity * (0.78 + 0.26 * wave(i, 1)))))
        places.append(PlaceState(
            id=place.id, occupied=occupied, free=None if occupied is None else place.capacity - occupied, capacity=place.capacity,
            known=0 if unknown else place.capacity - i % 3, faults=i % 3, state="stale" if unknown else "live",
            observed_at=None if unknown else now - timedelta(seconds=i), arrivals_h=7 + i % 9, departures_h=6 + i % 7,
            trend=day_trend(now, 900, lambda hour, j, i=i: 38 + 46 * rush(hour - 1) + 9 * wave(j, i)),
            berths="" if place.kind == "off_street" else "".join("1" if (k * 7 + i) % 5 else "0" for k in range(place.capacity))))
    trend = day_trend(now, 900, lambda hour, i: 42 + 44 * max(rush(hour), rush(hour - 2.5)) + wave(i, 3))
    state: State = "live"
    readings = [
        reading("parking.occupancy_pct", None if troubled else 81, now, unit="%", coverage=0.44 if troubled else 0.95, source="parking-berth",
                state="withheld" if troubled else state, why="why.withheld"),
        reading("parking.free", None if troubled else 1264, now, coverage=0.95, source="parking-berth", state="withheld" if troubled else state),
        reading("parking.on_street_occupancy_pct", None if troubled else 88, now, unit="%", source="parking-berth"),
        reading("parking.off_street_occupancy_pct", 77, now, unit="%", source="parking-gate"),
        reading("parking.full_places", 6, now, source="parking-berth"),
        reading("parking.arrivals_h", 734, now, unit="/h", source="parking-gate"),
        reading("parking.coverage_pct", 44 if troubled else 95, now, unit="%", source="parking-berth"),
    ]
    sources = [health("parking-berth", now, age_s=3000 if troubled else 21, state="stale" if troubled else "live", accepted=18422,
                      refused={"unknown_place": 7}, entities=0 if troubled else 45, expected=47, since_h=0.8),
               health("parking-gate", now, age_s=8, accepted=9312, refused={"bad_signature": 2, "duplicate": 31}, entities=18, expected=18)]
    found = [finding("parking", "finding.parking.full", "warning", now, 95, "人民路停车场", 116.518, 31.751, value=99, usual=76, unit="%", of=of),
             finding("parking", "finding.parking.stuck_berths", "info", now, 260, "紫竹林路（皖西大道—人民路）", 116.5085, 31.7538, value=5, of=of)]
    data = ParkingData(places=places, trend=trend, trend_on_street=day_trend(now, 900, lambda hour, i: 50 + 42 * rush(hour - 1) + wave(i)),
                       trend_off_street=day_trend(now, 900, lambda hour, i: 34 + 46 * rush(hour - 2) + wave(i, 2)),
                       by_district={code: (81.0 - 9 * i if i < 2 else None) for i, code in enumerate(of.districts)}, unknown_places=7)
    return snapshot("parking", now, sources, readings, found, data)


def air(of: City, now: datetime, troubled: bool = False) -> Snapshot:
    """Stations with AQI; one without a value, all stale when troubled."""
    stations = []
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    for i, station in enumerate(of.tables["air/stations.csv"]):
        lost = i == 5
        pm25 = None if lost else 54 + 16 * wave(i, 2)
        aqi = None if pm25 is None else round(76 + 22 * wave(i, 2) + (48 if station.kind == "dust" else 0))
        level = None if aqi is None else 1 if aqi <= 50 else 2 if aqi <= 100 else 3 if aqi <= 150 else 4
        values = {"pm25": pm25, "pm10": None if lost else 92 + 30 * wave(i, 3), "so2": 9.0, "no2": 31.0, "co": 0.7, "o3": 61.0,
                  "t_c": 9.0, "rh_pct": 58.0, "wind_ms": 2.1, "wind_deg": 48.0}
        stations.append(StationState(
            mn=station.mn, values=values, hour_values=values, hour=None if lost else hour, aqi=aqi, iaqi={"pm25": aqi, "pm10": 71}, level=level,
            primary=("pm25",) if aqi and aqi > 50 else (), standard="HJ 633-2026", state="missing" if lost else "stale" if troubled else "live",
            flags=("flat_line",) if i == 9 else (), observed_at=None if lost else now - timedelta(seconds=40 + i),
            trend=day_trend(now, 3600, lambda h, j, i=i: 70 + 18 * wave(j / 2, i)),
            pm25_trend=day_trend(now, 3600, lambda h, j, i=i: 50 + 12 * wave(j / 2, i))))
    readings = [reading("air.aqi", 78, now, coverage=0.96, source="hj212", state="stale" if troubled else "live"),
                reading("air.pm25_ug_m3", 57.0, now, unit="µg/m³", coverage=0.96, source="hj212"),
                reading("air.pm10_ug_m3", 96.0, now, unit="µg/m³", coverage=0.96, source="hj212"),
                reading("air.o3_ug_m3", 61.0, now, unit="µg/m³", source="hj212"),
                reading("air.no2_ug_m3", 31.0, now, unit="µg/m³", source="hj212"),
                reading("air.coverage_pct", 96, now, unit="%", source="hj212")]
    sources = [health("hj212", now, age_s=1500 if troubled else 44, state="stale" if troubled else "live", accepted=20144,
                      refused={"bad_crc": 12, "unit_implausible": 4}, entities=4 if troubled else 26, expected=27, since_h=0.4)]
    found = [finding("air", "finding.air.dust_site", "warning", now, 18, "长安路工地", 116.53, 31.741, value=186, usual=81, unit="µg/m³", of=of)]
    data = AirData(stations=stations, standard="HJ 633-2026", aqi=78, level=2, primary=("pm25",),
                   city_values={"pm25": 57.0, "pm10": 96.0, "so2": 9.0, "no2": 31.0, "co": 0.7, "o3": 61.0},
                   aqi_trend=day_trend(now, 3600, lambda h, i: 66 + 17 * math.sin((h - 4) / 24 * 6.28) + 3 * wave(i)),
                   pm25_trend=day_trend(now, 3600, lambda h, i: 48 + 11 * math.sin((h - 4) / 24 * 6.28)),
                   pm10_trend=day_trend(now, 3600, lambda h, i: 86 + 19 * math.sin((h - 4) / 24 * 6.28)),
                   o3_trend=day_trend(now, 3600, lambda h, i: 50 + 34 * math.sin((h - 9) / 24 * 6.28)),
                   wind_ms=2.1, wind_deg=48.0, t_c=9.0, rh_pct=58.0,
                   by_district={code: (78 - 5 * i if i != 4 else None) for i, code in enumerate(of.districts)})
    return snapshot("air", now, sources, readings, found, data)


def cameras(of: City, now: datetime, troubled: bool = False) -> Snapshot:
    """Areas by class; the third camera is dead."""
    areas = of.tables["cameras/areas.csv"]
    matrix = {area.id: {m: max(0, round(3.2 - 0.55 * j + 2.2 * wave(i, j))) for j, m in enumerate(MATTERS)} for i, area in enumerate(areas)}
    today = {m: sum(row[m] for row in matrix.values()) for m in MATTERS}
    states = []
    for i, camera in enumerate(of.tables["cameras/cameras.toml"]):
        dead = i == 2 or (troubled and i % 2)
        states.append(CameraStatus(id=camera.id, status="offline" if dead else "online", state="stale" if dead else "live",
                                   since=now - timedelta(hours=2), last_frame_at=now - timedelta(minutes=31 if dead else 0), lag_s=None if dead else 0.4,
                                   reconnects=7 if dead else 0, detail="connection refused" if dead else "", has_picture=not dead))
    found = []
    for i, (area, row) in enumerate(zip(areas, matrix.values(), strict=True)):
        for j, matter in enumerate(MATTERS[:3]):
            if row[matter] > 3:
                camera = of.tables["cameras/cameras.toml"][i % len(states)]
                found.append(finding("cameras", f"finding.cameras.{matter}", "alarm" if i == 4 and j == 0 else "warning" if j == 0 else "info", now,
                                     9 + 31 * i + 7 * j, area.name, camera.lon, camera.lat, place_en=area.name_en, of=of,
                                     ended=5 if (i + j) % 3 else None))
    readings = [reading("cameras.open_findings", sum(f.ended_at is None for f in found), now, source="video"),
                reading("cameras.findings_today", sum(today.values()), now, source="video"),
                reading("cameras.online_share_pct", 92, now, unit="%", coverage=12 / 13, source="video")]
    sources = [health("video", now, age_s=1, accepted=43210, refused={"decoder_crash": 1}, entities=12, expected=13)]
    data = CamerasData(cameras=states, matrix=matrix, today=today, open_now=sum(f.ended_at is None for f in found),
                       hourly=day_trend(now, 3600, lambda h, i: round(max(0.0, 6 * rush(h) + 2 * wave(i)))))
    return snapshot("cameras", now, sources, readings, found, data)


def finding(domain: str, kind: str, severity: str, now: datetime, minutes: float, place: str, lon: float, lat: float, *, of: City,
            value: float | None = None, usual: float | None = None, unit: str = "", ended: float | None = None, place_en: str = "") -> Finding:
    """A finding that began `minutes` ago."""
    return Finding(id=f"{kind}:{place}:{minutes:g}", domain=domain, kind=kind, severity=severity, at=now - timedelta(minutes=minutes),  # type: ignore[arg-type]
                   entity=place, place=place, lon=lon, lat=lat, value=value, usual=usual, unit=unit, owner=of.owners[domain],
                   ended_at=now - timedelta(minutes=ended) if ended is not None else None, detail={"place_en": place_en} if place_en else {})
