"""The runner's side of transit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.observation import Message
from data_sources.contract import Built, Intake, Parsed
from data_sources.transit import build, parse
from data_sources.transit.state import State
from data_sources.transit.static import Static


class TransitIntake:
    """`data_sources.contract.Intake` for JT/T 808 positions."""

    state_type: type = State

    def static(self, tables: Mapping[str, Sequence[Any]]) -> Static:
        """Approved terminals and the road network, indexed once."""
        return Static(tables)

    def empty(self, static: Static, now: datetime) -> State:
        """The state before anything was heard."""
        return build.empty(static, now)

    def parse(self, message: Message, static: Static) -> Parsed:
        """Frames -> positions, registrations, problems."""
        return parse.parse(message, static)

    def build(self, state: State, observations: Sequence[Any], static: Static, now: datetime) -> Built:
        """Merge and draw."""
        return build.build(state, observations, static, now)


INTAKE: Intake = TransitIntake()
