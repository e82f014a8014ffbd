"""JT/T 808 message bodies: position (0x0200, 0x0704, 0x0201, 0x0801), registration, authentication, acknowledgements."""

import struct
from datetime import datetime
from functools import lru_cache

import msgspec

from core.clock import BEIJING

HEARTBEAT, REGISTER, UNREGISTER, AUTH = 0x0002, 0x0100, 0x0003, 0x0102
TERMINAL_ACK, LOCATION, LOCATION_ANSWER, BATCH, MEDIA = 0x0001, 0x0200, 0x0201, 0x0704, 0x0801
PLATFORM_ACK, REGISTER_REPLY = 0x8001, 0x8100
MAX_BATCH = 1000

_POSITION = struct.Struct(">IIIIHHH6s")


class BadBody(ValueError):
    """A checked frame carries a body that is not what its message id says; `reason` is the code it is counted under."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Location(msgspec.Struct, frozen=True, gc=False):
    """A position body (JT/T 808-2013 §8.18): degrees WGS-84 with hemisphere applied, km/h, metres; `extras` unparsed TLV.

    `at` is POSIX seconds of the terminal's GMT+8 clock, None when the field is no valid BCD time.
    """

    alarm: int
    status: int
    lat: float
    lon: float
    altitude_m: int
    speed_kmh: float
    direction_deg: int
    at: int | None
    time_bcd: str
    extras: bytes

    @property
    def positioned(self) -> bool:
        """Status bit 1: the receiver had a fix."""
        return bool(self.status & 2)

    def refusal(self) -> str:
        """Why this fix may not be used: a reason code, or "" when it may. Needs no clock.

        Status bit 5 (position encrypted) refuses nothing by itself: real terminals set it over plain coordinates.
        """
        if not (-90.0 <= self.lat <= 90.0 and -180.0 <= self.lon <= 180.0) or (self.lat == 0 and self.lon == 0):
            return "position_out_of_range"
        if not self.status & 2:
            return "not_positioned"
        if self.at is None:
            return "time_not_bcd"
        return "direction_out_of_range" if self.direction_deg > 360 else ""


@lru_cache(maxsize=4096)
def _minute(bcd: bytes) -> int | None:
    """POSIX seconds of a yyMMddHHmm BCD minute in GMT+8. Cached: vehicles report the same few minutes."""
    digits = bcd.hex()
    try:
        year, month, day, hour, minute = (int(digits[i : i + 2]) for i in range(0, 10, 2))
        return int(datetime(2000 + year, month, day, hour, minute, tzinfo=BEIJING).timestamp())
    except ValueError:
        return None


def bcd_time(bcd: bytes) -> int | None:
    """POSIX seconds of a BCD[6] yyMMddHHmmss time, GMT+8; None when it is not one."""
    second = (bcd[5] >> 4) * 10 + (bcd[5] & 15)
    minute = _minute(bcd[:5])
    if minute is None or second > 59 or bcd[5] & 15 > 9:
        return None
    return minute + second


def location(body: bytes) -> Location:
    """The position at the start of `body` (28 bytes, then TLV). Raises `BadBody("short_body")`."""
    if len(body) < 28:
        raise BadBody("short_body", f"a position has 28 bytes, here are {len(body)}")
    alarm, status, lat, lon, altitude, speed, direction, time = _POSITION.unpack_from(body)
    return Location(
        alarm, status, (-lat if status & 4 else lat) / 1e6, (-lon if status & 8 else lon) / 1e6, altitude, speed / 10,
        direction, bcd_time(time), time.hex(), body[28:],
    )  # fmt: skip


def items(extras: bytes) -> tuple[list[tuple[int, bytes]], bool]:
    """TLV items (id u8, length u8, value) and whether the list ends cleanly.

    A truncated tail keeps what came before it: the fix itself is sound. EB (vendor) items are kept raw.
    """
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(extras)
    while at + 2 <= end:
        stop = at + 2 + extras[at + 1]
        if stop > end:
            return found, False
        found.append((extras[at], extras[at + 2 : stop]))
        at = stop
    return found, at == end


def batch(body: bytes) -> tuple[int, list[Location]]:
    """0x0704: (type 0 normal / 1 blind-area back-fill, positions). Raises `BadBody` when the list is not what it says."""
    if len(body) < 3:
        raise BadBody("short_body", "a batch has at least 3 bytes")
    count, kind = struct.unpack_from(">HB", body)
    if count > MAX_BATCH:
        raise BadBody("batch_too_long", f"{count} positions, at most {MAX_BATCH}")
    found: list[Location] = []
    at = 3
    for index in range(count):
        if at + 2 > len(body):
            raise BadBody("short_body", f"batch says {count} positions, ends after {index}")
        stop = at + 2 + ((body[at] << 8) | body[at + 1])
        if stop > len(body):
            raise BadBody("short_body", f"position {index + 1} of {count} is cut off")
        found.append(location(body[at + 2 : stop]))
        at = stop
    return kind, found


def locations(msg_id: int, body: bytes) -> tuple[bool, list[Location]]:
    """(back-fill, positions) of any message that carries some; none for another id. Raises `BadBody`."""
    if msg_id == LOCATION:
        return False, [location(body)]
    if msg_id == BATCH:
        kind, found = batch(body)
        return kind == 1, found
    if msg_id == LOCATION_ANSWER:
        return False, [location(body[2:])]  # after the serial of the query
    if msg_id == MEDIA:
        return False, [location(body[8:36])]  # after id u32, type, format, event, channel; the picture is not kept
    return False, []


class Registration(msgspec.Struct, frozen=True):
    """0x0100. `plate_color` 0 means that `plate` holds the VIN."""

    province: int
    city: int
    maker: str
    model: str
    terminal_id: str
    plate_color: int
    plate: str


def text(raw: bytes) -> str:
    """GBK text (read as its superset GB18030), padding removed; undecodable bytes show as U+FFFD."""
    return raw.decode("gb18030", "replace").strip("\x00 ")


def registration(body: bytes, v2019: bool) -> Registration:
    """0x0100 in its three layouts: 2019 by the version flag, 2011 when the body is under 37 bytes. Raises `BadBody`."""
    maker, model, terminal = (11, 30, 30) if v2019 else (5, 20, 7) if len(body) >= 37 else (5, 8, 7)
    fixed = 5 + maker + model + terminal
    if len(body) < fixed:
        raise BadBody("short_body", f"a registration has at least {fixed} bytes, here are {len(body)}")
    province, city = struct.unpack_from(">HH", body)
    a, b, c = 4 + maker, 4 + maker + model, 4 + maker + model + terminal
    return Registration(province, city, text(body[4:a]), text(body[a:b]), text(body[b:c]), body[c], text(body[c + 1 :]))


class Auth(msgspec.Struct, frozen=True):
    """0x0102; IMEI and software version only in 2019."""

    code: str
    imei: str = ""
    software: str = ""


def auth(body: bytes, v2019: bool) -> Auth:
    """0x0102. Raises `BadBody` when a 2019 body is shorter than its own length byte says."""
    if not v2019:
        return Auth(text(body))
    if not body or len(body) < 1 + body[0]:
        raise BadBody("short_body", "the authentication code is cut off")
    end = 1 + body[0]
    return Auth(text(body[1:end]), text(body[end : end + 15]), text(body[end + 15 : end + 35]))


class Ack(msgspec.Struct, frozen=True):
    """0x0001 and 0x8001: which message, and 0 ok, 1 fail, 2 bad message, 3 unsupported, 4 alarm confirmed."""

    serial: int
    msg_id: int
    result: int


def ack(body: bytes) -> Ack:
    """0x0001 / 0x8001. Raises `BadBody`."""
    if len(body) < 5:
        raise BadBody("short_body", "an acknowledgement has 5 bytes")
    return Ack(*struct.unpack_from(">HHB", body))


def register_reply(body: bytes) -> tuple[int, int, str | None]:
    """0x8100: (serial, result, authentication code; None unless result is 0). Raises `BadBody`."""
    if len(body) < 3:
        raise BadBody("short_body", "a registration reply has at least 3 bytes")
    serial, result = struct.unpack_from(">HB", body)
    return serial, result, text(body[3:]) if result == 0 else None


def encode_ack(serial: int, msg_id: int, result: int) -> bytes:
    """Body of 0x8001 (and 0x0001)."""
    return struct.pack(">HHB", serial, msg_id, result)


def encode_register_reply(serial: int, result: int, code: str = "") -> bytes:
    """Body of 0x8100: the code goes out only with result 0."""
    return struct.pack(">HB", serial, result) + (code.encode("gb18030") if result == 0 else b"")
