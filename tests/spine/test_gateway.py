"""The gateway's promise: what was acknowledged is in Redis; counts and refused bytes arrive, even after an outage."""

import asyncio
from datetime import UTC, datetime

import pytest

from core.observation import Message, Problem
from core.store import AsyncStore, Store
from data_sources.gateway import KEPT_BURST, KEPT_PER_S, Appender, Tally
from tests.servers import RedisServer

T0 = datetime(2026, 11, 24, tzinfo=UTC)


def message(n: int) -> Message:
    return Message(source="thermo", received_at=T0, payload=str(n).encode())


def stored(store: Store) -> list[bytes]:
    return [m.payload for _, messages in store.inherit("heat", "test") for m in messages] + [
        m.payload for _, messages in store.receive("heat", "test", 10_000) for m in messages
    ]


def test_concurrent_senders_share_few_entries_and_all_arrive(redis_process: RedisServer) -> None:
    store = Store(redis_process.url)
    store.redis.flushall()
    store.join("heat")

    async def main() -> None:
        appender = Appender("heat", AsyncStore(redis_process.url))
        writer = asyncio.create_task(appender.run())
        await asyncio.gather(*(appender.append(message(n)) for n in range(1_200)))
        writer.cancel()

    asyncio.run(main())
    assert store.backlog("heat") <= 10, "batches, not single entries"
    assert sorted(map(int, stored(store))) == list(range(1_200))


def test_while_redis_is_away_nothing_is_acknowledged_and_nothing_lost(redis_process: RedisServer) -> None:
    store = Store(redis_process.url)
    store.redis.flushall()
    store.join("heat")
    redis_process.kill()

    async def main() -> None:
        appender = Appender("heat", AsyncStore(redis_process.url))
        writer = asyncio.create_task(appender.run())
        waiting = asyncio.create_task(appender.append(message(7)))
        await asyncio.sleep(0.3)
        assert not waiting.done(), "no acknowledgement without Redis"
        redis_process.start()  # in the main thread: the death guard watches the thread that starts it
        await asyncio.wait_for(waiting, 10)
        writer.cancel()

    asyncio.run(main())
    assert stored(Store(redis_process.url)) == [b"7"]


def test_counts_and_refused_bytes_reach_redis_and_survive_an_outage(redis_process: RedisServer) -> None:
    store = Store(redis_process.url)
    store.redis.flushall()
    tally = Tally("heat")
    tally.count("thermo", "bad_checksum")
    tally.quarantine(Problem(source="thermo", reason="garbage", raw=b"\xff\xfe"))
    redis_process.kill()
    tally.flush(store, "2026-11-24")
    redis_process.start()
    tally.count("thermo", "bad_checksum")
    tally.flush(Store(redis_process.url), "2026-11-24")
    fresh = Store(redis_process.url)
    assert fresh.counts("heat", "2026-11-24") == {("thermo", "bad_checksum"): 2, ("thermo", "garbage"): 1}
    assert [p.raw for _, problems in fresh.quarantined() for p in problems] == [b"\xff\xfe"]


def test_a_gateway_that_stops_without_redis_tells_who_waits(redis_process: RedisServer) -> None:
    async def main() -> None:
        appender = Appender("heat", AsyncStore("unix:///nowhere/redis.sock"))
        writer = asyncio.create_task(appender.run())
        waiting = asyncio.create_task(appender.append(message(1)))
        await asyncio.sleep(0.2)
        writer.cancel()
        for attempt in (waiting, appender.append(message(2))):
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(attempt, 2)

    asyncio.run(main())


def test_garbage_at_line_rate_is_counted_but_does_not_fill_the_disk() -> None:
    seconds = 0.0
    tally = Tally("heat", clock=lambda: seconds)
    for _ in range(KEPT_BURST + 500):
        tally.quarantine(Problem(source="thermo", reason="garbage", raw=b"\xff"))
    tally.quarantine(Problem(source="other", reason="garbage", raw=b"\xfe"))
    counts, problems = tally.take()
    assert counts["thermo", "garbage"] == KEPT_BURST + 500, "every one is counted"
    assert counts["thermo", "~quarantine_overflow"] == 500
    assert [p.source for p in problems].count("thermo") == KEPT_BURST and problems[-1].source == "other"
    seconds = 1.0
    for _ in range(100):
        tally.quarantine(Problem(source="thermo", reason="garbage", raw=b"\xff"))
    assert len(tally.take()[1]) == KEPT_PER_S


def test_a_full_redis_leaves_the_runner_room_to_work_the_stream_off(redis_process: RedisServer) -> None:
    """Without a reserve a full stream is for ever: no lease can be taken, no state kept, nothing acknowledged."""
    store = Store(redis_process.url)
    store.redis.flushall()
    store.join("heat")
    before = store.redis.config_get("maxmemory")["maxmemory"]
    store.redis.config_set("maxmemory", int(store.redis.info("memory")["used_memory"]) + (12 << 20))

    async def main() -> None:
        appender = Appender("heat", AsyncStore(redis_process.url))
        writer = asyncio.create_task(appender.run())
        big = Message(source="thermo", received_at=T0, payload=b"x" * 400_000)
        sent = [asyncio.create_task(appender.append(big)) for _ in range(100)]
        await asyncio.sleep(2.5)
        assert any(not one.done() for one in sent), "senders wait"
        for number in range(3):  # what the runner needs to get going: leases, states, snapshots
            await asyncio.to_thread(store.redis.set, f"state:{number}", b"x" * 600_000)
        assert await asyncio.to_thread(store.acquire, "heat", "runner") is not None
        store.redis.config_set("maxmemory", before)
        await asyncio.wait_for(asyncio.gather(*sent), 20)
        writer.cancel()

    asyncio.run(main())
    assert len(stored(store)) == 100, "nothing was lost"
    store.redis.flushall()
