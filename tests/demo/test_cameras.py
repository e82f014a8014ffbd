"""Camera scenes: drawn for any moment, moving, with every truth event visible in the pixels of its zone."""

import cv2
import numpy as np

from demo.cameras import script
from demo.cameras.stage import Stage, jpeg
from demo.cameras.studio import broken
from demo.cameras.view import HEIGHT, WIDTH, look
from demo.world import calendar
from tests.demo.fixtures import world

TUESDAY = calendar.service_day(1_795_500_000)
NOON = calendar.service_start(TUESDAY) + 8 * 3600
VIEWS = [look(7, row) for row in world().city.cameras]
VIEW = VIEWS[0]


def _stage() -> Stage:
    return Stage(VIEW, 7)


def test_the_street_is_laid_out_after_the_zones() -> None:
    parking, stalls = VIEW.zones
    assert parking.x1 < VIEW.kerb_right + 0.5  # cars stand on the carriageway
    assert stalls.x1 < VIEW.kerb_left  # stalls stand beside it
    assert all(VIEW.kerb_left < x < parking.x0 for x, _ in VIEW.lanes)
    assert {way for _, way in VIEW.lanes} == {-1, 1}
    assert len(VIEWS[1].lanes) >= 2  # a camera without zones has a street too


def test_ground_and_picture_agree() -> None:
    for x, z in ((2.0, 15.0), (-8.0, 30.0)):
        u, v = VIEW.project(x, 0, z)
        assert np.allclose(VIEW.ground(u, v), (x, z), atol=1e-6)


def test_the_same_moment_is_the_same_picture_and_later_is_another() -> None:
    a, b = _stage(), _stage()
    first = a.frame(NOON)
    b.frame(NOON - 3600)
    assert first.shape == (HEIGHT, WIDTH, 3) and np.array_equal(first, b.frame(NOON))
    still = [np.abs(a.frame(NOON + k).astype(int) - first).max(axis=2) > 40 for k in (2, 4, 6, 8)]
    assert sum(m[60:].mean() for m in still) > 0.01  # something moves, apart from noise and the clock


def test_night_is_darker_than_noon_and_still_shows_something() -> None:
    stage = _stage()
    noon, night = stage.frame(NOON), stage.frame(NOON + 12 * 3600)
    assert night.mean() < 0.75 * noon.mean() and night.std() > 8
    assert stage.black(NOON).mean() < 12


def test_a_truth_event_is_seen_in_its_zone() -> None:
    stage, checked = _stage(), 0
    for zone in VIEW.zones:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(mask, [np.int32(zone.polygon)], 1)
        for event in script.events(7, VIEW.id, zone, TUESDAY)[3:6]:
            def view_of(t: float) -> np.ndarray:  # the median removes what merely passes by
                return np.median([stage.frame(t + k * 1.7) for k in range(7)], axis=0)

            change = np.abs(view_of(event.start + 5) - view_of(event.start - 18)).max(axis=2)
            assert ((change > 25) & (mask > 0)).sum() > 120, event
            checked += 1
    assert checked >= 4


def test_events_do_not_overlap_and_many_are_too_short_to_count() -> None:
    zone = VIEW.zones[0]
    found = [e for d in range(TUESDAY, TUESDAY + 5) for e in script.events(7, VIEW.id, zone, d)]
    assert len(found) > 20
    assert all(a.end + 60 < b.start for a, b in zip(found, found[1:], strict=False))
    short = [e for e in found if e.end - e.start < zone.dwell_s]
    assert 0.1 < len(short) / len(found) < 0.6
    assert all(zone.x0 < e.x < zone.x1 and zone.z0 < e.z < zone.z1 for e in found)


def test_moving_vehicles_keep_their_lane_and_queue_at_red() -> None:
    queued = 0
    for k in range(0, 300, 3):
        cars = [a for a in script.actors(7, VIEW, NOON + k) if a.kind in script.VEHICLES and "-z" not in a.key]
        for lane, (x, _) in enumerate(VIEW.lanes):
            mine = sorted(a.z for a in cars if abs(a.x - x) < 0.5)
            assert all(b - a > 3.0 for a, b in zip(mine, mine[1:], strict=False)), (lane, k, mine)
        queued += sum(a.braking for a in cars)
    assert queued > 10


def test_each_hour_one_camera_freezes() -> None:
    ids = [v.id for v in VIEWS]
    hour = NOON // 3600 * 3600
    states = {b for k in range(0, 3600, 20) if (b := broken(7, ids, hour + k))}
    assert "frozen" in {kind for _, kind, _, _ in states}
    assert all(20 < end - start < 300 for _, _, start, end in states)


def test_pictures_fit_the_wire() -> None:
    assert 8_000 < len(jpeg(_stage().frame(NOON))) < 70_000
