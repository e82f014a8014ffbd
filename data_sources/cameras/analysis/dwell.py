"""The life of standing things: pending, registered, alarmed, ended. One call per sample."""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from data_sources.cameras.analysis.background import LongTerm
from data_sources.cameras.analysis.objects import Standing, creep, likeness, moved, overlap, tint_of
from data_sources.cameras.analysis.parameters import Array, Parameters
from data_sources.cameras.analysis.sampling import Samples


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stood in a zone for its time (`open`), or has left it (`ended`). The box is x, y, w, h in 0..1."""

    id: str
    phase: Literal["open", "ended"]
    zone: str
    matter: str
    onset_at: float
    alarm_at: float
    ended_at: float | None
    dwell_s: float
    box: tuple[float, float, float, float]
    confidence: float


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An alarmed stay that is over; kept a while, because the same thing may only have been hidden."""

    id: str
    zone: int
    box: tuple[int, int, int, int]
    at: float


def onset_of(thing: Standing, samples: Samples, p: Parameters) -> tuple[float, bool]:
    """(time of the first sample of the unbroken run that shows the thing, whether it came at once).

    Looks back through the history of luminance planes. A thing that was not there in the sample before its run came
    moving; what fades in over many samples is light. Two unlike samples inside the run (somebody passed) do not break it.
    """
    ground = np.ascontiguousarray(thing.ground[:, :, 0])
    first, unlike, before = samples.history[-1][0], 0, 1.0
    for at, plane in reversed(samples.history):
        score = likeness(thing.anchor, ground, thing.crop(plane), thing.mask)
        if score >= p.present:
            first, unlike, before = at, 0, 1.0
            continue
        unlike += 1
        before = min(before, score)
        if unlike > 2:
            break
    return first, before < p.arrived


def follow(thing: Standing, sample: Array, stable: Array, at: float, usual: LongTerm, still: Array,
           p: Parameters) -> bool:
    """Look for the thing in the newest sample (YCrCb); False when its stay is over and the ground under it restored."""
    luminance = np.ascontiguousarray(sample[:, :, 0])
    ground = np.ascontiguousarray(thing.ground[:, :, 0])
    current = thing.crop(luminance)
    thing.score = likeness(thing.anchor, ground, current, thing.mask)
    tint = tint_of(thing.crop(sample), thing.mask)
    strange = max(abs(tint[0] - thing.tint[0]), abs(tint[1] - thing.tint[1])) > p.tint
    if thing.score >= p.present and not strange:
        thing.last_seen, thing.low = at, 0
        if thing.score >= 0.85:  # follow the light, never a successor
            blended = 0.97 * thing.anchor.astype(np.float32) + 0.03 * current
            thing.anchor = np.rint(blended).astype(np.uint8)
            thing.tint = (0.9 * thing.tint[0] + 0.1 * tint[0], 0.9 * thing.tint[1] + 0.1 * tint[1])
        return True
    inside = thing.mask > 0
    settled = float((thing.crop(stable)[inside] > 0).mean()) >= 0.6
    same = float(np.abs(thing.crop(still)[:, :, 0][inside].astype(np.float32) - current[inside]).mean()) < 12.0
    if not (settled and same):  # something passes in front, or it is just leaving
        thing.low = 0
        if at - thing.last_seen <= p.hold_s:
            return True
        restore(thing, usual, still, at, p)
        return False
    thing.low += 1
    if thing.low < 2:
        return True
    by = None if strange else creep(thing, luminance, p)
    restore(thing, usual, still, at, p)
    if by is None:
        return False
    _move(thing, by, luminance, usual, still)
    thing.last_seen, thing.low = at, 0
    return True


def restore(thing: Standing, usual: LongTerm, still: Array, at: float, p: Parameters) -> None:
    """Put back what the thing hid, so that a successor is seen as new; what is too old is taken from the present."""
    if not thing.registered:
        return
    source = thing.ground if at - thing.ground_at <= p.restore_s else thing.crop(still)
    usual.take(source, thing.outline(), thing.x, thing.y)


def register(thing: Standing, usual: LongTerm, still: Array) -> None:
    """Make the thing part of the long-term picture, so that neighbours stay separate things."""
    usual.take(thing.crop(still), thing.outline(), thing.x, thing.y)
    thing.registered = True


def _move(thing: Standing, by: tuple[int, int], luminance: Array, usual: LongTerm, still: Array) -> None:
    thing.x, thing.y, thing.mask = moved(thing, by, (luminance.shape[1], luminance.shape[0]))
    thing.ground = thing.crop(usual.bytes()).copy()
    thing.anchor = thing.crop(luminance).copy()
    if thing.registered:
        register(thing, usual, still)


def may_alarm(thing: Standing, dwell_limit_s: float, at: float, p: Parameters) -> bool:
    """Whether everything an alarm needs holds now."""
    return (
        thing.arrived
        and not thing.alarmed_at
        and thing.dwell(at) >= dwell_limit_s
        and thing.share >= p.in_zone
        and thing.score >= p.present
        and at - thing.last_seen <= 2 * p.sample_s
    )


def same_as_before(box: tuple[int, int, int, int], zone: int, at: float, ended: Sequence[Ended],
                   p: Parameters) -> Ended | None:
    """The stay that ended here a moment ago, if this is it again."""
    for old in ended:
        if old.zone == zone and at - old.at <= p.reopen_s and overlap(old.box, box) > p.reopen_iou:
            return old
    return None


def confidence(thing: Standing) -> float:
    """A score 0..1 from likeness, share in the zone and contrast with the ground. Not a calibrated probability."""
    inside = thing.mask > 0
    contrast = float(np.abs(thing.anchor[inside].astype(np.float32) - thing.ground[:, :, 0][inside]).mean())
    value = 0.5 * max(0.0, thing.score) + 0.3 * min(1.0, thing.share) + 0.2 * min(1.0, contrast / 40.0)
    return round(min(0.99, value), 2)
