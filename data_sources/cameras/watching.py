"""One camera inside a child: newest picture in; health, events, pictures and evidence out."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from data_sources.cameras import evidence
from data_sources.cameras.analysis import saved
from data_sources.cameras.analysis.dwell import Event
from data_sources.cameras.analysis.health import Health
from data_sources.cameras.analysis.objects import Standing
from data_sources.cameras.analysis.parameters import VERSION, Parameters
from data_sources.cameras.analysis.stillness import Stillness
from data_sources.cameras.live import Live, Newest
from data_sources.cameras.model import Camera, CameraState
from data_sources.cameras.wire.worker_messages import CameraEvent, CameraHealth, Evidence, Picture, Said

REPORT_S, SAVE_S, SILENT_S = 5.0, 60.0, 10.0
Say = Callable[[Said], None]


class Watching:
    """Ties one `Live` to its analysis. `step` is called often and does nothing when there is nothing new."""

    def __init__(self, camera: Camera, state_dir: Path, sample_s: float, say: Say) -> None:
        self.camera, self._say, self._sample_s = camera, say, sample_s
        self.live = Live(camera.id, camera.url, 0.45 * sample_s)
        self._path = state_dir / f"{_safe(camera.id)}.npz"
        self._health = Health()
        self._analysis: Stillness | None = None
        self._onsets: dict[int, bytes] = {}  # by identity of the standing thing
        self._status: CameraState = "starting"
        self._sampled_at = self._reported_at = self._saved_at = 0.0
        self._pictured = False

    def step(self, now: float) -> None:
        """Take what is new at `now` (POSIX seconds), report when due."""
        newest = self.live.take()
        if newest is not None:
            self._take(newest)
        status = self._judge(now)
        if status != self._status or now - self._reported_at >= REPORT_S:
            self._status, self._reported_at = status, now
            self._say(CameraHealth(
                camera=self.camera.id, at=now, status=status, last_frame_at=self.live.last_frame_at,
                lag_s=self.live.lag_s, reconnects=self.live.reconnects, detail=self.live.detail,
                has_picture=self._pictured, standing=self._standing(),
            ))
        if now - (self._saved_at or now) >= SAVE_S:
            self.save()
            self._saved_at = now
        self._saved_at = self._saved_at or now

    def _standing(self) -> tuple[str, ...] | None:
        if self._analysis is None or self._analysis.still is None:
            return None
        return tuple(_safe(f"{self.camera.id}-{thing.id}") for thing in self._analysis.things if thing.alarmed_at)

    def save(self) -> None:
        """Write the background and what stands to disk."""
        if self._analysis is not None:
            saved.save(self._analysis, self._path)

    def _judge(self, now: float) -> CameraState:
        last = self.live.last_frame_at
        if last is None:
            return "offline" if self.live.reconnects else "starting"
        if now - last > SILENT_S:
            return "late" if self.live.connected and now - last < 2 * SILENT_S else "offline"
        return self._health.fault or "online"

    def _take(self, newest: Newest) -> None:
        height, width = newest.picture.shape[:2]
        if self._analysis is None or self._analysis.size != (width, height):
            self._analysis = Stillness(self.camera.zone, (width, height), Parameters(sample_s=self._sample_s))
            saved.load(self._analysis, self._path)
        analysis = self._analysis
        fault = self._health.judge(newest.picture[:, :, 1], newest.at)
        if newest.at - self._sampled_at >= 0.9 * self._sample_s and not fault:
            self._sampled_at = newest.at
            events = analysis.sample(newest.picture, newest.at)
            self._keep_onsets(analysis)
            for event in events:
                for said in self._tell(analysis, event, newest.at):
                    self._say(said)
        self._say(Picture(camera=self.camera.id, jpeg=evidence.newest(analysis, newest.picture, self.camera.privacy)))
        self._pictured = True

    def _keep_onsets(self, analysis: Stillness) -> None:
        """A picture of each thing at its onset. After a restart things are known before the first median picture is."""
        if analysis.still is None:
            return
        known = {id(thing) for thing in analysis.things}
        self._onsets = {key: picture for key, picture in self._onsets.items() if key in known}
        for thing in analysis.things:
            if not thing.alarmed_at and id(thing) not in self._onsets:
                self._onsets[id(thing)] = self._shown(analysis, thing)

    def _shown(self, analysis: Stillness, thing: Standing) -> bytes:
        vehicle = analysis.zones[thing.zone].matter in evidence.VEHICLES
        return evidence.of_event(analysis, thing, self.camera.privacy, vehicle)

    def _tell(self, analysis: Stillness, event: Event, at: float) -> Iterator[Said]:
        """Evidence first, then the event that names it."""
        name = _safe(f"{self.camera.id}-{event.id}")
        names: list[str] = []
        thing = next((t for t in analysis.things if t.id == event.id), None)
        if event.phase == "open" and thing is not None:
            onset = self._onsets.get(id(thing))
            pictures = [("before", evidence.before_event(analysis, thing, self.camera.privacy))]
            pictures += [("onset", onset)] if onset else []
            pictures += [("alarm", self._shown(analysis, thing))]
            for when, data in pictures:
                names.append(f"{name}-{when}")
                yield Evidence(id=names[-1], jpeg=data)
        yield CameraEvent(
            id=name, camera=self.camera.id, zone=event.zone, matter=event.matter, phase=event.phase, at=at,
            onset_at=event.onset_at, alarm_at=event.alarm_at, ended_at=event.ended_at, dwell_s=event.dwell_s,
            box=event.box, confidence=event.confidence, evidence=tuple(names), algorithm=VERSION,
        )


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)
