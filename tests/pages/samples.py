"""Snapshots of an ordinary morning, made by plain arithmetic from the city's own tables: the same on every run."""

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from components.contract import Portal, Viewing
from core.city import City, load
from core.i18n import Lang
from core.snapshot import Finding, Reading, Snapshot, SourceHealth, Trend
from data_sources.air.model import AirData, StationState
from data_sources.cameras import MATTERS
from data_sources.cameras.model import CamerasData, CameraStatus
from data_sources.parking.model import ParkingData, PlaceState
from data_sources.registry import domain, domains
from data_sources.transit.model import Corridor, Fleet, LinkState, TransitData

NOW = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)  # 08:42 in the city
ROOT = Path(__file__).resolve().parents[2]
STATES = (
    "free",
    "free",
    "free",
    "basic",
    "free",
    "light",
    "unknown",
    "basic",
    "moderate",
    "free",
    "severe",
    "free",
    "basic",
)


@cache
def city() -> City:
    """The configuration that ships with the product."""
    return load(ROOT / "config" / "luan", domains())


def viewing(portal: Portal = "desk", lang: Lang = "zh") -> Viewing:
    """For whom a sample is drawn."""
    return Viewing(lang=lang, portal=portal, city=city(), now=NOW)


def wave(n: int, low: float, high: float, *, peak: float = 0.36, gaps: tuple[int, ...] = ()) -> list[float | None]:
    """`n` values with a morning peak; the indexes in `gaps` are missing."""
    values: list[float | None] = []
    for i in range(n):
        bump = math.exp(-((((i / n) - peak) / 0.09) ** 2)) + 0.55 * math.exp(-((((i / n) - peak - 0.42) / 0.1) ** 2))
        ripple = 0.03 * math.sin(i * 1.7) + 0.02 * math.sin(i * 0.61)
        values.append(round(low + (high - low) * max(0.0, min(1.0, bump + ripple + 0.05)), 2))
    for i in gaps:
        values[i] = None
    return values


def trend(n: int, step_s: int, low: float, high: float, **more: Any) -> Trend:
    """A trend that ends now."""
    return Trend(start_at=NOW - timedelta(seconds=step_s * (n - 1)), step_s=step_s, values=wave(n, low, high, **more))


def reading(measure: str, value: float | None, unit: str = "", *, source: str = "", **more: Any) -> Reading:
    """A live reading, or a missing one when there is no value."""
    state = more.pop("state", "live" if value is not None else "missing")
    at = NOW - timedelta(seconds=4) if value is not None else None
    return Reading(measure=measure, value=value, unit=unit, observed_at=at, source=source, state=state, **more)


def snapshot(name: str, data: Any, readings: list[Reading], findings: list[Finding] | None = None) -> Snapshot:
    """The envelope around a domain's data, with its sources well."""
    sources = {
        s.id: SourceHealth(
            id=s.id,
            protocol=s.protocol,
            cadence_s=s.cadence_s,
            state="live",
            required=s.required,
            simulated=True,
            newest_observed_at=NOW,
            newest_received_at=NOW,
            accepted=4321,
            entities=10,
            expected=12,
            blinds=s.blinds,
        )
        for s in domain(name).sources
    }
    return Snapshot(
        domain=name,
        version=7,
        built_at=NOW,
        observed_at=NOW - timedelta(seconds=3),
        sources=sources,
        readings={r.measure: r for r in readings},
        findings=findings or [],
        data=data,
        simulated=True,
    )


def finding(name: str, key: str, kind: str, severity: Any, minutes: float, **more: Any) -> Finding:
    """A finding that began `minutes` ago."""
    return Finding(id=key, domain=name, kind=kind, severity=severity, at=NOW - timedelta(minutes=minutes), **more)


def transit(vehicles: int = 640) -> Snapshot:
    """Vehicles on the real segments, links in every state, some unobserved."""
    segments = city().tables["transit/roads.geojson"]
    fleet = Fleet(id=[], kind=[], lon=[], lat=[], heading_deg=[], speed_kmh=[], occupied=[], at=[], line=[])
    for i in range(vehicles):
        line = segments[i * 7 % len(segments)].geometry
        a, b = line[0], line[-1]
        share = (i * 37 % 100) / 100
        fleet.id.append(f"v{i:04d}")
        fleet.kind.append("bus" if i % 5 < 2 else "taxi")
        fleet.lon.append(a[0] + (b[0] - a[0]) * share)
        fleet.lat.append(a[1] + (b[1] - a[1]) * share)
        fleet.heading_deg.append(int(math.degrees(math.atan2((b[0] - a[0]) * 0.85, b[1] - a[1]))) % 360)
        fleet.speed_kmh.append(float(i * 13 % 55))
        fleet.occupied.append(None if i % 5 < 2 else i % 3 == 0)
        fleet.at.append(NOW.timestamp() - (i * 3 % 24) - (70 if i % 41 == 0 else 0))
        fleet.line.append(str(i % 30 + 1) if i % 5 < 2 else "")
    links = {}
    for n, segment in enumerate(segments):
        for m, way in enumerate("fb"):
            state: Any = STATES[(n * 5 + m * 3) % len(STATES)]
            speed = (
                None
                if state == "unknown"
                else {"free": 46.0, "basic": 36.0, "light": 26.0, "moderate": 18.0, "severe": 9.0}[state]
            )
            links[f"{segment.id}:{way}"] = LinkState(
                state=state,
                speed_kmh=speed,
                free_speed_kmh=50.0,
                vehicles=0 if speed is None else 3 + n % 9,
                observed_at=None if speed is None else NOW,
            )
    return snapshot(
        "transit",
        TransitData(
            fleet=fleet,
            links=links,
            corridors=_corridors(),
            index_trend=trend(288, 300, 1.0, 6.2, gaps=tuple(range(40, 52))),
            speed_trend=trend(288, 300, 44.0, 22.0),
            online={"bus": 251, "taxi": 378},
            registered={"bus": 260, "taxi": 400},
            index_by_district={"341502": 4.9, "341503": 3.2, "341504": None},
            pending=3,
        ),
        [
            reading("traffic.network_index", 4.6, source="jt808", coverage=0.87),
            reading("traffic.mean_speed_kmh", 27.4, "km/h", source="jt808"),
            reading("traffic.coverage_pct", 87.0, "%", source="jt808"),
            reading("traffic.online_share_pct", 95.3, "%", source="jt808"),
        ],
        [
            finding(
                "transit",
                "transit:wanxi-03:f",
                "finding.transit.congestion",
                "alarm",
                42,
                entity="wanxi-03",
                place="皖西大道 · 解放路口",
                lon=116.5085,
                lat=31.7512,
                value=8.0,
                usual=31.0,
                unit="km/h",
                owner="traffic-police",
            ),
            finding(
                "transit",
                "transit:renmin-05:b",
                "finding.transit.congestion",
                "warning",
                11,
                entity="renmin-05",
                place="人民路 · 梅山路口",
                lon=116.5142,
                lat=31.7578,
                value=14.0,
                usual=28.0,
                unit="km/h",
                owner="traffic-police",
            ),
        ],
    )


def _corridors() -> list[Corridor]:
    names: dict[str, Any] = {}
    for segment in city().tables["transit/roads.geojson"]:
        names.setdefault(segment.name, segment)
    rows = []
    for i, segment in enumerate(names.values()):
        state: Any = (
            ("severe", "moderate", "light", "light", "basic", "basic", "free")[min(6, i // 2)]
            if i < len(names) - 4
            else "unknown"
        )
        ratio = None if state == "unknown" else round(0.24 + 0.024 * i, 2)
        rows.append(
            Corridor(
                name=segment.name,
                name_en=segment.name_en,
                state=state,
                ratio=ratio,
                coverage=0.0 if ratio is None else 0.9,
                speed_kmh=None if ratio is None else round(50 * ratio, 1),
                length_km=3.0 + i % 5,
            )
        )
    return rows


def parking() -> Snapshot:
    """Places from nearly empty to full, one unknown, one with faults."""
    states = []
    for i, place in enumerate(city().tables["parking/places.csv"]):
        unknown = i in (5, 50)
        known = 0 if unknown else max(1, place.capacity - (3 if i % 9 == 0 else 0))
        occupied = None if unknown else min(known, round(known * (0.35 + 0.66 * (i * 29 % 100) / 100)))
        berths = (
            ""
            if place.kind == "off_street"
            else "".join(
                "3"
                if unknown
                else "2"
                if i % 9 == 0 and n < 3
                else "1"
                if occupied is not None and (n * 7 + i) % known < occupied
                else "0"
                for n in range(place.capacity)
            )
        )
        states.append(
            PlaceState(
                id=place.id,
                occupied=occupied,
                free=None if occupied is None else known - occupied,
                capacity=place.capacity,
                known=known,
                faults=3 if i % 9 == 0 else 0,
                state="missing" if unknown else "stale" if i == 7 else "live",
                observed_at=None if unknown else NOW,
                arrivals_h=0 if unknown else 4 + i % 11,
                departures_h=0 if unknown else 3 + i % 7,
                berths=berths,
                trend=trend(96, 900, 20.0, 100.0 - i % 30, gaps=(10, 11)),
            )
        )
    return snapshot(
        "parking",
        ParkingData(
            places=states,
            trend=trend(96, 900, 34, 88),
            trend_on_street=trend(96, 900, 40, 93),
            trend_off_street=trend(96, 900, 25, 80),
            by_district={"341502": 84.0, "341503": 71.0, "341504": None},
            unknown_places=4,
        ),
        [
            reading("parking.occupancy_pct", 81.2, "%", coverage=0.96),
            reading("parking.free", 1264.0, coverage=0.96),
            reading("parking.on_street_occupancy_pct", 86.4, "%"),
            reading("parking.off_street_occupancy_pct", 77.3, "%"),
            reading("parking.full_places", 6.0),
            reading("parking.arrivals_h", 612.0, "/h"),
            reading("parking.coverage_pct", 96.0, "%"),
        ],
        [
            finding(
                "parking",
                "parking:R03:full",
                "finding.parking.full",
                "warning",
                22,
                entity="R03",
                place="人民路停车带",
                lon=116.511,
                lat=31.7585,
                value=100.0,
                usual=82.0,
                unit="%",
                owner="urban-management",
            )
        ],
    )


def air(*, blind: bool = False) -> Snapshot:
    """Stations of every kind; `blind` has no complete hour yet, so that the city's index is withheld."""
    states = []
    for i, station in enumerate(city().tables["air/stations.csv"]):
        gone = blind or i == 6
        aqi = None if gone else (62, 78, 71, 104, 156, 48, 0, 213, 88, 93)[i % 10]
        level = (
            None
            if aqi is None
            else next(n for n, top in enumerate((50, 100, 150, 200, 300, 999), start=1) if aqi <= top)
        )
        values = {
            "pm25": 38.0 + i,
            "pm10": 92.0 + 4 * i,
            "so2": 9.0,
            "no2": 41.0,
            "co": 0.8,
            "o3": 64.0,
            "t_c": 9.2,
            "rh_pct": 71.0,
            "wind_ms": 2.4,
            "wind_deg": 45.0,
        }
        states.append(
            StationState(
                mn=station.mn,
                values={} if gone else dict(values),
                hour_values={} if gone else dict(values),
                hour=None if gone else NOW.replace(minute=0),
                aqi=aqi,
                iaqi={} if gone else {"pm25": aqi, "pm10": 70},
                level=level,
                primary=("pm25",) if aqi else (),
                standard="HJ 633-2026",
                state="missing" if gone else "stale" if i == 9 else "live",
                flags=("flat_line",) if i == 3 else ("pm25_gt_pm10",) if i == 8 else (),
                observed_at=None if gone else NOW,
                trend=trend(24, 3600, 40, aqi or 90, gaps=(5,)),
                pm25_trend=trend(24, 3600, 20, 70),
            )
        )
    city_values = {"pm25": 57.0, "pm10": 92.0, "so2": 9.0, "no2": 41.0, "co": 0.8, "o3": None}
    return snapshot(
        "air",
        AirData(
            stations=states,
            standard="HJ 633-2026",
            aqi=None if blind else 78,
            level=None if blind else 2,
            primary=() if blind else ("pm25",),
            city_values={} if blind else dict(city_values),
            aqi_trend=trend(24, 3600, 42, 128, gaps=(7,)),
            pm25_trend=trend(24, 3600, 22, 90),
            pm10_trend=trend(24, 3600, 50, 140),
            o3_trend=trend(24, 3600, 20, 110),
            wind_ms=2.4,
            wind_deg=45.0,
            t_c=9.2,
            rh_pct=71.0,
            by_district={"341502": 78, "341503": 66, "341525": 41, "341524": None},
        ),
        [
            Reading(
                measure="air.aqi",
                value=None,
                unit="",
                observed_at=None,
                source="hj212",
                state="withheld",
                why="air.why.no_hour",
            )
            if blind
            else reading("air.aqi", 78.0, source="hj212", coverage=0.9),
            reading("air.pm25_ug_m3", None if blind else 57.0, "µg/m³"),
            reading("air.pm10_ug_m3", None if blind else 92.0, "µg/m³"),
            reading("air.o3_ug_m3", None, "µg/m³"),
            reading("air.coverage_pct", 91.0, "%"),
        ],
        [
            finding(
                "air",
                "air:dust:1",
                "finding.air.dust_site",
                "warning",
                35,
                entity=city().tables["air/stations.csv"][-1].mn,
                place="长安路工地",
                lon=116.527,
                lat=31.739,
                value=186.0,
                usual=81.0,
                unit="µg/m³",
                owner="ecology",
            )
        ],
    )


def cameras() -> Snapshot:
    """Thirteen cameras, three of them not well, findings open and ended."""
    table = city().tables["cameras/cameras.toml"]
    bad = {4: "offline", 7: "frozen", 11: "dark"}
    states = [
        CameraStatus(
            id=c.id,
            status=bad.get(i, "online"),
            state="stale" if i in bad else "live",
            since=NOW - timedelta(hours=3),  # type: ignore[arg-type]
            last_frame_at=NOW - timedelta(minutes=40 if i in bad else 0, seconds=2),
            lag_s=0.3,
            reconnects=i % 3,
            has_picture=i != 4,
        )
        for i, c in enumerate(table)
    ]
    found, matrix, today = [], {}, dict.fromkeys(MATTERS, 0)
    matters = list(MATTERS)
    for i, camera in enumerate(table):
        row = matrix.setdefault(camera.area, dict.fromkeys(MATTERS, 0))
        for n in range((i * 5) % 4):
            matter = matters[(i + 3 * n) % (3 if n else len(matters))]
            row[matter] += 1
            today[matter] += 1
            key = f"{camera.id}-{matter}-{n}"
            found.append(
                finding(
                    "cameras",
                    key,
                    f"finding.cameras.{matter}",
                    "warning" if n else "alarm" if i == 2 else "warning",
                    6 + 17 * i + 40 * n,
                    entity=camera.id,
                    place=camera.name,
                    lon=camera.lon,
                    lat=camera.lat,
                    ended_at=NOW - timedelta(minutes=3) if n == 2 else None,
                    value=360.0 + 60 * n,
                    unit="s",
                    confidence=0.62 + 0.03 * (i % 10),
                    code=f"GB/T 47678.5-2026:{MATTERS[matter]}",
                    evidence=(f"{key}-alarm",),
                    owner="urban-management",
                    detail={"matter": matter, "dwell_s": 360 + 60 * n, "area": camera.area, "place_en": camera.name_en},
                )
            )
    return snapshot(
        "cameras",
        CamerasData(
            cameras=states,
            matrix=matrix,
            today=today,
            open_now=sum(f.ended_at is None for f in found),
            hourly=trend(24, 3600, 0, 9),
        ),
        [
            reading("cameras.open_findings", float(sum(f.ended_at is None for f in found))),
            reading("cameras.findings_today", float(sum(today.values()))),
            reading("cameras.online_share_pct", 76.9, "%"),
        ],
        found,
    )


def every() -> dict[str, Snapshot]:
    """All four domains on an ordinary morning."""
    return {"transit": transit(), "parking": parking(), "air": air(), "cameras": cameras()}
