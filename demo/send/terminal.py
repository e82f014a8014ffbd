"""One vehicle terminal: a TCP client of JT/T 808 with registration, authentication, heartbeat, acknowledgements,
re-sending, and its own memory for what it could not send (0x0704)."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.send.tally import Backoff, Tally
from demo.wire import jt808
from demo.world.seeds import draw

ACK_WAIT_S, RESENDS, HEARTBEAT_S = 12.0, 2, 60.0
BATCH_BYTES = 980  # the body of one frame may have 1023


class LinkLost(Exception):
    """The platform closed, refused or stopped answering."""


@dataclass(slots=True)
class Pending:
    """A frame that waits for its acknowledgement."""

    frame: bytes
    due: float
    bodies: list[bytes]
    tries: int = 0


@dataclass(slots=True, eq=False)
class Terminal:
    """The device. The owner calls `report` (body of 0x0200) whenever the vehicle has something to say."""

    phone: str
    plate: str
    host: str
    port: int
    tally: Tally
    v2019: bool = False
    damage: Callable[[bytes], bytes] = lambda frame: frame
    serial: int = 0
    code: bytes = b""
    online: bool = False
    blocked_until: float = 0.0  # no network coverage until then (monotonic)
    memory: deque[bytes] = field(default_factory=lambda: deque(maxlen=2000))
    _pending: dict[int, Pending] = field(default_factory=dict)
    _answers: dict[int, asyncio.Future[jt808.Answer]] = field(default_factory=dict)
    _writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        """Connect and stay connected until cancelled."""
        backoff = Backoff(draw("backoff", self.phone))
        while True:
            gap = self.blocked_until - time.monotonic()
            if gap > 0:
                await asyncio.sleep(gap)
            try:
                await self._session(backoff)
            except (OSError, LinkLost, TimeoutError, asyncio.IncompleteReadError):
                self.tally.add("jt808", "links_lost")
            self.online = False
            await backoff.wait()

    async def _session(self, backoff: Backoff) -> None:
        async with asyncio.timeout(10):
            reader, self._writer = await asyncio.open_connection(self.host, self.port)
        lost = ""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(reader))
                group.create_task(self._speak(backoff))
        except* (OSError, LinkLost, TimeoutError) as failed:
            lost = str(failed.exceptions[0])  # raised below: raised here it would come out wrapped in a group
        finally:
            self._keep_unsent()
            writer, self._writer = self._writer, None
            writer.close()
        raise LinkLost(lost or "ended")

    async def _speak(self, backoff: Backoff) -> None:
        if not self.code:
            await self._register()
        body = jt808.authentication(self.code, self.phone, v2019=self.v2019)
        if (await self._ask(jt808.AUTHENTICATE, body)).result != 0:
            self.code = b""
            raise LinkLost("authentication refused")
        self.online = True
        backoff.reset()
        self.tally.add("jt808", "sessions")
        beat = time.monotonic() + HEARTBEAT_S * (0.5 + 0.5 * draw("beat", self.phone))
        while True:
            await asyncio.sleep(1.5)
            now = time.monotonic()
            if now < self.blocked_until:
                raise LinkLost("no coverage")
            if now >= beat:
                self._send(jt808.HEARTBEAT, b"", [])
                beat = now + HEARTBEAT_S
            self._resend(now)
            if self.memory and len(self._pending) < 3:
                self._send_memory()

    async def _register(self) -> None:
        body = jt808.registration(self.plate, self.phone, v2019=self.v2019)
        answer = await self._ask(jt808.REGISTER, body)
        if answer.result != 0:
            self.tally.add("jt808", f"registration_refused_{answer.result}")
            await asyncio.sleep(60)
            raise LinkLost(f"registration refused: {answer.result}")
        self.code = answer.code

    async def _ask(self, message: int, body: bytes) -> jt808.Answer:
        serial = self._write(message, body)
        future = self._answers[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ACK_WAIT_S):
                answer: jt808.Answer = await future
                return answer
        finally:
            self._answers.pop(serial, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        buffer = bytearray()
        while data := await reader.read(4096):
            buffer += data
            for plain in jt808.split(buffer):
                answer = jt808.answer(plain)
                if answer is None:
                    continue
                future = self._answers.get(answer.serial)
                if future is not None and not future.done():
                    future.set_result(answer)
                elif self._pending.pop(answer.serial, None) is not None:
                    self.tally.add("jt808", "acknowledged" if answer.result == 0 else f"answered_{answer.result}")
        raise LinkLost("closed by the platform")

    def report(self, body: bytes, *, copies: int = 1) -> None:
        """Send a position, or remember it while there is no link."""
        if not self.online or self._writer is None:
            self.memory.append(body)
            return
        for _ in range(copies):
            self._send(jt808.LOCATION, body, [body])
        self.tally.add("jt808", "positions")

    def _send_memory(self) -> None:
        bodies: list[bytes] = []
        while self.memory and sum(len(b) + 2 for b in bodies) + len(self.memory[0]) + 5 <= BATCH_BYTES:
            bodies.append(self.memory.popleft())
        self._send(jt808.BATCH, jt808.batch(bodies, backfill=True), bodies)
        self.tally.add("jt808", "backfilled", len(bodies))

    def _send(self, message: int, body: bytes, bodies: list[bytes]) -> None:
        serial = self._write(message, body)
        whole = jt808.frame(message, self.phone, serial, body, v2019=self.v2019)
        self._pending[serial] = Pending(whole, time.monotonic() + ACK_WAIT_S, bodies)

    def _write(self, message: int, body: bytes) -> int:
        if self._writer is None:
            raise LinkLost("no link")
        self.serial = (self.serial + 1) & 0xFFFF
        whole = jt808.frame(message, self.phone, self.serial, body, v2019=self.v2019)
        self._writer.write(self.damage(whole) if message == jt808.LOCATION else whole)
        return self.serial

    def _resend(self, now: float) -> None:
        """What was not acknowledged in time goes again, twice; then the link is taken for dead."""
        for pending in list(self._pending.values()):
            if pending.due > now or self._writer is None:
                continue
            if pending.tries >= RESENDS:
                raise LinkLost("no acknowledgement")
            pending.tries += 1
            pending.due = now + ACK_WAIT_S * (pending.tries + 1)
            self._writer.write(pending.frame)
            self.tally.add("jt808", "sent_again")

    def _keep_unsent(self) -> None:
        for pending in self._pending.values():
            self.memory.extend(pending.bodies)
        self._pending.clear()
        for future in self._answers.values():
            with contextlib.suppress(asyncio.InvalidStateError):
                future.cancel()
        self._answers.clear()
