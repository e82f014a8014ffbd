"""The past of a place that was heard of only now: an operator's old count, then movements in time order after it.

Many head-ends send the present state first and the day before it afterwards. Movements older than the first word of a
place do not say what is now; they are added up from the newest count before them, and each quarter of an hour they pass
is sampled. Late ones correct what was sampled. Without an old count the past stays a gap: it is not guessed.
"""

from data_sources.parking.model import Place
from data_sources.parking.state import BINS, QUARTER, PlaceMemory

CLOSE_S = 3_600  # the rest of the past is filled when it has come this near to the present


def move(memory: PlaceMemory, place: Place, at: float, step: int) -> list[int]:
    """A movement (+1 in, -1 out) before `live_from`; the quarters it filled or corrected."""
    if memory.past is None or at < memory.past_at - BINS * QUARTER:
        return []
    late = at < memory.past_at
    touched = _go(memory, place, at)
    memory.past = min(max(memory.past + step, 0), place.capacity)
    if not late:
        return touched
    for quarter in [b for b in memory.bins if at <= b <= min(memory.past_at, memory.live_from)]:
        occupied, known = memory.bins[quarter]
        memory.bins[quarter] = (min(max(occupied + step, 0), place.capacity), known)
        touched.append(quarter)
    memory.trend_end = 0
    return touched


def anchor(memory: PlaceMemory, place: Place, at: float, stated: int) -> list[int]:
    """A count of the operator before `live_from`: movements are counted on from here."""
    if memory.past is None:
        memory.past, memory.past_at = stated, at
        return []
    if at < memory.past_at:
        return []
    touched = _go(memory, place, at)
    memory.past = stated
    return touched


def close(memory: PlaceMemory, place: Place) -> list[int]:
    """Join the past to the present once it has come near."""
    if memory.past is None or memory.live_from - memory.past_at > CLOSE_S:
        return []
    return _go(memory, place, memory.live_from)


def _go(memory: PlaceMemory, place: Place, until: float) -> list[int]:
    """Sample the quarters between the last movement and `until` that have no value yet."""
    assert memory.past is not None
    touched: list[int] = []
    quarter = int(memory.past_at // QUARTER) * QUARTER + QUARTER
    while quarter < until and quarter <= memory.live_from:
        if quarter not in memory.bins:
            memory.bins[quarter] = (memory.past, place.capacity)
            touched.append(quarter)
        quarter += QUARTER
    memory.past_at = max(memory.past_at, until)
    if touched:
        memory.trend_end = 0
    return touched
