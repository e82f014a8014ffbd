"""A small RTSP 1.0 server: `rtsp://host:port/<camera id>`, media interleaved in the TCP connection (RFC 2326 §10.12)."""

import asyncio
import contextlib
import struct
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from demo.cameras import rtp_jpeg

if TYPE_CHECKING:
    from demo.cameras.studio import Camera

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN"
PRE_ROLL = 9  # pictures a player gets at once: at two a second it would else take 5 s to learn the frame rate


async def serve_rtsp(host: str, port: int, cameras: Mapping[str, "Camera"]) -> None:
    """Serve until cancelled."""
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer, cameras)
        with contextlib.suppress(OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError):
            await session.run()
        session.stop()
        writer.close()

    server = await asyncio.start_server(answer, host, port)
    async with server:
        await server.serve_forever()


class Session:
    """One client connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cameras: Mapping[str, "Camera"]) -> None:
        self.reader, self.writer, self.cameras = reader, writer, cameras
        self.camera: Camera | None = None
        self.channel = 0
        self.playing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer requests until TEARDOWN or the end of the connection; skip the client's RTCP."""
        while True:
            first = await self.reader.readexactly(1)
            if first == b"$":
                _, length = struct.unpack(">BH", await self.reader.readexactly(3))
                await self.reader.readexactly(length)
                continue
            head = (first + await self.reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
            lines = head.split("\r\n")
            method, url, _ = lines[0].split(" ", 2)
            headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:]) if v}
            if int(headers.get("content-length", 0)):
                await self.reader.readexactly(int(headers["content-length"]))
            await self._answer(method, url, headers)
            if method == "TEARDOWN":
                return

    def stop(self) -> None:
        """End the media."""
        if self.playing is not None:
            self.playing.cancel()
            self.playing = None

    async def _answer(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        status, extra, body = "200 OK", {}, b""
        name = urlsplit(url).path.strip("/").split("/")[0]
        if method == "OPTIONS":
            extra["Public"] = METHODS
        elif method in ("DESCRIBE", "SETUP") and name not in self.cameras:
            status = "404 Not Found"
        elif method == "DESCRIBE":
            extra |= {"Content-Base": url.rstrip("/") + "/", "Content-Type": "application/sdp"}
            body = _sdp(name)
        elif method == "SETUP":
            status, extra = self._setup(name, headers.get("transport", ""))
        elif method == "PLAY" and self.camera is None:
            status = "455 Method Not Valid in This State"
        elif method in ("PAUSE", "TEARDOWN"):
            self.stop()
        elif method not in ("PLAY", "GET_PARAMETER"):
            status = "405 Method Not Allowed"
        if self.camera is not None:
            extra["Session"] = f"{id(self):x};timeout=60"
        if body:
            extra["Content-Length"] = str(len(body))
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '0')}", *(f"{k}: {v}" for k, v in extra.items())]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await self.writer.drain()
        if method == "PLAY" and status.startswith("200") and self.playing is None and self.camera is not None:
            self.playing = asyncio.create_task(self._play(self.camera))

    def _setup(self, name: str, transport: str) -> tuple[str, dict[str, str]]:
        if "TCP" not in transport:
            return "461 Unsupported Transport", {}
        pair = transport.partition("interleaved=")[2].split(";")[0] or "0-1"
        self.channel = int(pair.split("-")[0])
        self.camera = self.cameras[name]
        return "200 OK", {"Transport": f"RTP/AVP/TCP;unicast;interleaved={self.channel}-{self.channel + 1}"}

    async def _play(self, camera: "Camera") -> None:
        ssrc, sequence, at = zlib.crc32(camera.view.id.encode()), 0, 0.0
        with contextlib.suppress(OSError, TimeoutError):
            async with camera.watched():
                first = await camera.next(at)
                waiting = [*await camera.before(first[0], PRE_ROLL), first]
                while not self.writer.is_closing():
                    at, jpeg = waiting.pop(0) if waiting else await camera.next(at)
                    sent = rtp_jpeg.packets(jpeg, sequence, int(at * rtp_jpeg.CLOCK), ssrc)
                    sequence += len(sent)
                    self.writer.write(b"".join(struct.pack(">cBH", b"$", self.channel, len(p)) + p for p in sent))
                    async with asyncio.timeout(15):
                        await self.writer.drain()
        self.writer.close()


def _sdp(name: str) -> bytes:
    lines = ("v=0", "o=- 0 0 IN IP4 127.0.0.1", f"s={name}", "c=IN IP4 0.0.0.0", "t=0 0", "a=range:npt=now-",
             "m=video 0 RTP/AVP 26", "a=rtpmap:26 JPEG/90000", "a=framerate:2", "a=control:trackID=0")
    return ("\r\n".join(lines) + "\r\n").encode()
