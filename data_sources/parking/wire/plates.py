"""Number plates never get past the door: a keyed hash takes their place before anything is written. Pure."""

import hashlib
import hmac
import re
from typing import Any

PLATE_KEYS = frozenset(
    {"plate", "plate_no", "plateno", "plate_number", "platenumber", "car_no", "carno", "car_number", "carnumber",
     "license_plate", "licenseplate", "licence_plate", "vehicle_no", "vehicleno", "车牌", "车牌号", "车牌号码"}
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领军警]"
    r"[A-HJ-Z][·.\- ]?[A-HJ-NP-Z0-9]{4,6}[A-HJ-NP-Z0-9挂学警港澳]?",
    re.IGNORECASE,
)

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_FIELD = re.compile(rf"""("(?:{"|".join(sorted(PLATE_KEYS))})"\s*:\s*")([^"]+)""", re.IGNORECASE)


def hashed(plate: str, key: bytes) -> str:
    """Keyed hash of a plate, the same for its spellings (case, blanks, middle dot)."""
    plain = re.sub(r"[\s·.\-]", "", plate).upper()
    return hmac.new(key, b"plate:" + plain.encode(), hashlib.sha256).hexdigest()[:32]


def without_plates(value: Any, key: bytes, depth: int = 0) -> Any:
    """A copy of a JSON value in which every plate is a hash: under its usual names, and inside any other text.

    Nesting beyond 16 levels is cut: nothing legitimate is that deep.
    """
    if depth > 16:
        return None
    if isinstance(value, dict):
        clean: dict[str, Any] = {}
        for name, inner in value.items():
            if isinstance(name, str) and name.lower() in PLATE_KEYS:
                if isinstance(inner, str) and inner.strip():
                    clean["plate_hash"] = hashed(inner, key)
            else:
                clean[redacted(name, key) if isinstance(name, str) else name] = without_plates(inner, key, depth + 1)
        return clean
    if isinstance(value, list):
        return [without_plates(inner, key, depth + 1) for inner in value]
    if isinstance(value, str):
        return redacted(value, key)
    return value


def redacted(text: str, key: bytes) -> str:
    """Text with every Chinese plate replaced by its hash."""
    return _PLATE.sub(lambda match: hashed(match.group(), key), text)


def redacted_bytes(raw: bytes, key: bytes) -> bytes:
    """Bytes that could not be parsed, made safe to keep: escapes are undone first, named plate fields emptied."""
    text = _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), raw.decode("utf-8", "replace"))
    text = _FIELD.sub(lambda match: match.group(1) + hashed(match.group(2), key), text)
    return redacted(text, key).encode("utf-8", "replace")
