"""Compression: gzip once per file and keep it (scripts are megabytes), on the fly for what differs each time."""

import asyncio
import gzip
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT_BYTES = 48 * 1024 * 1024
SMALLEST = 900
LASTING = ("/_dash-component-suites/", "/assets/", "/map/")
TEXT = ("text/", "application/json", "application/javascript", "application/geo+json", "image/svg+xml",
        "application/manifest+json")


class Pack:
    """ASGI middleware. Passes on what is already encoded, a partial answer, or not text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Collect the answer, compress it if that is worth it, send it."""
        passes = scope["type"] != "http" or scope["path"].startswith("/live/")
        if passes or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                if not _worth(message):
                    await send(message)
            elif start is None or not _worth(start):
                await send(message)
            else:
                chunks.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await self._send(scope, start, b"".join(chunks), send)

        await self.app(scope, receive, collect)

    async def _send(self, scope: Scope, start: Message, body: bytes, send: Send) -> None:
        headers = MutableHeaders(scope=start)
        headers.add_vary_header("accept-encoding")
        lasting = scope["path"].startswith(LASTING)
        if (lasting and b"m=" in scope.get("query_string", b"")) or (".v" in scope["path"] and lasting):
            headers["cache-control"] = "private, max-age=31536000, immutable"
        if len(body) >= SMALLEST and scope["method"] != "HEAD":
            tag = headers.get("etag") or headers.get("last-modified") or str(len(body))
            body = await self._packed((scope["path"], tag), body) if lasting else gzip.compress(body, 4, mtime=0)
            headers["content-encoding"] = "gzip"
            headers["content-length"] = str(len(body))
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _packed(self, name: tuple[str, str], body: bytes) -> bytes:
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        packed = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
        self._kept[name] = packed
        self._size += len(packed)
        while self._size > KEPT_BYTES:
            self._size -= len(self._kept.popitem(last=False)[1])
        return packed


def _worth(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "")
    return start["status"] == 200 and "content-encoding" not in headers and kind.startswith(TEXT)
