"""What pages see of the cameras: statuses, counts, findings, readings. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from core.clock import BEIJING, epoch, from_epoch
from core.snapshot import Finding, Reading, State, Trend, state_of_age
from data_sources.cameras.model import MATTERS, STANDARD, Area, Camera, CamerasData, CameraState, CameraStatus, Zone
from data_sources.cameras.wire.worker_messages import SOURCE, CameraEvent, CameraHealth

REPORT_CADENCE_S = 10.0
DAY_S = 86_400.0
FOUND_BY_ITSELF = frozenset({"vehicle_parked"})  # class A: raised with its class; the others a person has to name
Rows = Sequence[tuple[CameraEvent, float | None]]  # an event and its end
HeardCameras = Mapping[str, tuple[CameraHealth, float]]


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The configured cameras and areas, indexed."""

    cameras: dict[str, Camera]
    areas: dict[str, Area]
    zones: dict[tuple[str, str], Zone]  # (camera, zone)


def shown(heard: HeardCameras, rows: Rows, places: Places, now: datetime,
          began: float) -> CamerasData:
    """The snapshot's data. Days and hours are the city's; an hour before anything was watched is a gap, not 0."""
    midnight = epoch(now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0))
    matrix: dict[str, dict[str, int]] = {area: {} for area in places.areas}
    today = dict.fromkeys(MATTERS, 0)
    for event, _ in rows:
        if event.alarm_at < midnight:
            continue
        today[event.matter] = today.get(event.matter, 0) + 1
        row = matrix.setdefault(places.cameras[event.camera].area, {})
        row[event.matter] = row.get(event.matter, 0) + 1
    return CamerasData(
        cameras=[_status(camera, heard.get(key), now) for key, camera in places.cameras.items()],
        matrix=matrix, today=today, open_now=sum(ended is None for _, ended in rows), hourly=_hourly(rows, now, began),
    )


def _status(camera: Camera, heard: tuple[CameraHealth, float] | None, now: datetime) -> CameraStatus:
    if heard is None:
        return CameraStatus(id=camera.id, status="starting", state="missing", since=None, last_frame_at=None, lag_s=None,
                            reconnects=0, detail="never_heard")
    health, since = heard
    at = epoch(now)
    status: CameraState = health.status
    detail, began = health.detail, since
    if state_of_age(at - health.at, REPORT_CADENCE_S) == "stale":
        status, detail, began = "offline", "worker_silent", health.at
    frame_age = None if health.last_frame_at is None else at - health.last_frame_at
    return CameraStatus(
        id=camera.id, status=status, state=state_of_age(frame_age, REPORT_CADENCE_S), since=from_epoch(began),
        last_frame_at=None if health.last_frame_at is None else from_epoch(health.last_frame_at), lag_s=health.lag_s,
        reconnects=health.reconnects, detail=detail, has_picture=health.has_picture,
    )


def _hourly(rows: Rows, now: datetime, began: float) -> Trend:
    hour = now.astimezone(BEIJING).replace(minute=0, second=0, microsecond=0)
    start = hour - timedelta(hours=23)
    first = epoch(start)
    values: list[float | None] = [None if first + (i + 1) * 3600 <= began else 0.0 for i in range(24)]
    for event, _ in rows:
        index = int((event.alarm_at - first) // 3600)
        if 0 <= index < 24:
            values[index] = (values[index] or 0.0) + 1
    return Trend(start_at=start.astimezone(now.tzinfo), step_s=3600, values=values)


def findings(rows: Rows, places: Places, at: float) -> list[Finding]:
    """Findings of the last 24 h and all open ones, newest first. Suspected, until a person confirms them."""
    recent = [(event, ended) for event, ended in rows if ended is None or at - event.alarm_at < DAY_S]
    recent.sort(key=lambda row: (-row[0].alarm_at, row[0].id))
    return [_finding(event, ended, places, at) for event, ended in recent]


def _finding(event: CameraEvent, ended: float | None, places: Places, at: float) -> Finding:
    camera = places.cameras[event.camera]
    zone = places.zones.get((event.camera, event.zone))
    area = places.areas.get(camera.area)
    code = MATTERS.get(event.matter, "")
    return Finding(
        id=event.id, domain="cameras", kind=f"finding.cameras.{event.matter}", severity="warning",
        at=from_epoch(event.alarm_at), entity=camera.id, place=f"{camera.name}{' · ' + zone.name if zone else ''}",
        lon=camera.lon, lat=camera.lat, ended_at=None if ended is None else from_epoch(ended),
        code=f"{STANDARD}:{code}" if code else "", unit="s", confidence=event.confidence, evidence=event.evidence,
        value=round((at if ended is None else ended) - event.onset_at, 1), limit=zone.dwell_s if zone else None,
        detail={
            "status": "suspected", "matter": event.matter, "camera": camera.id, "zone": event.zone, "area": camera.area,
            "area_name": area.name if area else "", "onset_at": from_epoch(event.onset_at).isoformat(),
            "box": list(event.box), "named_by": "rule" if event.matter in FOUND_BY_ITSELF else "zone",
            "algorithm": event.algorithm, "place_en": camera.name_en,
        },
    )


def readings(data: CamerasData, heard: HeardCameras, now: datetime) -> dict[str, Reading]:
    """The three measures. Before any camera was heard they are missing, never 0."""
    healthy = sum(camera.status == "online" for camera in data.cameras)
    coverage = healthy / len(data.cameras) if data.cameras else None
    newest = max((health.at for health, _ in heard.values()), default=None)
    frames = [health.last_frame_at for health, _ in heard.values() if health.last_frame_at is not None]
    seen = max(frames, default=None)
    today = float(sum(data.today.values()))
    return {
        "cameras.open_findings": _reading("cameras.open_findings", float(data.open_now), "", seen, now, coverage),
        "cameras.findings_today": _reading("cameras.findings_today", today, "", seen, now, coverage),
        "cameras.online_share_pct": _reading(
            "cameras.online_share_pct", None if coverage is None else 100.0 * coverage, "%", newest, now, None
        ),
    }


def _reading(key: str, value: float | None, unit: str, at: float | None, now: datetime,
             coverage: float | None) -> Reading:
    if at is None or value is None:
        return Reading(measure=key, value=None, unit=unit, observed_at=None, source=SOURCE, state="missing",
                       coverage=coverage, why="cameras.why.no_picture")
    state: State = state_of_age(epoch(now) - at, REPORT_CADENCE_S)
    return Reading(measure=key, value=value, unit=unit, observed_at=from_epoch(at), source=SOURCE, state=state,
                   coverage=coverage)
