"""A gateway message (whole JT/T 808 frames as they came) to positions, registrations and problems. Pure."""

from datetime import datetime

import msgspec

from core.clock import epoch, from_epoch
from core.observation import Message, Problem
from data_sources.contract import Parsed
from data_sources.transit.model import Position
from data_sources.transit.static import Static
from data_sources.transit.wire import jt808_bodies as bodies
from data_sources.transit.wire.jt808 import decode
from data_sources.transit.wire.jt808_frames import Frame
from data_sources.transit.wire.jt808_parts import MAX_PARTS

SOURCE = "jt808"
AHEAD_S = 300.0  # a terminal's clock may be this far ahead of ours
BEHIND_S = 48 * 3600.0  # blind-area back-fill is taken this far back
MAX_SPEED_KMH = 160.0
_DOORS = 0b11111 << 13


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal that is not in the city's table asked to register or signed in: it waits for approval."""

    source: str
    entity: str
    observed_at: datetime
    received_at: datetime
    maker: str = ""
    model: str = ""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One sub-package of a long message; the build puts the bodies together."""

    source: str
    entity: str
    observed_at: datetime
    received_at: datetime
    msg_id: int
    first_serial: int
    total: int
    no: int
    body: bytes


def parse(message: Message, static: Static) -> Parsed:
    """Observations (`Position`, `Applicant`, `Part`) and problems of one message. Never raises on bad bytes."""
    parsed = Parsed(observations=[], problems=[])
    frames, rejects = decode(message.payload)
    for reject in rejects:
        parsed.problems.append(_problem(message, reject.reason, f"at byte {reject.offset}", reject.raw))
    for frame in frames:
        _frame(frame, message, static, parsed)
    return parsed


def _frame(frame: Frame, message: Message, static: Static, parsed: Parsed) -> None:
    terminal, received = frame.terminal, message.received_at
    if terminal not in static.vehicles:
        if frame.msg_id in (bodies.REGISTER, bodies.AUTH):
            parsed.observations.append(_applicant(frame, received))
        else:
            parsed.problems.append(_problem(message, "unknown_terminal", "", frame.wire, terminal))
        return
    if frame.encrypt:
        parsed.problems.append(_problem(message, "encrypted", "", frame.wire, terminal))
        return
    if frame.total and frame.msg_id != bodies.MEDIA:  # a picture's first part holds the whole position
        if not 1 <= frame.no <= frame.total <= MAX_PARTS:
            parsed.problems.append(_problem(message, "bad_part", f"part {frame.no} of {frame.total}", frame.wire, terminal))
            return
        first = (frame.serial - frame.no + 1) & 0xFFFF
        parsed.observations.append(
            Part(source=SOURCE, entity=terminal, observed_at=received, received_at=received, msg_id=frame.msg_id,
                 first_serial=first, total=frame.total, no=frame.no, body=frame.body)
        )  # fmt: skip
        return
    found, problems = positions(terminal, frame.msg_id, frame.body, received, static)
    parsed.observations += found
    parsed.problems += problems


def _applicant(frame: Frame, received: datetime) -> Applicant:
    maker = model = ""
    if frame.msg_id == bodies.REGISTER:
        try:
            told = bodies.registration(frame.body, frame.v2019)
            maker, model = told.maker, told.model
        except bodies.BadBody:
            pass  # it still waits on the list; the gateway has counted the bad body
    return Applicant(source=SOURCE, entity=frame.terminal, observed_at=received, received_at=received, maker=maker, model=model)


def positions(
    terminal: str, msg_id: int, body: bytes, received: datetime, static: Static
) -> tuple[list[Position], list[Problem]]:
    """Usable positions of one body, and a problem for each that is refused: a bad one does not take the batch with it."""
    try:
        backfill, fixes = bodies.locations(msg_id, body)
    except bodies.BadBody as error:
        refused = Problem(
            source=SOURCE, reason=error.reason, detail=str(error), raw=body, entity=terminal, received_at=received
        )
        return [], [refused]
    taxi = static.vehicles[terminal].kind == "taxi"
    now = epoch(received)
    found: list[Position] = []
    problems: list[Problem] = []
    for fix in fixes:
        reason = fix.refusal() or _implausible(fix, now)
        if reason or fix.at is None:
            detail = f"{fix.lat:.6f},{fix.lon:.6f} {fix.speed_kmh} km/h {fix.time_bcd} received {received.isoformat()}"
            problems.append(
                Problem(source=SOURCE, reason=reason, detail=detail, raw=body, entity=terminal, received_at=received)
            )
            continue
        found.append(
            Position(
                source=SOURCE, entity=terminal, observed_at=from_epoch(fix.at), received_at=received, lon=fix.lon,
                lat=fix.lat, speed_kmh=fix.speed_kmh, heading_deg=fix.direction_deg % 360,
                occupied=bool(fix.status >> 8 & 3) if taxi else None, alarm=fix.alarm, backfill=backfill,
                flags=_flags(fix.status),
            )
        )  # fmt: skip
    return found, problems


def _implausible(fix: bodies.Location, received: float) -> str:
    assert fix.at is not None
    if fix.at > received + AHEAD_S:
        return "clock_ahead"
    if fix.at < received - BEHIND_S:
        return "clock_behind"
    return "speed_out_of_range" if fix.speed_kmh > MAX_SPEED_KMH else ""


def _flags(status: int) -> tuple[str, ...]:
    if status & 1 and not status & _DOORS:
        return ()
    return ("acc_off",) * (not status & 1) + ("door_open",) * bool(status & _DOORS)


def _problem(message: Message, reason: str, detail: str, raw: bytes, entity: str = "") -> Problem:
    return Problem(source=SOURCE, reason=reason, detail=detail, raw=raw, entity=entity, received_at=message.received_at)


