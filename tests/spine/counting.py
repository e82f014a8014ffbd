"""The smallest real domain: thermometers that send '<name> <celsius> <posix seconds>' lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.clock import from_epoch
from core.domain import Domain, SourceSpec
from core.observation import Message, Observation, Problem
from core.snapshot import Finding, Reading
from data_sources.contract import Built, Parsed, Point


class Data(msgspec.Struct, kw_only=True):
    values: dict[str, float]


class State(msgspec.Struct, kw_only=True):
    values: dict[str, float] = {}
    at: dict[str, datetime] = {}
    seen: int = 0


DOMAIN = Domain(
    name="heat", route="/heat", icon="air", cadence_s=1, data_type=Data, tables={},
    sources=(SourceSpec(id="thermo", protocol="text", cadence_s=10, blinds=("heat.mean_c",)),),
    measures=(), headline=(),
)


class Intake:
    state_type = State

    def static(self, tables: Mapping[str, Sequence[Any]]) -> Any:
        return None

    def empty(self, static: Any, now: datetime) -> State:
        return State()

    def parse(self, message: Message, static: Any) -> Parsed:
        if message.payload == b"explode":
            raise RuntimeError("a bug in a parser")
        try:
            name, celsius, at = message.payload.decode().split()
            value, observed_at = float(celsius), from_epoch(float(at))
        except ValueError as error:
            problem = Problem(source=message.source, reason="bad_line", detail=str(error), raw=message.payload)
            return Parsed(observations=[], problems=[problem])
        fact = Observation(
            source=message.source, entity=name, measure="heat.c", value=value, unit="°C",
            observed_at=observed_at, received_at=message.received_at,
        )
        return Parsed(observations=[fact])

    def build(self, state: State, observations: Sequence[Observation], static: Any, now: datetime) -> Built:
        if any(o.entity == "poison" for o in observations):
            raise RuntimeError("a bug in a build")
        values, at, seen = dict(state.values), dict(state.at), state.seen
        for o in observations:
            if o.entity not in at or o.observed_at > at[o.entity]:
                values[o.entity], at[o.entity], seen = o.value or 0.0, o.observed_at, seen + 1
        newest = max(at.values(), default=None)
        reading = Reading(
            measure="heat.mean_c", value=sum(values.values()) / len(values) if values else None, unit="°C",
            observed_at=newest, source="thermo", state="live" if values else "missing",
        )
        hot = [Finding(id=f"heat:{k}", domain="heat", kind="hot", severity="warning", at=at[k]) for k, v in values.items() if v > 40]
        return Built(
            state=State(values=values, at=at, seen=seen), data=Data(values=values), readings={"heat.mean_c": reading},
            findings=hot, newest={"thermo": newest} if newest else {}, reporting={"thermo": len(values)}, expected={"thermo": 3},
            points=[Point(measure="heat.c", entity=o.entity, at=o.observed_at, value=o.value or 0.0) for o in observations],
        )
