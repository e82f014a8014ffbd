"""The method on scenes with exact truth: what stands is found in time, what does not is never reported."""

import numpy as np
import pytest

from data_sources.cameras.analysis import saved
from data_sources.cameras.analysis.dwell import Event
from data_sources.cameras.analysis.parameters import Parameters
from data_sources.cameras.analysis.regions import judge, ncc
from data_sources.cameras.analysis.sampling import order_statistics, shift_between, shifted
from data_sources.cameras.analysis.stillness import Stillness, working_size
from data_sources.cameras.model import Zone
from tests.cameras.scenes import SIZE, Draw, car, passing, play, road, shade

ROAD = Zone(id="z1", name="禁停区", matter="vehicle_parked", dwell_s=60,
            polygon=[(0, 0.3), (1, 0.3), (1, 1), (0, 1)])


def watch(draw: Draw, seconds: float, zones: tuple[Zone, ...] = (ROAD,), **how: object) -> list[tuple[float, Event]]:
    analysis = Stillness(zones, SIZE)
    return [(at, event) for at, picture in play(draw, seconds, **how)  # type: ignore[arg-type]
            for event in analysis.sample(picture, 1000.0 + at)]


def parked(come: float, leave: float, x: float = 300, y: float = 150) -> Draw:
    def draw(picture: np.ndarray, at: float) -> None:
        passing(picture, at)
        if come <= at < leave:
            car(picture, x, y)
    return draw


def test_a_car_that_stands_is_found_at_its_limit_and_its_leaving_too() -> None:
    events = watch(parked(60, 200), 300)
    assert [event.phase for _, event in events] == ["open", "ended"]
    at, opened = events[0]
    assert opened.onset_at == pytest.approx(1060, abs=4)
    assert 120 <= at <= 128
    x, y, width, height = (value * size for value, size in zip(opened.box, (*SIZE, *SIZE), strict=True))
    assert x < 348 < x + width and y < 172 < y + height
    assert width < 150 and height < 90
    ended = events[1][1]
    assert ended.id == opened.id
    assert ended.ended_at == pytest.approx(1200, abs=8)
    assert ended.dwell_s == pytest.approx(140, abs=8)


def test_a_short_stay_never_fires() -> None:
    assert watch(parked(60, 112), 240) == []


def test_traffic_alone_is_quiet() -> None:
    assert watch(passing, 400) == []


def test_a_car_outside_the_zone_is_not_ours() -> None:
    zone = Zone(id="z", name="", matter="vehicle_parked", dwell_s=60, polygon=[(0, 0.3), (0.3, 0.3), (0.3, 1), (0, 1)])
    assert watch(parked(60, 300), 300, (zone,)) == []


def test_a_moving_shadow_is_light_not_a_thing() -> None:
    def draw(picture: np.ndarray, at: float) -> None:
        passing(picture, at)
        shade(picture, 150 + 0.8 * at)
    assert watch(draw, 600) == []


def test_a_queue_that_moves_up_is_many_short_stays() -> None:
    colours = [(40, 40, 190), (190, 80, 40), (60, 160, 60), (200, 200, 200), (30, 30, 30), (40, 180, 200)]

    def draw(picture: np.ndarray, at: float) -> None:
        turn, into = divmod(at, 40.0)
        for place in range(4):
            car(picture, 40 + place * 130 + (0 if into < 36 else 60), 160, colours[int(turn + 4 - place) % 6])
    assert watch(draw, 480) == []


def test_a_car_there_from_the_start_that_leaves_is_no_ghost() -> None:
    assert watch(parked(-1, 120), 400) == []


def test_a_bag_is_found_and_named_by_its_zone() -> None:
    def draw(picture: np.ndarray, at: float) -> None:
        passing(picture, at)
        if at >= 60:
            picture[150:176, 400:430] = (30, 30, 30)
            picture[154:160, 406:424] = (190, 190, 190)
    zone = Zone(id="z2", name="垃圾", matter="litter", dwell_s=60, polygon=[(0.5, 0.3), (0.8, 0.3), (0.8, 0.6), (0.5, 0.6)])
    events = watch(draw, 200, (zone,))
    assert [(event.phase, event.matter) for _, event in events] == [("open", "litter")]


def test_somebody_passing_in_front_does_not_end_a_stay() -> None:
    def draw(picture: np.ndarray, at: float) -> None:
        parked(60, 400)(picture, at)
        if 100 <= at < 112 or 160 <= at < 168:
            car(picture, 280, 160, (200, 200, 60))
    events = watch(draw, 300)
    assert [event.phase for _, event in events] == ["open"]
    assert events[0][1].onset_at == pytest.approx(1060, abs=4)


def test_shake_and_a_slow_change_of_light_change_nothing() -> None:
    def shaken(draw: Draw) -> Draw:
        def inner(picture: np.ndarray, at: float) -> None:
            draw(picture, at)
            picture[:] = np.roll(picture, (int(2 * np.sin(at)), int(3 * np.cos(at * 1.7))), (0, 1))
        return inner
    events = watch(shaken(parked(60, 400)), 200, gain=lambda t: 1.0 - 0.0012 * t)
    assert [event.phase for _, event in events] == ["open"]
    assert watch(shaken(passing), 300, gain=lambda t: 1.0 - 0.0012 * t) == []


def test_lights_going_out_suspend_and_relearn() -> None:
    assert watch(passing, 400, gain=lambda t: 1.0 if t < 150 else 0.35) == []


def test_a_gap_in_the_video_stops_the_clock() -> None:
    analysis = Stillness([ROAD], SIZE)
    alarms = []
    for at, picture in play(parked(60, 900), 200):
        shown = at if at <= 90 else at + 300
        alarms += [shown for event in analysis.sample(picture, 1000.0 + shown) if event.phase == "open"]
    assert len(alarms) == 1 and alarms[0] >= 300 + 120 - 8


def test_time_that_does_not_grow_is_ignored() -> None:
    analysis = Stillness([ROAD], SIZE)
    picture = np.zeros((360, 640, 3), np.uint8)
    assert analysis.sample(picture, 10.0) == [] and analysis.sample(picture, 10.0) == []
    assert len(analysis.samples.history) == 1


def test_the_same_stay_goes_on_after_a_restart(tmp_path) -> None:
    path = tmp_path / "cam.npz"
    first, second, events = Stillness([ROAD], SIZE), Stillness([ROAD], SIZE), []
    for at, picture in play(parked(60, 260), 340):
        if at == 160:
            assert saved.save(first, path) and saved.load(second, path)
        events += (first if at < 160 else second).sample(picture, 1000.0 + at)
    assert [event.phase for event in events] == ["open", "ended"]
    assert events[0].id == events[1].id


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04broken"])
def test_a_broken_state_file_is_no_state(tmp_path, content: bytes) -> None:
    path = tmp_path / "cam.npz"
    path.write_bytes(content)
    analysis = Stillness([ROAD], SIZE)
    assert not saved.load(analysis, path) and analysis.usual is None


def test_order_statistics_sort() -> None:
    planes = [np.random.default_rng(i).integers(0, 256, (5, 7, 3), dtype=np.uint8) for i in range(5)]
    assert np.array_equal(np.stack(order_statistics(planes)), np.sort(np.stack(planes), axis=0))


def test_shift_is_found_and_its_inputs_survive() -> None:
    picture = road().astype(np.uint8)[:, :, 0].copy()
    moved = shifted(picture, 4.0, -2.0)
    kept = picture.copy()
    dx, dy = shift_between(picture, moved, Parameters())
    assert (dx, dy) == (pytest.approx(-4, abs=0.7), pytest.approx(2, abs=0.7))
    assert np.array_equal(picture, kept)


def test_added_removed_and_light_are_told_apart() -> None:
    import cv2
    bare = road().astype(np.uint8)
    full = road()
    car(full, 300, 150)
    dark = road() * 0.6
    mask = np.zeros((360, 640), np.uint8)
    mask[150:196, 296:400] = 255
    still, before, shaded = (cv2.cvtColor(p.astype(np.uint8), cv2.COLOR_BGR2YCrCb) for p in (full, bare, dark))
    none = np.zeros_like(mask)
    assert judge(still, before, mask, none, Parameters()) == "added"
    assert judge(before, still, mask, none, Parameters()) == "removed"
    assert judge(shaded, before, mask, none, Parameters()) == "light"


def test_ncc_of_flat_planes_is_nothing() -> None:
    flat = np.full((20, 20), 9, np.uint8)
    assert ncc(flat, flat, np.full((20, 20), 255, np.uint8)) == 0.0


def test_pictures_are_never_enlarged() -> None:
    assert working_size(320, 240) == (320, 240) and working_size(1280, 720) == (640, 360)
