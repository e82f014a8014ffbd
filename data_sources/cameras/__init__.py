"""Cameras: stillness in a watched zone becomes a finding with a de-identified picture."""

from core.domain import Domain, SourceSpec
from core.measure import Measure
from data_sources.cameras.model import Area, Camera, CamerasData

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

DOMAIN = Domain(
    name="cameras",
    route="/governance",
    icon="governance",
    cadence_s=2,
    data_type=CamerasData,
    tables={"cameras/cameras.toml": Camera, "cameras/areas.csv": Area},
    sources=(
        SourceSpec(id="video", protocol="RTSP / HTTP-MJPEG", cadence_s=10,
                   blinds=("cameras.open_findings", "cameras.findings_today")),
    ),
    measures=(
        Measure(key="cameras.open_findings", unit="", digits=0, better="low", low=0),
        Measure(key="cameras.findings_today", unit="", digits=0, better="low", low=0),
        Measure(key="cameras.online_share_pct", unit="%", digits=0, better="high", low=0, high=100,
                formula="cameras online and healthy / cameras"),
    ),
    headline=("cameras.open_findings", "cameras.findings_today", "cameras.online_share_pct"),
    extra={
        "matters": MATTERS,
        "references": {"cameras/cameras.toml": {"area": "cameras/areas.csv"}},
        "choices": {"cameras/cameras.toml": {"zone.matter": tuple(MATTERS)}},
    },
)
