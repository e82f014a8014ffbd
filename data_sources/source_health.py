"""How a feed is doing, as far as we can see from here: heard when, accepted and refused how many, how many devices."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from core.domain import SourceSpec
from core.settings import Settings
from core.snapshot import SourceHealth, State, state_of_age
from data_sources.contract import Built

ACCEPTED = "accepted"


class Ledger(msgspec.Struct, kw_only=True):
    """Counts of one local day per source, last reception, and since when the present state holds. Part of a checkpoint."""

    day: str = ""
    accepted: dict[str, int] = {}
    refusals: dict[str, dict[str, int]] = {}
    received_at: dict[str, datetime] = {}
    state: dict[str, str] = {}
    since: dict[str, datetime] = {}

    def heard(self, source: str, received_at: datetime, observations: int, day: str) -> None:
        """A message of `source` gave observations."""
        self._turn(day)
        self.accepted[source] = self.accepted.get(source, 0) + observations
        if source not in self.received_at or received_at > self.received_at[source]:
            self.received_at[source] = received_at

    def refused(self, source: str, reason: str, day: str, kept: bool) -> None:
        """A message or row was refused, or (`kept`) accepted with a reservation."""
        self._turn(day)
        counts = self.refusals.setdefault(source, {})
        name = f"~{reason}" if kept else reason
        counts[name] = counts.get(name, 0) + 1

    def _turn(self, day: str) -> None:
        if self.day != day:
            self.day, self.accepted, self.refusals = day, {}, {}


def source_health(
    spec: SourceSpec,
    built: Built,
    ledger: Ledger,
    gateway: Mapping[tuple[str, str], int],
    settings: Settings,
    day: str,
    now: datetime,
) -> SourceHealth:
    """Health of one feed. Refusals are those of the gateway (frames) plus those of the runner (rows).

    A reason that starts with "~" was accepted with a reservation. Changes `ledger.since` when the state changes.
    """
    newest = built.newest.get(spec.id)
    state: State = state_of_age(None if newest is None else (now - newest).total_seconds(), spec.cadence_s)
    if ledger.state.get(spec.id) != state:
        ledger.state[spec.id], ledger.since[spec.id] = state, now
    refused = dict(ledger.refusals.get(spec.id, {})) if ledger.day == day else {}
    for (source, reason), number in gateway.items():
        if source == spec.id:
            refused[reason] = refused.get(reason, 0) + number
    return SourceHealth(
        id=spec.id,
        protocol=spec.protocol,
        cadence_s=spec.cadence_s,
        state=state,
        required=spec.required,
        simulated=settings.is_simulated(spec.id),
        newest_observed_at=newest,
        newest_received_at=ledger.received_at.get(spec.id),
        since=ledger.since.get(spec.id),
        accepted=ledger.accepted.get(spec.id, 0) if ledger.day == day else 0,
        refused=refused,
        entities=built.reporting.get(spec.id, 0),
        expected=built.expected.get(spec.id),
        blinds=spec.blinds,
    )
