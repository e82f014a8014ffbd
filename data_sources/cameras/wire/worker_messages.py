"""What camera workers say: health of a camera, and events. msgpack, tagged; also the frames of the child's pipe."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from core.clock import from_epoch
from core.observation import Message, Problem
from data_sources.cameras.model import CameraState
from data_sources.contract import Parsed

SOURCE = "video"


class CameraHealth(msgspec.Struct, frozen=True, kw_only=True, tag="health"):
    """How a camera does, every 5 s and at each change. Times are POSIX seconds; `lag_s` is beyond the best seen."""

    camera: str
    at: float
    status: CameraState
    last_frame_at: float | None = None
    lag_s: float | None = None
    reconnects: int = 0
    detail: str = ""
    has_picture: bool = False
    standing: tuple[str, ...] | None = None  # ids of its open events; None: it does not know (yet)


class CameraEvent(msgspec.Struct, frozen=True, kw_only=True, tag="event"):
    """Something stood in a zone for its time (open), or left it (ended). The box is x, y, width, height in 0..1."""

    id: str
    camera: str
    zone: str
    matter: str
    phase: Literal["open", "ended"]
    at: float
    onset_at: float
    alarm_at: float
    ended_at: float | None
    dwell_s: float
    box: tuple[float, float, float, float]
    confidence: float
    evidence: tuple[str, ...] = ()
    algorithm: str = ""


class Picture(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    """The newest de-identified picture of a camera. Pipe only."""

    camera: str
    jpeg: bytes


class Evidence(msgspec.Struct, frozen=True, kw_only=True, tag="evidence"):
    """A de-identified picture to keep under `id`. Pipe only."""

    id: str
    jpeg: bytes


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a worker as an observation."""

    source: str
    entity: str
    observed_at: datetime
    received_at: datetime
    body: CameraHealth | CameraEvent
    flags: tuple[str, ...] = ()


Said = CameraHealth | CameraEvent | Picture | Evidence
_said: msgspec.msgpack.Decoder[Said] = msgspec.msgpack.Decoder(Said)
_stream: msgspec.msgpack.Decoder[CameraHealth | CameraEvent] = msgspec.msgpack.Decoder(CameraHealth | CameraEvent)


def encode(said: Said) -> bytes:
    """A message as bytes."""
    return msgspec.msgpack.encode(said)


def decode(data: bytes) -> Said:
    """A message from a child's pipe. Raises `msgspec.MsgspecError` (`DecodeError`, `ValidationError`)."""
    return _said.decode(data)


def parse(message: Message) -> Parsed:
    """A stream message -> one `Reported`, or one problem; never raises."""
    try:
        body = _stream.decode(message.payload)
        observed_at = from_epoch(body.at)
    except (msgspec.MsgspecError, ValueError, OverflowError, OSError) as error:
        return Parsed(observations=[], problems=[_problem(message, "bad_worker_message", str(error))])
    seen: Any = Reported(
        source=message.source, entity=body.camera, observed_at=observed_at, received_at=message.received_at, body=body
    )
    return Parsed(observations=[seen])


def _problem(message: Message, reason: str, detail: str) -> Problem:
    return Problem(source=message.source, reason=reason, detail=detail[:200], raw=message.payload,
                   received_at=message.received_at)
