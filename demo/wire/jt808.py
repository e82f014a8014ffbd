"""JT/T 808 frames as a terminal writes them, 2013 and 2019 layouts, and the few platform answers it reads."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_GMT8 = timezone(timedelta(hours=8))
HEARTBEAT, REGISTER, AUTHENTICATE, LOCATION, BATCH = 0x0002, 0x0100, 0x0102, 0x0200, 0x0704
PLATFORM_ACK, REGISTER_REPLY = 0x8001, 0x8100


@dataclass(frozen=True, slots=True)
class Fix:
    """What a terminal knows about itself at one moment. `at` is POSIX seconds by its own clock."""

    at: float
    lon: float
    lat: float
    speed_kmh: float
    heading_deg: float
    acc: bool = True
    positioned: bool = True
    occupied: bool = False
    alarm: int = 0
    altitude_m: int = 45
    mileage_km: float | None = None
    satellites: int | None = None


def frame(message: int, phone: str, serial: int, body: bytes, *, v2019: bool) -> bytes:
    """A whole frame: header, body, XOR check, escapes, flags. `phone` holds up to 12 (20) digits."""
    if v2019:
        header = struct.pack(">HHB", message, len(body) | 0x4000, 1) + bytes.fromhex(phone.zfill(20))
    else:
        header = struct.pack(">HH", message, len(body)) + bytes.fromhex(phone.zfill(12))
    plain = header + struct.pack(">H", serial & 0xFFFF) + body
    check = 0
    for byte in plain:
        check ^= byte
    plain += bytes((check,))
    return b"\x7e" + plain.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def registration(plate: str, terminal: str, *, v2019: bool) -> bytes:
    """Body of 0x0100: province 34 (Anhui), city 1500 as the code after the province, maker, model, terminal, colour."""
    maker, model, ident, colour = (b"LADEM", b"T8-LA", terminal[-7:].encode(), 2)
    widths = (11, 30, 30) if v2019 else (5, 20, 7)
    parts = [text.ljust(width, b"\0") for text, width in zip((maker, model, ident), widths, strict=True)]
    return struct.pack(">HH", 34, 1500) + b"".join(parts) + bytes((colour,)) + plate.encode("gbk", "replace")


def authentication(code: bytes, phone: str, *, v2019: bool) -> bytes:
    """Body of 0x0102: the code; in 2019 with its length, IMEI and software version."""
    if not v2019:
        return code
    return bytes((len(code),)) + code + phone.zfill(15)[-15:].encode() + b"2.4.1".ljust(20, b"\0")


def location(fix: Fix) -> bytes:
    """Body of 0x0200. Time is BCD in GMT+8; southern and western halves are not needed here."""
    status = int(fix.acc) | (2 if fix.positioned else 0) | (0x300 if fix.occupied else 0) | 0xC0000
    base = struct.pack(
        ">IIIIHHH", fix.alarm, status, round(fix.lat * 1e6), round(fix.lon * 1e6), fix.altitude_m,
        round(max(fix.speed_kmh, 0) * 10), round(fix.heading_deg) % 360,
    )
    tail = b""
    if fix.mileage_km is not None:
        tail += struct.pack(">BBI", 0x01, 4, round(fix.mileage_km * 10))
    if fix.satellites is not None:
        tail += struct.pack(">BBB", 0x31, 1, fix.satellites)
    return base + _bcd_time(fix.at) + tail


def batch(bodies: list[bytes], *, backfill: bool) -> bytes:
    """Body of 0x0704 from 0x0200 bodies; at most 1023 bytes may go into one frame."""
    items = b"".join(struct.pack(">H", len(body)) + body for body in bodies)
    return struct.pack(">HB", len(bodies), int(backfill)) + items


def _bcd_time(at: float) -> bytes:
    return bytes.fromhex(datetime.fromtimestamp(at, UTC).astimezone(_GMT8).strftime("%y%m%d%H%M%S"))


@dataclass(frozen=True, slots=True)
class Answer:
    """A platform message: which of our serials it answers, for which message, with which result."""

    message: int
    serial: int
    about: int
    result: int
    code: bytes = b""


def split(buffer: bytearray) -> list[bytes]:
    """Cut whole frames (unescaped, checked) off the front of `buffer`; what is left stays for the next call."""
    frames: list[bytes] = []
    while True:
        start = buffer.find(0x7E)
        if start < 0:
            buffer.clear()
            return frames
        end = buffer.find(0x7E, start + 1)
        if end < 0:
            del buffer[:start]
            return frames
        raw = bytes(buffer[start + 1:end])
        if not raw:  # two flags in a row: the second one opens the next frame
            del buffer[:end]
            continue
        del buffer[:end + 1]
        plain = raw.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
        check = 0
        for byte in plain:
            check ^= byte
        if check == 0 and len(plain) >= 13:
            frames.append(plain[:-1])


def answer(plain: bytes) -> Answer | None:
    """Read 0x8001 and 0x8100; None for anything else or too short."""
    message, props = struct.unpack_from(">HH", plain)
    body = plain[17 if props & 0x4000 else 12:]
    if message == PLATFORM_ACK and len(body) >= 5:
        serial, about, result = struct.unpack_from(">HHB", body)
        return Answer(message, serial, about, result)
    if message == REGISTER_REPLY and len(body) >= 3:
        serial, result = struct.unpack_from(">HB", body)
        return Answer(message, serial, REGISTER, result, body[3:])
    return None
