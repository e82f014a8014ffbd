"""Security headers. Nothing is loaded from another host, nobody may frame us, inline scripts only by their hash."""

import base64
import hashlib
from collections.abc import Callable, Iterable


def script_hash(script: str) -> str:
    """The CSP source for one inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def policy(scripts: Iterable[str]) -> str:
    """The content security policy of pages. `style-src` allows inline: React and Leaflet set style attributes."""
    allowed = " ".join(dict.fromkeys(scripts))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {allowed}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def maker(scripts: Iterable[str]) -> Callable[[str], dict[str, str]]:
    """Headers by kind of route ("page", "data", "asset", "socket")."""
    common = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(self), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    page = {**common, "content-security-policy": policy(scripts), "cache-control": "no-store"}
    data = {**common, "content-security-policy": "default-src 'none'; frame-ancestors 'none'", "cache-control": "no-store"}
    asset = {**common, "cache-control": "private, max-age=600"}
    kinds = {"page": page, "data": data, "asset": asset, "socket": data}
    return lambda kind: kinds[kind]
