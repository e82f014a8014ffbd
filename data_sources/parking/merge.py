"""Merging one event into a place: tolerant of repeats, of late and of early ones. Changes only the memory it is given.

Berths: the newest event of a berth wins; the same (berth, changed_at) again only confirms it. Gates: each event id once;
an operator's count becomes the base, and movements after its time are added on top. Counts stay inside 0..capacity.
"""

from bisect import insort

from data_sources.parking.model import BerthEvent, CountReport, GateEvent, Place
from data_sources.parking.state import FAULT, IDLE, RECENT_S, TAKEN, UNKNOWN, PlaceMemory, advance

_CODE = (IDLE, TAKEN, FAULT, UNKNOWN)


def berth(memory: PlaceMemory, place: Place, event: BerthEvent, now: float) -> list[int]:
    """A berth's state change that is newer than what is known of the berth; the quarters sampled on the way."""
    index = berth_index(event)
    at, new = event.observed_at.timestamp(), _CODE[event.status]
    if at <= memory.last[index]:
        if at == memory.last[index] and memory.status[index] == new:
            memory.alive = max(memory.alive, min(event.received_at.timestamp(), now))
        return []
    sampled = advance(memory, place, at)
    old = memory.status[index]
    memory.last[index] = at
    memory.newest = max(memory.newest, at)
    if old == new:
        return sampled
    memory.status[index] = new
    memory.since[index] = at
    memory.occupied += (new == TAKEN) - (old == TAKEN)
    memory.faults += (new == FAULT) - (old == FAULT)
    memory.known += (new in (IDLE, TAKEN)) - (old in (IDLE, TAKEN))
    if (old, new) == (IDLE, TAKEN):
        tally(memory.arrivals, at, now)
    elif (old, new) == (TAKEN, IDLE):
        tally(memory.departures, at, now)
    return sampled


def berth_index(event: BerthEvent) -> int:
    """Position of a berth in its place, from 0."""
    return int(event.berth.rpartition("-")[2]) - 1


def gate(memory: PlaceMemory, place: Place, event: GateEvent, now: float, correct: bool = True) -> list[int]:
    """A vehicle in or out (an id not seen before); the quarters sampled, and those `correct`ed for a late one."""
    at, step = event.observed_at.timestamp(), 1 if event.direction == "in" else -1
    touched = advance(memory, place, at)
    memory.newest = max(memory.newest, at)
    insort(memory.moves, (at, step))
    while memory.moves and memory.moves[0][0] < memory.newest - RECENT_S:
        memory.moves.pop(0)
    memory.net += step
    memory.low = min(memory.low, memory.net)
    tally(memory.arrivals if step > 0 else memory.departures, at, now)
    if memory.count is not None and at > memory.base_at:
        memory.count = _bounded(memory, place, memory.count + step)
        touched += _correct(memory, place, at, step) if correct else []
    return touched


def count(memory: PlaceMemory, place: Place, report: CountReport, now: float) -> list[int]:
    """An operator's count. Of a car park it is the new base; of a road it confirms the place and shows disagreement."""
    at, stated = report.observed_at.timestamp(), stated_count(report, place)
    memory.capacity_differs = report.total != place.capacity
    if at < memory.counted_at:
        return []
    sampled = advance(memory, place, at)
    memory.alive = max(memory.alive, min(at, now))
    if place.kind == "on_street":
        memory.drift = stated - memory.occupied if memory.known == place.capacity else None
    else:
        later = sum(step for moved, step in memory.moves if moved > at)
        if memory.count is not None and not memory.estimated and memory.live_from <= memory.base_at < at:
            memory.drift = stated - (memory.count - later)
        memory.count = _bounded(memory, place, stated + later)
        memory.estimated, memory.base_at = False, at
        memory.newest = max(memory.newest, at)
    memory.counted_at = at
    return sampled


def stated_count(report: CountReport, place: Place) -> int:
    """Vehicles inside by an operator's count. With another total than ours, free spaces are believed up to capacity."""
    if report.total >= place.capacity:
        return place.capacity - min(report.vacant, place.capacity)
    return report.total - report.vacant


def _bounded(memory: PlaceMemory, place: Place, number: int) -> int:
    """Inside 0..capacity; what had to be cut is counted."""
    inside = min(max(number, 0), place.capacity)
    memory.clamped = inside != number
    memory.clamps += inside != number
    return inside


def _correct(memory: PlaceMemory, place: Place, at: float, step: int) -> list[int]:
    """A late movement belongs into the quarters sampled since it happened."""
    corrected = [b for b in memory.bins if b > at and b > memory.base_at]
    for quarter in corrected:
        occupied, known = memory.bins[quarter]
        memory.bins[quarter] = (min(max(occupied + step, 0), place.capacity), known)
    if corrected:
        memory.trend_end = 0
    return corrected


def tally(minutes: dict[int, int], at: float, now: float) -> None:
    """Count a movement in its minute; only the last two hours are of interest."""
    if at > now - RECENT_S:
        minute = int(at // 60)
        minutes[minute] = minutes.get(minute, 0) + 1
        if len(minutes) > 150:
            for old in [m for m in minutes if m < minute - 120]:
                del minutes[old]
