"""HTTP server for cameras: `/camera/<id>.mjpg` as multipart/x-mixed-replace, `/camera/<id>.jpg` one picture."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.cameras.studio import Camera

BOUNDARY = b"frame"


async def serve_mjpeg(host: str, port: int, cameras: Mapping[str, "Camera"]) -> None:
    """Serve until cancelled."""
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError):
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
            await _answer(head, writer, cameras)
        writer.close()

    server = await asyncio.start_server(answer, host, port)
    async with server:
        await server.serve_forever()


async def _answer(head: bytes, writer: asyncio.StreamWriter, cameras: Mapping[str, "Camera"]) -> None:
    method, path, _ = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ", 2)
    name, dot, kind = path.split("?")[0].removeprefix("/camera/").rpartition(".")
    camera = cameras.get(name)
    if method != "GET" or camera is None or not dot or kind not in ("mjpg", "jpg"):
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        return
    async with camera.watched():
        if kind == "jpg":
            _, data = await camera.next(0 if camera.newest is None else camera.newest[0])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nConnection: close\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(data) + data)
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\n"
                     b"Content-Type: multipart/x-mixed-replace; boundary=" + BOUNDARY + b"\r\n\r\n")
        at = 0.0
        while not writer.is_closing():
            at, data = await camera.next(at)
            writer.write(b"--" + BOUNDARY + b"\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n"
                         b"X-Timestamp: %.3f\r\n\r\n" % (len(data), at) + data + b"\r\n")
            async with asyncio.timeout(15):  # a viewer that does not read loses its connection
                await writer.drain()
