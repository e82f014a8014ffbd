"""HJ 212-2017 frames as a station writes them, and the data answer (9014) it waits for."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

_GMT8 = timezone(timedelta(hours=8))
REAL_TIME, HOUR, MINUTE, DATA_ANSWER = "2011", "2061", "2051", "9014"


def crc(segment: bytes) -> str:
    """CRC of HJ 212-2017 Annex A (not MODBUS): the low byte is thrown away each round."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    return f"{register:04X}"


def stamp(at: float, *, millis: bool = False) -> str:
    """POSIX seconds -> yyyyMMddHHmmss (local time), with SSS for QN."""
    text = datetime.fromtimestamp(at, UTC).astimezone(_GMT8).strftime("%Y%m%d%H%M%S")
    return f"{text}{int(at % 1 * 1000):03d}" if millis else text


def frame(segment: str) -> bytes:
    """`##` + length + segment + CRC + CRLF. Length counts bytes."""
    data = segment.encode()
    return b"##%04d" % len(data) + data + crc(data).encode() + b"\r\n"


def report(
    command: str, mn: str, st: str, at: float, sent_at: float, factors: Mapping[str, Mapping[str, str]], *,
    ack: bool, password: str = "123456",
) -> bytes:
    """A data report. `factors`: code -> {"Rtd": "35.1", "Flag": "N"}; `at` is the sampling instant or period start."""
    items = ";".join(
        ",".join(f"{code}-{name}={value}" for name, value in attributes.items()) for code, attributes in factors.items()
    )
    flag = 5 if ack else 4
    return frame(
        f"QN={stamp(sent_at, millis=True)};ST={st};CN={command};PW={password};MN={mn};Flag={flag};"
        f"CP=&&DataTime={stamp(at)};{items}&&"
    )


_ANSWER = re.compile(rb"QN=(\d{17});[^#]*?CN=9014;")


def answered(data: bytes) -> list[str]:
    """QNs that data answers in `data` confirm."""
    return [match.decode() for match in _ANSWER.findall(data)]
