"""One camera's analysis: pictures in, events out. Written down in CPU per sample, not per frame."""

from collections.abc import Sequence

import cv2
import numpy as np

from data_sources.cameras.analysis.background import LongTerm
from data_sources.cameras.analysis.change import Change, compare
from data_sources.cameras.analysis.dwell import (
    Ended,
    Event,
    confidence,
    follow,
    may_alarm,
    onset_of,
    register,
    same_as_before,
)
from data_sources.cameras.analysis.masks import above, labelled, polygon
from data_sources.cameras.analysis.objects import MARGIN, Standing, overlap, tint_of
from data_sources.cameras.analysis.parameters import DEFAULT, Array, Parameters
from data_sources.cameras.analysis.regions import judge
from data_sources.cameras.analysis.sampling import Samples, shift_between, shifted
from data_sources.cameras.model import Zone

_SMALL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
_JOIN = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))


def working_size(width: int, height: int, p: Parameters = DEFAULT) -> tuple[int, int]:
    """(width, height) at which a picture is analysed: never enlarged."""
    scale = min(1.0, p.width / width)
    return max(1, round(width * scale)), max(1, round(height * scale))


class Stillness:
    """Watches the zones of one camera. `sample` takes BGR uint8 at the working size with a time that only grows.

    Edge cases: the first five samples only build the pictures; what stands there from the start is background; a
    gap of more than three samples freezes the clocks; a change of light or of more than 35 % of the picture
    suspends alarms; without zones nothing is ever found.
    """

    def __init__(self, zones: Sequence[Zone], size: tuple[int, int], p: Parameters = DEFAULT) -> None:
        self.p, self.size, self.zones = p, size, tuple(zones)
        self.masks = [polygon(zone.polygon, size) for zone in zones]
        self.watched: Array = np.zeros((size[1], size[0]), np.uint8)
        for mask in self.masks:
            self.watched = cv2.bitwise_or(self.watched, mask)
        self.samples = Samples(p)
        self.usual: LongTerm | None = None
        self.still: Array | None = None
        self.stable: Array | None = None
        self.newest: Array | None = None
        self.things: list[Standing] = []
        self.ended: list[Ended] = []
        self.last_at = 0.0
        self._gone: list[tuple[tuple[int, int, int, int], float]] = []
        self._median = 0.0
        self._quiet = True
        self._upset_since = 0.0

    def sample(self, picture: Array, at: float) -> list[Event]:
        """Take one sample; returns what began or ended with it. A sample not newer than the last is ignored."""
        step = at - self.last_at if self.last_at else self.p.sample_s
        if step <= 0:
            return []
        self.last_at = at
        if step > self.p.gap_samples * self.p.sample_s:
            self._freeze_clocks(step)
        ycc = self._aligned(cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb))
        self.newest = ycc
        self.samples.add(at, ycc)
        self._watch_light(ycc)
        if not self.samples.ready():
            return []
        self.still, self.stable = self.samples.still()
        if self.usual is None:
            self.usual = LongTerm(self.still)
            return []
        return self._look(ycc, at, min(step, 3 * self.p.sample_s))

    def _look(self, ycc: Array, at: float, step: float) -> list[Event]:
        usual, still, stable = self.usual, self.still, self.stable
        assert usual is not None and still is not None and stable is not None
        events = self._follow(ycc, at)
        change = compare(still, usual.bytes(), self.p)
        if self._relearn(change, at):
            return events
        self._find(change, at)
        usual.learn(still, stable, change.raw, self._frozen(), step, self.p)
        for thing in self.things:
            limit = self.zones[thing.zone].dwell_s
            if not thing.registered and thing.arrived and thing.dwell(at) >= min(self.p.register_s, 0.6 * limit):
                register(thing, usual, still)
        return events + self._alarms(at)

    def _aligned(self, ycc: Array) -> Array:
        if self.usual is None:
            return ycc
        reference = cv2.convertScaleAbs(self.usual.values[:, :, 0])
        dx, dy = shift_between(reference, np.ascontiguousarray(ycc[:, :, 0]), self.p)
        return shifted(ycc, dx, dy)

    def _watch_light(self, ycc: Array) -> None:
        median = float(np.median(ycc[::4, ::4, 0])) + 1.0
        self._quiet = not self._median or abs(median - self._median) / self._median <= self.p.light_step
        self._median = median

    def _freeze_clocks(self, step: float) -> None:
        for thing in self.things:
            thing.paused_s += step - self.p.sample_s
            thing.last_seen += step - self.p.sample_s

    def _follow(self, ycc: Array, at: float) -> list[Event]:
        assert self.usual is not None and self.still is not None and self.stable is not None
        events, staying = [], []
        for thing in self.things:
            if follow(thing, ycc, self.stable, at, self.usual, self.still, self.p):
                staying.append(thing)
                continue
            self._gone.append((thing.box(), thing.last_seen))
            if thing.alarmed_at:
                self.ended.append(Ended(id=thing.id, zone=thing.zone, box=thing.box(), at=thing.last_seen))
                events.append(self._event(thing, thing.last_seen, ended=True))
        self.things = staying
        self._gone = [old for old in self._gone if at - old[1] <= self.p.reopen_s]
        self.ended = [old for old in self.ended if at - old.at <= self.p.reopen_s]
        return events

    def _relearn(self, change: Change, at: float) -> bool:
        """Start over when most of the picture changed for a while (a lamp, fog, another view)."""
        if float(np.count_nonzero(change.raw)) / change.raw.size < self.p.relearn_share:
            self._upset_since = 0.0
            return False
        self._upset_since = self._upset_since or at
        if at - self._upset_since >= self.p.relearn_s:
            assert self.still is not None
            self.usual = LongTerm(self.still)
            self.things = [thing for thing in self.things if thing.registered]
            self._upset_since = 0.0
        return True

    def _frozen(self) -> Array:
        mask: Array = np.zeros((self.size[1], self.size[0]), np.uint8)
        for thing in self.things:
            if not thing.registered:
                target = thing.crop(mask)
                np.maximum(target, thing.outline(), out=target)
        return mask

    def _find(self, change: Change, at: float) -> None:
        """New regions become things, ghosts are healed, what only light did is left to the long-term picture."""
        assert self.usual is not None and self.still is not None and self.stable is not None
        # Whole areas that move are cut off, single unsteady pixels are not: a thing must not be found in pieces.
        settled = above(cv2.blur(self.stable, (15, 15)), 115.0)
        candidates = cv2.bitwise_and(cv2.bitwise_and(change.solid, settled), cv2.bitwise_not(self._frozen()))
        candidates = cv2.morphologyEx(candidates, cv2.MORPH_OPEN, _SMALL)
        if not cv2.countNonZero(cv2.bitwise_and(candidates, self.watched)):
            return
        added = self._added(candidates, change)
        # Pieces of one thing (a roof and a bonnet with the ground's own grey between) lie close together.
        count, labels = cv2.connectedComponents(cv2.dilate(added, _JOIN)) if added.any() else (1, added)
        for index in range(1, count):
            region = cv2.bitwise_and(labelled(labels, index), added)
            box = cv2.boundingRect(region)
            area = cv2.countNonZero(region)
            settled_share = cv2.countNonZero(cv2.bitwise_and(region, self.stable)) / area
            if min(box[2], box[3]) >= self.p.side and settled_share >= self.p.settled:
                self._stand(region, box, at)

    def _added(self, candidates: Array, change: Change) -> Array:
        """Mask of the pieces that were added; pieces that were removed are healed in the long-term picture at once."""
        assert self.usual is not None and self.still is not None
        added: Array = np.zeros_like(candidates)
        usual = self.usual.bytes()
        count, labels, stats, _ = cv2.connectedComponentsWithStats(candidates)
        for index in range(1, count):
            x, y, width, height, area = (int(v) for v in stats[index])
            if min(width, height) < self.p.side // 2 or area > 0.4 * candidates.size or area < 0.25 * width * height:
                continue
            window = self._window(x, y, width, height)
            mask = labelled(labels[window], index)
            if cv2.countNonZero(cv2.bitwise_and(mask, self.watched[window])) < self.p.in_zone * area:
                continue
            still = self.still[window]
            verdict = judge(still, usual[window], mask, change.chroma[window], self.p)
            if verdict == "added":
                added[window] |= mask
            elif verdict == "removed":
                self.usual.take(still, cv2.dilate(mask, _SMALL), window[1].start, window[0].start)
        return added

    def _window(self, x: int, y: int, width: int, height: int) -> tuple[slice, slice]:
        """The box with a margin, inside the picture, as (rows, columns)."""
        rows = slice(max(0, y - MARGIN), min(self.size[1], y + height + MARGIN))
        return rows, slice(max(0, x - MARGIN), min(self.size[0], x + width + MARGIN))

    def _stand(self, region: Array, box: Sequence[int], at: float) -> None:
        """Begin to watch a thing, unless it is mostly outside the zones or only faded in."""
        assert self.usual is not None and self.still is not None
        window = self._window(box[0], box[1], box[2], box[3])
        mask = region[window].copy()
        zone, share = self._zone_of(mask, window)
        if share < self.p.in_zone:
            return
        thing = Standing(
            id="", zone=zone, x=window[1].start, y=window[0].start, mask=mask,
            anchor=self.still[window][:, :, 0].copy(), ground=self.usual.bytes()[window].copy(), ground_at=at,
            onset=at, last_seen=at, share=share, arrived=False, score=self.p.present,
            tint=tint_of(self.still[window], mask),
        )
        thing.onset, thing.arrived = onset_of(thing, self.samples, self.p)
        # A successor that looks alike did not stand here while the one before it did.
        before = [seen for where, seen in self._gone if overlap(where, thing.box()) > 0.3]
        thing.onset = max([thing.onset, *before])
        if not thing.arrived:
            return
        left, top, width, height = thing.box()
        thing.id = f"{self.zones[zone].id}-{int(thing.onset)}-{left + width // 2}-{top + height // 2}"
        self.things.append(thing)

    def _zone_of(self, mask: Array, window: tuple[slice, slice]) -> tuple[int, float]:
        total = max(1, int(np.count_nonzero(mask)))
        shares = [np.count_nonzero(cv2.bitwise_and(mask, zone[window].copy())) / total for zone in self.masks]
        best = int(np.argmax(shares))
        return best, float(shares[best])

    def _alarms(self, at: float) -> list[Event]:
        if not self._quiet or self._upset_since:
            return []
        events = []
        for thing in self.things:
            if not may_alarm(thing, self.zones[thing.zone].dwell_s, at, self.p):
                continue
            if any(o.alarmed_at and overlap(o.box(), thing.box()) > self.p.reopen_iou for o in self.things):
                continue
            thing.alarmed_at, thing.confidence = at, confidence(thing)
            again = same_as_before(thing.box(), thing.zone, at, self.ended, self.p)
            if again is not None:
                thing.id = again.id
                self.ended.remove(again)
            events.append(self._event(thing, at, ended=False))
        return events

    def _event(self, thing: Standing, at: float, *, ended: bool) -> Event:
        x, y, width, height = thing.box()
        zone, (w, h) = self.zones[thing.zone], self.size
        return Event(
            id=thing.id, phase="ended" if ended else "open", zone=zone.id, matter=zone.matter, onset_at=thing.onset,
            alarm_at=thing.alarmed_at, ended_at=at if ended else None, dwell_s=round(thing.dwell(at), 1),
            box=(x / w, y / h, width / w, height / h), confidence=thing.confidence,
        )

