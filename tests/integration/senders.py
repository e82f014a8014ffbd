"""Devices and vendors outside: a terminal, a station, an operator, a camera, over real sockets, with the demo's encoders."""

import asyncio
import itertools
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np

from demo.wire import hj212, ingest, jt808
from tests.cameras.mjpeg_server import MjpegServer
from tests.cameras.scenes import road


class Line:
    """A TCP connection that can be closed from the other side at any time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """All of it."""
        self.socket.sendall(data)

    def until_closed(self) -> bytes:
        """End our side; what came until the other side ended its own."""
        self.socket.shutdown(socket.SHUT_WR)
        parts = []
        while part := self.socket.recv(65_536):
            parts.append(part)
        return b"".join(parts)


class Terminal(Line):
    """A vehicle's JT/T 808 terminal: waits for the answer to everything it says."""

    def __init__(self, port: int, phone: str, *, clock_s: float = 0.0) -> None:
        super().__init__(port)
        self.phone, self.clock_s = phone, clock_s
        self.serials = itertools.count(1)
        self.buffer = bytearray()

    def ask(self, message: int, body: bytes) -> jt808.Answer:
        """Send one message; the platform's answer to it. Raises ConnectionError when the line ends first."""
        serial = next(self.serials)
        self.send(jt808.frame(message, self.phone, serial, body, v2019=False))
        while True:
            for plain in jt808.split(self.buffer):
                found = jt808.answer(plain)
                if found is not None and found.serial == serial:
                    return found
            data = self.socket.recv(65_536)
            if not data:
                raise ConnectionError("closed before it answered")
            self.buffer += data

    def register(self) -> jt808.Answer:
        """0x0100."""
        return self.ask(jt808.REGISTER, jt808.registration("", self.phone, v2019=False))

    def sign_in(self) -> Self:
        """Register and authenticate."""
        registered = self.register()
        assert registered.result == 0, registered
        assert self.ask(jt808.AUTHENTICATE, jt808.authentication(registered.code, self.phone, v2019=False)).result == 0
        return self

    def fix(self, lon: float, lat: float = 30.4953) -> bytes:
        """A 0x0200 body of now, by the terminal's own clock."""
        return jt808.location(jt808.Fix(at=time.time() + self.clock_s, lon=lon, lat=lat, speed_kmh=24.0, heading_deg=90.0))

    def report(self, lon: float) -> None:
        """One position, acknowledged."""
        assert self.ask(jt808.LOCATION, self.fix(lon)).result == 0


def station_report(mn: str, pm25: float) -> bytes:
    """An HJ 212 real-time report of now that asks for an answer."""
    at = time.time()
    return hj212.report(hj212.REAL_TIME, mn, "22", at, at, {"a34004": {"Rtd": f"{pm25:.1f}", "Flag": "N"}}, ack=True)


class Station(Line):
    """An air station."""

    def __init__(self, port: int, mn: str) -> None:
        super().__init__(port)
        self.mn = mn

    def report(self, pm25: float) -> None:
        """One report, answered with 9014."""
        self.send(station_report(self.mn, pm25))
        data = b""
        while not hj212.answered(data):
            part = self.socket.recv(65_536)
            if not part:
                raise ConnectionError("closed before it answered")
            data += part


class Operator:
    """A parking operator's server with the key the city gave it."""

    def __init__(self, base: str, data_dir: Path, source: str) -> None:
        self.base, self.source = base, source
        key = ingest.key_of(data_dir, source)
        assert key is not None, "the key file was made at the first start"
        self.key = key
        self.nonces = (f"nonce-{source}-{time.time_ns()}-{n}" for n in itertools.count())

    def post(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Rows, signed; the answer to each. Raises `ingest.Refused` or OSError."""
        poster = ingest.Poster(self.base, self.source)
        try:
            return poster.post(self.key, rows, time.time(), next(self.nonces))
        finally:
            poster.close()

    def post_bytes(self, body: bytes, signature: str = "") -> httpx.Response:
        """Any bytes, signed with the key unless a signature is given."""
        stamp, nonce = str(int(time.time())), next(self.nonces)
        headers = {
            "X-City-Timestamp": stamp, "X-City-Nonce": nonce,
            "X-City-Signature": signature or ingest.signature(self.key, stamp, nonce, body),
        }
        return httpx.post(f"{self.base}/api/v1/ingest/{self.source}", content=body, headers=headers, timeout=30, trust_env=False)


def now_text() -> str:
    """The present as ISO 8601 with a zone."""
    return datetime.now(UTC).isoformat()


def berth(number: int, status: int) -> dict[str, Any]:
    """An event of a berth of R01."""
    return {"berth_id": f"R01-{number:03d}", "status": status, "changed_at": now_text()}


def entry(event_id: str) -> dict[str, Any]:
    """A car drives into P01."""
    return {"event_id": event_id, "lot_id": "P01", "dir": "in", "at": now_text()}


class Camera:
    """An MJPEG camera that shows a street, in a thread of its own."""

    def __enter__(self) -> str:
        noise = np.random.default_rng(1)  # a sensor is never quite still
        pictures = [np.clip(road() + noise.normal(0, 4, road().shape), 0, 255).astype(np.uint8) for _ in range(8)]
        self.server, started = MjpegServer(pictures, 4.0), threading.Event()
        self.loop = asyncio.new_event_loop()

        def run() -> None:
            asyncio.set_event_loop(self.loop)
            self.loop.run_until_complete(self.server.start())
            started.set()
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert started.wait(20)
        return f"http://127.0.0.1:{self.server.port}/"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
