"""What is not right with the air: polluted hours, a dusty construction site, a sensor that stands still. Pure.

A finding is an episode: it opens when its condition begins, keeps its id, and ends when the condition does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import msgspec

from core.clock import from_epoch
from core.snapshot import Finding
from data_sources.air.model import HourResult, Station
from data_sources.air.neighbours import Neighbour, controls
from data_sources.air.quality import is_flat
from data_sources.air.state import SLOT, AirState, StationMemory, recent_mean

KEEP_ENDED = timedelta(hours=6)
DUST_CODE = "GB/T 47678.5-2026:08004"
FRESH_S = 900
_OPEN, _HOLD = (2.0, 100.0), (1.5, 50.0)  # ratio and excess (µg/m³) to open a dust finding, and to keep it
_FLOOR = 150.0  # µg/m³: clean air near a site is no finding


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is so now; `key` without a time, so that the episode can be recognised."""

    key: str
    kind: str
    severity: str
    since: float
    entity: str
    station: Station | None = None
    code: str = ""
    value: float | None = None
    limit: float | None = None
    around: float | None = None
    unit: str = ""
    detail: dict[str, Any] = {}


def update(state: AirState, conditions: Sequence[Condition], now: datetime) -> None:
    """Open, refresh and end episodes in `state` (which belongs to the caller)."""
    present = {c.key: c for c in conditions}
    for key in [k for k in state.open if k not in present]:
        ended = state.open.pop(key)
        state.ended.append(msgspec.structs.replace(ended, ended_at=now))
    for key, condition in present.items():
        known = state.open.get(key)
        state.open[key] = _finding(condition, known.id if known else "", known.at if known else from_epoch(condition.since))
    state.ended = [f for f in state.ended if f.ended_at is not None and now - f.ended_at < KEEP_ENDED]


def _finding(condition: Condition, identity: str, at: datetime) -> Finding:
    station = condition.station
    return Finding(
        id=identity or f"air:{condition.key}:{at:%Y%m%dT%H%M%S}",
        domain="air",
        kind=condition.kind,
        severity=condition.severity,  # type: ignore[arg-type]  # a literal in every caller
        at=at,
        entity=condition.entity,
        place=station.name if station else "",
        lon=station.lon if station else None,
        lat=station.lat if station else None,
        code=condition.code,
        value=condition.value,
        limit=condition.limit,
        around=condition.around,
        unit=condition.unit,
        detail=condition.detail,
    )


def polluted(entity: str, station: Station | None, hour: int, result: HourResult | None) -> Condition | None:
    """Level 4 (moderately polluted) or worse in the last complete hour."""
    if result is None or result.aqi is None or result.level is None or result.level < 4:
        return None
    return Condition(
        key=f"level:{entity}", kind="finding.air.level", severity="alarm" if result.level >= 5 else "warning", since=hour,
        entity=entity, station=station, value=float(result.aqi), limit=100.0,
        detail={"primary": list(result.primary), "level": result.level, "standard": result.standard},
    )


def stuck(station: Station, memory: StationMemory, now: float) -> Condition | None:
    """A pollutant that has not moved for longer than nature allows, while the device still reports."""
    if now - memory.newest > FRESH_S:
        return None
    flat = {name: watch for name, watch in memory.watches.items() if is_flat(name, watch, memory.newest)}
    if not flat:
        return None
    name, watch = min(flat.items(), key=lambda item: item[1].since)
    return Condition(
        key=f"stuck:{station.mn}", kind="finding.air.stuck", severity="info", since=watch.since, entity=station.mn,
        station=station, value=watch.value, unit="mg/m³" if name == "co" else "µg/m³", detail={"pollutants": sorted(flat)},
    )


def dusty(
    site: Station, memories: Mapping[str, StationMemory], around: Sequence[Neighbour],
    wind: tuple[float | None, float | None], held: bool, now: float,
) -> Condition | None:
    """PM10 of a construction site far above its control stations over 15 minutes.

    The control is the median of upwind (else all) neighbours: in a regional dust storm it rises with the site, and
    without any control there is no finding. `held` says the episode is open: then the lower limits apply.
    """
    end = int(now // SLOT) * SLOT
    memory = memories.get(site.mn)
    if memory is None or "flat_line" in memory.flags:
        return None
    own = recent_mean(memory, "pm10", end, 3)
    chosen, upwind = controls(around, *wind)
    pairs = {n.mn: recent_mean(memories[n.mn], "pm10", end, 3) for n in chosen if n.mn in memories}
    known = {mn: value for mn, value in pairs.items() if value is not None}
    if own is None or not known:
        return None
    control = median(known.values())
    ratio, excess = _HOLD if held else _OPEN
    if own < _FLOOR or own < ratio * control or own - control < excess:
        return None
    return Condition(
        key=f"dust:{site.mn}", kind="finding.air.dust_site", severity="warning", since=end - 3 * SLOT, entity=site.mn,
        station=site, code=DUST_CODE, value=round(own, 1), around=round(control, 1), unit="µg/m³",
        detail={"controls": sorted(known), "upwind": upwind, "wind_ms": wind[0], "wind_deg": wind[1]},
    )
