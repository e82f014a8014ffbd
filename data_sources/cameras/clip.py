"""Analysing a file: the same analysis as live, driven by the file's own time (or a list of times) instead of a clock."""

import time
from typing import Any

import msgspec
from av.error import FFmpegError

from data_sources.cameras.analysis.dwell import Event
from data_sources.cameras.analysis.health import Health
from data_sources.cameras.analysis.parameters import VERSION, Parameters
from data_sources.cameras.analysis.stillness import Stillness
from data_sources.cameras.pipe import Clip
from data_sources.cameras.video import Reader, Unreadable, open_video


class Result(msgspec.Struct, kw_only=True):
    """What was found in a clip. Times of events are seconds from the clip's start (or from the first time stamp)."""

    ok: bool
    error: str = ""
    reason: str = ""
    algorithm: str = VERSION
    frames: int = 0
    samples: int = 0
    seconds: float = 0.0
    size: tuple[int, int] = (0, 0)
    cpu_ms_per_sample: float = 0.0
    faults: list[str] = []
    events: list[dict[str, Any]] = []


def analyse(job: Clip) -> bytes:
    """Run the job in this process; gives a `Result` as msgpack, also for what cannot be read."""
    try:
        reader = open_video(job.path)
        try:
            result = _run(reader, job)
        finally:
            reader.close()
    except Unreadable as error:
        result = Result(ok=False, error=str(error), reason=error.reason)
    except FFmpegError as error:
        result = Result(ok=False, error=f"reading failed: {error}", reason="read_failed")
    return msgspec.msgpack.encode(result)


def _run(reader: Reader, job: Clip) -> Result:
    result, health, analysis = Result(ok=True), Health(), None
    found: dict[str, Event] = {}
    due, base, first, spent, at = 0.0, 1.0, None, 0.0, 0.0
    while True:
        grab = reader.next(True, True)
        if grab is None:
            break
        if grab.picture is None:
            continue
        stamp = _stamp(job, result.frames, grab.pts)
        result.frames += 1
        first = stamp if first is None else first
        at = stamp - first
        if at + 1e-6 < due:
            continue
        due = at + 0.98 * job.sample_s
        began = time.thread_time()
        if analysis is None:
            result.size = (grab.picture.shape[1], grab.picture.shape[0])
            analysis = Stillness(job.zones, result.size, Parameters(sample_s=job.sample_s))
        fault = health.judge(grab.picture[:, :, 1], base + at)
        if fault and fault not in result.faults:
            result.faults.append(fault)
        for event in analysis.sample(grab.picture, base + at):
            found[event.id] = event
        spent += time.thread_time() - began
        result.samples += 1
    if not result.frames:
        raise Unreadable("no_pictures", "not one picture could be decoded")
    result.seconds = round(at, 2)
    result.cpu_ms_per_sample = round(1000 * spent / max(1, result.samples), 2)
    result.events = [_shown(event, base, result.size) for event in sorted(found.values(), key=lambda e: e.alarm_at)]
    return result


def _stamp(job: Clip, index: int, pts: float | None) -> float:
    if job.times:
        if index >= len(job.times):
            raise Unreadable("too_few_times", f"frame {index} has no time stamp: the list holds {len(job.times)}")
        return job.times[index]
    if pts is None:
        raise Unreadable("no_times", "the file carries no time stamps; give them with --timestamps")
    return pts


def _shown(event: Event, base: float, size: tuple[int, int]) -> dict[str, Any]:
    x, y, width, height = (round(v * s) for v, s in zip(event.box, (*size, *size), strict=True))
    return {
        "zone": event.zone,
        "matter": event.matter,
        "onset_s": round(event.onset_at - base, 2),
        "alarm_s": round(event.alarm_at - base, 2),
        "ended_s": None if event.ended_at is None else round(event.ended_at - base, 2),
        "dwell_s": event.dwell_s,
        "box_xywh": [x, y, width, height],
        "confidence": event.confidence,
    }
