"""Wires HJ 212 messages to the air builder."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.errors import BadMessage
from core.observation import Message, Problem
from data_sources.air import build
from data_sources.air.model import AirReport, Station
from data_sources.air.neighbours import Neighbour, neighbours
from data_sources.air.state import AirState
from data_sources.air.wire import hj212, reading
from data_sources.contract import Built, Parsed

MAX_PROBLEMS = 20  # kept of one message


class AirStatic(msgspec.Struct, frozen=True, kw_only=True):
    """Stations by MN, and for each construction site the stations around it."""

    stations: dict[str, Station]
    around: dict[str, tuple[Neighbour, ...]]


class AirIntake:
    """The runner's side of the air domain."""

    state_type: type = AirState

    def static(self, tables: Mapping[str, Sequence[Any]]) -> AirStatic:
        """Index the rows of `air/stations.csv`."""
        stations: dict[str, Station] = {row.mn: row for row in tables["air/stations.csv"]}
        return AirStatic(stations=stations, around=neighbours(stations))

    def empty(self, static: AirStatic, now: datetime) -> AirState:
        """Nothing heard yet."""
        return AirState()

    def parse(self, message: Message, static: AirStatic) -> Parsed:
        """One HJ 212 command (one frame, or its sub-packets one after the other) -> at most one report."""
        frames: list[hj212.Frame] = []
        problems: list[Problem] = []
        splitter = hj212.Splitter()
        pieces = splitter.feed(message.payload)
        rest = splitter.rest()
        for raw in [*pieces, *([rest] if rest else []), *splitter.garbage]:
            try:
                frames.append(hj212.decode(raw, swapped=True))
            except BadMessage as error:
                problems.append(Problem(source=message.source, reason=error.reason, detail=error.message, raw=raw))
        if not frames:
            return Parsed(observations=[], problems=_stamped(problems, message))
        station = static.stations.get(frames[0].mn)
        if station is None:
            problems.append(Problem(source=message.source, reason="unknown_mn", detail=f"MN={frames[0].mn}"))
            return Parsed(observations=[], problems=_stamped(problems, message))
        report, more = reading.read(frames, station, message.source, message.received_at)
        return Parsed(observations=[] if report is None else [report], problems=_stamped([*problems, *more], message))

    def build(self, state: AirState, observations: Sequence[AirReport], static: AirStatic, now: datetime) -> Built:
        """Merge reports and draw the air snapshot."""
        return build.build(state, observations, static.stations, static.around, now)


def _stamped(problems: Sequence[Problem], message: Message) -> list[Problem]:
    """Problems with the bytes and the time they came with.

    A frame of 10 KB can hold thousands of odd items: the first ones are named, the rest is said in one line.
    """
    more = len(problems) - MAX_PROBLEMS
    named = list(problems[:MAX_PROBLEMS])
    if more > 0:
        named.append(msgspec.structs.replace(problems[MAX_PROBLEMS], detail=f"and {more} more like it", raw=b""))
    return [
        msgspec.structs.replace(p, raw=p.raw or message.payload[:4_096], received_at=message.received_at) for p in named
    ]


INTAKE = AirIntake()
