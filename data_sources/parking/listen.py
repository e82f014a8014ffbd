"""Signed HTTP ingest: POST /api/v1/ingest/{source}. Checked, plates hashed, in the stream, then 200.

Headers X-City-Timestamp (POSIX seconds), X-City-Nonce, X-City-Signature = hex HMAC-SHA256(key, timestamp.nonce.body).
Answers {"accepted": n, "rows": [...]}, errors {"error": {"code", "message", "details"}}. What is refused row by row is
appended too: the runner, which parses the same bytes with the same function, counts and quarantines it, once.
"""

import asyncio
import hashlib
import hmac
import json
import re
import socket
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core.clock import now
from core.errors import CityError
from core.observation import Message, Problem
from data_sources.contract import Append, Listening
from data_sources.parking.wire import neutral
from data_sources.parking.wire.plates import redacted_bytes, without_plates

log = structlog.get_logger("gateway")
SOURCES = frozenset({"parking-berth", "parking-gate"})
WINDOW_S = 300
MAX_BODY = 1_000_000
BODY_WITHIN_S = 30.0  # senders that dribble must not hold all places
REMEMBERED = 50_000  # row keys remembered to answer "duplicate"; the builder does not rely on it
_NONCE = re.compile(r"[A-Za-z0-9_\-]{8,128}")


class Refused(CityError):
    """A request that is not taken; `status` is the HTTP status."""

    def __init__(self, status: int, code: str, message: str, **details: object) -> None:
        super().__init__(message, **details)
        self.status, self.reason = status, code


def signature(key: bytes, timestamp: str, nonce: str, body: bytes) -> str:
    """The hex signature a sender has to send."""
    return hmac.new(key, f"{timestamp}.{nonce}.".encode() + body, hashlib.sha256).hexdigest()


class Ingest:
    """The HTTP application of one gateway."""

    def __init__(self, append: Append, city: Listening) -> None:
        self.append, self.city = append, city
        self.keys: dict[str, bytes] = city.extra.get("ingest_keys", {})
        self.plate_key = hmac.new(city.secret, b"parking plates", hashlib.sha256).digest()
        self.seen: OrderedDict[str, None] = OrderedDict()
        self.app = Starlette(
            routes=[Route("/api/v1/ingest/{source}", self.post, methods=["POST"])],
            exception_handlers={404: _not_found, 405: _not_allowed, 500: _failed},
        )

    async def post(self, request: Request) -> JSONResponse:
        """One signed request."""
        source = request.path_params["source"]
        try:
            if source not in SOURCES or source not in self.keys:
                raise Refused(404, "unknown_source", f"no such source: {source[:60]}")
            body = await _body(request)
            await self._authenticate(request, source, body)
            return JSONResponse(await self._take(source, body, request.client.host if request.client else ""))
        except Refused as error:
            if source in SOURCES and error.reason != "bad_json":  # that one is counted with its quarantine
                self.city.count(source, error.reason)
            return _error(error.status, error.reason, error.message, error.details)
        except ClientDisconnect:
            self.city.count(source, "disconnected")
            return _error(400, "disconnected", "the sender went away")

    async def _authenticate(self, request: Request, source: str, body: bytes) -> None:
        """Signature first, nonce last: only who knows the key can use up a nonce."""
        timestamp = request.headers.get("x-city-timestamp", "")
        nonce = request.headers.get("x-city-nonce", "")
        sent = request.headers.get("x-city-signature", "")
        if not (timestamp and nonce and sent):
            raise Refused(401, "unsigned", "X-City-Timestamp, X-City-Nonce and X-City-Signature are needed")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and _NONCE.fullmatch(nonce)):
            raise Refused(401, "bad_signature_headers", "timestamp: POSIX seconds; nonce: 8 to 128 of A-Z a-z 0-9 _ -")
        expected = signature(self.keys[source], timestamp, nonce, body)
        if not hmac.compare_digest(expected.encode(), sent.lower().encode("utf-8", "replace")):
            raise Refused(401, "bad_signature", "the signature does not fit the body and the key of this source")
        age = now().timestamp() - int(timestamp)
        if abs(age) > WINDOW_S:
            raise Refused(401, "stale_timestamp", f"signed {age:.0f} s ago, at most {WINDOW_S}", age_s=round(age))
        if await self.city.extra["seen_nonce"](source, nonce):
            raise Refused(409, "replayed", "this nonce was used before")

    async def _take(self, source: str, body: bytes, peer: str) -> dict[str, Any]:
        received_at = now()
        try:
            rows = [without_plates(row, self.plate_key) for row in neutral.rows_of(body)]
        except ValueError as error:
            raw = redacted_bytes(body[:4_096], self.plate_key)
            self.city.quarantine(Problem(source=source, reason="bad_json", detail=str(error)[:200], raw=raw,
                                         received_at=received_at))
            raise Refused(400, "bad_json", str(error)[:200]) from None
        verdicts = neutral.parse(rows, source, received_at, self.city.static.places)
        answers, keys = self._answers(source, verdicts)
        payload = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        await self.append(Message(source=source, received_at=received_at, payload=payload, peer=peer))
        for key in keys:
            self.seen[key] = None
        while len(self.seen) > REMEMBERED:
            self.seen.popitem(last=False)
        return {"accepted": sum(answer["status"] == "accepted" for answer in answers), "rows": answers}

    def _answers(self, source: str, verdicts: list[neutral.Row]) -> tuple[list[dict[str, Any]], list[str]]:
        answers: list[dict[str, Any]] = []
        fresh: dict[str, None] = {}
        for row in verdicts:
            answer: dict[str, Any] = {"index": row.index, "status": row.status}
            key = f"{source}:{row.key}"
            if row.status == "refused":
                answer["reason"] = row.reason
                answer["detail"] = row.problem.detail if row.problem is not None else ""
            elif key in self.seen or key in fresh:
                answer["status"] = "duplicate"
            else:
                fresh[key] = None
            answers.append(answer)
        return answers, list(fresh)


async def _body(request: Request) -> bytes:
    """The whole body, never more than the limit in memory, whatever Content-Length claims."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for part in request.stream():
                size += len(part)
                if size > MAX_BODY:
                    raise Refused(413, "too_large", f"at most {MAX_BODY} bytes in one request", limit=MAX_BODY)
                parts.append(part)
    except TimeoutError:
        raise Refused(408, "too_slow", f"the body did not arrive within {BODY_WITHIN_S:.0f} s") from None
    return b"".join(parts)


def _error(status: int, code: str, message: str, details: dict[str, object] | None = None) -> JSONResponse:
    body = {"error": {"code": code, "message": message, "details": details or {}}}
    return JSONResponse(body, status_code=status, headers={"Connection": "close"} if status in (408, 413) else None)


async def _not_found(_request: Request, _error_: Exception) -> JSONResponse:
    return _error(404, "not_found", "POST /api/v1/ingest/{source}")


async def _not_allowed(_request: Request, _error_: Exception) -> JSONResponse:
    return _error(405, "method_not_allowed", "POST only")


async def _failed(_request: Request, error: Exception) -> JSONResponse:
    log.error("ingest failed", error=repr(error))
    return _error(500, "error", "not stored, send it again")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the gateway has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class IngestListener:
    """The HTTP ingest of the gateway."""

    source = "ingest"
    default_port = 6680

    async def serve(self, host: str, port: int, append: Append, city: Listening) -> None:
        """Serve until cancelled. The socket is bound here, so that a port that is taken is an error and not an exit."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family, backlog=512) as bound:
            config = uvicorn.Config(
                Ingest(append, city).app, log_config=None, access_log=False, lifespan="off", server_header=False,
                timeout_graceful_shutdown=2, limit_concurrency=500, proxy_headers=False,
            )
            server = _Server(config)
            running = asyncio.create_task(server.serve(sockets=[bound]))
            log.info("listening", source=self.source, port=port)
            try:
                await asyncio.shield(running)
            except asyncio.CancelledError:
                server.should_exit = True
                await running
                raise


LISTENERS = (IngestListener(),)
