"""A death is pinned on one camera in a few steps, and only that one is quarantined."""

from data_sources.cameras.group import QUARANTINE_AFTER, QUARANTINE_S, Group, Spread
from data_sources.cameras.model import Camera


def cameras(count: int) -> list[Camera]:
    return [Camera(id=f"c{i}", name="", name_en="", area="a", url="rtsp://x", lon=0, lat=0) for i in range(count)]


def test_cameras_are_spread_evenly() -> None:
    assert [len(g.cameras) for g in Spread(cameras(13)).begin()] == [13]
    assert [len(g.cameras) for g in Spread(cameras(33)).begin()] == [11, 11, 11]
    assert Spread([]).begin() == []


def test_the_one_that_never_delivered_is_isolated_at_once() -> None:
    spread = Spread(cameras(5))
    (group,) = spread.begin()
    group.begin(0)
    for name in ("c0", "c1", "c3", "c4"):
        group.heard(name, True)
    group.heard("c2", False)
    assert spread.died(group, 1.0)
    assert [[c.id for c in g.cameras] for g in spread.take_new()] == [["c2"], ["c0", "c1", "c3", "c4"]]


def test_without_a_suspect_halving_finds_it() -> None:
    spread = Spread(cameras(13))
    groups, deaths = spread.begin(), 0
    while (bad := next(g for g in groups if any(c.id == "c9" for c in g.cameras))) and len(bad.cameras) > 1:
        bad.begin(0)
        assert spread.died(bad, 1.0)
        groups = [g for g in groups if g is not bad] + spread.take_new()
        deaths += 1
    assert deaths <= 4 and sum(len(g.cameras) for g in groups) == 13


def test_repeated_deaths_wait_longer_and_end_in_quarantine() -> None:
    group, waits = Group(cameras(1)), []
    for i in range(QUARANTINE_AFTER):
        group.begin(1000.0 * i)
        group.died(1000.0 * i + 1)
        waits.append(group.wait_s(1000.0 * i + 1))
    assert waits == sorted(waits) and waits[-1] == QUARANTINE_S and group.quarantined


def test_a_long_life_clears_the_record() -> None:
    group = Group(cameras(1), deaths=3)
    group.begin(0)
    group.died(1000)
    assert group.deaths == 1 and not group.quarantined
