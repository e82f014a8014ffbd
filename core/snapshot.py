"""The confidence contract: a reading with its state, a source with its health, a snapshot that pages draw."""

from datetime import datetime
from typing import Any, Literal

import msgspec

State = Literal["live", "late", "stale", "estimated", "forecast", "simulated", "missing", "withheld"]
LATE_AFTER, STALE_AFTER = 2.0, 4.0  # in cadences


def state_of_age(age_s: float | None, cadence_s: float) -> Literal["live", "late", "stale", "missing"]:
    """Age against cadence: older than 2 cadences is late, 4 is stale, no value at all is missing.

    A negative age (a clock ahead of ours) counts as live; the gateway has refused the implausible ones already.
    """
    if age_s is None:
        return "missing"
    if age_s > STALE_AFTER * cadence_s:
        return "stale"
    return "late" if age_s > LATE_AFTER * cadence_s else "live"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A number that may be shown. `value=None` needs state missing or withheld, and `why` (a string key) says why."""

    measure: str
    value: float | None
    unit: str
    observed_at: datetime | None
    source: str
    state: State
    coverage: float | None = None  # 0..1 of what should have reported
    low: float | None = None
    high: float | None = None
    why: str = ""
    entity: str = ""

    def __post_init__(self) -> None:
        if self.value is None and self.state not in ("missing", "withheld", "stale", "late"):
            raise ValueError(f"{self.measure}: no value but state {self.state}")
        if self.value is not None and self.observed_at is None:
            raise ValueError(f"{self.measure}: a value without a time")


class SourceHealth(msgspec.Struct, kw_only=True):
    """One feed as seen from here. `newest_observed_at` is the source's clock, `newest_received_at` is ours."""

    id: str
    protocol: str
    cadence_s: float
    state: State
    required: bool = True
    simulated: bool = False
    newest_observed_at: datetime | None = None
    newest_received_at: datetime | None = None
    since: datetime | None = None  # when the present state began
    accepted: int = 0  # since start of the local day
    refused: dict[str, int] = {}  # reason -> count since start of the local day
    entities: int = 0  # devices that reported inside the stale limit
    expected: int | None = None  # devices configured
    detail: str = ""
    blinds: tuple[str, ...] = ()  # measures that are blind without it


class Trend(msgspec.Struct, kw_only=True):
    """Evenly spaced recent values for a chart: `values[i]` is at `start_at + i*step_s`; None is a gap and is drawn as one."""

    start_at: datetime
    step_s: int
    values: list[float | None]


class Finding(msgspec.Struct, kw_only=True):
    """Something that differs from what should be: found by a rule, with evidence, until a person or the data ends it.

    `id` is a natural key, so that the same thing found twice is one finding. `kind` is a string key
    ("finding.camera.vehicle_parked"). `code` is the matter code with its standard ("GB/T 47678.5-2026:09009").
    """

    id: str
    domain: str
    kind: str
    severity: Literal["info", "warning", "alarm"]
    at: datetime
    entity: str = ""
    place: str = ""  # display name of the place, zh
    lon: float | None = None  # WGS-84
    lat: float | None = None
    ended_at: datetime | None = None
    code: str = ""
    value: float | None = None
    usual: float | None = None  # learned from history, never a limit
    limit: float | None = None  # what the rule compares with
    around: float | None = None  # the same measure in the surroundings
    unit: str = ""
    confidence: float | None = None
    evidence: tuple[str, ...] = ()  # evidence ids, served at /evidence/<id>
    owner: str = ""  # department id
    detail: dict[str, Any] = {}


class Snapshot(msgspec.Struct, kw_only=True):
    """Everything a domain knows at one version; immutable once written. `data` is the domain's own type.

    `observed_at` is the minimum over required sources: a composite is as old as its oldest input.
    """

    domain: str
    version: int
    built_at: datetime
    observed_at: datetime | None
    sources: dict[str, SourceHealth]
    readings: dict[str, Reading]
    findings: list[Finding]
    data: Any
    simulated: bool = False
