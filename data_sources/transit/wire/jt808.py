"""JT/T 808 in words: what a frame says, field by field. For the command line, the vectors and the quarantine view."""

from typing import Any

from core.clock import BEIJING, from_epoch
from data_sources.transit.wire import jt808_bodies as bodies
from data_sources.transit.wire.jt808_frames import Frame, Reject, Splitter

_KNOWN_ITEMS = {  # id: (name, bytes, scale); JT/T 808-2013 table 27
    0x01: ("mileage_km", 4, 10),
    0x02: ("fuel_l", 2, 10),
    0x03: ("recorder_speed_kmh", 2, 10),
    0x30: ("signal", 1, 1),
    0x31: ("gnss_sats", 1, 1),
}


def decode(stream: bytes) -> tuple[list[Frame], list[Reject]]:
    """All frames and refused pieces of a finished byte stream."""
    splitter = Splitter()
    frames, rejects = splitter.feed(stream)
    return frames, rejects + splitter.close()


def describe_location(fix: bodies.Location) -> dict[str, Any]:
    """A position as plain values; `time` is ISO 8601 in GMT+8, None when the terminal's clock field is no time."""
    found, clean = bodies.items(fix.extras)
    told: dict[str, Any] = {
        "alarm": fix.alarm,
        "status": fix.status,
        "acc_on": bool(fix.status & 1),
        "positioned": fix.positioned,
        "lat": fix.lat,
        "lon": fix.lon,
        "altitude_m": fix.altitude_m,
        "speed_kmh": fix.speed_kmh,
        "direction_deg": fix.direction_deg,
        "time": None if fix.at is None else from_epoch(fix.at).astimezone(BEIJING).isoformat(),
        "time_bcd": fix.time_bcd,
        "extras": [{"id": f"0x{key:02X}", "hex": value.hex()} for key, value in found],
    }
    for key, value in found:
        name, size, scale = _KNOWN_ITEMS.get(key, ("", 0, 1))
        if name and len(value) == size:
            number = int.from_bytes(value, "big")
            told[name] = number / scale if scale > 1 else number
    if not clean:
        told["extras_truncated"] = True
    return told


def describe(frame: Frame) -> dict[str, Any]:
    """A frame as plain values. A body that cannot be read gives `body_error` and its hex instead of fields."""
    told: dict[str, Any] = {
        "msg_id": f"0x{frame.msg_id:04X}",
        "body_len": len(frame.body),
        "encrypt": frame.encrypt,
        "subpackage": bool(frame.total),
        "version_flag": int(frame.v2019),
        "phone_bcd": frame.phone,
        "phone": frame.terminal,
        "serial": frame.serial,
        "check": f"{frame.check:02X}",
    }
    if frame.v2019:
        told["protocol_version"] = frame.protocol_version
    if frame.total:
        told |= {"package_total": frame.total, "package_no": frame.no, "body_hex_len": len(frame.body)}
    if frame.encrypt or frame.total:
        return told  # not readable alone
    try:
        return told | _body(frame)
    except bodies.BadBody as error:
        return told | {"body_error": error.reason, "detail": str(error), "body_hex": frame.body.hex()}


def _body(frame: Frame) -> dict[str, Any]:
    match frame.msg_id:
        case bodies.LOCATION:
            return {"location": describe_location(bodies.location(frame.body))}
        case bodies.LOCATION_ANSWER | bodies.MEDIA:
            return {"location": describe_location(bodies.locations(frame.msg_id, frame.body)[1][0])}
        case bodies.BATCH:
            kind, found = bodies.batch(frame.body)
            return {"count": len(found), "type": kind, "items": [describe_location(fix) for fix in found]}
        case bodies.REGISTER:
            r = bodies.registration(frame.body, frame.v2019)
            return {name: getattr(r, name) for name in r.__struct_fields__}
        case bodies.AUTH:
            a = bodies.auth(frame.body, frame.v2019)
            return {"auth_code": a.code} | ({"imei": a.imei, "software": a.software} if frame.v2019 else {})
        case bodies.TERMINAL_ACK | bodies.PLATFORM_ACK:
            k = bodies.ack(frame.body)
            return {"ack_serial": k.serial, "ack_id": f"0x{k.msg_id:04X}", "result": k.result}
        case bodies.REGISTER_REPLY:
            serial, result, code = bodies.register_reply(frame.body)
            return {"ack_serial": serial, "result": result, "auth_code": code}
        case bodies.HEARTBEAT | bodies.UNREGISTER:
            return {}
        case _:
            return {"body_hex": frame.body.hex()}


def refusals(frame: Frame) -> list[str]:
    """Why positions of this frame may not be used (empty: all may); `bad body` reasons included."""
    try:
        return [reason for fix in bodies.locations(frame.msg_id, frame.body)[1] if (reason := fix.refusal())]
    except bodies.BadBody as error:
        return [error.reason]
