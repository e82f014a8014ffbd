"""The gateway process: listeners of every domain, one batch writer per domain. Acknowledge only what Redis has."""

import asyncio
import resource
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import redis
import structlog

from core import keys
from core.city import City
from core.clock import now, zone_day
from core.observation import Message, Problem
from core.secret import ingest_keys, secret
from core.settings import Settings
from core.store import AsyncStore, Store
from data_sources import registry
from data_sources.contract import Listener, Listening

log = structlog.get_logger("gateway")
FLUSH_AFTER_S = 0.02
FLUSH_AT, FLUSH_BYTES = 500, 1 << 20
KEPT_BURST, KEPT_PER_S = 2_000, 20  # refused messages whose bytes are kept, by source; beyond it they are only counted
OPEN_FILES = 65_536
NONCE_TTL_S = 600


class Appender:
    """Collects messages of one domain for a moment and writes them as one stream entry; callers wait for the write."""

    def __init__(self, domain: str, store: AsyncStore) -> None:
        self.domain, self.store = domain, store
        self.waiting: list[tuple[Message, asyncio.Future[None]]] = []
        self.writing: list[tuple[Message, asyncio.Future[None]]] = []
        self.wake = asyncio.Event()
        self.stopped = False

    async def append(self, message: Message) -> None:
        """Returns when the message is in the stream. While Redis is away it waits, and so does the sender.

        Raises ConnectionError when the gateway stops first: then the sender is not acknowledged and sends again.
        """
        if self.stopped:
            raise ConnectionError("the gateway is stopping")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((message, future))
        self.wake.set()
        await future

    async def run(self) -> None:
        """Write batches until cancelled; whoever still waits then is told."""
        try:
            await self._write()
        finally:
            self.stopped = True
            for _, future in [*self.writing, *self.waiting]:
                if not future.done():
                    future.set_exception(ConnectionError("the gateway is stopping"))

    async def _write(self) -> None:
        down = False
        while True:
            await self.wake.wait()
            if len(self.waiting) < FLUSH_AT:
                await asyncio.sleep(FLUSH_AFTER_S)
            batch = self._batch()
            while True:
                try:
                    await self.store.room(sum(len(message.payload) for message, _ in batch))
                    await self.store.append(self.domain, [message for message, _ in batch])
                    break
                except (redis.RedisError, OSError) as error:
                    if not down:
                        log.error("stream not writable, senders wait", domain=self.domain, error=str(error))
                    down = True
                    await asyncio.sleep(0.5)
            if down:
                log.info("stream writable again", domain=self.domain)
                down = False
            for _, future in batch:
                if not future.done():
                    future.set_result(None)

    def _batch(self) -> list[tuple[Message, asyncio.Future[None]]]:
        """The next messages for one entry, by number and by bytes: the runner has to swallow an entry whole."""
        size = count = 0
        for message, _ in self.waiting[:FLUSH_AT]:
            size += len(message.payload)
            if count and size > FLUSH_BYTES:
                break
            count += 1
        self.writing, self.waiting = self.waiting[:count], self.waiting[count:]
        if not self.waiting:
            self.wake.clear()
        return self.writing


class Tally:
    """Counts and refused bytes on their way to Redis, flushed every second. Counting happens in the event loop only."""

    def __init__(self, domain: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.domain, self.clock = domain, clock
        self.counts: Counter[tuple[str, str]] = Counter()
        self.problems: list[Problem] = []
        self.allowed: dict[str, tuple[float, float]] = {}  # source -> (how many may be kept, as of when)

    def count(self, source: str, reason: str) -> None:
        """One more of `reason`."""
        self.counts[source, reason] += 1

    def quarantine(self, problem: Problem) -> None:
        """Keep and count a refused message."""
        self.counts[problem.source, f"~{problem.reason}" if problem.kept else problem.reason] += 1
        if self._may_keep(problem.source):
            self.problems.append(problem)
        else:
            self.counts[problem.source, "~quarantine_overflow"] += 1

    def _may_keep(self, source: str) -> bool:
        """Whoever sends garbage as fast as the line allows must not fill the disk with it."""
        now = self.clock()
        left, at = self.allowed.get(source, (float(KEPT_BURST), now))
        left = min(float(KEPT_BURST), left + (now - at) * KEPT_PER_S)
        keep = left >= 1 and len(self.problems) < 2 * KEPT_BURST
        self.allowed[source] = (left - keep, now)
        return keep

    def take(self) -> tuple[Counter[tuple[str, str]], list[Problem]]:
        """What was counted since the last time."""
        counts, self.counts = self.counts, Counter()
        problems, self.problems = self.problems, []
        return counts, problems

    def give_back(self, counts: Counter[tuple[str, str]], problems: list[Problem]) -> None:
        """What could not be moved waits for the next time."""
        self.counts.update(counts)
        self.problems = problems + self.problems

    def put(
        self, store: Store, day: str, counts: Counter[tuple[str, str]], problems: list[Problem]
    ) -> tuple[Counter[tuple[str, str]], list[Problem]]:
        """Move to Redis what `take` gave; gives what is left. Blocking, touches nothing of this object."""
        try:
            store.count(self.domain, day, counts)
            counts = Counter()
            store.quarantine(problems)
            problems = []
        except (redis.RedisError, OSError) as error:
            log.warning("counters wait for Redis", domain=self.domain, error=str(error))
        return counts, problems

    def flush(self, store: Store, day: str) -> None:
        """Move everything to Redis at once. Blocking."""
        self.give_back(*self.put(store, day, *self.take()))


def listeners() -> list[tuple[str, Listener]]:
    """(domain, listener) of every domain that listens."""
    found: list[tuple[str, Listener]] = []
    for name in registry.NAMES:
        if find_spec(f"data_sources.{name}.listen") is not None:
            found += [(name, listener) for listener in import_module(f"data_sources.{name}.listen").LISTENERS]
    return found


def port_of(listener: Listener, settings: Settings) -> int:
    """The configured port of a listener (`CITY_<SOURCE>_PORT`), or its default."""
    port = getattr(settings, f"{listener.source.replace('-', '_')}_port", listener.default_port)
    assert isinstance(port, int)
    return port


async def serve(settings: Settings, city: City) -> None:
    """Listen until cancelled. A listener that fails is started again; the others do not notice."""
    store, slow = AsyncStore(settings.redis_url), Store(settings.redis_url)
    appenders = {name: Appender(name, store) for name in registry.NAMES}
    tallies = {name: Tally(name) for name in registry.NAMES}
    async with asyncio.TaskGroup() as tasks:
        for appender in appenders.values():
            tasks.create_task(appender.run())
        for name, listener in listeners():
            start = _starter(name, listener, settings, city, appenders[name], tallies[name], store)
            tasks.create_task(_kept_alive(listener, start))
        tasks.create_task(_flush(tallies, slow, city))


def _starter(
    name: str, listener: Listener, settings: Settings, city: City, appender: Appender, tally: Tally, store: AsyncStore
) -> Callable[[], Awaitable[None]]:
    intake = import_module(f"data_sources.{name}.intake").INTAKE

    async def seen_nonce(source: str, value: str) -> bool:
        """Whether a request was seen before; remembers it."""
        return not await store.redis.set(keys.nonce(source, value), 1, nx=True, ex=NONCE_TTL_S)

    extra: dict[str, Any] = {
        "ingest_keys": ingest_keys(settings.data_dir, [s.id for d in registry.domains() for s in d.sources]),
        "seen_nonce": seen_nonce,
    }
    listening = Listening(
        static=intake.static(city.of(registry.domain(name))),
        secret=secret(settings.data_dir),
        count=tally.count,
        quarantine=tally.quarantine,
        extra=extra,
    )
    return lambda: listener.serve(settings.listen_host, port_of(listener, settings), appender.append, listening)


async def _kept_alive(listener: Listener, start: Callable[[], Awaitable[None]]) -> None:
    wait_s = 1.0
    while True:
        try:
            await start()
        except Exception:  # a port that is taken, a bug in a listener: said, then tried again
            log.exception("listener failed", source=listener.source, again_in_s=wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, 30.0)


async def _flush(tallies: dict[str, Tally], store: Store, city: City) -> None:
    """Every second; and once more at the end, so that what was refused last is counted too."""
    try:
        while True:
            await asyncio.sleep(1)
            for tally in tallies.values():
                day = zone_day(now(), city.timezone)
                tally.give_back(*await asyncio.to_thread(tally.put, store, day, *tally.take()))
            try:
                await asyncio.to_thread(store.beat, "gateway", {"at": now().isoformat()})
            except (redis.RedisError, OSError) as error:
                log.warning("no heartbeat", error=str(error))
    finally:
        for tally in tallies.values():
            tally.flush(store, zone_day(now(), city.timezone))


def run(settings: Settings, city: City) -> None:
    """Run until SIGTERM or SIGINT."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)  # the usual 1,024 would be the limit of terminals
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))

    async def main() -> None:
        task = asyncio.create_task(serve(settings, city))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            log.info("gateway stopped")

    asyncio.run(main())
