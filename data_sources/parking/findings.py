"""What is not right with parking: full places, silent feeds, stuck berths, drifting counters. Pure.

A finding is an episode: it opens when its condition begins, keeps its id, and ends when the condition does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from core.clock import BEIJING, from_epoch
from core.snapshot import Finding
from data_sources.parking.draw import DRIFT_SHARE, PLACE_CADENCE_S, SOURCE_CADENCE_S, SOURCE_OF, drifts
from data_sources.parking.model import Place, PlaceState
from data_sources.parking.state import FULL, ParkingState

KEEP_ENDED = timedelta(hours=6)
SILENT_NIGHT_S = 3 * 3_600  # at night a small road may rest for long
DAY_HOURS = range(7, 22)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is so now; `key` without a time, so that the episode can be recognised."""

    key: str
    kind: str
    severity: Literal["info", "warning", "alarm"]
    since: float
    place: Place
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    detail: dict[str, Any] = {}


def conditions(
    state: ParkingState, states: Sequence[PlaceState], places: Mapping[str, Place], now: datetime
) -> list[Condition]:
    """All that holds now, place by place."""
    found: list[Condition] = []
    moment = now.timestamp()
    for known in states:
        place = places[known.id]
        for condition in (_full(known, place), _silent(state, known, place, moment), *_doubtful(state, known, place, moment)):
            if condition is not None:
                found.append(condition)
    return found


def _full(known: PlaceState, place: Place) -> Condition | None:
    if known.full_since is None or known.occupied is None or not known.known or known.state == "stale":
        return None
    return Condition(
        key=f"full:{place.id}", kind="finding.parking.full", severity="warning", since=known.full_since.timestamp(),
        place=place, value=round(100 * known.occupied / known.known, 1), limit=100 * FULL, unit="%",
        detail={"free": known.free, "capacity": place.capacity},
    )


def _silent(state: ParkingState, known: PlaceState, place: Place, now: float) -> Condition | None:
    """A place that fell silent while its feed is alive; a dead feed is said once, by the source's health."""
    if known.observed_at is None:
        return None
    source = state.newest.get(SOURCE_OF[place.kind], 0.0)
    age = now - known.observed_at.timestamp()
    memory = state.places.get(place.id)
    talks = memory is not None and memory.counted_at > 0  # sends counts at any hour
    daytime = from_epoch(now).astimezone(BEIJING).hour in DAY_HOURS
    limit = 4 * PLACE_CADENCE_S if talks or daytime else SILENT_NIGHT_S
    if age <= limit or now - source > 4 * SOURCE_CADENCE_S:
        return None
    return Condition(key=f"silent:{place.id}", kind="finding.parking.silent", severity="warning",
                     since=known.observed_at.timestamp(), place=place, detail={"source": SOURCE_OF[place.kind]})


def _doubtful(state: ParkingState, known: PlaceState, place: Place, now: float) -> list[Condition]:
    found: list[Condition] = []
    if known.stuck >= max(3, DRIFT_SHARE * place.capacity):
        found.append(Condition(key=f"stuck:{place.id}", kind="finding.parking.stuck_berths", severity="info", since=now,
                               place=place, value=float(known.stuck), detail={"capacity": place.capacity}))
    memory = state.places.get(place.id)
    if memory is not None and drifts(memory, place):
        found.append(Condition(key=f"drift:{place.id}", kind="finding.parking.counter_drift", severity="info",
                               since=memory.base_at, place=place, value=float(memory.drift or 0),
                               detail={"capacity": place.capacity}))
    return found


def update(state: ParkingState, present: Sequence[Condition], now: datetime) -> None:
    """Open, refresh and end episodes in `state` (which belongs to the caller)."""
    holding = {c.key: c for c in present}
    for key in [k for k in state.open if k not in holding]:
        state.ended.append(msgspec.structs.replace(state.open.pop(key), ended_at=now))
    for key, condition in holding.items():
        known = state.open.get(key)
        at = known.at if known is not None else from_epoch(condition.since)
        place = condition.place
        state.open[key] = Finding(
            id=known.id if known is not None else f"parking:{key}:{at:%Y%m%dT%H%M%S}", domain="parking",
            kind=condition.kind, severity=condition.severity, at=at, entity=place.id, place=place.name, lon=place.lon,
            lat=place.lat, value=condition.value, limit=condition.limit, unit=condition.unit, detail=condition.detail,
        )
    state.ended = [f for f in state.ended if f.ended_at is not None and now - f.ended_at < KEEP_ENDED]
