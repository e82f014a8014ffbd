"""Cameras: stillness in a watched zone becomes a finding with a de-identified picture."""

from core.domain import Domain, SourceSpec
from core.measure import Measure
from data_sources.cameras.model import MATTERS, Area, Camera, CamerasData

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
