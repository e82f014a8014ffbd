"""JPEG pictures as RTP packets (RFC 2435): type 1 (4:2:0), quantisation tables in band."""

import struct
from dataclasses import dataclass

PAYLOAD_TYPE, CLOCK, PACKET_BYTES = 26, 90_000, 1380


@dataclass(frozen=True, slots=True)
class Scan:
    """What RFC 2435 carries of a JPEG file."""

    width: int
    height: int
    tables: bytes  # luminance and chrominance quantisation, 64 bytes each
    data: bytes  # entropy-coded data


def scan(jpeg: bytes) -> Scan:
    """Take a baseline JPEG apart. Raises ValueError for what cannot be sent (other sampling, restart markers, odd size)."""
    tables: dict[int, bytes] = {}
    width = height = 0
    at = 2
    while at + 4 <= len(jpeg):
        marker, length = struct.unpack_from(">HH", jpeg, at)
        body = jpeg[at + 4:at + 2 + length]
        if marker == 0xFFDB:
            while body:
                if body[0] >> 4:
                    raise ValueError("16-bit quantisation table")
                tables[body[0] & 15], body = body[1:65], body[65:]
        elif marker == 0xFFC0:
            height, width = struct.unpack_from(">HH", body, 1)
            if body[7] != 0x22:
                raise ValueError("not 4:2:0")
        elif marker == 0xFFDD and body != b"\0\0":
            raise ValueError("restart markers")
        elif marker == 0xFFDA:
            if width % 8 or height % 8 or not width:
                raise ValueError("size is not a multiple of 8")
            return Scan(width, height, tables[0] + tables.get(1, tables[0]), jpeg[at + 2 + length:].removesuffix(b"\xff\xd9"))
        at += 2 + length
    raise ValueError("no scan")


def packets(jpeg: bytes, sequence: int, timestamp: int, ssrc: int) -> list[bytes]:
    """RTP packets of one picture; the last one carries the marker."""
    picture, offset = scan(jpeg), 0
    found: list[bytes] = []
    while offset < len(picture.data):
        head = struct.pack(">I", offset) + bytes((1, 255, picture.width // 8, picture.height // 8))
        if offset == 0:
            head += struct.pack(">BBH", 0, 0, len(picture.tables)) + picture.tables
        part = picture.data[offset:offset + PACKET_BYTES - len(head)]
        offset += len(part)
        last = 0x80 if offset >= len(picture.data) else 0
        rtp = struct.pack(">BBHII", 0x80, PAYLOAD_TYPE | last, (sequence + len(found)) & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
        found.append(rtp + head + part)
    return found
