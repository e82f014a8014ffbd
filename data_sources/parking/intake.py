"""Wires ingested parking rows to the parking builder."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.observation import Message, Problem
from data_sources.contract import Built, Parsed
from data_sources.parking import build
from data_sources.parking.model import Place
from data_sources.parking.state import ParkingState
from data_sources.parking.wire import neutral


class ParkingStatic(msgspec.Struct, frozen=True, kw_only=True):
    """Places by id."""

    places: dict[str, Place]


class ParkingIntake:
    """The runner's side of the parking domain."""

    state_type: type = ParkingState

    def static(self, tables: Mapping[str, Sequence[Any]]) -> ParkingStatic:
        """Index the rows of `parking/places.csv`."""
        return ParkingStatic(places={row.id: row for row in tables["parking/places.csv"]})

    def empty(self, static: ParkingStatic, now: datetime) -> ParkingState:
        """Nothing heard yet."""
        return ParkingState()

    def parse(self, message: Message, static: ParkingStatic) -> Parsed:
        """One request body (plates already hashed) -> events and row problems."""
        try:
            rows = neutral.rows_of(message.payload)
        except ValueError as error:
            problem = Problem(source=message.source, reason="bad_json", detail=str(error)[:200],
                              raw=message.payload[:4_096], received_at=message.received_at)
            return Parsed(observations=[], problems=[problem])
        observations: list[Any] = []
        problems: list[Problem] = []
        for row in neutral.parse(rows, message.source, message.received_at, static.places):
            observations += [fact for fact in (row.event, row.unknown) if fact is not None]
            problems += [*row.notes, *([row.problem] if row.problem is not None else [])]
        return Parsed(observations=observations, problems=problems)

    def build(self, state: ParkingState, observations: Sequence[Any], static: ParkingStatic, now: datetime) -> Built:
        """Merge events and draw the parking snapshot."""
        return build.build(state, observations, static.places, now)


INTAKE = ParkingIntake()
