"""Vehicles on the real segments, links in every state, some unobserved."""

import math
from typing import Any

from core.snapshot import Snapshot
from data_sources.transit.model import Corridor, Fleet, LinkState, TransitData
from tests.pages.samples.base import NOW, city, finding, reading, snapshot, trend

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
