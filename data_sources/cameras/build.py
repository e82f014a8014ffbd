"""Worker messages -> camera statuses and findings. Pure: the same messages in any order, twice or once, give the same."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from core.clock import epoch, from_epoch
from core.observation import Problem
from core.snapshot import Reading
from data_sources.cameras.drawing import DAY_S, Places, findings, readings, shown
from data_sources.cameras.wire.worker_messages import SOURCE, CameraEvent, CameraHealth, Reported, encode
from data_sources.contract import Built, Point

AHEAD_S = 120.0
UNUSABLE = frozenset({"empty_file", "no_such_file", "not_a_video", "no_video", "too_small"})


class Kept(msgspec.Struct, kw_only=True):
    """An event and how it goes. `at`: the newest message merged; `ended_at`: the end it stated.

    `gone_at`: its camera no longer knew it then; a stated end that comes later in is better.
    """

    event: CameraEvent
    at: float
    ended_at: float | None = None
    gone_at: float | None = None

    def end(self) -> float | None:
        """When it ended, None while it stands."""
        return self.gone_at if self.ended_at is None else self.ended_at


class Heard(msgspec.Struct, kw_only=True):
    """A camera's newest health, and since when its status holds."""

    health: CameraHealth
    since: float
    refused: str = ""  # what its video was refused for, told once until pictures come again


class State(msgspec.Struct, kw_only=True):
    """What the domain remembers between builds; times are POSIX seconds."""

    began: float  # before it nothing is known: the hours are gaps
    cameras: dict[str, Heard] = {}
    events: dict[str, Kept] = {}
    pointed_at: int = 0  # minute whose points were written last


def build(state: State, observations: Sequence[Reported], places: Places, now: datetime) -> Built:
    """Merge what workers said and draw the snapshot's parts. Unknown cameras and clocks ahead become problems."""
    at = epoch(now)
    problems: list[Problem] = []
    for seen in sorted(observations, key=lambda s: s.body.at):
        reason = _refusal(seen, places, at)
        if reason:
            problems.append(Problem(source=seen.source, reason=reason, entity=seen.entity, received_at=seen.received_at))
        elif isinstance(seen.body, CameraHealth):
            _health(state, seen.body)
            problems += _unusable(state.cameras[seen.entity], seen)
        else:
            _event(state, seen.body)
    _reconcile(state)
    state.events = {
        key: kept for key, kept in state.events.items()
        if ((end := kept.end()) is None or at - end < DAY_S) and kept.event.camera in places.cameras  # it may be taken down
    }
    rows = [(kept.event, kept.end()) for kept in state.events.values()]
    heard = {key: (one.health, one.since) for key, one in state.cameras.items() if key in places.cameras}
    data = shown(heard, rows, places, now, state.began)
    drawn = readings(data, heard, now)
    frames = [health.last_frame_at for health, _ in heard.values() if health.last_frame_at is not None]
    return Built(
        state=state, data=data, readings=drawn, findings=findings(rows, places, at), points=_points(state, drawn, at),
        problems=problems, newest={SOURCE: from_epoch(max(frames))} if frames else {},
        reporting={SOURCE: sum(camera.status not in ("offline", "crashed", "starting") for camera in data.cameras)},
        expected={SOURCE: len(places.cameras)},
    )


def _refusal(seen: Reported, places: Places, at: float) -> str:
    if seen.entity not in places.cameras:
        return "unknown_camera"
    if seen.body.at > at + AHEAD_S:
        return "camera_clock_ahead"
    return ""


def _health(state: State, health: CameraHealth) -> None:
    known = state.cameras.get(health.camera)
    if known is None:
        state.cameras[health.camera] = Heard(health=health, since=health.at)
        return
    if health.at <= known.health.at:
        return
    if health.status != known.health.status:
        known.since = health.at
    if health.last_frame_at is None and known.health.last_frame_at is not None:  # its worker started afresh
        health = msgspec.structs.replace(health, last_frame_at=known.health.last_frame_at)
    known.health = health


def _unusable(heard: Heard, seen: Reported) -> list[Problem]:
    """A problem for each death of the decoder and for a video that cannot be read, however often it is reported."""
    health = heard.health
    if health.at != seen.body.at:
        return []  # an old report
    crashed = health.status == "crashed"
    if not crashed and health.detail not in UNUSABLE:
        if health.status == "online":
            heard.refused = ""
        return []
    told = f"decoder_crash {health.reconnects}" if crashed else health.detail
    if heard.refused == told:
        return []
    heard.refused = told
    detail = f"the decoder ended {health.reconnects} times" if crashed else f"opened {health.reconnects} times"
    return [Problem(source=seen.source, reason=told.partition(" ")[0], detail=f"{detail}; {health.detail}", entity=health.camera,
                    raw=encode(health), received_at=seen.received_at)]


def _event(state: State, event: CameraEvent) -> None:
    known = state.events.get(event.id)
    if known is None:
        state.events[event.id] = Kept(event=event, at=event.at, ended_at=event.ended_at)
        return
    newest = event if event.at >= known.at else known.event
    known.event = msgspec.structs.replace(
        newest, evidence=known.event.evidence or event.evidence,
        onset_at=min(known.event.onset_at, event.onset_at), alarm_at=min(known.event.alarm_at, event.alarm_at),
    )
    if event.at >= known.at:
        known.at, known.ended_at = event.at, event.ended_at
        if known.gone_at is not None and event.at > known.gone_at:
            known.gone_at = None


def _reconcile(state: State) -> None:
    """End what its camera no longer sees: the worker may have lost its memory, and nothing stays open for ever."""
    for kept in state.events.values():
        heard = state.cameras.get(kept.event.camera)
        if kept.end() is not None or heard is None or heard.health.standing is None:
            continue
        if heard.health.at > kept.at and kept.event.id not in heard.health.standing:
            kept.gone_at = heard.health.at


def _points(state: State, drawn: dict[str, Reading], at: float) -> list[Point]:
    minute = int(at // 60)
    if minute == state.pointed_at:
        return []
    state.pointed_at = minute
    when = from_epoch(minute * 60)
    return list(_as_points(drawn.values(), when))


def _as_points(drawn: Iterable[Reading], when: datetime) -> Iterable[Point]:
    for reading in drawn:
        if reading.value is not None:
            yield Point(measure=reading.measure, entity="", at=when, value=reading.value, state=reading.state)
