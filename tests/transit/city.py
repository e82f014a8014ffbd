"""A tiny city of two streets, and frames as a terminal would send them."""

import struct
from datetime import UTC, datetime, timedelta, timezone

from core import geo
from data_sources.transit.model import Segment, Vehicle
from data_sources.transit.static import Static
from data_sources.transit.wire.jt808_frames import build_frame

NOW = datetime(2026, 11, 23, 0, 30, 0, tzinfo=UTC)  # 08:30 in the city
LON, LAT = 116.5, 31.74
PLANE = geo.plane_at(LON, LAT)


def at(x: float, y: float) -> tuple[float, float]:
    """Position of a point x metres east, y metres north of the tiny city's centre."""
    return PLANE.lonlat(x, y)


def segment(name: str, *points: tuple[float, float], limit: float = 60, lanes: int = 2, **more) -> Segment:
    more = {"road_class": "arterial", "district": "341502", **more}
    return Segment(
        id=more.pop("id", name), name=name, name_en=name.title(), lanes=lanes, limit_kmh=limit,
        geometry=[at(*p) for p in points], **more,
    )  # fmt: skip


ROADS = [
    segment("east", (0, 0), (500, 0), (1000, 0)),
    segment("north", (0, 0), (0, 800), limit=40, lanes=1, district="341503"),
    segment("oneway", (0, 800), (1000, 800), oneway=True, id="oneway"),
]


def fleet(buses: int = 4, taxis: int = 6) -> list[Vehicle]:
    return [
        Vehicle(terminal=f"1380000{i:04d}", kind="bus" if i < buses else "taxi", plate=f"皖N{i:05d}", operator="one", line="7")
        for i in range(buses + taxis)
    ]


def static(roads: list[Segment] | None = None, vehicles: list[Vehicle] | None = None) -> Static:
    rows = {"transit/roads.geojson": ROADS if roads is None else roads, "transit/vehicles.csv": vehicles or fleet()}
    return Static(rows)


def body(when: datetime, lon: float, lat: float, kmh: float = 30, heading: int = 90, status: int = 3, alarm: int = 0) -> bytes:
    """A 0x0200 body."""
    time = when.astimezone(timezone(timedelta(hours=8))).strftime("%y%m%d%H%M%S")
    fixed = struct.pack(">IIIIHHH", alarm, status, round(lat * 1e6), round(lon * 1e6), 40, round(kmh * 10), heading)
    return fixed + bytes.fromhex(time) + bytes.fromhex("010400000064")


def batch(*fixes: bytes, kind: int = 1) -> bytes:
    """A 0x0704 body."""
    return struct.pack(">HB", len(fixes), kind) + b"".join(struct.pack(">H", len(f)) + f for f in fixes)


def position(terminal: str, when: datetime, serial: int = 1, **fix) -> bytes:
    """A 0x0200 frame on the wire."""
    lon, lat = fix.pop("lonlat", (LON, LAT))
    return build_frame(0x0200, body(when, lon, lat, **fix), terminal, serial)


def register(terminal: str, serial: int = 1) -> bytes:
    return build_frame(0x0100, struct.pack(">HH", 34, 1500) + b"MAKER" + bytes(20) + b"TERM001" + b"\x01plate", terminal, serial)


def auth(terminal: str, code: str, serial: int = 2) -> bytes:
    return build_frame(0x0102, code.encode(), terminal, serial)
