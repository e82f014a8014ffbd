"""Thirteen cameras, some of them not well, with findings open and ended."""

from datetime import timedelta

from core.snapshot import Snapshot
from data_sources.cameras import MATTERS
from data_sources.cameras.model import CamerasData, CameraStatus
from tests.pages.samples.base import NOW, city, finding, reading, snapshot, trend


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
