"""One camera's watch over a restart: what stood before is still known, and no picture is made of nothing."""

from pathlib import Path

from data_sources.cameras.live import Newest
from data_sources.cameras.model import Camera
from data_sources.cameras.watching import Watching
from data_sources.cameras.wire.worker_messages import CameraEvent, Evidence
from tests.cameras.scenes import play
from tests.cameras.test_stillness import ROAD, parked

CAMERA = Camera(id="cam-1", name="一", name_en="One", area="a", url="file:none", lon=116.5, lat=31.7, zone=[ROAD])


def feed(watching: Watching, start: float, end: float) -> None:
    for at, picture in play(parked(60, 400), end):
        if at >= start:
            watching._take(Newest(picture=picture, at=1000.0 + at))


def test_a_restart_while_something_stands_goes_on_quietly(tmp_path: Path) -> None:
    said: list[object] = []
    before = Watching(CAMERA, tmp_path, 4.0, said.append)
    feed(before, 0, 90)
    before.save()
    after = Watching(CAMERA, tmp_path, 4.0, said.append)
    feed(after, 94, 180)
    events = [message for message in said if isinstance(message, CameraEvent)]
    assert [event.phase for event in events] == ["open"]
    assert {message.id.rsplit("-", 1)[1] for message in said if isinstance(message, Evidence)} >= {"before", "alarm"}
