"""The world hangs together: same seed and time, same city; roads fill, then berths, then car parks, then the air."""

from itertools import islice

import numpy as np
import pytest

from demo.world import calendar, faults, weather
from demo.world.city_world import World
from demo.world.motion import Track, Unit, pieces
from demo.world.seeds import draw, drift
from demo.world.traffic import SLOT_S, network_index
from tests.demo.fixtures import world

TUESDAY = calendar.service_day(1_795_500_000)  # 2026-11-24
SATURDAY = TUESDAY + 4
START = calendar.service_start(TUESDAY)


def test_the_service_day_begins_at_four_in_the_morning() -> None:
    assert calendar.local_hour(START) == 4.0
    assert calendar.service_day(START) == TUESDAY and calendar.service_day(START - 1) == TUESDAY - 1
    assert not calendar.is_weekend(TUESDAY) and calendar.is_weekend(SATURDAY)


def test_chance_depends_on_its_key_only() -> None:
    assert draw(1, "a") == draw(1, "a") != draw(2, "a")
    around = [drift(1000.0 + k, 60, "x") for k in range(600)]
    assert max(abs(a - b) for a, b in zip(around, around[1:], strict=False)) < 0.06  # smooth
    assert max(around) > 0.2 and min(around) < -0.2


def test_another_start_gives_the_same_city() -> None:
    a, b = World(world().city, 7), World(world().city, 7)
    t = START + 9 * 3600
    b.air.at(t + 86_400)  # b looked elsewhere before
    b.parking.present(t - 7200)
    assert np.array_equal(a.traffic.speeds_kmh(t), b.traffic.speeds_kmh(t))
    assert np.array_equal(a.air.at(t), b.air.at(t))
    assert a.parking.present(t) == b.parking.present(t)
    unit = Unit("34150010001", "taxi", "", 0, 1)
    early, late = Track(a.road, unit, START), Track(b.road, unit, t - 60)
    early.pose(START + 3600)
    assert early.pose(t) == late.pose(t)


def test_another_seed_gives_another_city() -> None:
    t = START + 9 * 3600
    assert not np.array_equal(world(7).traffic.speeds_kmh(t), world(8).traffic.speeds_kmh(t))


def _hour_of_peak(values: list[float], since: float) -> float:
    return since + int(np.argmax(values)) / 12


def test_rush_hour_fills_roads_then_berths_then_car_parks() -> None:
    w = world()
    slots = [START + k * SLOT_S for k in range(12, 108)]  # 05:00 to 13:00
    index = [network_index(w.traffic.speeds_kmh(t), w.graph.free_kmh, w.graph.weight) for t in slots]
    present = [w.parking.present(t) for t in slots]
    street = [sum(len(p[x.index]) for x in w.parking.places if x.on_street) for p in present]
    garage = [sum(len(p[x.index]) for x in w.parking.places if not x.on_street) for p in present]
    jam = _hour_of_peak(index, 5)
    half = [5 + next(k for k, v in enumerate(s) if k > 24 and v > (max(s) + min(s)) / 2) / 12 for s in (street, garage)]
    assert 7.2 < jam < 8.6
    assert jam < min(half) and max(half) < 11
    assert jam < _hour_of_peak(street, 5) and jam < _hour_of_peak(garage, 5)
    assert max(index) > 2 * index[0] + 1


def test_exhaust_follows_the_rush_hour() -> None:
    w = world()
    no2 = w.air.table(TUESDAY)[:, :, 3].mean(axis=1)
    hour = 4 + np.arange(len(no2)) / 12
    morning, night = no2[(hour > 7.3) & (hour < 9)].mean(), no2[(hour > 24) & (hour < 27)].mean()
    assert morning > 1.3 * night
    pm25, pm10 = w.air.table(TUESDAY)[:, :, 0], w.air.table(TUESDAY)[:, :, 1]
    assert (pm25 > 0).all() and (pm10 > pm25).all()


def test_weekends_have_no_morning_jam() -> None:
    w, eight = world(), 4 * 12
    speeds = [w.traffic.table(day)[1][eight].mean() for day in (TUESDAY, SATURDAY)]
    assert speeds[0] < 0.85 * speeds[1]


def test_an_incident_slows_its_link() -> None:
    w = world()
    found = [i for d in range(TUESDAY, TUESDAY + 5) for i in w.traffic.incidents(d)]
    assert found
    calm = World(w.city, 7)
    calm.traffic.incidents = lambda day: ()  # type: ignore[assignment,method-assign]
    for incident in found[:5]:
        t = (incident.start + incident.end) / 2
        assert w.traffic.speeds_kmh(t)[incident.link] < calm.traffic.speeds_kmh(t)[incident.link]


@pytest.mark.parametrize("kind", ["bus", "taxi"])
def test_vehicles_move_without_jumps_and_in_order_of_time(kind: str) -> None:
    w = world()
    chain = list(islice(pieces(w.road, Unit("34150010003", kind, "1", 0, 2), START), 900))
    assert len(chain) > 500
    for a, b in zip(chain, chain[1:], strict=False):
        assert a.end >= a.start and abs(a.end - b.start) < 1e-3
        end = w.graph.links[a.link].place(a.b)[:2]
        begin = w.graph.links[b.link].place(b.a)[:2]
        if calendar.service_day(a.start) == calendar.service_day(b.start):
            assert np.hypot(end[0] - begin[0], end[1] - begin[1]) < 40
        if b.b > b.a:
            assert (b.b - b.a) / (b.end - b.start) < 25  # m/s


def test_vehicles_drive_at_the_links_true_speed() -> None:
    w, since = world(), START + 4 * 3600
    way, spent = 0.0, 0.0
    for n in range(30):
        for piece in pieces(w.road, Unit(f"3415{n:07d}", "taxi", "", 0, 1), since):
            if piece.start > since + 1200:
                break
            link = w.graph.links[piece.link]
            if piece.start > since and piece.b - piece.a > 0.9 * link.length_m:
                way += link.length_m / w.traffic.speed_ms(piece.start, piece.link)
                spent += piece.end - piece.start
    assert 0.6 * way < spent <= 1.1 * way  # driving without the lights is shorter than the whole travel time


def test_occupancy_is_arrivals_minus_departures() -> None:
    w = world()
    a, b = START + 3 * 3600, START + 11 * 3600
    count = [len(p) for p in w.parking.present(a)]
    for _, way, stay in w.parking.between(a, b):
        count[stay.place] += way
        assert 0 <= count[stay.place] <= w.parking.places[stay.place].capacity
    assert count == [len(p) for p in w.parking.present(b)]


def test_a_berth_holds_one_vehicle_at_a_time_over_midnight_and_days() -> None:
    w = world()
    last: dict[tuple[int, int], int] = {}
    for stay_day in (TUESDAY, TUESDAY + 1):
        for index, berths in enumerate(w.parking.present(calendar.service_start(stay_day))):
            last.update({(index, berth): 1 for berth in berths} if stay_day == TUESDAY else {})
    for _, way, stay in w.parking.between(START, START + 2 * 86_400):
        key = (stay.place, stay.berth)
        assert last.get(key, 0) == (0 if way > 0 else 1), stay
        last[key] = int(way > 0)


def test_weather_is_smooth_and_like_november() -> None:
    states = [weather.at(7, START + k * 300) for k in range(288)]
    assert all(abs(a.t_c - b.t_c) < 0.8 for a, b in zip(states, states[1:], strict=False))
    assert all(-8 < s.t_c < 26 and 15 < s.rh_pct < 100 and s.wind_ms > 0 for s in states)
    noon, night = states[8 * 12], states[22 * 12]
    assert noon.mixing_m > 1.5 * night.mixing_m and noon.sun > 0.1 and night.sun == 0


def test_some_sensor_is_always_ill_but_few_are() -> None:
    ids = [f"3415001{n:04d}" for n in range(400)]
    for day in range(TUESDAY, TUESDAY + 5):
        kinds = [f.kind for f in faults.transit(7, day, ids)]
        assert {"clock_ahead", "duplicates", "out_of_order", "bad_checksum", "spike"} <= set(kinds)
        assert len(kinds) < 0.1 * len(ids)
    lookup = faults.Faults(faults.transit, 7, ids)
    ill = [i for i in ids if (f := lookup.of(i, START + 3600)) is not None and f.kind == "clock_ahead"]
    assert len(ill) == 1
