"""The cameras process over real sockets: pictures, events with evidence, dead servers, dying children, no orphans."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_sources.cameras.model import Camera, Zone
from data_sources.cameras.wire.worker_messages import CameraEvent, CameraHealth, Evidence, decode
from data_sources.cameras.worker import CHILD, Worker, forget_evidence, write_evidence
from tests.cameras.mjpeg_server import MjpegServer
from tests.cameras.rtsp_server import RtspServer, encoded
from tests.cameras.scenes import car, passing, play

ROOT = Path(__file__).resolve().parents[2]
ZONE = Zone(id="z1", name="禁停区", matter="vehicle_parked", dwell_s=3, polygon=[(0, 0.3), (1, 0.3), (1, 1), (0, 1)])
CORNER = [(0.0, 0.0), (0.2, 0.0), (0.2, 0.2), (0.0, 0.2)]


def camera(name: str, url: str) -> Camera:
    return Camera(id=name, name=name, name_en=name, area="a", url=url, lon=116.5, lat=31.7, zone=[ZONE], privacy=[CORNER])


class Heard:
    """What a worker said, decoded."""

    def __init__(self) -> None:
        self.health: list[CameraHealth] = []
        self.events: list[CameraEvent] = []
        self.pictures: dict[str, list[bytes]] = {}

    async def append(self, message: object) -> None:
        said = decode(message.payload)  # type: ignore[attr-defined]
        assert message.source == "video"  # type: ignore[attr-defined]
        (self.health if isinstance(said, CameraHealth) else self.events).append(said)  # type: ignore[arg-type]

    async def put(self, name: str, jpeg: bytes) -> None:
        self.pictures.setdefault(name, []).append(jpeg)

    def states(self, name: str) -> list[str]:
        return [h.status for h in self.health if h.camera == name]

    async def until(self, true: Callable[[], object], seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.1)


@asynccontextmanager
async def working(folder: Path, cameras: list[Camera], child: tuple[str, ...] = CHILD) -> AsyncIterator[Heard]:
    heard = Heard()
    task = asyncio.create_task(Worker(folder, cameras, heard.append, heard.put, child, sample_s=0.5).run())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert children() == []


def children() -> list[str]:
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False)
    return [line.split()[0] for line in found.stdout.splitlines() if "child" in line and "defunct" not in line]


def scene(picture: np.ndarray, at: float) -> None:
    passing(picture, at)
    if 6 <= at < 12:
        car(picture, 300, 150)


@pytest.fixture(scope="module")
def stream() -> tuple[list[bytes], str]:
    return encoded([picture for _, picture in play(scene, 18, step=0.25)], 4, 1)


async def test_a_car_seen_over_rtsp_becomes_an_event_with_pictures(tmp_path: Path, stream: tuple[list[bytes], str]) -> None:
    server = RtspServer(*stream, 4)
    await server.start()
    async with working(tmp_path, [camera("c1", f"rtsp://127.0.0.1:{server.port}/cam")]) as heard:
        await heard.until(lambda: any(e.phase == "ended" for e in heard.events))
        opened = next(e for e in heard.events if e.phase == "open")
        assert (opened.camera, opened.zone, opened.matter) == ("c1", "z1", "vehicle_parked")
        assert 3 <= opened.alarm_at - opened.onset_at <= 6
        assert [name.rsplit("-", 1)[1] for name in opened.evidence] == ["before", "onset", "alarm"]
        before, alarm = (cv2.imread(str(tmp_path / "evidence" / f"{opened.evidence[i]}.jpg")) for i in (0, 2))
        spot = np.s_[155:165, 330:370]
        assert np.abs(before[spot].astype(int) - alarm[spot]).mean() > 15  # the car is in one and not in the other
        for picture in (before, alarm, cv2.imdecode(np.frombuffer(heard.pictures["c1"][-1], np.uint8), 1)):
            assert picture[5:60, 5:110].std() < 3  # the privacy area holds nothing
        assert not list((tmp_path / "evidence").glob("*.part"))
        assert "online" in heard.states("c1")
    assert (tmp_path / "cameras" / "c1.npz").is_file()
    await server.stop()


@pytest.mark.slow
async def test_a_server_that_dies_is_offline_and_comes_back(tmp_path: Path, stream: tuple[list[bytes], str]) -> None:
    server = RtspServer(*stream, 4)
    await server.start()
    port = server.port
    async with working(tmp_path, [camera("c1", f"rtsp://127.0.0.1:{port}/cam")]) as heard:
        await heard.until(lambda: "online" in heard.states("c1"))
        await server.stop()
        await heard.until(lambda: heard.states("c1")[-1] == "offline")
        server = RtspServer(*stream, 4)
        await server.start(port)
        await heard.until(lambda: heard.states("c1")[-1] == "online")
        assert heard.health[-1].reconnects >= 1
    await server.stop()


async def test_refusing_and_silent_and_missing_sources_are_offline_with_a_reason(tmp_path: Path) -> None:
    server = RtspServer([b""], "", 4)
    server.status = 404
    await server.start()
    empty = tmp_path / "empty.mp4"
    empty.touch()
    cameras = [camera("gone", f"rtsp://127.0.0.1:{server.port}/cam"), camera("empty", f"file:{empty}"),
               camera("none", f"file:{tmp_path}/none.mp4")]
    async with working(tmp_path, cameras) as heard:
        await heard.until(lambda: all("offline" in heard.states(c.id) for c in cameras))
        details = {h.camera: h.detail for h in heard.health if h.status == "offline"}
        assert details == {"gone": "unreachable", "empty": "empty_file", "none": "no_such_file"}
    await server.stop()


@pytest.mark.slow
async def test_mjpeg_that_repeats_one_picture_is_frozen(tmp_path: Path) -> None:
    server = MjpegServer([picture for _, picture in play(passing, 10, step=0.25)], 4)
    await server.start()
    async with working(tmp_path, [camera("c1", f"http://127.0.0.1:{server.port}/a.mjpg")]) as heard:
        await heard.until(lambda: "online" in heard.states("c1"))
        server.frozen = True
        began = time.monotonic()
        await heard.until(lambda: heard.states("c1")[-1] == "frozen")
        assert time.monotonic() - began < 12
        server.frozen = False
        await heard.until(lambda: heard.states("c1")[-1] == "online")
    await server.stop()


@pytest.mark.slow
async def test_a_decoder_that_aborts_harms_only_its_own_camera(tmp_path: Path, shared: Path) -> None:
    server = MjpegServer([picture for _, picture in play(passing, 10, step=0.25)], 4)
    await server.start()
    hostile = shared / "data/video/crash_rawvideo_48x48.avi"
    cameras = [camera(f"c{i}", f"http://127.0.0.1:{server.port}/a.mjpg") for i in range(3)]
    cameras.insert(1, camera("bad", f"abort:{hostile}"))
    child = (sys.executable, "-m", "tests.cameras.aborting_child")
    async with working(tmp_path, cameras, child) as heard:
        await heard.until(lambda: "crashed" in heard.states("bad") and all("online" in heard.states(f"c{i}") for i in range(3)))
        seen = len(heard.health)
        await asyncio.sleep(6)
        after = {h.camera: h.status for h in heard.health[seen:]}
        assert {after[f"c{i}"] for i in range(3)} == {"online"}
        assert all("crashed" not in heard.states(f"c{i}") for i in range(3))
    await server.stop()


async def test_a_killed_child_is_replaced(tmp_path: Path) -> None:
    server = MjpegServer([picture for _, picture in play(passing, 5, step=0.25)], 4)
    await server.start()
    async with working(tmp_path, [camera("c1", f"http://127.0.0.1:{server.port}/a.mjpg")]) as heard:
        await heard.until(lambda: "online" in heard.states("c1"))
        first = children()
        os.kill(int(first[0]), signal.SIGKILL)
        seen = len(heard.health)
        await heard.until(lambda: "online" in [h.status for h in heard.health[seen:]])
        assert children() != first
    await server.stop()


def test_no_child_survives_its_parent(tmp_path: Path) -> None:
    code = (
        "import asyncio\nfrom pathlib import Path\nfrom data_sources.cameras.model import Camera\n"
        "from data_sources.cameras.worker import Worker\nasync def no(*a): pass\n"
        "c = Camera(id='c', name='c', name_en='c', area='a', url='rtsp://127.0.0.1:1/x', lon=0, lat=0)\n"
        f"asyncio.run(Worker(Path({str(tmp_path)!r}), [c], no, no).run())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    child = _wait(lambda: _children_of(parent.pid))
    parent.kill()
    parent.wait()
    assert _wait(lambda: not Path(f"/proc/{child}").exists() or _zombie(child))


def _children_of(pid: int) -> int | None:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return int(text.split()[0]) if text.split() else None


def _zombie(pid: int) -> bool:
    try:
        return bool(re.search(r"\) Z ", Path(f"/proc/{pid}/stat").read_text()))
    except OSError:
        return True


def _wait(get: Callable[[], object], seconds: float = 15.0) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = get()
        if value:
            return int(value)  # type: ignore[call-overload]
        time.sleep(0.05)
    return 0


def test_evidence_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    for name in ("../x", "a/b", "", "a.b"):
        with pytest.raises(ValueError, match="evidence id"):
            write_evidence(tmp_path, Evidence(id=name, jpeg=b""))


def test_old_evidence_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    for name, at in (("old.jpg", 1_000), ("broken.part", 1_000), ("new.jpg", 3_000), ("notes.txt", 1_000)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (at, at))
    assert forget_evidence(tmp_path, 2_000) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.jpg", "notes.txt"]
