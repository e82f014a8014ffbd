"""What a domain gives to the gateway and the runner. `data_sources.<name>.intake` exports one `INTAKE`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from core.observation import Message, Problem
from core.snapshot import Finding, Reading, Snapshot


class Parsed(msgspec.Struct, kw_only=True):
    """What one message turned into. Observations are the domain's frozen structs; problems go to quarantine."""

    observations: list[Any]
    problems: list[Problem] = []


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One value for the history. Upserted by (measure, entity, at): writing it twice is the same as once."""

    measure: str
    entity: str
    at: datetime
    value: float
    state: str = "live"


class Built(msgspec.Struct, kw_only=True):
    """What a build gives: the next state (kept for the next build and over restarts), what pages draw, what is remembered."""

    state: Any
    data: Any
    readings: dict[str, Reading]
    findings: list[Finding] = []
    points: list[Point] = []
    problems: list[Problem] = []  # found while merging: unknown lot, clock ahead, stuck sensor ...
    newest: dict[str, datetime] = {}  # source id -> newest observed_at merged so far
    reporting: dict[str, int] = {}  # source id -> devices heard inside the stale limit
    expected: dict[str, int] = {}  # source id -> devices configured


class Intake(Protocol):
    """The runner's side of a domain. `parse` and `build` are pure: no I/O, no clock, no randomness."""

    state_type: type

    def static(self, tables: Mapping[str, Sequence[Any]]) -> Any:
        """Validated config rows (by the manifest's table names) -> what `build` needs, indexed once."""

    def empty(self, static: Any, now: datetime) -> Any:
        """The state before anything was heard."""

    def parse(self, message: Message, static: Any) -> Parsed:
        """Bytes -> observations and problems. Never raises on bad bytes."""

    def build(self, state: Any, observations: Sequence[Any], static: Any, now: datetime) -> Built:
        """Merge observations (any order, duplicates and late ones included) into the state and draw the snapshot's parts."""


Append = Callable[[Message], Awaitable[None]]
"""Given to a listener: returns only when the message is safely in the stream, so that the listener may acknowledge."""


class Listener(Protocol):
    """The gateway's side: `data_sources.<name>.listen` exports `LISTENERS: tuple[Listener, ...]`."""

    source: str
    default_port: int

    async def serve(self, host: str, port: int, append: Append, city: "Listening") -> None:
        """Accept connections until cancelled. One bad peer never harms another."""


class Listening(msgspec.Struct, kw_only=True):
    """What a listener may know: the domain's static tables, a secret to derive codes from, a place to count."""

    static: Any
    secret: bytes
    count: Callable[[str, str], None]  # (source, reason)
    quarantine: Callable[[Problem], None]
    extra: dict[str, Any] = {}


def sample(snapshot: Snapshot) -> str:
    """A line about a snapshot for logs and the `try` command."""
    return f"{snapshot.domain} v{snapshot.version}: {len(snapshot.readings)} readings, {len(snapshot.findings)} findings"
