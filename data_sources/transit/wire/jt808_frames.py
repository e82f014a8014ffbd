"""JT/T 808-2011/2013/2019 framing: flags, escapes, check byte, header; an incremental splitter for a byte stream."""

import struct
from typing import NamedTuple

import msgspec

FLAG = 0x7E
MIN_FRAME, MAX_FRAME = 13, 21 + 1023 + 1  # unescaped, between the flags: shortest header + check; longest header + body + check
MAX_HELD = 2 * MAX_FRAME  # every byte could be escaped
MAX_RAW = 512  # bytes of a refused piece that are kept for quarantine

_HEAD13 = struct.Struct(">HH6sH")
_HEAD19 = struct.Struct(">HHB10sH")
_PART = struct.Struct(">HH")


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One whole, checked frame. `phone` is the BCD field as lower-case hex: real terminals put hex digits there."""

    msg_id: int
    body: bytes
    phone: str
    serial: int
    v2019: bool  # version flag, property bit 14
    protocol_version: int  # 0 without the version flag
    encrypt: int  # property bits 10-12; bit 0 = RSA
    total: int  # sub-packages; 0: not a sub-package
    no: int  # from 1
    check: int
    wire: bytes  # as it came, flags included

    @property
    def terminal(self) -> str:
        """The phone field without leading zeros: how the city's table names a terminal."""
        return self.phone.lstrip("0") or "0"


class Reject(NamedTuple):
    """A piece of the stream that is no frame: stable reason, first bytes of it, its place in the stream."""

    reason: str
    raw: bytes
    offset: int


class BadFrame(ValueError):
    """Bytes between two flags are not a frame. `reason` is the code it is counted under."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


def xor(data: bytes) -> int:
    """XOR of all bytes, by folding one big integer in halves (a Python loop costs ten times as much)."""
    number = int.from_bytes(data, "big")
    bits = 8
    while bits < len(data) * 8:
        bits *= 2
    while bits > 8:
        bits >>= 1
        number ^= number >> bits
    return number & 0xFF


def escape(data: bytes) -> bytes:
    """7D -> 7D 01, 7E -> 7D 02 (what goes between the flags)."""
    return data.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def unescape(data: bytes) -> bytes:
    """7D 02 -> 7E, 7D 01 -> 7D. A 7D before anything else raises `BadFrame("bad_escape")`."""
    marks = data.count(b"\x7d")
    if not marks:
        return data
    if marks != data.count(b"\x7d\x01") + data.count(b"\x7d\x02"):
        raise BadFrame("bad_escape", "7D is followed by neither 01 nor 02")
    return data.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


def parse_frame(escaped: bytes) -> Frame:
    """The frame whose bytes, without flags, are `escaped`. Raises `BadFrame`.

    Reasons: bad_escape, short_header, bad_check, half_frame (shorter than its header says), wrong_length (longer).
    The length is counted after unescaping, without header and check byte.
    """
    data = unescape(escaped)
    size = len(data)
    if size < MIN_FRAME:
        raise BadFrame("short_header", f"{size} bytes, a frame has at least {MIN_FRAME}")
    msg_id, props, phone, serial = _HEAD13.unpack_from(data)
    version, start, v2019 = 0, 12, bool(props & 0x4000)
    if v2019:
        if size < 18:
            raise BadFrame("short_header", f"{size} bytes, a 2019 frame has at least 18")
        msg_id, props, version, phone, serial = _HEAD19.unpack_from(data)
        start = 17
    total = no = 0
    if props & 0x2000:
        if size < start + 5:
            raise BadFrame("short_header", "the sub-package fields are missing")
        total, no = _PART.unpack_from(data, start)
        start += 4
    declared, actual = props & 0x3FF, size - start - 1
    intact = xor(data) == 0  # the check byte cancels itself out
    if declared != actual:
        said = f"header says {declared} body bytes, there are {actual}"
        if actual < declared:
            raise BadFrame("half_frame" if not intact else "wrong_length", said)
        raise BadFrame("bad_check" if not intact else "wrong_length", said)
    if not intact:
        raise BadFrame("bad_check", f"check byte is {data[-1]:02X}, computed {xor(data[:-1]):02X}")
    return Frame(
        msg_id, data[start:-1], phone.hex(), serial, v2019, version, (props >> 10) & 7, total, no, data[-1],
        b"\x7e" + escaped + b"\x7e",
    )  # fmt: skip


def build_frame(
    msg_id: int, body: bytes, phone: str, serial: int, *, protocol_version: int | None = None, part: tuple[int, int] | None = None
) -> bytes:
    """A frame ready to send. `phone` is hex digits, padded to 12 (2013) or 20 (2019: `protocol_version` given).

    `part` is (total, number from 1). Raises ValueError for a body over 1023 bytes or a phone that does not fit.
    """
    if len(body) > 1023:
        raise ValueError(f"body of {len(body)} bytes needs sub-packages")
    props = len(body) | (0x2000 if part else 0) | (0x4000 if protocol_version is not None else 0)
    digits = 12 if protocol_version is None else 20
    if len(phone) > digits:
        raise ValueError(f"phone {phone!r} has more than {digits} digits")
    number = bytes.fromhex(phone.zfill(digits))
    if protocol_version is None:
        head = _HEAD13.pack(msg_id, props, number, serial & 0xFFFF)
    else:
        head = _HEAD19.pack(msg_id, props, protocol_version, number, serial & 0xFFFF)
    data = head + (_PART.pack(*part) if part else b"") + body
    return b"\x7e" + escape(data + bytes((xor(data),))) + b"\x7e"


class Splitter:
    """Cuts a byte stream into frames, however the chunks fall. Holds at most `MAX_HELD` bytes of an unfinished frame.

    Every non-empty run of bytes between two flags is tried: frames that share a flag, and a stream that lost one, both
    find back by themselves. What lies before the first flag, or is no frame right after a frame's own end, is garbage.
    """

    __slots__ = ("_after_run", "_held", "_offset", "_overrun", "_started")

    def __init__(self) -> None:
        self._held = b""
        self._offset = 0  # of _held in the stream
        self._started = False  # a flag was seen
        self._after_run = False  # the last flag closed a non-empty run
        self._overrun = False  # dropping until the next flag

    @property
    def held(self) -> int:
        """Bytes of an unfinished frame kept until more come."""
        return len(self._held)

    def feed(self, chunk: bytes) -> tuple[list[Frame], list[Reject]]:
        """Frames and refused pieces that `chunk` completes, in order."""
        frames: list[Frame] = []
        rejects: list[Reject] = []
        runs = (self._held + chunk).split(b"\x7e")
        offset = self._offset
        for run in runs[:-1]:
            self._run(run, offset, frames, rejects)
            offset += len(run) + 1
        self._held, self._offset = runs[-1], offset
        if len(self._held) > MAX_HELD or (self._held and not self._started):
            if not self._overrun:
                rejects.append(Reject("garbage", self._held[:MAX_RAW], offset))
            self._overrun = True
            self._offset += len(self._held)
            self._held = b""
        return frames, rejects

    def _run(self, run: bytes, offset: int, frames: list[Frame], rejects: list[Reject]) -> None:
        overrun, self._overrun = self._overrun, False
        started, self._started = self._started, True
        if overrun or not run:  # the dropped piece was counted when dropping began
            self._after_run = False
            return
        if not started:
            rejects.append(Reject("garbage", run[:MAX_RAW], offset))
            self._after_run = False
            return
        try:
            if len(run) > MAX_HELD:
                raise BadFrame("garbage")
            frames.append(parse_frame(run))
            self._after_run = True
        except BadFrame as error:
            between = self._after_run and error.reason in ("short_header", "bad_escape")
            rejects.append(Reject("garbage" if between else error.reason, run[:MAX_RAW], offset))
            self._after_run = not between

    def close(self) -> list[Reject]:
        """The stream ended: an unfinished frame is a half frame."""
        held, self._held = self._held, b""
        return [Reject("half_frame", held[:MAX_RAW], self._offset)] if held else []
