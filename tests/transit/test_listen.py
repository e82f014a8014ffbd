"""The gateway over real sockets: who may speak, what is kept, what is answered, what is counted."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from core import clock
from core.observation import Message, Problem
from data_sources.contract import Listening
from data_sources.transit.listen import Jt808Listener
from data_sources.transit.session import auth_code
from data_sources.transit.wire import jt808_bodies as bodies
from data_sources.transit.wire.jt808 import decode
from data_sources.transit.wire.jt808_frames import Frame, Splitter, build_frame

from . import city

SECRET = b"s" * 32
KNOWN, STRANGER = "13800000001", "19999999999"


class Gateway:
    """A running listener and everything it did."""

    def __init__(self, **limits: float) -> None:
        self.kept: list[Message] = []
        self.counts: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.order: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False
        self.listening = Listening(
            static=city.static(), secret=SECRET, count=lambda s, r: self.counts.update([r]),
            quarantine=self.quarantine, extra={"jt808": limits},
        )  # fmt: skip

    def quarantine(self, problem: Problem) -> None:
        """Keeps and counts, as the gateway's own does."""
        self.problems.append(problem)
        self.counts.update([problem.reason])

    async def append(self, message: Message) -> None:
        if self.broken:
            raise RuntimeError("stream is down")
        await self.gate.wait()
        self.kept.append(message)


class Terminal:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.splitter, self.waiting = Splitter(), []

    async def say(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def hear(self) -> Frame | None:
        """The next answer; None when the gateway hung up."""
        while not self.waiting:
            try:
                chunk = await asyncio.wait_for(self.reader.read(4096), 5)
            except ConnectionResetError:
                return None
            if not chunk:
                return None
            self.waiting += self.splitter.feed(chunk)[0]
        return self.waiting.pop(0)

    async def ack(self) -> bodies.Ack:
        frame = await self.hear()
        assert frame is not None
        assert frame.msg_id == 0x8001
        return bodies.ack(frame.body)

    async def sign_in(self, terminal: str = KNOWN) -> None:
        await self.say(city.auth(terminal, auth_code(SECRET, terminal)))
        assert (await self.ack()).result == 0


@contextlib.asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[int]:
    probe = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    task = asyncio.create_task(Jt808Listener().serve("127.0.0.1", port, gateway.append, gateway.listening))
    for _ in range(100):
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write_eof()
            await reader.read()
            writer.close()
            await asyncio.sleep(0.02)  # its place is free again
            break
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def scene(test):
    """Run an async test with a gateway and a way to connect."""

    def run() -> None:
        async def play() -> None:
            gateway = Gateway(**getattr(test, "limits", {}))
            async with running(gateway) as port:

                async def connect() -> Terminal:
                    return Terminal(*await asyncio.open_connection("127.0.0.1", port))

                await asyncio.wait_for(test(gateway, connect), 20)

        asyncio.run(play())

    run.__name__ = test.__name__
    return run


@scene
async def test_register_sign_in_heartbeat_position(gateway, connect) -> None:
    terminal = await connect()
    await terminal.say(city.register(KNOWN, serial=41))
    reply = await terminal.hear()
    assert reply.msg_id == 0x8100
    serial, result, code = bodies.register_reply(reply.body)
    assert (serial, result) == (41, 0)
    await terminal.say(city.auth(KNOWN, code))
    assert (await terminal.ack()) == bodies.Ack(2, 0x0102, 0)
    await terminal.say(build_frame(2, b"", KNOWN, 43))
    assert (await terminal.ack()) == bodies.Ack(43, 2, 0)
    assert gateway.kept == []
    wire = city.position(KNOWN, clock.now(), serial=44)
    await terminal.say(wire)
    assert (await terminal.ack()) == bodies.Ack(44, 0x0200, 0)
    assert [m.payload for m in gateway.kept] == [wire]
    assert gateway.kept[0].source == "jt808"
    assert not gateway.counts


@scene
async def test_acknowledged_only_after_it_was_kept(gateway, connect) -> None:
    terminal = await connect()
    await terminal.sign_in()
    gateway.gate.clear()
    await terminal.say(city.position(KNOWN, clock.now()))
    answer = asyncio.create_task(terminal.ack())
    other = await connect()  # a slow stream for one does not stop sign-in of another
    await other.sign_in("13800000002")
    assert not answer.done()
    gateway.gate.set()
    assert (await answer).result == 0


@scene
async def test_no_acknowledgement_when_the_stream_is_down(gateway, connect) -> None:
    terminal = await connect()
    await terminal.sign_in()
    gateway.broken = True
    await terminal.say(city.position(KNOWN, clock.now()))
    assert await terminal.hear() is None
    assert gateway.counts["connection_failed"] == 1


@scene
async def test_a_stranger_waits_for_approval(gateway, connect) -> None:
    terminal = await connect()
    for _ in range(3):
        await terminal.say(city.register(STRANGER))
        assert bodies.register_reply((await terminal.hear()).body)[1:] == (4, None)
    assert await terminal.hear() is None  # three refusals, then good-bye
    assert gateway.counts == {"unknown_terminal": 3}
    assert len(gateway.kept) == 3
    assert decode(gateway.kept[0].payload)[0][0].terminal == STRANGER


@scene
async def test_wrong_code_thrice(gateway, connect) -> None:
    terminal = await connect()
    for _ in range(3):
        await terminal.say(city.auth(KNOWN, "0" * 16))
        assert (await terminal.ack()).result == 1
    assert await terminal.hear() is None
    assert gateway.counts == {"auth_failed": 3}
    assert gateway.kept == []


@scene
async def test_nothing_is_kept_before_authentication(gateway, connect) -> None:
    terminal = await connect()
    await terminal.say(city.position(KNOWN, clock.now()))
    assert (await terminal.ack()).result == 1
    await terminal.sign_in()
    await terminal.say(city.position("13800000002", clock.now()))  # signed in as another
    assert (await terminal.ack()).result == 1
    assert gateway.kept == []
    assert gateway.counts == {"not_authenticated": 2}


@scene
async def test_many_frames_in_one_chunk_are_one_append(gateway, connect) -> None:
    terminal = await connect()
    await terminal.sign_in()
    wires = [city.position(KNOWN, clock.now(), serial=i) for i in range(20)]
    await terminal.say(*wires)
    assert [(await terminal.ack()).serial for _ in wires] == list(range(20))
    assert b"".join(m.payload for m in gateway.kept) == b"".join(wires)
    assert len(gateway.kept) < 20


@scene
async def test_bad_input_is_counted_and_quarantined_and_hurts_nobody(gateway, connect) -> None:
    terminal, other = await connect(), await connect()
    await terminal.sign_in()
    await other.sign_in("13800000002")
    good = city.position(KNOWN, clock.now(), serial=9)
    bad_check = good[:-2] + bytes((good[-2] ^ 1 or 2,)) + b"\x7e"
    await terminal.say(b"\x24\x24\x24", bad_check, good)
    assert (await terminal.ack()).serial == 9
    await terminal.say(build_frame(0x0200, bytes(10), KNOWN, 10), build_frame(0x0F0F, b"", KNOWN, 11))
    assert [(await terminal.ack()).result, (await terminal.ack()).result] == [2, 3]
    await terminal.say(good[:20])
    terminal.writer.close()
    await other.say(city.position("13800000002", clock.now()))
    assert (await other.ack()).result == 0
    for _ in range(100):
        if gateway.counts["half_frame"]:
            break
        await asyncio.sleep(0.01)
    assert gateway.counts == {"garbage": 1, "bad_check": 1, "short_body": 1, "unsupported_message": 1, "half_frame": 1}
    assert {p.reason for p in gateway.problems} == {"garbage", "bad_check", "short_body", "half_frame"}
    assert all(p.raw for p in gateway.problems)
    assert len(gateway.kept) == 2


@scene
async def test_a_noisy_peer_is_sent_away(gateway, connect) -> None:
    terminal = await connect()
    await terminal.say(b"\x7e\x01\x02" * 200)
    assert await terminal.hear() is None
    assert gateway.counts["sent_away"] == 1
    assert gateway.counts["short_header"] + gateway.counts["garbage"] == 199
    assert len(gateway.problems) <= 30  # counted all, kept a few


@scene
async def test_version_2019_is_answered_in_kind(gateway, connect) -> None:
    terminal = await connect()
    code = auth_code(SECRET, KNOWN).encode()
    await terminal.say(build_frame(0x0102, bytes((len(code),)) + code + bytes(35), KNOWN, 1, protocol_version=1))
    reply = await terminal.hear()
    assert (reply.v2019, reply.protocol_version, reply.terminal) == (True, 1, KNOWN)
    assert bodies.ack(reply.body).result == 0


@scene
async def test_pictures_of_passengers_are_not_kept(gateway, connect) -> None:
    terminal = await connect()
    await terminal.sign_in()
    head = bytes(8) + city.body(clock.now(), *city.at(0, 0))[:28]
    await terminal.say(
        build_frame(0x0801, head + b"jpeg", KNOWN, 5, part=(2, 1)), build_frame(0x0801, b"more jpeg", KNOWN, 6, part=(2, 2))
    )
    assert [(await terminal.ack()).result, (await terminal.ack()).result] == [0, 0]
    assert len(gateway.kept) == 1
    assert b"more jpeg" not in gateway.kept[0].payload


async def _full(gateway, connect) -> None:
    first = await connect()
    await first.sign_in()
    second = await connect()
    assert await second.hear() is None
    assert gateway.counts["too_many_connections"] == 1


_full.limits = {"max_connections": 1}
test_too_many_connections = scene(_full)


async def _idle(gateway, connect) -> None:
    terminal = await connect()
    assert await terminal.hear() is None
    assert gateway.counts["idle_timeout"] == 1


_idle.limits = {"idle_timeout_s": 0.05}
test_idle_peers_are_dropped = scene(_idle)


async def _stranger(gateway, connect) -> None:
    friend, silent, chatty = await connect(), await connect(), await connect()
    await friend.sign_in()
    await chatty.say(build_frame(0x0002, b"", KNOWN, 1))
    assert (await chatty.ack()).result == 1
    assert await silent.hear() is None and await chatty.hear() is None
    assert gateway.counts["sign_in_timeout"] == 2
    await friend.say(city.position(KNOWN, clock.now()))
    assert (await friend.ack()).result == 0, "who has signed in stays"


_stranger.limits = {"sign_in_s": 0.2}
test_who_does_not_sign_in_makes_room = scene(_stranger)
