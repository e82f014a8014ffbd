"""Which sensor is ill, how and when: seeded per service day, few, but always some. Written to the truth log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from demo.world import calendar
from demo.world.seeds import rng

YEAR_S = 365 * 86400


@dataclass(frozen=True, slots=True)
class Fault:
    """`entity` suffers `kind` from `start` to `end`; `size` is the kind's own quantity (seconds, share, factor)."""

    source: str
    entity: str
    kind: str
    start: float
    end: float
    size: float = 0.0


def _spread(
    source: str, day: int, chance: np.random.Generator, ids: Sequence[str], kinds: Sequence[tuple[str, int, float, float]],
) -> list[Fault]:
    """`kinds`: (kind, how many, hours it lasts or 0 for the whole day, size). Nobody has two faults on a day."""
    start, free, found = calendar.service_start(day), list(ids), []
    for kind, count, hours, size in kinds:
        for _ in range(min(count, len(free))):
            entity = free.pop(int(chance.integers(len(free))))
            a = start if not hours else start + float(chance.uniform(0, 24 - hours)) * 3600
            b = start + 86400 if not hours else a + hours * 3600
            found.append(Fault(source, entity, kind, a, b, size))
    return found


def transit(seed: int, day: int, terminals: Sequence[str]) -> list[Fault]:
    """Faults of vehicle terminals."""
    few = max(1, len(terminals) // 130)
    return _spread("jt808", day, rng(seed, "faults-jt808", day), sorted(terminals), (
        ("clock_ahead", 1, 0, YEAR_S), ("duplicates", few, 0, 0.3), ("out_of_order", few, 0, 0.25),
        ("bad_checksum", 1, 0, 0.06), ("spike", few, 0, 0.02), ("stuck", few, 2.5, 0), ("no_fix", 2 * few, 1.5, 0),
        ("silent", 2 * few, 3, 0), ("gaps", 4 * few, 0, 240), ("garbage", 1, 0, 0.05),
    ))


def air(seed: int, day: int, stations: Sequence[str]) -> list[Fault]:
    """Faults of air stations. `stations` should leave out what must stay sound."""
    return _spread("hj212", day, rng(seed, "faults-hj212", day), sorted(stations), (
        ("clock_behind", 1, 0, 600), ("stuck", 1, 6, 0), ("drift", 1, 0, 0.018), ("spike", 1, 0, 0.02),
        ("bad_checksum", 1, 0, 0.05), ("gaps", 1, 5, 0), ("fault_flag", 1, 2, 0), ("duplicates", 1, 0, 0.25),
        ("out_of_order", 1, 0, 0.2),
    ))


def parking(seed: int, day: int, places: Sequence[str]) -> list[Fault]:
    """Faults of parking feeds by place."""
    return _spread("parking", day, rng(seed, "faults-parking", day), sorted(places), (
        ("missed_exits", 2, 0, 0.03), ("stuck_berths", 2, 0, 2), ("duplicates", 2, 0, 0.2), ("out_of_order", 2, 0, 0.2),
        ("berth_fault", 2, 0, 1), ("silent", 1, 4, 0), ("clock_behind", 1, 0, 420),
    ))


class Faults:
    """The faults of one source, looked up by entity and time."""

    def __init__(self, plan: Callable[[int, int, Sequence[str]], list[Fault]], seed: int, ids: Sequence[str]) -> None:
        self._plan, self._seed, self._ids = plan, seed, ids
        self._days: dict[int, dict[str, Fault]] = {}

    def of(self, entity: str, t: float) -> Fault | None:
        """The fault that holds for `entity` at `t`."""
        fault = self.day(calendar.service_day(t)).get(entity)
        return fault if fault is not None and fault.start <= t < fault.end else None

    def day(self, day: int) -> dict[str, Fault]:
        """All faults of a service day by entity."""
        if day not in self._days:
            if len(self._days) > 3:
                self._days.clear()
            self._days[day] = {f.entity: f for f in self._plan(self._seed, day, self._ids)}
        return self._days[day]
