"""A small RTSP server (interleaved TCP, MP4V-ES by RFC 3016) that loops encoded frames, and can misbehave on request."""

import asyncio
import struct
import time
from fractions import Fraction

import av
import numpy as np

CLOCK = 90_000
LARGEST = 1400


def encoded(pictures: list[np.ndarray], fps: int, key_every: int) -> tuple[list[bytes], str]:
    """(access units in order, configuration as hex) of BGR pictures, by FFmpeg's own MPEG-4 encoder."""
    context = av.CodecContext.create("mpeg4", "w")
    context.height, context.width = pictures[0].shape[:2]
    context.pix_fmt, context.time_base, context.gop_size = "yuv420p", Fraction(1, fps), key_every
    context.bit_rate, context.flags = 3_000_000, context.flags | 0x400000  # global header
    units = []
    for index, picture in enumerate([*pictures, None]):
        frame = None if picture is None else av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        if frame is not None:
            frame.pts = index
        units += [bytes(packet) for packet in context.encode(frame)]
    return units, bytes(context.extradata or b"").hex()


class RtspServer:
    """Serves one stream at /cam; `frozen` repeats nothing (silence), `status` answers every request with that code."""

    def __init__(self, units: list[bytes], config: str, fps: int) -> None:
        self.units, self.config, self.fps = units, config, fps
        self.frozen = False
        self.status = 200
        self.plays = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Die: the port closes and every connection breaks."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        sending: asyncio.Task[None] | None = None
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"$"):  # RTCP of the client; skip to its request
                    head = head[head.index(b"\r\n\r\n") - 200 :]
                lines = head.decode("latin1").split("\r\n")
                method = lines[0].split(" ")[0]
                fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
                writer.write(self._answer(method, fields.get("CSeq", "0")))
                if method == "PLAY" and self.status == 200:
                    self.plays += 1
                    sending = asyncio.create_task(self._send(writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            if sending is not None:
                sending.cancel()
            writer.close()

    def _answer(self, method: str, number: str) -> bytes:
        if self.status != 200:
            return f"RTSP/1.0 {self.status} No\r\nCSeq: {number}\r\n\r\n".encode()
        body, extra = "", "Session: 1;timeout=60\r\n"
        if method == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
        elif method == "DESCRIBE":
            body = ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
                    f"a=rtpmap:96 MP4V-ES/{CLOCK}\r\na=fmtp:96 profile-level-id=1; config={self.config}\r\na=control:track1\r\n")
            extra = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            extra += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        return f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{extra}\r\n{body}".encode()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        sequence, index, began = 0, 0, time.monotonic()
        while True:
            if not self.frozen:
                unit = self.units[index % len(self.units)]
                for start in range(0, len(unit), LARGEST):
                    part = unit[start : start + LARGEST]
                    marker = 0x80 if start + LARGEST >= len(unit) else 0
                    stamp = index * CLOCK // self.fps & 0xFFFFFFFF
                    packet = struct.pack(">BBHII", 0x80, 96 | marker, sequence & 0xFFFF, stamp, 0x1234) + part
                    writer.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                    sequence += 1
                await writer.drain()
            index += 1
            await asyncio.sleep(max(0.0, began + index / self.fps - time.monotonic()))
