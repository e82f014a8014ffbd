"""The HJ 212 gateway over a real socket: appended before answered, bad frames counted, connection stays."""

import asyncio
import contextlib
import hashlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from core.clock import now
from core.errors import BadMessage
from core.observation import Message, Problem
from data_sources.air.intake import AirIntake
from data_sources.air.listen import Hj212Listener
from data_sources.air.wire import hj212
from data_sources.contract import Listening
from tests.air.fixtures import CLEAN, STATIONS, frame, static, station
from tests.air.test_hj212 import packets


class Gateway:
    """A listener with its surroundings in memory."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.problems: list[Problem] = []
        self.counts: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.gate.set()
        self.port = 0

    async def append(self, message: Message) -> None:
        await self.gate.wait()
        self.messages.append(message)

    def listening(self) -> Listening:
        rows = [*STATIONS, station("P1", password_sha256=hashlib.sha256(b"654321").hexdigest())]
        return Listening(static=static(rows), secret=b"s" * 32, count=lambda source, reason: self.counts.update([reason]),
                         quarantine=self.problems.append)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(100):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.port)
            await asyncio.sleep(0.02)
        raise AssertionError("the listener did not open")


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[Gateway]:
    made = Gateway()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        made.port = probe.getsockname()[1]
    listener = Hj212Listener()
    listener.idle_s = 5.0
    task = asyncio.create_task(listener.serve("127.0.0.1", made.port, made.append, made.listening()))
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert listener.tasks == set()


async def answer(reader: asyncio.StreamReader) -> Any:
    return hj212.decode(await asyncio.wait_for(reader.readline(), 5))


async def test_answer_comes_after_the_stream_has_it(gateway: Gateway) -> None:
    reader, writer = await gateway.connect()
    gateway.gate.clear()
    writer.write(frame("N1", now(), CLEAN))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), 0.3)
    assert gateway.messages == []
    gateway.gate.set()
    got = await answer(reader)
    assert got.command == "9014" and len(gateway.messages) == 1
    assert gateway.messages[0].source == "hj212" and b"MN=N1" in gateway.messages[0].payload
    writer.close()


async def test_bad_frames_are_kept_and_the_connection_stays(gateway: Gateway) -> None:
    reader, writer = await gateway.connect()
    good = frame("N1", now(), CLEAN)
    bad_crc = good[:-6] + b"0BAD\r\n"
    writer.write(b"GET / HTTP/1.1\r\n\r\n" + bad_crc + frame("XX", now(), CLEAN) + b"\x00\x01##12" + good)
    assert (await answer(reader)).mn == "N1"
    reasons = Counter(p.reason for p in gateway.problems)
    assert reasons["crc"] == 1 and reasons["unknown_mn"] == 1 and reasons["garbage"] >= 2
    assert next(p for p in gateway.problems if p.reason == "crc").raw.rstrip() == bad_crc.rstrip()
    assert len(gateway.messages) == 1
    writer.close()


async def test_password_of_a_station_that_has_one(gateway: Gateway) -> None:
    reader, writer = await gateway.connect()
    wrong = frame("P1", now(), CLEAN)
    right = hj212.encode(wrong[6:-6].decode().replace("PW=123456", "PW=654321"))
    writer.write(wrong + right)
    assert (await answer(reader)).fields["PW"] == "654321"
    assert [p.reason for p in gateway.problems] == ["bad_password"] and len(gateway.messages) == 1
    writer.close()


async def test_no_answer_without_bit_a_and_swapped_check_sums_pass(gateway: Gateway) -> None:
    reader, writer = await gateway.connect()
    raw = frame("N1", now(), CLEAN, flag=4)
    writer.write(raw[:-6] + raw[-4:-2] + raw[-6:-4] + b"\r\n" + frame("N2", now(), CLEAN))
    assert (await answer(reader)).mn == "N2"
    assert len(gateway.messages) == 2
    writer.close()


async def test_sub_packets_are_one_message_and_one_answer(gateway: Gateway) -> None:
    reader, writer = await gateway.connect()
    for raw in packets([3, 1, 2]):
        writer.write(raw)
        await writer.drain()
    assert (await answer(reader)).command == "9014"
    assert len(gateway.messages) == 1
    writer.close()


async def test_half_a_frame_and_lost_sub_packets_at_the_end(gateway: Gateway) -> None:
    _, writer = await gateway.connect()
    writer.write(packets([1, 2, 3])[0] + frame("N1", now(), CLEAN)[:50])
    await writer.drain()
    writer.close()
    for _ in range(100):
        if len(gateway.problems) == 2:
            break
        await asyncio.sleep(0.02)
    assert {p.reason for p in gateway.problems} == {"not_a_frame", "subpackets_incomplete"}
    assert len(gateway.messages) == 1


async def test_one_bad_peer_does_not_harm_another(gateway: Gateway) -> None:
    _, noisy = await gateway.connect()
    reader, writer = await gateway.connect()
    noisy.write(b"##9999" + b"\xff" * 50_000)
    noisy.transport.abort()
    writer.write(frame("N1", now(), CLEAN))
    assert (await answer(reader)).mn == "N1"
    writer.close()


async def test_a_peer_that_only_sends_garbage_is_sent_away(gateway: Gateway) -> None:
    reader, writer = await gateway.connect()
    bad = frame("XX", now(), CLEAN)
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            writer.write(bad)
            await writer.drain()
            await asyncio.sleep(0)
        assert await asyncio.wait_for(reader.read(), 5) == b""
    assert gateway.counts["sent_away"] == 1 and 50 <= len(gateway.problems) <= 100


async def test_one_address_cannot_take_every_place(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_sources.air.listen.MAX_PER_ADDRESS", 2)
    held = [await gateway.connect() for _ in range(2)]
    reader, _ = await gateway.connect()
    assert await asyncio.wait_for(reader.read(), 5) == b"" and gateway.counts["too_many_connections"] == 1
    held[0][1].close()
    await held[0][1].wait_closed()
    for _ in range(100):
        reader, writer = await gateway.connect()
        writer.write(frame("N1", now(), CLEAN))
        with contextlib.suppress(ValueError, ConnectionError, BadMessage):
            assert (await answer(reader)).mn == "N1"
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the place was not given free")


def test_a_frame_full_of_oddities_is_kept_but_does_not_multiply() -> None:
    odd = frame("N1", now(), CLEAN)[6:-6].decode().replace("CP=&&", "CP=&&" + ";".join(f"x{n}" for n in range(900)) + ";")
    message = Message(source="hj212", received_at=now(), payload=hj212.encode(odd))
    parsed = AirIntake().parse(message, static())
    assert len(parsed.observations) == 1 and len(parsed.problems) <= 21
    assert parsed.problems[-1].detail.startswith("and ")
