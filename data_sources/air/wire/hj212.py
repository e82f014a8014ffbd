"""HJ 212-2017 frames (2005 and 2025 version bits included): `##` + length + data segment + CRC + CRLF.

Method: HJ 212-2017 chapter 6 and annex A (frame, CRC, commands, flag bits). Strict where a mistake would change a number
(length, check sum, fields), tolerant where devices in the field are known to differ; each tolerance leaves a note.
"""

import re

import msgspec

from core.errors import BadMessage

DATA_COMMANDS = frozenset({"2011", "2021", "2031", "2041", "2051", "2061", "2081"})
NOTICE_COMMANDS = frozenset({"1013", "9015"})  # clock request, heartbeat (2025): answered by 9013
ANSWER_COMMANDS = frozenset({"9011", "9012", "9013", "9014"})
CLOCK_COMMANDS = frozenset({"1011", "1012"})
MAX_SEGMENT = 9_999  # four digits; the standard allows 1,024, field devices exceed it
MAX_BUFFER = 16_384
_HEAD = re.compile(rb"##\d{4}")
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")


class Flag(msgspec.Struct, frozen=True):
    """Bits of the `Flag` field: A (answer wanted), D (packet numbers present), V (0 = 2005, 1 = 2017, 2 = 2025)."""

    version: int
    has_packet_no: bool
    need_ack: bool


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A checked frame. Keys and suffixes are as sent: normalising them is the reader's business.

    `fields` QN, ST, CN, PW, MN, Flag, PNUM, PNO; `cp` items without a suffix; `factors` code -> suffix -> text.
    `notes` are (reason, detail) of tolerated deviations; they become kept problems.
    """

    length: int
    crc: str
    fields: dict[str, str]
    cp: dict[str, str]
    factors: dict[str, dict[str, str]]
    flag: Flag | None
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def command(self) -> str:
        """CN."""
        return self.fields["CN"]

    @property
    def mn(self) -> str:
        """Device number."""
        return self.fields["MN"]

    @property
    def packets(self) -> tuple[int, int]:
        """(packet number, number of packets); (1, 1) for a frame that is whole by itself."""
        number, total = self.fields.get("PNO", ""), self.fields.get("PNUM", "")
        if number.isdigit() and total.isdigit() and 1 <= int(number) <= int(total):
            return int(number), int(total)
        return 1, 1

    @property
    def wants_ack(self) -> bool:
        """Whether the sender waits for an answer (bit A)."""
        return self.flag is not None and self.flag.need_ack


def _round(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


_ROUND = tuple(_round(value) for value in range(256))  # the register is one byte before each round: a table does it


def crc16(data: bytes) -> int:
    """CRC of HJ 212-2017 annex A. Not MODBUS: the register's low byte is dropped each round.

    >>> f"{crc16(b'123456789'):04X}"
    '2F80'
    """
    register = 0xFFFF
    for byte in data:
        register = _ROUND[(register >> 8) ^ byte]
    return register


def encode(segment: str) -> bytes:
    """A whole frame around a data segment; the length counts bytes (UTF-8)."""
    data = segment.encode()
    return b"##%04d%b%04X\r\n" % (len(data), data, crc16(data))


def decode(raw: bytes, swapped: bool = False) -> Frame:
    """Check and take apart one frame (with or without its CRLF).

    `swapped` accepts a check sum whose bytes are exchanged, noted; without it such a frame is refused.
    Raises `BadMessage` with reason not_a_frame, length, crc, no_cp or no_field.
    """
    body = raw.rstrip(b"\r\n")
    if not _HEAD.match(body) or len(body) < 10:
        raise BadMessage("not_a_frame", "no ## and four digits, or cut short")
    declared, data, sent = int(body[2:6]), body[6:-4], body[-4:]
    if not _HEX4.fullmatch(sent):
        raise BadMessage("crc", f"check sum {sent!r} is not four hexadecimal digits")
    notes: list[tuple[str, str]] = []
    text = data.decode("utf-8", "replace")
    computed = f"{crc16(data):04X}"
    if declared != len(data):
        if declared != len(text):
            raise BadMessage("length", f"length {declared} != {len(data)}; crc {sent.decode()}, computed {computed}")
        notes.append(("length_in_characters", f"{declared} characters are {len(data)} bytes"))
    crc = sent.decode("ascii").upper()
    if crc != computed:
        if not (swapped and crc == computed[2:] + computed[:2]):
            hint = " (byte-swapped)" if crc == computed[2:] + computed[:2] else ""
            raise BadMessage("crc", f"crc {crc}, computed {computed}{hint}")
        notes.append(("crc_swapped", f"{crc} for {computed}"))
    elif sent != sent.upper():
        notes.append(("lower_case_crc", sent.decode("ascii")))
    return _segment(text, declared, crc, notes)


def _segment(text: str, length: int, crc: str, notes: list[tuple[str, str]]) -> Frame:
    head, mark, tail = text.partition("CP=&&")
    if not mark or not head.endswith(";"):
        raise BadMessage("no_cp", "no ';CP=&&' in the data segment")
    if tail.endswith("&&;"):
        notes.append(("cp_semicolon", "'&&;'"))
        tail = tail[:-1]
    if not tail.endswith("&&"):
        raise BadMessage("no_cp", "the CP part is not closed by '&&'")
    fields = _fields(head, notes)
    cp, factors = _items(tail[:-2], notes)
    return Frame(length=length, crc=crc, fields=fields, cp=cp, factors=factors, flag=_flag(fields, notes), notes=tuple(notes))


def _fields(head: str, notes: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in filter(None, head.split(";")):
        key, equals, value = part.partition("=")
        if not equals:
            notes.append(("bad_item", part[:80]))
        else:
            fields[key.strip()] = value.strip()
    for key in ("ST", "CN", "MN"):
        if not fields.get(key):
            raise BadMessage("no_field", f"{key} is missing")
    if not fields.get("QN"):
        notes.append(("no_qn", "2005 edition"))
    return fields


def _flag(fields: dict[str, str], notes: list[tuple[str, str]]) -> Flag | None:
    text = fields.get("Flag")
    if text is None:
        notes.append(("no_flag", "2005 edition"))
        return None
    if not text.isascii() or not text.isdigit() or int(text) > 255:
        notes.append(("bad_flag", text[:20]))
        return None
    bits = int(text)
    flag = Flag(version=bits >> 2, has_packet_no=bool(bits & 2), need_ack=bool(bits & 1))
    if flag.has_packet_no and not ("PNUM" in fields and "PNO" in fields):
        notes.append(("no_packet_number", f"Flag={text}"))
    return flag


def _items(text: str, notes: list[tuple[str, str]]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    cp: dict[str, str] = {}
    factors: dict[str, dict[str, str]] = {}
    for item in filter(None, text.replace(",", ";").split(";")):
        key, equals, value = item.partition("=")
        if not equals or not key:
            notes.append(("bad_item", item[:80]))
            continue
        code, dash, suffix = key.partition("-")
        if not dash:
            cp[key] = value
            continue
        known = factors.setdefault(code, {})
        if suffix in known:
            notes.append(("duplicate_factor", key[:40]))
            continue  # the first one stands: two values for one thing cannot both be believed
        known[suffix] = value
    return cp, factors


def answer(frame: Frame) -> bytes | None:
    """What the platform sends back: 9014 to data, 9013 to a notice, only when bit A asks for it; else None.

    Same QN and MN, ST=91 (system exchange), empty CP (HJ 212-2017 6.6, annex C).
    """
    if not frame.wants_ack:
        return None
    command = frame.command
    if command in DATA_COMMANDS:
        reply = "9014"
    elif command in NOTICE_COMMANDS:
        reply = "9013"
    else:
        return None
    version = frame.flag.version if frame.flag is not None else 1
    head = "".join(f"{key}={frame.fields[key]};" for key in ("QN",) if frame.fields.get(key))
    password = frame.fields.get("PW", "")
    return encode(f"{head}ST=91;CN={reply};PW={password};MN={frame.mn};Flag={version << 2};CP=&&&&")


class Splitter:
    """Cuts a byte stream into candidate frames. Bounded memory; what belongs to no frame is handed out as garbage.

    A candidate is not yet checked: `decode` says what is wrong with it. Line ends between frames are nobody's loss.
    """

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.garbage: list[bytes] = []  # taken by whoever counts it
        self.garbage_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; the candidates that became complete, in order. `garbage` holds samples of what was skipped."""
        self.buffer += data
        found: list[bytes] = []
        while (piece := self._next()) is not None:
            if piece:
                found.append(piece)
        return found

    def rest(self) -> bytes:
        """What is left when the connection ends: a half frame, or nothing."""
        left, self.buffer = bytes(self.buffer).strip(b"\r\n"), bytearray()
        return left

    def _next(self) -> bytes | None:
        """One candidate, b"" when something was skipped and it is worth trying again, None when more bytes are needed."""
        head = _HEAD.search(self.buffer)
        if head is None:
            keep = len(self.buffer) if self.buffer.startswith(b"##") and len(self.buffer) < 6 else 0
            for length in range(min(5, len(self.buffer)), 0, -1):  # a head may be arriving: "##01" at the end
                if not keep and re.fullmatch(rb"#|##\d{0,3}", self.buffer[-length:]):
                    keep = length
            self._skip(len(self.buffer) - keep)
            return None
        if head.start():
            self._skip(head.start())
            return b""
        end = 10 + int(self.buffer[2:6])
        if len(self.buffer) >= end and self._sound(end):
            if self.buffer[end : end + 2] == b"\r\n":
                end += 2
            return self._take(end)
        return self._broken(end)

    def _sound(self, end: int) -> bool:
        sent = bytes(self.buffer[end - 4 : end])
        return bool(_HEX4.fullmatch(sent)) and int(sent, 16) == crc16(bytes(self.buffer[6 : end - 4]))

    def _broken(self, end: int) -> bytes | None:
        """The frame at the front is incomplete or wrong: cut at its line end or at the next head, else wait."""
        line = self.buffer.find(b"\r\n", 6)
        following = _HEAD.search(self.buffer, 6)
        cuts = [line + 2] if line >= 0 else []
        cuts += [following.start()] if following else []
        if cuts and (min(cuts) <= end or len(self.buffer) >= end):
            return self._take(min(cuts))
        if len(self.buffer) > MAX_BUFFER:
            self._skip(len(self.buffer))
            return b""
        return None

    def _take(self, end: int) -> bytes:
        piece = bytes(self.buffer[:end])
        del self.buffer[:end]
        return piece

    def _skip(self, length: int) -> None:
        piece = self._take(length)
        if piece.strip(b"\r\n \x00"):
            self.garbage_bytes += len(piece)
            if len(self.garbage) < 16:
                self.garbage.append(piece[:512])
