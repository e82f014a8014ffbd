"""What every sample needs: the city, the moment, trends, readings, the envelope."""

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from components.contract import Portal, Viewing
from core.city import City, load
from core.i18n import Lang
from core.snapshot import Finding, Reading, Snapshot, SourceHealth, Trend
from data_sources.registry import domain, domains

NOW = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)  # 08:42 in the city
ROOT = Path(__file__).resolve().parents[3]


@cache
def city() -> City:
    """The configuration that ships with the product."""
    return load(ROOT / "config" / "luan", domains())


def viewing(portal: Portal = "desk", lang: Lang = "zh") -> Viewing:
    """For whom a sample is drawn."""
    return Viewing(lang=lang, portal=portal, city=city(), now=NOW)


def wave(n: int, low: float, high: float, *, peak: float = 0.36, gaps: tuple[int, ...] = ()) -> list[float | None]:
    """`n` values with a morning peak; the indexes in `gaps` are missing."""
    values: list[float | None] = []
    for i in range(n):
        bump = math.exp(-((((i / n) - peak) / 0.09) ** 2)) + 0.55 * math.exp(-((((i / n) - peak - 0.42) / 0.1) ** 2))
        ripple = 0.03 * math.sin(i * 1.7) + 0.02 * math.sin(i * 0.61)
        values.append(round(low + (high - low) * max(0.0, min(1.0, bump + ripple + 0.05)), 2))
    for i in gaps:
        values[i] = None
    return values


def trend(n: int, step_s: int, low: float, high: float, **more: Any) -> Trend:
    """A trend that ends now."""
    return Trend(start_at=NOW - timedelta(seconds=step_s * (n - 1)), step_s=step_s, values=wave(n, low, high, **more))


def reading(measure: str, value: float | None, unit: str = "", *, source: str = "", **more: Any) -> Reading:
    """A live reading, or a missing one when there is no value."""
    state = more.pop("state", "live" if value is not None else "missing")
    at = NOW - timedelta(seconds=4) if value is not None else None
    return Reading(measure=measure, value=value, unit=unit, observed_at=at, source=source, state=state, **more)


def snapshot(name: str, data: Any, readings: list[Reading], findings: list[Finding] | None = None) -> Snapshot:
    """The envelope around a domain's data, with its sources well."""
    sources = {
        s.id: SourceHealth(
            id=s.id,
            protocol=s.protocol,
            cadence_s=s.cadence_s,
            state="live",
            required=s.required,
            simulated=True,
            newest_observed_at=NOW,
            newest_received_at=NOW,
            accepted=4321,
            entities=10,
            expected=12,
            blinds=s.blinds,
        )
        for s in domain(name).sources
    }
    return Snapshot(
        domain=name,
        version=7,
        built_at=NOW,
        observed_at=NOW - timedelta(seconds=3),
        sources=sources,
        readings={r.measure: r for r in readings},
        findings=findings or [],
        data=data,
        simulated=True,
    )


def finding(name: str, key: str, kind: str, severity: Any, minutes: float, **more: Any) -> Finding:
    """A finding that began `minutes` ago."""
    return Finding(id=key, domain=name, kind=kind, severity=severity, at=NOW - timedelta(minutes=minutes), **more)
