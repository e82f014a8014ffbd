"""What one terminal connection may do: registration, authentication, and the answer to each frame. No I/O.

The listener feeds frames in and sends the answers out after what had to be kept was kept.
"""

import hmac
from hashlib import sha256
from typing import NamedTuple

import msgspec

from data_sources.transit.static import Static
from data_sources.transit.wire import jt808_bodies as bodies
from data_sources.transit.wire.jt808_frames import Frame, build_frame

OK, FAIL, BAD, UNSUPPORTED = 0, 1, 2, 3  # results of 0x8001
NO_SUCH_TERMINAL = 4  # result of 0x8100
MAX_FAILURES = 3  # wrong codes or refused registrations, then the connection is closed
MAX_UNSIGNED = 20  # messages before authentication that are answered, then the connection is closed
MAX_TERMINALS = 256  # a forwarding box may carry several terminals on one connection

_KEPT = (bodies.LOCATION, bodies.BATCH, bodies.LOCATION_ANSWER, bodies.MEDIA)


class Verdict(NamedTuple):
    """What to do with a frame: `keep` it in the stream first, then `reply`, then perhaps `close`; count it under `reason`."""

    reply: bytes = b""
    keep: bool = False
    reason: str = ""
    close: bool = False
    quarantine: bool = False


def auth_code(secret: bytes, terminal: str) -> str:
    """The code a terminal gets at registration and shows on every connection: derived, so nothing is stored."""
    return hmac.new(secret, b"jt808-auth:" + terminal.encode(), sha256).hexdigest()[:16]


class Session(msgspec.Struct):
    """State of one connection."""

    static: Static
    secret: bytes
    signed: set[str] = msgspec.field(default_factory=set)
    failures: int = 0
    unsigned: int = 0
    serial: int = 0

    def _frame(self, to: Frame, msg_id: int, body: bytes) -> bytes:
        self.serial = (self.serial + 1) & 0xFFFF
        version = to.protocol_version if to.v2019 else None
        return build_frame(msg_id, body, to.phone, self.serial, protocol_version=version)

    def _ack(self, frame: Frame, result: int) -> bytes:
        return self._frame(frame, bodies.PLATFORM_ACK, bodies.encode_ack(frame.serial, frame.msg_id, result))

    def handle(self, frame: Frame) -> Verdict:
        """The verdict on one frame. Acknowledgement is promised for after `keep` was honoured."""
        if frame.encrypt:
            return Verdict(self._ack(frame, BAD), reason="encrypted", quarantine=True)
        if frame.msg_id == bodies.REGISTER:
            return self._register(frame)
        if frame.msg_id == bodies.AUTH:
            return self._authenticate(frame)
        if frame.terminal not in self.signed:
            self.unsigned += 1
            return Verdict(self._ack(frame, FAIL), reason="not_authenticated", close=self.unsigned >= MAX_UNSIGNED)
        if frame.msg_id in _KEPT:
            return self._data(frame)
        if frame.msg_id in (bodies.HEARTBEAT, bodies.UNREGISTER):
            if frame.msg_id == bodies.UNREGISTER:
                self.signed.discard(frame.terminal)
            return Verdict(self._ack(frame, OK))
        if frame.msg_id == bodies.TERMINAL_ACK:
            return Verdict()
        return Verdict(self._ack(frame, UNSUPPORTED), reason="unsupported_message")

    def _register(self, frame: Frame) -> Verdict:
        terminal = frame.terminal
        if terminal in self.static.vehicles:
            body = bodies.encode_register_reply(frame.serial, OK, auth_code(self.secret, terminal))
            return Verdict(self._frame(frame, bodies.REGISTER_REPLY, body))
        self.failures += 1
        body = bodies.encode_register_reply(frame.serial, NO_SUCH_TERMINAL)
        reply = self._frame(frame, bodies.REGISTER_REPLY, body)
        return Verdict(reply, keep=True, reason="unknown_terminal", close=self.failures >= MAX_FAILURES)

    def _authenticate(self, frame: Frame) -> Verdict:
        terminal = frame.terminal
        known = terminal in self.static.vehicles
        try:
            told = bodies.auth(frame.body, frame.v2019).code
        except bodies.BadBody:
            told = ""
        right = auth_code(self.secret, terminal)
        if known and hmac.compare_digest(told.encode(), right.encode()) and len(self.signed) < MAX_TERMINALS:
            self.signed.add(terminal)
            return Verdict(self._ack(frame, OK))
        self.failures += 1
        reason = "auth_failed" if known else "unknown_terminal"
        return Verdict(self._ack(frame, FAIL), keep=not known, reason=reason, close=self.failures >= MAX_FAILURES)

    def _data(self, frame: Frame) -> Verdict:
        if frame.msg_id == bodies.MEDIA and frame.no > 1:  # the picture itself is not wanted, only where it was taken
            return Verdict(self._ack(frame, OK))
        if frame.msg_id == bodies.LOCATION and not frame.total and len(frame.body) < 28:
            return Verdict(self._ack(frame, BAD), reason="short_body", quarantine=True)
        return Verdict(self._ack(frame, OK), keep=True)
