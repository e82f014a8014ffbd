"""A small platform for the demo's devices to talk to: answers as the standards say, and remembers what it heard."""

import asyncio
import hmac
import json
import struct
from collections import Counter
from hashlib import sha256

from demo.wire import hj212, jt808


class Platform:
    """JT/T 808, HJ 212 and signed ingest on free ports of this machine."""

    def __init__(self, key: bytes = b"k" * 32) -> None:
        self.key, self.heard, self.rows = key, Counter(), []
        self.frames: list[bytes] = []
        self.reports: list[str] = []
        self.mute = False  # takes everything, answers nothing
        self.ports: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Platform":
        for name, serve in (("jt808", self._jt808), ("hj212", self._hj212), ("ingest", self._ingest)):
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            self._servers.append(server)
            self.ports[name] = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hang_up()
        for server in self._servers:
            server.close()

    def hang_up(self) -> None:
        """Drop all connections."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _jt808(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        buffer = bytearray()
        while data := await reader.read(4096):
            buffer += data
            for plain in jt808.split(buffer):
                message, props = struct.unpack_from(">HH", plain)
                new = bool(props & 0x4000)
                at = 5 if new else 4
                phone, serial = plain[at:at + (10 if new else 6)].hex(), plain[at + (10 if new else 6):][:2]
                self.heard[message] += 1
                self.frames.append(plain)
                if self.mute:
                    continue
                body = serial + struct.pack(">H", message) + b"\0"
                reply = jt808.frame(0x8001, phone, 1, body, v2019=new)
                if message == jt808.REGISTER:
                    reply = jt808.frame(0x8100, phone, 1, serial + b"\0CODE", v2019=new)
                writer.write(reply)

    async def _hj212(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        while line := await reader.readline():
            text = line.decode().strip()
            self.heard["hj212" if hj212.crc(text[6:-4].encode()) == text[-4:] else "hj212-bad"] += 1
            self.reports.append(text)
            fields = dict(part.split("=", 1) for part in text[6:].split(";CP=")[0].split(";"))
            if int(fields["Flag"]) & 1 and not self.mute:
                writer.write(hj212.frame(f"QN={fields['QN']};ST=91;CN=9014;PW=123456;MN={fields['MN']};Flag=4;CP=&&&&"))

    async def _ingest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                return
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head.split("\r\n")[1:])}
            body = await reader.readexactly(int(headers["content-length"]))
            signed = f"{headers['x-city-timestamp']}.{headers['x-city-nonce']}.".encode() + body
            good = hmac.compare_digest(hmac.new(self.key, signed, sha256).hexdigest(), headers["x-city-signature"])
            rows = json.loads(body)
            status, answer = ("200 OK", {"accepted": len(rows)}) if good else ("401 Unauthorized", {"error": {}})
            if good:
                self.rows.append((head.split()[1], rows))
            text = json.dumps(answer).encode()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
