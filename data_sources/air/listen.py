"""HJ 212 over TCP: frames in, stream first, answer after. One bad peer never harms another.

Whom it hears: devices of `air/stations.csv` by MN. A station row may hold `password_sha256`; without it any PW is taken
(PW travels in clear and guards little: the register is the guard). Frames of unknown devices are counted and quarantined.
"""

import asyncio
import hashlib
import hmac
from collections import Counter
from contextlib import suppress

import structlog

from core.clock import now
from core.errors import BadMessage
from core.observation import Message, Problem
from data_sources.air.intake import AirStatic
from data_sources.air.wire import hj212
from data_sources.air.wire.subpackets import Assembler, Whole
from data_sources.contract import Append, Listening

log = structlog.get_logger("gateway")
SOURCE = "hj212"
IDLE_S = 900.0  # devices report each minute to each quarter of an hour; longer silence is a dead connection
MAX_CONNECTIONS, MAX_PER_ADDRESS = 2_000, 400  # one peer cannot take every place
MAX_REJECTS = 50  # refused pieces without a good frame between them, then the peer is sent away
MAX_RAW = 4_096  # bytes of a refused message that are kept


class Connection:
    """One device's connection: splits, checks, appends, answers."""

    def __init__(self, peer: str, append: Append, city: Listening) -> None:
        self.peer, self.append, self.city = peer, append, city
        self.splitter, self.assembler = hj212.Splitter(), Assembler()
        self.static: AirStatic = city.static
        self.rejected = 0  # since the last good frame

    async def take(self, data: bytes) -> list[bytes]:
        """Handle received bytes; the answers to send, each only after its message is in the stream."""
        ready: list[Whole] = []
        for raw in self.splitter.feed(data):
            frame = self._admit(raw)
            if frame is not None:
                ready += self.assembler.add(raw, frame, now())
        self._garbage()
        return await self._store(ready)

    async def end(self) -> None:
        """The connection is over: half a frame is refused, incomplete sub-packets are stored as they are."""
        left = self.splitter.rest()
        if left:
            self._refuse("not_a_frame", "connection ended inside a frame", left)
        await self._store(self.assembler.rest())

    def _admit(self, raw: bytes) -> hj212.Frame | None:
        try:
            frame = hj212.decode(raw, swapped=True)
        except BadMessage as error:
            self._refuse(error.reason, error.message, raw)
            return None
        station = self.static.stations.get(frame.mn)
        if station is None:
            self._refuse("unknown_mn", f"MN={frame.mn}", raw, frame.mn)
            return None
        digest = hashlib.sha256(frame.fields.get("PW", "").encode()).hexdigest()
        if station.password_sha256 and not hmac.compare_digest(digest, station.password_sha256.lower()):
            self._refuse("bad_password", "", raw, frame.mn)
            return None
        if frame.command in hj212.ANSWER_COMMANDS | hj212.CLOCK_COMMANDS:
            self.city.count(SOURCE, "~unused_command")
            return None
        self.rejected = 0
        return frame

    async def _store(self, ready: list[Whole]) -> list[bytes]:
        """Append the commands together (one batch), then the answers in order."""
        received_at = now()
        messages = [
            Message(source=SOURCE, received_at=received_at, payload=b"".join(whole.raws), peer=self.peer) for whole in ready
        ]
        await asyncio.gather(*(self.append(message) for message in messages))
        for whole in ready:
            if not whole.complete:
                self._refuse("subpackets_incomplete", f"{len(whole.frames)} came", b"".join(whole.raws), kept=True)
        answers = [hj212.answer(whole.frames[-1]) for whole in ready if whole.complete]
        return [answer for answer in answers if answer is not None]

    def _garbage(self) -> None:
        for piece in self.splitter.garbage:
            self._refuse("garbage", f"{len(piece)} bytes outside any frame", piece)
        self.splitter.garbage.clear()

    def _refuse(self, reason: str, detail: str, raw: bytes, mn: str = "", kept: bool = False) -> None:
        self.rejected += not kept
        self.city.quarantine(
            Problem(source=SOURCE, reason=reason, detail=f"{detail} from {self.peer}".strip(), raw=raw[:MAX_RAW],
                    entity=mn[:40], received_at=now(), kept=kept)
        )


class Hj212Listener:
    """The HJ 212 gateway."""

    source = SOURCE
    default_port = 6212
    idle_s = IDLE_S

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self.peers: Counter[str] = Counter()

    async def serve(self, host: str, port: int, append: Append, city: Listening) -> None:
        """Accept connections until cancelled; then every connection is closed and awaited."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self.tasks.add(task)
            address = str((writer.get_extra_info("peername") or ("",))[0])
            self.peers[address] += 1
            try:
                if len(self.tasks) > MAX_CONNECTIONS or self.peers[address] > MAX_PER_ADDRESS:
                    city.count(SOURCE, "too_many_connections")
                else:
                    await self._converse(reader, writer, append, city)
            except asyncio.CancelledError:
                pass  # the gateway is stopping
            finally:
                self.tasks.discard(task)
                self.peers[address] -= 1
                if not self.peers[address]:
                    del self.peers[address]
                writer.close()
                with suppress(OSError, asyncio.CancelledError):
                    await writer.wait_closed()

        server = await asyncio.start_server(connected, host, port)
        log.info("listening", source=SOURCE, port=port)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for task in list(self.tasks):
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, append: Append, city: Listening
    ) -> None:
        peer = writer.get_extra_info("peername")
        connection = Connection(f"{peer[0]}:{peer[1]}" if peer else "", append, city)
        try:
            while True:
                data = await asyncio.wait_for(reader.read(8_192), self.idle_s)
                if not data:
                    break
                for reply in await connection.take(data):
                    writer.write(reply)
                await asyncio.wait_for(writer.drain(), self.idle_s)
                if connection.rejected >= MAX_REJECTS:
                    city.count(SOURCE, "sent_away")
                    break
        except TimeoutError:
            city.count(SOURCE, "idle_timeout")
        except OSError as error:
            log.debug("connection lost", source=SOURCE, error=str(error))
        finally:
            await connection.end()


LISTENERS = (Hj212Listener(),)
