"""The live link's two routes: version ticks over a WebSocket, and the bundles that both push and poll fetch."""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from components.contract import PORTALS
from core.auth import Identity
from core.i18n import LANGS
from web.bundle import Bundles, Key
from web.guard import Guard, Unknown
from web.hub import Hub
from web.release import release

HEARTBEAT_S, SEND_WITHIN_S, CHECK_EVERY_S = 3.0, 1.0, 20.0
_PATH = re.compile(r"/live/([a-z_]+)/([a-z]+)/([a-z]+)\.json")
log = structlog.get_logger("web.live")


def hidden(identity: Identity, hub: Hub) -> tuple[str, ...]:
    """Domains the identity may not read."""
    return tuple(sorted(name for name, domain in hub.domains.items() if not identity.may(domain.may_read())))


class BundleRoute:
    """GET /live/{page}/{portal}/{lang}.json?since=<seq>: plain ASGI, because every viewer asks every few seconds."""

    def __init__(self, bundles: Bundles) -> None:
        self.bundles = bundles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """304 when the viewer has it, else the difference to `since`, else everything."""
        key = self._key(scope)
        if key is None:
            error = {"code": "not_found", "message": "There is no such bundle.", "details": {}}
            await JSONResponse({"error": error}, 404)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        bundle = await self.bundles.get(key)
        since = _since(scope["query_string"])
        common = [
            (b"etag", f'"{bundle.seq}"'.encode()),
            (b"cache-control", b"private, no-cache"),
            (b"x-city-time", str(round(time.time() * 1000)).encode()),
            (b"x-city-release", release().encode()),
            (b"vary", b"accept-encoding, cookie"),
        ]
        if since == bundle.seq or bundle.seq in headers.get("if-none-match", ""):
            await send({"type": "http.response.start", "status": 304, "headers": common})
            await send({"type": "http.response.body", "body": b""})
            return
        plain, packed = self.bundles.body(key, bundle, since)
        body = packed if "gzip" in headers.get("accept-encoding", "") else plain
        common += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if body is packed:
            common.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": common})
        await send({"type": "http.response.body", "body": body})

    def _key(self, scope: Scope) -> Key | None:
        match = _PATH.fullmatch(scope["path"])
        if match is None:
            return None
        page, portal, lang = match.groups()
        if page not in self.bundles.pages or portal not in PORTALS or lang not in LANGS:
            return None
        return page, portal, lang, hidden(scope["state"]["identity"], self.bundles.hub)


def _since(query: bytes) -> str:
    for part in query.split(b"&"):
        if part.startswith(b"since="):
            return part[6:22].decode("latin-1")
    return ""


class Viewer:
    """One open socket: the newest version per domain waits here, however slow the other end is."""

    def __init__(self, barred: tuple[str, ...]) -> None:
        self.barred = barred
        self.pending: dict[str, int] = {}
        self.event = asyncio.Event()

    def tell(self, domain: str, version: int) -> None:
        """A new version; an unsent older one of the same domain is overtaken."""
        if domain not in self.barred:
            self.pending[domain] = version
            self.event.set()


class Ticks:
    """WS /live/ticks. Messages: {"hello", "time", "versions"} at first and each 3 s, {"domain", "version", "time"}."""

    def __init__(self, hub: Hub, guard_of: Mapping[str, Guard]) -> None:
        self.hub, self.guard_of = hub, guard_of
        self.viewers: set[Viewer] = set()
        hub.listeners.add(self._publish)

    def _publish(self, domain: str, version: int) -> None:
        for viewer in self.viewers:
            viewer.tell(domain, version)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it closes, stays deaf for a second, or its session ends."""
        message = await receive()
        if message["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        viewer = Viewer(hidden(scope["state"]["identity"], self.hub))
        self.viewers.add(viewer)
        speaking = asyncio.create_task(self._speak(scope, viewer, send))
        listening = asyncio.create_task(_until_closed(receive))
        try:
            await asyncio.wait((speaking, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.viewers.discard(viewer)
            speaking.cancel()
            listening.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)

    async def _speak(self, scope: Scope, viewer: Viewer, send: Send) -> None:
        await _say(send, self._hello(viewer))
        checked = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await viewer.event.wait()
            except TimeoutError:
                await _say(send, self._hello(viewer))
            viewer.event.clear()
            while viewer.pending:
                domain, version = viewer.pending.popitem()
                await _say(send, {"domain": domain, "version": version, "time": _ms()})
            if time.monotonic() - checked > CHECK_EVERY_S:
                checked = time.monotonic()
                if not await self._still_signed_in(scope):
                    await send({"type": "websocket.close", "code": 4401})
                    return

    def _hello(self, viewer: Viewer) -> dict[str, Any]:
        """First word and heartbeat: whoever missed a tick sees it here."""
        versions = {name: number for name, number in self.hub.versions().items() if name not in viewer.barred}
        return {"hello": release(), "time": _ms(), "versions": versions}

    async def _still_signed_in(self, scope: Scope) -> bool:
        try:
            return await self.guard_of["guard"].identify(Headers(scope=scope)) is not None
        except Unknown:
            return True  # nobody can say: the link stays, the next check decides


async def _say(send: Send, message: dict[str, Any]) -> None:
    async with asyncio.timeout(SEND_WITHIN_S):  # one dead phone must not hold anything up
        await send({"type": "websocket.send", "text": msgspec.json.encode(message).decode()})


async def _until_closed(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


def _ms() -> int:
    return round(time.time() * 1000)



