"""The signed ingest over real HTTP: signature, window, replay, limits, per-row answers, stream before 200."""

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from core.clock import now
from core.observation import Message, Problem
from data_sources.contract import Listening
from data_sources.parking.intake import INTAKE
from data_sources.parking.listen import IngestListener, signature
from tests.parking.fixtures import ROWS, STATIC, berth, count, gate

KEYS = {"parking-gate": b"g" * 32, "parking-berth": b"b" * 32, "hj212": b"h" * 32}


class Gateway:
    """The ingest with its surroundings in memory."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.problems: list[Problem] = []
        self.counts: Counter[str] = Counter()
        self.nonces: set[tuple[str, str]] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.number = 0
        self.client = httpx.AsyncClient()

    async def append(self, message: Message) -> None:
        await self.gate.wait()
        self.messages.append(message)

    async def seen_nonce(self, source: str, nonce: str) -> bool:
        known = (source, nonce) in self.nonces
        self.nonces.add((source, nonce))
        return known

    def listening(self) -> Listening:
        return Listening(
            static=STATIC, secret=b"s" * 32, count=lambda source, reason: self.counts.update([reason]),
            quarantine=self.problems.append, extra={"ingest_keys": KEYS, "seen_nonce": self.seen_nonce},
        )

    async def post(self, body: Any, source: str = "parking-gate", key: bytes | None = None, **change: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.number += 1
        stamp = change.get("stamp", str(int(now().timestamp())))
        nonce = change.get("nonce", f"nonce-{self.number:06d}")
        headers = {
            "X-City-Timestamp": stamp, "X-City-Nonce": nonce,
            "X-City-Signature": signature(key or KEYS.get(source, b"x"), stamp, nonce, raw),
        }
        return await self.client.post(f"{self.url}/api/v1/ingest/{source}", content=raw, headers=headers)

    url = ""


@pytest_asyncio.fixture
async def city() -> AsyncIterator[Gateway]:
    made = Gateway()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    made.url = f"http://127.0.0.1:{port}"
    task = asyncio.create_task(IngestListener().serve("127.0.0.1", port, made.append, made.listening()))
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        await asyncio.sleep(0.02)
    yield made
    await made.client.aclose()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def error(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "details"} and body["error"]["message"]
    return response.status_code, body["error"]["code"]


async def test_rows_are_answered_one_by_one_and_stored_whole(city: Gateway) -> None:
    rows = [gate("a", "in", now()), gate("b", "out", now(), "P99"), count(3, now()), gate("a", "in", now()), 7]
    answer = (await city.post(rows)).json()
    assert answer["accepted"] == 2
    assert [(r["index"], r["status"], r.get("reason")) for r in answer["rows"]] == [
        (0, "accepted", None), (1, "refused", "unknown_lot"), (2, "accepted", None), (3, "duplicate", None),
        (4, "refused", "not_an_object"),
    ]
    parsed = INTAKE.parse(city.messages[0], STATIC)
    assert {p.reason for p in parsed.problems} == {"unknown_lot", "not_an_object"}
    assert city.problems == [] and not city.counts  # the runner counts rows, once
    again = (await city.post([gate("a", "in", now())])).json()
    assert again["rows"][0]["status"] == "duplicate"


async def test_one_object_is_a_request_too(city: Gateway) -> None:
    response = await city.post(berth(1, 1, now()), "parking-berth")
    assert response.status_code == 200 and response.json()["accepted"] == 1
    assert city.messages[0].source == "parking-berth"


async def test_200_comes_after_the_stream_has_it(city: Gateway) -> None:
    city.gate.clear()
    waiting = asyncio.create_task(city.post(gate("a", "in", now())))
    await asyncio.sleep(0.3)
    assert not waiting.done() and city.messages == []
    city.gate.set()
    assert (await waiting).status_code == 200 and len(city.messages) == 1


async def test_who_may_not(city: Gateway) -> None:
    body = gate("a", "in", now())
    assert error(await city.post(body, "nobody")) == (404, "unknown_source")
    assert error(await city.post(body, "hj212")) == (404, "unknown_source")
    assert error(await city.post(body, key=b"wrong")) == (401, "bad_signature")
    assert error(await city.post(body, key=KEYS["parking-berth"])) == (401, "bad_signature")
    old = str(int(now().timestamp()) - 301)
    ahead = str(int(now().timestamp()) + 400)
    assert error(await city.post(body, stamp=old)) == (401, "stale_timestamp")
    assert error(await city.post(body, stamp=ahead)) == (401, "stale_timestamp")
    assert error(await city.post(body, nonce="short")) == (401, "bad_signature_headers")
    assert error(await city.client.post(f"{city.url}/api/v1/ingest/parking-gate", content=b"{}")) == (401, "unsigned")
    assert (await city.post(body, nonce="the-same-nonce")).status_code == 200
    assert error(await city.post(body, nonce="the-same-nonce")) == (409, "replayed")
    assert len(city.messages) == 1
    assert city.counts == {"bad_signature": 2, "stale_timestamp": 2, "bad_signature_headers": 1, "unsigned": 1, "replayed": 1}


async def test_a_bad_signature_does_not_use_up_a_nonce(city: Gateway) -> None:
    body = gate("a", "in", now())
    await city.post(body, key=b"wrong", nonce="nonce-of-mine")
    assert (await city.post(body, nonce="nonce-of-mine")).status_code == 200


async def test_bodies_that_are_not_taken(city: Gateway) -> None:
    assert error(await city.post(b'{"plate": "\xe7\x9a\x96N12345"')) == (400, "bad_json")
    assert error(await city.post(b"[]")) == (400, "bad_json")
    assert error(await city.post(b"x" * 1_000_001)) == (413, "too_large")
    assert [p.reason for p in city.problems] == ["bad_json", "bad_json"] and b"12345" not in city.problems[0].raw
    assert city.counts == {"too_large": 1} and city.messages == []
    assert error(await city.client.get(f"{city.url}/api/v1/ingest/parking-gate")) == (405, "method_not_allowed")
    assert error(await city.client.get(f"{city.url}/else")) == (404, "not_found")


async def test_a_body_that_dribbles_is_not_waited_for(city: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_sources.parking.listen.BODY_WITHIN_S", 0.2)

    async def dribble() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.sleep(2)
        yield b"]"

    with contextlib.suppress(httpx.HTTPError):  # it may be cut off while still sending
        answer = await city.client.post(f"{city.url}/api/v1/ingest/parking-gate", content=dribble())
        assert error(answer) == (408, "too_slow")
    assert city.counts == {"too_slow": 1}


async def test_no_plate_gets_past_the_door(city: Gateway) -> None:
    row = {**gate("a", "in", now()), "plate": "皖N12345", "remark": "皖N12345 入场"}
    bad = {**gate("b", "sideways", now()), "plate": "皖N54321"}
    assert (await city.post([row, bad])).status_code == 200
    payload = city.messages[0].payload.decode()
    assert "12345" not in payload and "54321" not in payload and "plate_hash" in payload
    assert INTAKE.parse(city.messages[0], STATIC).observations[0].plate_hash


async def test_the_listener_serves_the_ingest_port() -> None:
    assert IngestListener.source == "ingest" and IngestListener.default_port == 6680
    assert [row.id for row in ROWS] == ["R01", "P01"]
