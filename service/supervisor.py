"""Starts every process of the product on one machine, keeps it running, shows its log, stops it cleanly."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import redis.asyncio

from core import history, keys
from core.errors import BadConfiguration
from core.settings import Settings
from data_sources import registry
from service import embedded_redis
from service.death_guard import die_with_parent

APP = Path(__file__).resolve().parent.parent / "app.py"
GRACE_S = 8.0
LEFTOVER_S = 2.0
STEADY_S = 20.0  # a child that lived this long starts again at once


class Child(msgspec.Struct, kw_only=True):
    """A process to keep alive."""

    name: str
    command: list[str]
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    wait_s: float = 0.5


def say(name: str, text: str) -> None:
    """One line, whole, with the process's name in front."""
    sys.stdout.write(f"{name:>8} │ {text}\n")
    sys.stdout.flush()


def children(settings: Settings, demo: bool) -> list[Child]:
    """Everything but Redis, in the order of starting."""
    names = ["gateway", "runner", "cameras", "web"] + (["demo"] if demo else [])
    return [Child(name=name, command=[sys.executable, str(APP), name]) for name in names]


class Supervisor:
    """Runs until it is told to stop. One per machine and data folder."""

    def __init__(self, settings: Settings, environ: dict[str, str], demo: bool) -> None:
        self.settings, self.environ, self.demo = settings, environ, demo
        self.stopping = asyncio.Event()
        self.alive: list[Child] = []

    async def start(self, child: Child) -> None:
        """Spawn with a death guard, pump its output."""
        child.process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environ,
            preexec_fn=die_with_parent,
            start_new_session=True,  # Ctrl-C reaches only the supervisor, which then stops them in order
            limit=1 << 20,
        )

    async def keep(self, child: Child) -> None:
        """Run one child for as long as the product runs, with back-off when it keeps falling over."""
        self.alive.append(child)
        while not self.stopping.is_set():
            began = time.monotonic()
            await self.start(child)
            assert child.process is not None
            pump = asyncio.create_task(self._pump(child))
            code = await _ended(child.process)
            await self._bury(child, pump)
            if self.stopping.is_set():
                return
            steady = time.monotonic() - began > STEADY_S
            child.wait_s = 0.5 if steady else min(child.wait_s * 2, 15.0)
            child.restarts += 1
            say(child.name, f"ended with {_reason(code)}, starting again in {child.wait_s:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), child.wait_s)

    async def _bury(self, child: Child, pump: "asyncio.Task[None]") -> None:
        """A dead child may leave children of its own; they hold its pipe, its ports and its cameras: end them too."""
        assert child.process is not None
        for number in (signal.SIGTERM, signal.SIGKILL):
            _, busy = await asyncio.wait([pump], timeout=LEFTOVER_S)
            if not busy:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, number)
        await asyncio.wait([pump], timeout=LEFTOVER_S)
        pump.cancel()

    async def _pump(self, child: Child) -> None:
        assert child.process is not None and child.process.stdout is not None
        while line := await _line(child.process.stdout):
            say(child.name, line.decode("utf-8", "replace").rstrip())

    async def run(self, ready: Callable[[], Awaitable[None]]) -> None:
        """Redis, database, processes; `ready` is awaited once they were started. Returns after a clean stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stopping.set)
        tasks: list[asyncio.Task[None]] = []
        socket = embedded_redis.socket_path(self.settings)
        try:
            server = None
            if socket is not None:
                server = Child(name="redis", command=embedded_redis.command(socket))
                tasks.append(asyncio.create_task(self.keep(server)))
            await self._redis_answers(fresh=server is not None)
            await asyncio.to_thread(history.migrate, self.settings.database_url)
            workers = children(self.settings, self.demo)
            tasks += [asyncio.create_task(self.keep(child)) for child in workers]
            tasks.append(asyncio.create_task(ready()))  # type: ignore[arg-type]
            await self.stopping.wait()
            say("city", "stopping")
            await self._stop(workers)
            await self._stop([server] if server else [])
        finally:
            self.stopping.set()
            await self._stop(self.alive)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _redis_answers(self, fresh: bool) -> None:
        """Wait for Redis. In our own (`fresh`) nobody leads yet: leases of a life that was killed need not run out."""
        client = redis.asyncio.Redis.from_url(self.settings.redis_url)
        try:
            for _ in range(300):
                if self.stopping.is_set():
                    return
                try:
                    await client.ping()
                    if fresh:
                        await client.delete(*(keys.lease(name) for name in (*registry.NAMES, "janitor")))
                    return
                except (redis.RedisError, OSError):  # still loading its append-only file, or not listening yet
                    await asyncio.sleep(0.1)
            raise BadConfiguration(f"Redis does not answer at {self.settings.redis_url}")
        finally:
            await client.aclose()

    async def _stop(self, group: Sequence[Child]) -> None:
        """SIGTERM to all, wait, SIGKILL to who is left."""
        running = [c.process for c in group if c.process is not None and c.process.returncode is None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        if running:
            _, late = await asyncio.wait([asyncio.create_task(p.wait()) for p in running], timeout=GRACE_S)
            if late:
                for process in running:  # the whole group: what holds the pipe may be a child of theirs
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                await asyncio.wait(late, timeout=2)


async def _ended(process: asyncio.subprocess.Process) -> int:
    """Its exit code as soon as it is gone. `wait()` of Python 3.11 waits for everybody who holds its pipe as well."""
    while process.returncode is None:
        await asyncio.sleep(0.1)
    return process.returncode


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; one that is longer than the buffer is cut, not fatal."""
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line of more than 1 MB was dropped)\n"


def _reason(code: int) -> str:
    if code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
