"""The newest snapshots in memory: one Redis subscription per process, whatever the number of viewers.

The subscription may miss things (a lost link, a Redis restart), so every few seconds the versions are compared as well.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

import redis.exceptions
import structlog

from core import keys, store
from core.domain import Domain
from core.snapshot import Snapshot
from core.store import AsyncStore

COMPARE_EVERY_S = 3.0
ANSWER_WITHIN_S = 5.0
log = structlog.get_logger("web.hub")
LOST = (redis.exceptions.RedisError, OSError, TimeoutError, EOFError)


class Hub:
    """Holds `snapshots` by domain and tells its listeners about new versions."""

    def __init__(self, live: AsyncStore, domains: Sequence[Domain], pool: Executor) -> None:
        self.store, self.pool = live, pool
        self.domains: Mapping[str, Domain] = {domain.name: domain for domain in domains}
        self.snapshots: dict[str, Snapshot] = {}
        self.started = time.monotonic()
        self.connected = False
        self.listeners: set[Callable[[str, int], None]] = set()
        self._locks = {name: asyncio.Lock() for name in self.domains}

    def versions(self) -> dict[str, int]:
        """The version held of each domain."""
        return {name: snapshot.version for name, snapshot in self.snapshots.items()}

    async def run(self) -> None:
        """Follow the versions until cancelled; come back after every kind of failure."""
        await asyncio.gather(self._follow(), self._compare())

    async def _follow(self) -> None:
        pause = 0.2
        while True:
            try:
                async for domain, version in self.store.versions():
                    pause = 0.2
                    if domain in self.domains:
                        await self.load(domain, version)
            except LOST as error:
                _heed_cancel()
                self._say(False, error)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2.0, pause * 2)

    async def _compare(self) -> None:
        names = list(self.domains)
        while True:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    found = await self.store.redis.mget([keys.version(name) for name in names])
                for name, raw in zip(names, found, strict=True):
                    if raw is not None:
                        await self.load(name, int(raw))
                self._say(True)
            except LOST as error:
                _heed_cancel()
                self._say(False, error)
            await asyncio.sleep(COMPARE_EVERY_S if self.connected else 0.5)

    async def load(self, name: str, version: int) -> None:
        """Fetch and unpack a snapshot unless we hold this version; a broken one is logged and the old one kept."""
        async with self._locks[name]:
            held = self.snapshots.get(name)
            if held is not None and held.version == version:
                return
            async with asyncio.timeout(ANSWER_WITHIN_S):
                blob = await self.store.redis.get(keys.snapshot(name))
            if blob is None:
                return
            try:
                loop = asyncio.get_running_loop()
                fresh = await loop.run_in_executor(self.pool, store.unpack, blob, self.domains[name].data_type)
            except Exception as error:  # noqa: BLE001 - one domain's bad snapshot must not stop the others
                log.error("snapshot cannot be read", domain=name, version=version, error=repr(error))
                return
            self.snapshots[name] = fresh
        for listener in tuple(self.listeners):
            listener(name, fresh.version)

    def _say(self, connected: bool, error: BaseException | None = None) -> None:
        """Once when it goes down, once when it is back."""
        if connected != self.connected:
            if connected:
                log.info("snapshots followed")
            else:
                log.warning("snapshots cannot be followed", error=repr(error))
        self.connected = connected


def _heed_cancel() -> None:
    """A client that was cancelled while connecting may report it as a time-out: then we are meant to stop."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
