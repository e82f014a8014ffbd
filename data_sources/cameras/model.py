"""Key areas, cameras, zones and events: what pages may know."""

from datetime import datetime
from typing import Literal

import msgspec

from core.snapshot import State, Trend

STANDARD = "GB/T 47678.5-2026"
MATTERS: dict[str, str] = {  # class -> GB/T 47678.5-2026 code
    "vehicle_parked": "09009",
    "bicycle_parked": "09010",
    "road_occupation": "09006",
    "shop_overflow": "09005",
    "street_vendor": "09001",
    "litter": "06010",
    "debris": "06011",
    "bin_overflow": "06042",
    "hanging_laundry": "06007",
    "illegal_banner": "07",
    "road_damage": "06013",
}

CameraState = Literal[
    "online", "late", "offline", "frozen", "dark", "bright", "blurred", "moved", "starting", "crashed"
]


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon on the picture (0..1 of width and height) where a class is watched for `dwell_s` seconds."""

    id: str
    name: str
    matter: str  # key of the eleven classes, e.g. "vehicle_parked"
    dwell_s: float
    polygon: list[tuple[float, float]]


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """A table entry of `cameras/cameras.toml` ([[camera]] with [[camera.zone]])."""

    id: str
    name: str
    name_en: str
    area: str  # key area id
    url: str  # rtsp://, http:// (MJPEG) or file:
    lon: float  # WGS-84
    lat: float
    zone: list[Zone] = []
    privacy: list[list[tuple[float, float]]] = []  # always masked


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `cameras/areas.csv`: one of the key areas."""

    id: str
    name: str
    name_en: str
    district: str


class CameraStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A camera as last reported by its worker."""

    id: str
    status: CameraState
    state: State
    since: datetime | None
    last_frame_at: datetime | None
    lag_s: float | None
    reconnects: int
    detail: str = ""
    has_picture: bool = False


class CamerasData(msgspec.Struct, kw_only=True):
    """Data of the cameras snapshot. Events themselves are `Snapshot.findings` (last 24 h, open first)."""

    cameras: list[CameraStatus]
    matrix: dict[str, dict[str, int]]  # area id -> class -> findings today
    today: dict[str, int]  # class -> findings today
    open_now: int
    hourly: Trend  # findings per hour, 24 h
