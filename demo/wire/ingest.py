"""Signed HTTP posts as a parking operator's server makes them (standard library only)."""

import hashlib
import hmac
import http.client
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def key_of(data_dir: Path, source: str) -> bytes | None:
    """The key the platform handed to this vendor, or None while it has not been made yet."""
    path = data_dir / "keys" / "ingest" / f"{source}.key"
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


def signature(key: bytes, timestamp: str, nonce: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over timestamp "." nonce "." body."""
    return hmac.new(key, timestamp.encode() + b"." + nonce.encode() + b"." + body, hashlib.sha256).hexdigest()


class Refused(Exception):
    """The platform answered, but not with 2xx. `status` tells whether to try again."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:200]}")
        self.status = status


class Poster:
    """One keep-alive connection to the ingest URL. Blocking: call it in a thread."""

    def __init__(self, url: str, source: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.path = f"{parts.path.rstrip('/')}/api/v1/ingest/{source}"
        self.connection: http.client.HTTPConnection | None = None

    def post(self, key: bytes, rows: Sequence[dict[str, Any]], now: float, nonce: str) -> dict[str, Any]:
        """Send rows; returns the platform's per-row answer. Raises `Refused` or OSError."""
        body = json.dumps(list(rows), ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(now))
        headers = {
            "Content-Type": "application/json", "X-City-Timestamp": timestamp, "X-City-Nonce": nonce,
            "X-City-Signature": signature(key, timestamp, nonce, body),
        }
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        try:
            self.connection.request("POST", self.path, body, headers)
            response = self.connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ConnectionError(str(error) or type(error).__name__) from error
        if response.status // 100 != 2:
            raise Refused(response.status, text.decode(errors="replace"))
        answer: dict[str, Any] = json.loads(text or b"{}")
        return answer

    def close(self) -> None:
        """Drop the connection; the next post opens a new one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
