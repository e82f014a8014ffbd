"""From positions to link states, index, fleet and points: what is seen, what is not, what comes late or twice."""

import random
from datetime import timedelta

import msgspec
import pytest

from core.observation import Message
from data_sources.transit.intake import INTAKE
from data_sources.transit.model import Position
from data_sources.transit.state import State

from . import city

STATIC = city.static()
NOW = city.NOW


def fix(n: int, back_s: float, x: float, y: float = 0, kmh: float = 30, heading: int = 90, **more) -> Position:
    """Vehicle `n` of the fleet, `back_s` seconds before NOW, x metres along."""
    lon, lat = city.at(x, y)
    taxi = n >= 4
    more = {"occupied": True if taxi else None, **more}
    when = NOW - timedelta(seconds=back_s)
    return Position(
        source="jt808", entity=f"1380000{n:04d}", observed_at=when, received_at=more.pop("received", when), lon=lon, lat=lat,
        speed_kmh=kmh, heading_deg=heading, **more,
    )  # fmt: skip


def drive(n: int, kmh: float, start_s: float = 240, every: int = 10, y: float = 0, **more) -> list[Position]:
    """A vehicle going east at a steady speed until NOW (it starts over when the street ends)."""
    return [
        fix(n, start_s - t, (n * 70 + kmh / 3.6 * t) % 1000, y=y, kmh=kmh, **more) for t in range(0, int(start_s) + 1, every)
    ]


def run(observations, state: State | None = None, now=NOW):
    return INTAKE.build(state or INTAKE.empty(STATIC, now), observations, STATIC, now)


def test_speed_is_distance_over_time_and_needs_three_vehicles() -> None:
    built = run([p for n, v in ((4, 20), (5, 40), (6, 60)) for p in drive(n, v)])
    link = built.data.links["east:f"]
    assert link.vehicles == 3
    assert link.speed_kmh == pytest.approx(40, abs=1.5)  # equal times: distance over time
    assert link.state == "basic"
    assert built.data.links["east:b"].state == "unknown"
    two = run([p for n in (4, 5) for p in drive(n, 50)]).data.links["east:f"]
    assert (two.state, two.speed_kmh, two.vehicles) == ("unknown", None, 2)


def test_a_thin_link_looks_back_fifteen_minutes_and_says_so() -> None:
    spread = [fix(n, 800 - 300 * (n - 4) - k * 10, 100 + k * 80, kmh=30) for n in (4, 5, 6) for k in range(6)]
    link = run(spread).data.links["east:f"]
    assert (link.minutes, link.vehicles, link.state) == (15, 3, "light")
    assert run(spread[6:]).data.links["east:f"].state == "unknown"


def test_a_surveyed_free_flow_speed_replaces_the_limit() -> None:
    roads = [city.segment("east", (0, 0), (500, 0), (1000, 0), free_kmh=40)]
    surveyed = city.static(roads=roads)
    built = INTAKE.build(INTAKE.empty(surveyed, NOW), [p for n in (4, 5, 6) for p in drive(n, 30)], surveyed, NOW)
    assert built.data.links["east:f"].state == "free"
    assert built.readings["traffic.network_index"].state == "live"


def test_order_duplicates_and_batching_do_not_matter() -> None:
    fixes = [p for n in range(4, 9) for p in drive(n, 25 + n)]
    once = run(fixes)
    assert run([*fixes, *fixes]).data == once.data
    shuffled = random.Random(4).sample(fixes, len(fixes))
    assert run(shuffled).data == once.data
    step = INTAKE.empty(STATIC, NOW)
    for p in sorted(fixes, key=lambda p: p.observed_at):
        step = run([p, p], step).state
    again = run(fixes, step)
    assert again.data == once.data


def test_the_state_given_is_not_changed_and_survives_a_restart() -> None:
    first = run([p for n in range(4, 9) for p in drive(n, 30)]).state
    frozen = msgspec.msgpack.encode(first)
    run([fix(4, -5, 900, kmh=10)], first, NOW + timedelta(seconds=6))
    assert msgspec.msgpack.encode(first) == frozen
    back = msgspec.msgpack.decode(frozen, type=INTAKE.state_type)
    later = NOW + timedelta(seconds=10)
    assert run([], back, later).data == run([], first, later).data


def test_both_directions_and_crossing_streets_are_kept_apart() -> None:
    east = [p for n in (4, 5, 6) for p in drive(n, 50)]
    west = [fix(n, 200 - 10 * k, 1000 - 30 * k, kmh=12, heading=270) for n in (7, 8, 9) for k in range(20)]
    data = run(east + west).data
    assert data.links["east:f"].state == "free"
    assert data.links["east:b"].state == "severe"
    assert data.links["north:f"].vehicles == 0
    wrong_way = run([fix(n, 100 - 10 * k, 900 - 30 * k, y=800, kmh=30, heading=270) for n in (4, 5, 6) for k in range(9)])
    assert "oneway:b" not in wrong_way.data.links
    assert wrong_way.data.links["oneway:f"].vehicles == 0


def test_ranks_stops_and_breaks_are_not_traffic() -> None:
    flow = [p for n in (4, 5, 6) for p in drive(n, 50)]
    rank = [fix(n, 240 - 10 * k, 500, kmh=0, occupied=False) for n in (7, 8) for k in range(25)]
    dwell = [fix(0, 240 - 10 * k, 300, kmh=0) for k in range(25)]
    door = [fix(1, 240 - 10 * k, 300, kmh=0, flags=("door_open",)) for k in range(5)] + [fix(1, 180, 350, kmh=20)]
    assert run(flow + rank + dwell).data.links["east:f"].speed_kmh == pytest.approx(50, abs=1)
    assert run(flow + door).data.links["east:f"].speed_kmh == pytest.approx(50, abs=4)
    queue = [fix(n, 240 - 10 * k, 500, kmh=0) for n in (7, 8) for k in range(25)]  # with a passenger: a jam
    assert run(flow + queue).data.links["east:f"].speed_kmh < 35
    light = [fix(7, 100 - 10 * k, 500, kmh=0, occupied=False) for k in range(5)]
    moved_on = run([*flow, *light, fix(7, 50, 520, kmh=30, occupied=False)]).data.links["east:f"]
    assert moved_on.speed_kmh < 48  # a red light is part of the journey
    picked_up = run([*flow, *light, fix(7, 50, 520, kmh=30)]).data.links["east:f"]  # somebody got in
    assert picked_up.speed_kmh > 49
    at_the_light = [fix(0, 100 - 10 * k, 990, kmh=0) for k in range(5)] + [fix(0, 50, 995, kmh=10)]
    assert run(flow + at_the_light).data.links["east:f"].speed_kmh < 48
    at_a_stop = [fix(0, 100 - 10 * k, 400, kmh=0) for k in range(5)] + [fix(0, 50, 410, kmh=40)]
    assert run(flow + at_a_stop).data.links["east:f"].speed_kmh > 49


def test_a_vehicle_ages_and_is_gone() -> None:
    state = run([fix(4, 0, 100), fix(0, 60, 200)]).state
    data = run([], state, NOW + timedelta(seconds=40)).data
    assert len(data.fleet.id) == 1
    assert data.online == {"bus": 0, "taxi": 1}
    assert run([], state, NOW + timedelta(seconds=91)).data.fleet.id == []
    fleet = run([fix(4, 0, 100)]).data.fleet
    assert "1380000" not in str(fleet)
    assert "皖" not in str(fleet)


def test_a_clock_that_runs_ahead_keeps_nobody_on_the_map() -> None:
    state = run([fix(4, -240, 100, received=NOW)]).state
    assert run([], state, NOW + timedelta(seconds=80)).data.online["taxi"] == 1
    assert run([], state, NOW + timedelta(seconds=100)).data.online["taxi"] == 0


def test_an_outage_writes_no_zeros() -> None:
    first = run([])
    assert first.points == []  # what was before the first start is unknown, not zero
    idle = run([], first.state, NOW + timedelta(seconds=60))
    assert {(p.measure, p.value) for p in idle.points} >= {("traffic.coverage_pct", 0.0), ("traffic.online_vehicles", 0.0)}
    assert run([], idle.state, NOW + timedelta(hours=2)).points == []


def test_jumps_frozen_receivers_and_other_continents() -> None:
    built = run([fix(4, 30, 0), fix(4, 20, 5000), fix(4, 10, 100)])
    assert [p.reason for p in built.problems] == ["jump"]
    assert run([fix(4, 30, 0), *(fix(4, 20 - k, 5000 + k) for k in range(3))]).data.fleet.lon == [city.at(5002, 0)[0]]
    stuck = run([fix(4, 100 - 10 * k, 10, kmh=40) for k in range(9)])
    assert [(p.reason, p.kept) for p in stuck.problems] == [("frozen_fix", True)]
    far = msgspec.structs.replace(fix(4, 0, 0), lon=113.26, lat=23.13)
    built = run([far])
    assert [p.reason for p in built.problems] == ["outside_city"]
    assert built.data.fleet.id == []


def test_nothing_heard_is_missing_not_zero_and_not_green() -> None:
    built = run([])
    assert {r.state for r in built.readings.values()} == {"missing"}
    assert all(r.value is None and r.why == "reason.no_positions" for r in built.readings.values())
    assert {s.state for s in built.data.links.values()} == {"unknown"}
    assert {c.state for c in built.data.corridors} == {"unknown"}
    assert built.data.index_by_district == {"341502": None, "341503": None}
    assert built.newest == {}


def test_index_is_withheld_below_the_coverage_floor_and_late_when_the_feed_dies() -> None:
    built = run([p for n in range(4, 9) for p in drive(n, 30)])
    index = built.readings["traffic.network_index"]
    assert (index.state, index.why) == ("estimated", "reason.free_flow_from_limit")
    assert index.value == pytest.approx(4.0, abs=0.3)
    assert index.coverage == pytest.approx(1000 / 4600, abs=0.01)
    assert run([], built.state, NOW + timedelta(seconds=40)).readings["traffic.network_index"].state == "late"
    dead = run([], built.state, NOW + timedelta(seconds=200)).readings["traffic.online_share_pct"]
    assert (dead.state, dead.value) == ("stale", 0.0)
    gone = run([], built.state, NOW + timedelta(seconds=1000)).readings["traffic.network_index"]
    assert (gone.value, gone.state, gone.why) == (None, "withheld", "reason.coverage_below_floor")
    north = [fix(n, 100 - 10 * k, 0, y=20 * k, kmh=20, heading=0) for n in (4, 5, 6) for k in range(9)]
    thin = run(north).readings["traffic.network_index"]
    assert (thin.state, thin.value) == ("withheld", None)


def points_of(built, measure: str, entity: str = "") -> dict:
    return {p.at: p.value for p in built.points if (p.measure, p.entity) == (measure, entity)}


def test_a_bucket_closes_once_and_late_data_writes_it_again() -> None:
    state = run([p for n in range(4, 9) for p in drive(n, 30, start_s=290)], now=NOW).state
    begin = NOW - timedelta(minutes=5)
    assert points_of(run([], state, NOW + timedelta(seconds=20)), "traffic.network_index").get(begin) is None
    built = run([], state, NOW + timedelta(seconds=60))
    assert points_of(built, "traffic.network_index")[begin] == pytest.approx(4.0, abs=0.3)
    assert points_of(built, "traffic.online_vehicles", "taxi")
    assert run([], built.state, NOW + timedelta(seconds=61)).points == []
    for later in (600, 3600, 47 * 3600):  # from the minutes, then from the packed buckets
        moment = NOW + timedelta(seconds=later)
        between = run([], built.state, moment - timedelta(seconds=1)).state
        slow = [p for n in (0, 1, 2) for p in drive(n, 5, start_s=290, every=15, received=moment, backfill=True)]
        again = run(slow, between, moment)
        worse = points_of(again, "traffic.network_index")[begin]
        assert worse > 5.5, later
        assert run(slow, again.state, moment).points == [], later  # delivered twice
        assert len(again.data.fleet.id) == 0


def test_a_runner_that_was_away_loses_no_minutes() -> None:
    state = run([p for n in range(4, 9) for p in drive(n, 30, start_s=290)]).state
    back = run([], state, NOW + timedelta(hours=3))
    assert points_of(back, "traffic.network_index")[NOW - timedelta(minutes=5)] == pytest.approx(4.0, abs=0.3)


def test_another_road_network_voids_links_not_vehicles() -> None:
    state = run([p for n in range(4, 9) for p in drive(n, 30)]).state
    other = city.static(roads=city.ROADS[1:])
    built = INTAKE.build(state, [], other, NOW)
    assert len(built.data.fleet.id) == 5
    assert {s.state for s in built.data.links.values()} == {"unknown"}


def test_congestion_is_found_and_ends() -> None:
    state, found = INTAKE.empty(STATIC, NOW), []
    for minute in range(14):
        now = NOW + timedelta(minutes=minute)
        fixes = [fix(n, -60 * minute + 50 - 10 * k, 400 + n * 10 + k * 10, kmh=9) for n in (4, 5, 6) for k in range(6)]
        built = run(fixes, state, now)
        state = built.state
        found.append([f for f in built.findings if f.kind == "finding.transit.congestion"])
    assert not any(found[:10])
    (jam,) = found[-1]
    assert (jam.entity, jam.ended_at, jam.detail["limit_kmh"]) == ("east:f", None, 60)
    assert jam.value == pytest.approx(9, abs=0.5)
    assert {f.id for many in found for f in many} == {jam.id}
    ended = []
    for minute in range(14, 26):
        now = NOW + timedelta(minutes=minute)
        fixes = [fix(n, -60 * minute + 50 - 10 * k, 100 + n * 10 + k * 140, kmh=50) for n in (4, 5, 6) for k in range(6)]
        built = run(fixes, state, now)
        state = built.state
        ended += [f for f in built.findings if f.id == jam.id and f.ended_at]
    assert len(ended) == 1


def test_emergency_button() -> None:
    built = run([fix(4, 0, 100, alarm=1)])
    (sos,) = built.findings
    assert (sos.kind, sos.severity, sos.ended_at) == ("finding.transit.sos", "alarm", None)
    after = run([fix(4, -5, 120)], built.state, NOW + timedelta(seconds=6))
    assert [(f.id, f.ended_at is not None) for f in after.findings] == [(sos.id, True)]
    assert run([], after.state, NOW + timedelta(seconds=7)).findings == []


def test_silent_operator() -> None:
    state = run([fix(n, 0, 100) for n in range(10)]).state
    assert run([], state, NOW + timedelta(seconds=500)).findings == []
    built = run([], state, NOW + timedelta(seconds=700))
    (silence,) = built.findings
    assert (silence.kind, silence.value, silence.entity) == ("finding.transit.silent", 10, "one")
    back = run([fix(n, -705, 100) for n in range(10)], built.state, NOW + timedelta(seconds=706))
    assert [f.ended_at is not None for f in back.findings] == [True]


def test_messages_become_observations() -> None:
    good = city.position("13800000004", NOW, lonlat=city.at(10, 0), status=0x303, alarm=2)
    parsed = INTAKE.parse(Message(source="jt808", received_at=NOW, payload=good + city.register("19999999999")), STATIC)
    position, applicant = parsed.observations
    assert (position.entity, position.occupied, position.alarm, position.flags) == ("13800000004", True, 2, ())
    assert position.observed_at == NOW
    built = run(parsed.observations)
    assert built.data.pending == 1
    assert applicant.maker == "MAKER"


@pytest.mark.parametrize(
    ("ahead_s", "reason"), [(365 * 86400, "clock_ahead"), (301, "clock_ahead"), (-49 * 3600, "clock_behind")]
)
def test_wrong_clocks_are_refused(ahead_s: int, reason: str) -> None:
    frame = city.position("13800000004", NOW + timedelta(seconds=ahead_s), lonlat=city.at(10, 0))
    parsed = INTAKE.parse(Message(source="jt808", received_at=NOW, payload=frame), STATIC)
    assert parsed.observations == []
    assert [(p.reason, p.entity) for p in parsed.problems] == [(reason, "13800000004")]
    assert parsed.problems[0].raw


def test_a_bad_position_does_not_take_its_batch_with_it() -> None:
    lonlat = city.at(10, 0)
    fixes = [city.body(NOW, *lonlat), city.body(NOW, 31.7, 116.5), city.body(NOW, *lonlat, status=1), city.body(NOW, *lonlat)]
    frame = city.build_frame(0x0704, city.batch(*fixes), "13800000004", 1)
    parsed = INTAKE.parse(Message(source="jt808", received_at=NOW, payload=frame), STATIC)
    assert len(parsed.observations) == 2
    assert all(p.backfill for p in parsed.observations)
    assert [p.reason for p in parsed.problems] == ["position_out_of_range", "not_positioned"]


def test_a_long_batch_comes_in_parts() -> None:
    fixes = [city.body(NOW - timedelta(seconds=15 * k), *city.at(500 - 50 * k, 0)) for k in range(10)]
    whole = city.batch(*fixes)
    parts = [
        city.build_frame(0x0704, whole[:200], "13800000004", 7, part=(2, 1)),
        city.build_frame(0x0704, whole[200:], "13800000004", 8, part=(2, 2)),
    ]
    state = INTAKE.empty(STATIC, NOW)
    for wire in reversed(parts):
        found = INTAKE.parse(Message(source="jt808", received_at=NOW, payload=wire), STATIC).observations
        state = run(found, state).state
    assert state.tracks["13800000004"].at == int(NOW.timestamp())
    assert state.parts.groups == {}
    half = run(INTAKE.parse(Message(source="jt808", received_at=NOW, payload=parts[0]), STATIC).observations).state
    dropped = run([], half, NOW + timedelta(seconds=90))
    assert [p.reason for p in dropped.problems] == ["parts_missing"]
    assert dropped.state.parts.groups == {}


def test_a_part_that_cannot_be_is_refused_and_said() -> None:
    for part in ((2, 3), (2, 0), (900, 1)):
        wire = city.build_frame(0x0704, b"x", "13800000004", 7, part=part)
        parsed = INTAKE.parse(Message(source="jt808", received_at=NOW, payload=wire), STATIC)
        assert parsed.observations == [] and [p.reason for p in parsed.problems] == ["bad_part"]
