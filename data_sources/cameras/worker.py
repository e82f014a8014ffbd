"""The cameras process: spreads cameras over child processes, passes on what they say, and outlives their deaths."""

import asyncio
import contextlib
import logging
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from core.city import City
from core.clock import from_epoch
from core.observation import Message
from core.settings import Settings
from data_sources.cameras.group import Group, Spread
from data_sources.cameras.model import Camera
from data_sources.cameras.pipe import LENGTH, MOST, Watch, framed
from data_sources.cameras.wire.worker_messages import (
    SOURCE,
    CameraEvent,
    CameraHealth,
    Evidence,
    Picture,
    Said,
    decode,
    encode,
)
from data_sources.contract import Append

ROOT = Path(__file__).resolve().parents[2]
CHILD = (sys.executable, "-m", "data_sources.cameras.child")
SILENCE_S = 30.0  # a child that says nothing for so long hangs in native code
STOP_S = 8.0
RECYCLE = 75
KEEP_EVIDENCE_S, TIDY_EVERY_S = 90 * 86_400.0, 6 * 3600.0  # pictures of public places are not kept longer than needed
STOPPED = frozenset({0, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL})
PutFrame = Callable[[str, bytes], Awaitable[None]]
log = logging.getLogger("cameras")


async def run(settings: Settings, city: City, append: Append, put_frame: PutFrame) -> None:
    """Watch the city's cameras until cancelled. Children save their state and end with this."""
    cameras: Sequence[Camera] = city.tables["cameras/cameras.toml"]
    placed = [msgspec.structs.replace(camera, url=_resolved(camera.url, city.folder)) for camera in cameras]
    await Worker(settings.data_dir, placed, append, put_frame).run()


class Worker:
    """Cameras, the groups they are spread over, and one task per group."""

    def __init__(self, data_dir: Path, cameras: Sequence[Camera], append: Append, put_frame: PutFrame,
                 child: Sequence[str] = CHILD, sample_s: float = 4.0) -> None:
        self._evidence = data_dir / "evidence"
        self._states = data_dir / "cameras"
        self._append, self._put_frame = append, put_frame
        self._child, self._sample_s = tuple(child), sample_s
        self.spread = Spread(cameras)

    async def run(self) -> None:
        """Run every group until cancelled."""
        self._evidence.mkdir(parents=True, exist_ok=True)
        self._states.mkdir(parents=True, exist_ok=True)
        tasks: set[asyncio.Task[None]] = set()
        tidying = asyncio.create_task(self._tidy())
        try:
            for group in self.spread.begin():
                tasks.add(asyncio.create_task(self._keep(group)))
            while tasks:
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                for group in self.spread.take_new():
                    tasks.add(asyncio.create_task(self._keep(group)))
            await asyncio.Event().wait()  # no camera is configured: nothing to do, but not a failure either
        finally:
            for task in (tidying, *tasks):
                task.cancel()
            await asyncio.gather(tidying, *tasks, return_exceptions=True)

    async def _tidy(self) -> None:
        """Delete evidence that is too old, now and every few hours."""
        while True:
            try:
                removed = await asyncio.to_thread(forget_evidence, self._evidence, time.time() - KEEP_EVIDENCE_S)
                if removed:
                    log.info("cameras: %d pictures older than %d days deleted", removed, KEEP_EVIDENCE_S // 86_400)
            except OSError as error:
                log.error("cameras: old evidence cannot be deleted: %s", error)
            await asyncio.sleep(TIDY_EVERY_S)

    async def _keep(self, group: Group) -> None:
        """Start the group's child again and again; ends when the group was split up."""
        while True:
            wait_s = group.wait_s(time.monotonic())
            if wait_s > 0:
                for camera in group.cameras:
                    await self._say_crashed(camera.id, group)
                await asyncio.sleep(min(wait_s, 5.0))
                continue
            group.begin(time.monotonic())
            code = await self._one_life(group)
            if code == RECYCLE:
                log.warning("cameras: child of %d cameras recycled at its memory limit", len(group.cameras))
                continue
            log.error("cameras: child ended with code %s: %s", code, ", ".join(c.id for c in group.cameras))
            if code in STOPPED:  # somebody stopped it, or it was short of memory: no camera's fault
                await asyncio.sleep(1.0)
            elif self.spread.died(group, time.monotonic()):
                return

    async def _one_life(self, group: Group) -> int:
        child = await asyncio.create_subprocess_exec(
            *self._child, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=MOST
        )
        assert child.stdin is not None and child.stdout is not None
        try:
            job = Watch(cameras=group.cameras, state_dir=str(self._states), sample_s=self._sample_s)
            with contextlib.suppress(ConnectionError):
                child.stdin.write(framed(msgspec.msgpack.encode(job)))
                await child.stdin.drain()
            await self._listen(child.stdout, group)
        finally:
            await asyncio.shield(_end(child))
        return child.returncode if child.returncode is not None else -9

    async def _listen(self, stream: asyncio.StreamReader, group: Group) -> None:
        """Pass on messages until the pipe ends, falls silent or makes no sense."""
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    (length,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
                    if length > MOST:
                        return
                    said = decode(await stream.readexactly(length))
            except (TimeoutError, asyncio.IncompleteReadError, msgspec.MsgspecError):
                return
            if isinstance(said, CameraHealth):
                group.heard(said.camera, said.last_frame_at is not None)
            await self._pass_on(said)

    async def _pass_on(self, said: Said) -> None:
        if isinstance(said, Picture):
            await self._put_frame(said.camera, said.jpeg)
        elif isinstance(said, Evidence):
            await asyncio.to_thread(write_evidence, self._evidence, said)
        else:
            await self._append(_message(said))

    async def _say_crashed(self, camera: str, group: Group) -> None:
        detail = "quarantined" if group.quarantined else "decoder_aborted"
        await self._append(_message(CameraHealth(
            camera=camera, at=time.time(), status="crashed", reconnects=group.deaths, detail=detail,
        )))


def write_evidence(folder: Path, said: Evidence) -> None:
    """Write one picture in a single step; a name that is not plain is refused with `ValueError`."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", said.id):
        raise ValueError(f"evidence id {said.id!r}")
    partial = folder / f"{said.id}.part"
    partial.write_bytes(said.jpeg)
    partial.replace(folder / f"{said.id}.jpg")


def forget_evidence(folder: Path, before: float) -> int:
    """Delete pictures written before a moment (POSIX seconds). Returns how many."""
    removed = 0
    for path in folder.iterdir():
        if path.suffix in (".jpg", ".part") and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _message(body: CameraHealth | CameraEvent) -> Message:
    return Message(source=SOURCE, received_at=from_epoch(body.at), payload=encode(body), peer=body.camera)


def _resolved(url: str, folder: Path) -> str:
    """A relative file: address is meant from the city's folder."""
    if not url.startswith("file:"):
        return url
    path = Path(url.removeprefix("file://").removeprefix("file:"))
    return f"file:{path if path.is_absolute() else (folder / path).resolve()}"


async def _end(child: asyncio.subprocess.Process) -> None:
    """Close its input (it saves its state and ends), then insist.

    A signal at once could meet a child that has just died, and swallow the code that says what it died of.
    """
    if child.stdin is not None:
        child.stdin.close()
    for wait_s, insist in ((1.0, child.terminate), (STOP_S, child.kill)):
        try:
            async with asyncio.timeout(wait_s):
                await _drained(child)
            return
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                insist()
    await child.wait()


async def _drained(child: asyncio.subprocess.Process) -> None:
    """Read what is left, so that the child is never stuck writing."""
    assert child.stdout is not None
    while await child.stdout.read(1 << 16):
        pass
    await child.wait()
