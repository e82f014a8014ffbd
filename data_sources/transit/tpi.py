"""Congestion by GB/T 33171-2016: link state from V/Vf, index 0–10 from the delay ratio (Annex C), weighted network means."""

from collections.abc import Iterable
from typing import NamedTuple

from data_sources.transit.model import RoadState

_STATES: tuple[tuple[float, RoadState], ...] = ((0.3, "severe"), (0.4, "moderate"), (0.5, "light"), (0.7, "basic"))
_ANNEX_C = ((0.0, 0.0), (0.3, 2.0), (0.5, 4.0), (0.6, 6.0), (0.7, 8.0), (1.0, 10.0))  # DTP -> TPI, piecewise linear


def link_state(speed_kmh: float, free_kmh: float) -> RoadState:
    """State of a link: V/Vf > 70 % free, (50, 70] basic, (40, 50] light, (30, 40] moderate, <= 30 % severe (clause 7).

    Speeds in km/h, `free_kmh` > 0. A speed above free flow is free.
    """
    ratio = round(speed_kmh / free_kmh, 9)  # 42/60 must be 0.7, whatever the last bit says
    for limit, state in _STATES:
        if ratio <= limit:
            return state
    return "free"


def delay_ratio(speed_kmh: float, free_kmh: float) -> float:
    """DTP = (t - tf)/t = 1 - V/Vf, not below 0 (clause 8.1). Dimensionless."""
    return max(0.0, 1.0 - speed_kmh / free_kmh)


def index_of(dtp: float) -> float:
    """TPI 0–10 of a delay ratio by Annex C; outside [0, 1] it is clamped.

    >>> round(index_of(0.9), 4)
    9.3333
    """
    low, floor = _ANNEX_C[0]
    for high, top in _ANNEX_C[1:]:
        if dtp <= high:
            return floor + (max(dtp, low) - low) / (high - low) * (top - floor)
        low, floor = high, top
    return 10.0


class Sample(NamedTuple):
    """An observed link: km/h, metres, weight = length × lanes."""

    speed_kmh: float
    free_kmh: float
    length_m: float
    weight: float


class Network(NamedTuple):
    """Means over the observed links, and how much of the network they are. None: nothing was observed."""

    tpi: float | None
    speed_kmh: float | None
    ratio: float | None  # V/Vf
    coverage: float  # observed length / length


def network(samples: Iterable[Sample], length_m: float) -> Network:
    """Weighted network values: TPI = Σ(w·TPI)/Σw; V = Σw / Σ(w/V) (distance over time), w = L × lanes.

    `length_m` is the length of all links, observed or not: what was not observed lowers the coverage, never the index.
    """
    weight = indexed = time = free_time = observed = 0.0
    for v, vf, length, w in samples:
        v = max(v, 1.0)  # a standing queue has no infinite travel time
        weight += w
        indexed += w * index_of(delay_ratio(v, vf))
        time += w / v
        free_time += w / vf
        observed += length
    if weight <= 0:
        return Network(None, None, None, 0.0)
    return Network(indexed / weight, weight / time, free_time / time, min(1.0, observed / length_m))
