"""The schematic road graph can be driven on: connected, nothing too short, nothing doubled, parking lies on its road."""

import itertools
import math
from pathlib import Path

import pytest

from core.city import City, load
from data_sources.registry import domains
from data_sources.transit.model import Segment

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"luan": ROOT / "config/luan", "tiny": ROOT / "tests/city/tiny"}


@pytest.fixture(scope="module", params=list(FOLDERS))
def city(request: pytest.FixtureRequest) -> City:
    return load(FOLDERS[request.param], domains())


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot((a[0] - b[0]) * 111_320 * math.cos(math.radians(a[1])), (a[1] - b[1]) * 110_940)


def length(segment: Segment) -> float:
    return sum(metres(a, b) for a, b in zip(segment.geometry, segment.geometry[1:], strict=False))


def reached(segments: list[Segment]) -> set[tuple[float, float]]:
    """Junctions that can be reached from the first one."""
    neighbours: dict[tuple[float, float], set[tuple[float, float]]] = {}
    for segment in segments:
        a, b = segment.geometry[0], segment.geometry[-1]
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    seen: set[tuple[float, float]] = set()
    waiting = [segments[0].geometry[0]]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += neighbours[here]
    return seen


def test_every_junction_can_be_reached(city: City) -> None:
    segments = list(city.tables["transit/roads.geojson"])
    assert reached(segments) == {end for s in segments for end in (s.geometry[0], s.geometry[-1])}


def test_a_cut_graph_would_be_noticed(city: City) -> None:
    segments = list(city.tables["transit/roads.geojson"])
    island = Segment(id="island", name="", name_en="", road_class="branch", lanes=1, limit_kmh=30, district="",
                     geometry=[(0, 0), (1, 1)])
    assert (0, 0) not in reached([*segments, island])


def test_no_segment_is_shorter_than_fifty_metres(city: City) -> None:
    assert [s.id for s in city.tables["transit/roads.geojson"] if length(s) < 50] == []


def test_no_two_segments_join_the_same_junctions(city: City) -> None:
    ends = [frozenset((s.geometry[0], s.geometry[-1])) for s in city.tables["transit/roads.geojson"]]
    assert len(ends) == len(set(ends))


def test_a_road_with_berths_lies_on_its_segment(city: City) -> None:
    segments = {s.id: s for s in city.tables["transit/roads.geojson"]}
    for place in city.tables["parking/places.csv"]:
        if place.road:
            a_to_b = segments[place.road].geometry
            nearest = min(off_line((place.lon, place.lat), a, b) for a, b in itertools.pairwise(a_to_b))
            assert nearest < 30, place.id
            assert place.capacity * 6 < 2 * length(segments[place.road]), f"{place.id}: more berths than kerb"


def off_line(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres from `p` to the straight line from `a` to `b`, both ends included."""
    east = 111_320 * math.cos(math.radians(p[1]))
    ax, ay, bx, by = ((a[0] - p[0]) * east, (a[1] - p[1]) * 110_940, (b[0] - p[0]) * east, (b[1] - p[1]) * 110_940)
    dx, dy = bx - ax, by - ay
    t = max(0.0, min(1.0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)))
    return math.hypot(ax + t * dx, ay + t * dy)


def test_segments_have_the_city_districts_and_both_names(city: City) -> None:
    for segment in city.tables["transit/roads.geojson"]:
        assert segment.district in city.districts
        assert segment.name and segment.name_en and segment.name_en.isascii()
