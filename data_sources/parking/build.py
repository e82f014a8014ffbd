"""Parking: events and the previous state to the next state and the snapshot's parts. Pure and idempotent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.clock import BEIJING, from_epoch
from data_sources.contract import Built, Point
from data_sources.parking import draw, findings, merge, past
from data_sources.parking.model import BerthEvent, CountReport, GateEvent, Place, PlaceState, UnknownPlace
from data_sources.parking.state import (
    BINS,
    FOLLOW_S,
    LIVE_WITHIN_S,
    QUARTER,
    ParkingState,
    PlaceMemory,
    advance,
    first_time,
    fresh,
    note_full,
)

CITY = "city"
MEASURE_OF = {
    "all": "parking.occupancy_pct",
    "on_street": "parking.on_street_occupancy_pct",
    "off_street": "parking.off_street_occupancy_pct",
}


class Draft:
    """The next state while it is being made: what it shares with the previous one is copied before the first change."""

    def __init__(self, state: ParkingState, places: Mapping[str, Place], now: datetime) -> None:
        self.places, self.now = places, now.timestamp()
        self.state = ParkingState(
            places={name: memory for name, memory in state.places.items() if _fits(memory, places.get(name))},
            seen=dict(state.seen), newest=dict(state.newest), city=dict(state.city),
            unknown_day=state.unknown_day, unknown=state.unknown, open=dict(state.open), ended=list(state.ended),
        )
        self.own: set[str] = set()
        self.touched: dict[str, set[int]] = {}  # place -> quarters that changed

    def memory(self, name: str) -> PlaceMemory:
        """A place's memory that may be changed."""
        if name not in self.own:
            known = self.state.places.get(name)
            self.state.places[name] = known.clone() if known is not None else fresh(self.places[name])
            self.own.add(name)
        return self.state.places[name]

    def take(self, event: Any) -> None:
        """Merge one event."""
        place = self.places.get(event.entity)
        if place is None:
            return
        at = event.observed_at.timestamp()
        if at > self.state.newest.get(event.source, 0.0):
            self.state.newest[event.source] = min(at, self.now)
        memory = self.memory(place.id)
        if not memory.live_from:
            memory.live_from = event.received_at.timestamp() - LIVE_WITHIN_S
        quarters = self._merged(memory, place, event, at)
        if quarters:
            self.touched.setdefault(place.id, set()).update(quarters)

    def _merged(self, memory: PlaceMemory, place: Place, event: Any, at: float) -> list[int]:
        """An event into the present and, when it is older than the first word of the place, into its past."""
        old = at < memory.live_from
        if isinstance(event, GateEvent):
            if not first_time(self.state, f"{event.source}:{event.event_id}", at):
                return []
            if not old:
                return merge.gate(memory, place, event, self.now)
            filled = past.move(memory, place, at, 1 if event.direction == "in" else -1)
            merge.gate(memory, place, event, self.now, correct=False)
            return filled
        if isinstance(event, BerthEvent):
            if not 0 <= merge.berth_index(event) < len(memory.status):
                return []
            quarters = merge.berth(memory, place, event, self.now)
            if old and memory.past is not None and first_time(self.state, f"{event.berth}@{at}", at):
                step = {0: -1, 1: 1}.get(event.status, 0)
                quarters += past.move(memory, place, at, step) if step else []
            return quarters
        if old:
            quarters = past.anchor(memory, place, at, merge.stated_count(event, place))
            return quarters if memory.counted_at > at else quarters + merge.count(memory, place, event, self.now)
        return merge.count(memory, place, event, self.now)

    def follow(self) -> None:
        """Let time pass: sample the quarters that are over for places that are up to date, and refresh old trends."""
        end = int(self.now // QUARTER) * QUARTER
        for name, place in self.places.items():
            known = self.state.places.get(name)
            if known is None:
                continue
            if known.past is not None and known.past_at < known.live_from <= known.past_at + past.CLOSE_S:
                self.touched.setdefault(name, set()).update(past.close(self.memory(name), place))
            current = self.now - max(known.newest, known.alive) <= FOLLOW_S
            if current and known.sampled + QUARTER <= self.now:
                quarters = advance(self.memory(name), place, self.now + 0.001)
                self.touched.setdefault(name, set()).update(quarters)
            if name in self.own:
                memory = self.memory(name)
                note_full(memory, place, min(memory.newest or self.now, self.now))
            if self.state.places[name].trend_end != end:
                memory = self.memory(name)
                memory.trend, memory.trend_end = draw.trend_values(memory.bins, self.now), end


def _fits(memory: PlaceMemory, place: Place | None) -> bool:
    """Whether a remembered place is still the one in the register (capacity may have been edited)."""
    return place is not None and len(memory.status) in (0 if place.kind == "off_street" else place.capacity,)


def build(state: ParkingState, observations: Sequence[Any], places: Mapping[str, Place], now: datetime) -> Built:
    """Merge events (any order, repeated, late) and draw. `state` is left as it was."""
    draft = Draft(state, places, now)
    today = now.astimezone(BEIJING).date().isoformat()
    if draft.state.unknown_day != today:
        draft.state.unknown_day, draft.state.unknown = today, 0
    draft.state.unknown += sum(isinstance(o, UnknownPlace) for o in observations)
    events = [o for o in observations if isinstance(o, (GateEvent, BerthEvent, CountReport))]
    for event in sorted(events, key=lambda e: e.observed_at):
        draft.take(event)
    draft.follow()
    points = _points(draft) + _city(draft)
    states = [
        draw.place_state(draft.state.places.get(name) or draw.empty_memory(place), place, draft.now)
        for name, place in places.items()
    ]
    findings.update(draft.state, findings.conditions(draft.state, states, places, now), now)
    return _built(draft, points, states, now)


def _points(draft: Draft) -> list[Point]:
    """History of the quarters that changed, place by place."""
    points: list[Point] = []
    for name, quarters in draft.touched.items():
        bins = draft.state.places[name].bins
        for quarter in quarters:
            occupied, known = bins.get(quarter, (0, 0))
            if known:
                value = round(100 * occupied / known, 2)
                points.append(Point(measure=MEASURE_OF["all"], entity=name, at=from_epoch(quarter), value=value))
    return points


def _city(draft: Draft) -> list[Point]:
    """The city's quarters that changed with their places; a kind of which less than half is known stays a gap."""
    changed = {quarter for quarters in draft.touched.values() for quarter in quarters}
    if not changed:
        return []
    points: list[Point] = []
    oldest = int(draft.now // QUARTER) * QUARTER - (BINS + 8) * QUARTER
    city = {kind: {b: v for b, v in draft.state.city.get(kind, {}).items() if b > oldest} for kind in MEASURE_OF}
    capacity = {kind: sum(p.capacity for p in draft.places.values() if p.kind == kind) for kind in ("on_street", "off_street")}
    for quarter in changed:
        sums = {"on_street": [0, 0], "off_street": [0, 0]}
        for name, memory in draft.state.places.items():
            occupied, known = memory.bins.get(quarter, (0, 0))
            sums[draft.places[name].kind][0] += occupied
            sums[draft.places[name].kind][1] += known
        valid = {kind: bool(total) and 2 * sums[kind][1] >= total for kind, total in capacity.items()}
        whole = all(valid[kind] or not total for kind, total in capacity.items())
        found = {kind: tuple(sums[kind]) for kind in sums if valid[kind]}
        if whole and found:
            found["all"] = (sum(s[0] for s in sums.values()), sum(s[1] for s in sums.values()))
        for kind, (occupied, known) in found.items():
            city[kind][quarter] = (occupied, known)
            value = round(100 * occupied / known, 2)
            points.append(Point(measure=MEASURE_OF[kind], entity=CITY, at=from_epoch(quarter), value=value))
    draft.state.city = city
    return points


def _built(draft: Draft, points: list[Point], states: list[PlaceState], now: datetime) -> Built:
    reporting = dict.fromkeys(draw.SOURCE_OF.values(), 0)
    expected = dict(reporting)
    for known in states:
        source = draw.SOURCE_OF[draft.places[known.id].kind]
        expected[source] += 1
        reporting[source] += known.state in ("live", "late")
    return Built(
        state=draft.state,
        data=draw.data(draft.state, states, draft.places, now),
        readings=draw.readings(draft.state, states, draft.places, now),
        findings=[*draft.state.open.values(), *draft.state.ended],
        points=points,
        newest={source: from_epoch(at) for source, at in draft.state.newest.items()},
        reporting=reporting,
        expected=expected,
    )
