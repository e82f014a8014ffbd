"""All cameras: draws a camera's frames only while somebody watches, breaks cameras by seed, writes truth events."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import structlog

from demo.cameras import script
from demo.cameras.mjpeg import serve_mjpeg
from demo.cameras.rtsp import serve_rtsp
from demo.cameras.stage import Stage, jpeg
from demo.cameras.view import View, look
from demo.options import Options
from demo.send.tally import Tally
from demo.truth import TruthLog
from demo.world import calendar
from demo.world.city_world import World
from demo.world.seeds import draw

log = structlog.get_logger("demo")
FRAME_S = 0.5


def broken(seed: int, cameras: list[str], t: float) -> tuple[str, str, float, float] | None:
    """(camera, "frozen" or "dark", start, end) when a camera is ill now: each hour one freezes, every third one goes dark."""
    hour = int(t // 3600)
    start = hour * 3600 + 300 + 1500 * draw(seed, "freeze-at", hour)
    end = start + 90 + 150 * draw(seed, "freeze-for", hour)
    if start <= t < end:
        return cameras[int(draw(seed, "freeze", hour) * len(cameras))], "frozen", start, end
    start = hour * 3600 + 2400 + 800 * draw(seed, "dark-at", hour)
    end = start + 60 + 120 * draw(seed, "dark-for", hour)
    if draw(seed, "dark?", hour) < 0.4 and start <= t < end:
        return cameras[int(draw(seed, "dark", hour) * len(cameras))], "dark", start, end
    return None


class Camera:
    """One camera: its newest JPEG and those who wait for it."""

    def __init__(self, view: View, seed: int, all_ids: list[str], pool: ThreadPoolExecutor, tally: Tally) -> None:
        self.view, self.seed, self.all_ids, self.pool, self.tally = view, seed, all_ids, pool, tally
        self.stage: Stage | None = None
        self.newest: tuple[float, bytes] | None = None
        self.watchers = 0
        self._fresh = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._phase = draw("phase", view.id) * FRAME_S

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Frames are drawn while at least one such context is open."""
        self.watchers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._draw())
        try:
            yield
        finally:
            self.watchers -= 1

    async def next(self, after: float) -> tuple[float, bytes]:
        """The first frame drawn after time `after`: (time of the picture, JPEG)."""
        async with self._fresh:
            while self.newest is None or self.newest[0] <= after:
                await self._fresh.wait()
            return self.newest

    async def before(self, at: float, count: int) -> list[tuple[float, bytes]]:
        """The pictures before `at`, oldest first: what a recorder's buffer hands to a player so that it starts at once."""
        loop = asyncio.get_running_loop()
        times = [at - FRAME_S * n for n in range(count, 0, -1)]
        return [(t, await loop.run_in_executor(self.pool, self._picture, t)) for t in times]

    async def _draw(self) -> None:
        loop = asyncio.get_running_loop()
        while self.watchers:
            now = time.time()
            at = (now - self._phase) // FRAME_S * FRAME_S + FRAME_S + self._phase
            await asyncio.sleep(at - now)
            try:
                data = await loop.run_in_executor(self.pool, self._picture, at)
            except Exception:  # a scene that cannot be drawn must not end the other cameras
                log.exception("frame failed", camera=self.view.id)
                await asyncio.sleep(5)
                continue
            self.tally.add("cameras", "frames")
            async with self._fresh:
                self.newest = (at, data)
                self._fresh.notify_all()

    def _picture(self, t: float) -> bytes:
        """Runs in the drawing thread."""
        if self.stage is None:
            self.stage = Stage(self.view, self.seed)
        ill = broken(self.seed, self.all_ids, t)
        if ill is not None and ill[0] == self.view.id:
            return jpeg(self.stage.black(t) if ill[1] == "dark" else self.stage.frame(ill[2]))
        return jpeg(self.stage.frame(t))


class Studio:
    """The cameras of the city, their two servers and their truth."""

    def __init__(self, world: World, options: Options, truth: TruthLog, tally: Tally) -> None:
        cv2.setNumThreads(1)
        self.options, self.truth, self.seed = options, truth, world.seed
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="scenes")
        views = [look(world.seed, row) for row in world.city.cameras]
        ids = [view.id for view in views]
        self.cameras = {view.id: Camera(view, world.seed, ids, self.pool, tally) for view in views}

    async def run(self) -> None:
        """Serve until cancelled."""
        o = self.options
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(serve_mjpeg(o.camera_host, o.mjpeg_port, self.cameras))
                if o.camera_port:
                    group.create_task(serve_rtsp(o.camera_host, o.camera_port, self.cameras))
                if o.truth:
                    group.create_task(self._truth())
                log.info("cameras under way", count=len(self.cameras), mjpeg=o.mjpeg_port, rtsp=o.camera_port)
        finally:
            self.pool.shutdown(wait=False, cancel_futures=True)

    async def _truth(self) -> None:
        """Events and illnesses of the service day, each once it has begun; those before the start of the demo too."""
        seen: set[str] = set()
        while True:
            now = time.time()
            day = calendar.service_day(now)
            for camera in self.cameras.values():
                for zone in camera.view.zones:
                    for event in script.events(self.seed, camera.view.id, zone, day):
                        if event.start <= now and event.id not in seen:
                            seen.add(event.id)
                            self._write(camera.view, zone.dwell_s, event)
            ill = broken(self.seed, list(self.cameras), now)
            if ill is not None and f"{ill[0]}{ill[2]}" not in seen:
                seen.add(f"{ill[0]}{ill[2]}")
                self.truth.write("camera_fault", ill[2], id=ill[0], what=ill[1], until=round(ill[3], 1))
            await asyncio.sleep(5)

    def _write(self, view: View, dwell_s: float, event: script.Event) -> None:
        counts = event.end - event.start > dwell_s
        self.truth.write(
            "camera_event", event.start, id=event.id, camera=view.id, zone=event.zone, matter=event.matter,
            object=event.kind, until=round(event.end, 1), dwell_s=dwell_s, counts=counts)
