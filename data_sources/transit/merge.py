"""Observations into the state: any order, duplicates and late ones included. The given state is never changed."""

import zlib
from collections.abc import Sequence
from math import hypot
from typing import Any

import msgspec

from core.clock import from_epoch
from core.observation import Problem
from data_sources.transit import link_speed
from data_sources.transit.follow import Drive, follow, mark, seen
from data_sources.transit.link_speed import BUCKET_S, MINUTE_S
from data_sources.transit.model import Position
from data_sources.transit.parse import SOURCE, Applicant, Part, positions
from data_sources.transit.state import State, Sum, Track
from data_sources.transit.static import Static

OUTSIDE_M = 100_000.0  # a city's bus or taxi this far beyond its roads is a faulty receiver
LATE_REMEMBERED = 20_000
WAITING_S, MAX_WAITING = 86_400, 500
FORGET_S = 49 * 3600  # longer than back-fill reaches: what was merged must stay known


class Merge:
    """One build's working copy: dicts are copied when first touched, values are replaced, not changed."""

    def __init__(self, state: State, static: Static, now: int) -> None:
        same = state.network == static.network.digest
        self.static, self.now = static, now
        self.tracks = dict(state.tracks)
        self.slots: dict[int, dict[int, Sum]] = dict(state.slots) if same else {}
        self.cold = dict(state.cold) if same else {}
        self.profile = state.profile if same else {}
        self.free = state.free if same else {}
        self.waiting = dict(state.waiting)
        self.parts = state.parts
        self.newest = state.newest
        self.problems: list[Problem] = []
        self.dirty: set[int] = set()  # 5-minute buckets that late data changed
        self._fresh: set[int] = set()  # slots copied in this build
        self._late_list = state.late_seen
        self._late: set[int] | None = None
        self._old: dict[int, list[tuple[Drive, bool]]] = {}
        if not same:
            self.tracks = {k: msgspec.structs.replace(t, link=-1) for k, t in self.tracks.items()}
        self._cool()

    def _cool(self) -> None:
        """Pack minutes that are no longer hot and were never packed (the runner was away), then let them go."""
        oldest = self.now // MINUTE_S - link_speed.KEPT_MINUTES
        if not any(m < oldest for m in self.slots):
            return
        for bucket in {m * MINUTE_S // BUCKET_S for m in self.slots}:
            if bucket not in self.cold and not link_speed.is_hot(bucket, self.now):
                last = (bucket + 1) * BUCKET_S // MINUTE_S - 1
                self.cold[bucket] = link_speed.pack(link_speed.window(self.slots, last))
                self.dirty.add(bucket)
        self.slots = {m: s for m, s in self.slots.items() if m >= oldest}

    def take(self, observations: Sequence[Any]) -> None:
        """Merge everything of one build."""
        fixes: dict[str, list[Position]] = {}
        for one in observations:
            if isinstance(one, Position):
                fixes.setdefault(one.entity, []).append(one)
            elif isinstance(one, Applicant):
                self._applicant(one)
            elif isinstance(one, Part):
                for fix in self._part(one):
                    fixes.setdefault(fix.entity, []).append(fix)
        for entity, found in fixes.items():
            if entity in self.static.vehicles:
                self._vehicle(entity, found)
        self._finish()

    def _applicant(self, one: Applicant) -> None:
        if one.entity not in self.static.vehicles and (one.entity in self.waiting or len(self.waiting) < MAX_WAITING):
            self.waiting[one.entity] = int(one.received_at.timestamp())

    def _part(self, part: Part) -> list[Position]:
        if part.entity in self.static.vehicles:
            self.parts = self.parts.copy()
            key = f"{part.entity}:{part.msg_id:04x}:{part.first_serial}"
            body = self.parts.add(key, part.total, part.no, part.body, part.received_at.timestamp())
            if body is not None:
                found, problems = positions(part.entity, part.msg_id, body, part.received_at, self.static)
                self.problems += problems
                return found
        return []

    def _vehicle(self, entity: str, found: list[Position]) -> None:
        """One vehicle's fixes in the order of its own clock: the newest go on its track, older ones beside it."""
        found.sort(key=lambda p: p.observed_at)
        track = self.tracks.get(entity)
        late_track: Track | None = None
        number = self.static.number[entity]
        for fix in found:
            at, received = int(fix.observed_at.timestamp()), int(fix.received_at.timestamp())
            if self._outside(fix):
                continue
            if track is None or at > track.at:
                step = follow(track, fix, self.static.network, at, received)
                track = step.track
                self.newest = max(self.newest, min(at, received))
            else:
                key = zlib.crc32(f"{entity}:{at}".encode())
                if seen(track, at) or self._known_late(key):
                    continue
                track = msgspec.structs.replace(track, seen=mark(track, at))
                step = follow(late_track, fix, self.static.network, at, received)
                late_track = step.track
            if step.problem:
                self._problem(step.problem, fix)
            for drive in step.drives:
                self._drive(entity, number, drive)
        if track is not None:
            self.tracks[entity] = track

    def _drive(self, entity: str, number: int, drive: Drive) -> None:
        at = min(drive.at, self.now)  # a clock up to 5 min ahead belongs to the present, not to the future
        bucket = at // BUCKET_S
        if not link_speed.is_hot(bucket, self.now):
            new = not self._known_late(zlib.crc32(f"{entity}:{drive.link}:{bucket}".encode()))
            self._old.setdefault(bucket, []).append((drive, new))
            return
        minute = at // MINUTE_S
        if minute not in self._fresh:
            self.slots[minute] = dict(self.slots.get(minute, {}))
            self._fresh.add(minute)
        slot = self.slots[minute]
        slot[drive.link] = link_speed.plus(slot.get(drive.link), drive.metres, drive.seconds, number)
        if bucket != self.now // BUCKET_S:
            self.dirty.add(bucket)

    def _outside(self, fix: Position) -> bool:
        network = self.static.network
        if hypot(*network.plane.xy(fix.lon, fix.lat)) <= network.radius_m + OUTSIDE_M:
            return False
        self._problem("outside_city", fix)
        return True

    def _known_late(self, key: int) -> bool:
        """Whether this was merged out of order before; remembers it."""
        if self._late is None:
            self._late = set(self._late_list)
            self._late_list = list(self._late_list)
        if key in self._late:
            return True
        self._late.add(key)
        self._late_list.append(key)
        return False

    def _problem(self, reason: str, fix: Position) -> None:
        detail = f"{fix.lat:.6f},{fix.lon:.6f} {fix.speed_kmh:.1f} km/h at {fix.observed_at.isoformat()}"
        self.problems.append(
            Problem(source=SOURCE, reason=reason, detail=detail, entity=fix.entity, received_at=fix.received_at,
                    kept=reason == "frozen_fix")
        )  # fmt: skip

    def _finish(self) -> None:
        for bucket, drives in self._old.items():
            self.cold[bucket] = link_speed.late(self.cold.get(bucket), drives)
            self.dirty.add(bucket)
        self.tracks = {k: t for k, t in self.tracks.items() if self.now - t.at <= FORGET_S and k in self.static.vehicles}
        self.waiting = {
            k: at for k, at in self.waiting.items() if self.now - at <= WAITING_S and k not in self.static.vehicles
        }
        if self.parts.groups:
            self.parts = self.parts.copy()
            for key in self.parts.expire(self.now):
                terminal = key.partition(":")[0]
                detail = f"group {key}"
                at = from_epoch(self.now)
                self.problems.append(
                    Problem(source=SOURCE, reason="parts_missing", detail=detail, entity=terminal, received_at=at)
                )

    @property
    def late_seen(self) -> list[int]:
        """What to remember of fixes merged out of order."""
        return self._late_list[-LATE_REMEMBERED:]
