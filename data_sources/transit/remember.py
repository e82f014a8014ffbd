"""Five-minute points for the history: when a bucket closes, and again when late data changed one."""

from collections.abc import Mapping

from core.clock import from_epoch
from data_sources.contract import Point
from data_sources.transit import link_speed
from data_sources.transit.link_speed import BUCKET_S, MIN_VEHICLES
from data_sources.transit.merge import Merge
from data_sources.transit.network import Network
from data_sources.transit.tpi import Sample, network

GRACE_S = 45  # after its end a bucket stays open for what is still on the way
INDEX_COVERAGE_FLOOR = 0.2  # share of the network's length below which no index is stated
SERIES_BUCKETS = 288

Pair = tuple[float | None, float | None]


def closing(closed: int, now: int) -> range:
    """Buckets whose end plus grace has passed since `closed` (the newest one written), at most 48 h of them."""
    last = (now - GRACE_S) // BUCKET_S - 1
    return range(max(closed + 1, last - link_speed.KEPT_S // BUCKET_S), last + 1)


def close(merge: Merge, closed: int, series: Mapping[int, Pair]) -> tuple[list[Point], dict[int, Pair], int]:
    """(points, series, newest closed bucket). Packs closing buckets and the hot ones among the changed.

    A bucket in which nothing drove gives a coverage point of 0 only while we were listening: an outage writes nothing.
    """
    points: list[Point] = []
    kept = dict(series)
    new = closing(closed, merge.now)
    for bucket in sorted({*new, *(b for b in merge.dirty if b <= max(closed, new.stop - 1))}):
        first = bucket * BUCKET_S // link_speed.MINUTE_S
        hot = link_speed.window(merge.slots, first + 4)
        if hot and link_speed.is_hot(bucket, merge.now):
            merge.cold[bucket] = link_speed.pack(hot)
        blob = merge.cold.get(bucket)
        if blob is None:
            if bucket == new.stop - 1 and closed:
                points.append(_point("traffic.coverage_pct", "", bucket, 0.0))
            continue
        told, pair = _points(bucket, blob, merge.static.network)
        points += told
        kept[bucket] = pair
    last = max(closed, new.stop - 1)
    merge.cold = link_speed.trimmed(merge.cold, (merge.now - link_speed.KEPT_S) // BUCKET_S)
    return points, {b: v for b, v in kept.items() if b > last - SERIES_BUCKETS}, last


def _points(bucket: int, blob: bytes, roads: Network) -> tuple[list[Point], Pair]:
    by_district: dict[str, list[Sample]] = {}
    everything: list[Sample] = []
    for link, (metres, seconds, vehicles) in link_speed.unpack(blob).items():
        if vehicles >= MIN_VEHICLES and seconds > 0 and link < len(roads.links):
            one = link_speed.sample(roads, link, metres / seconds * 3.6)
            everything.append(one)
            by_district.setdefault(roads.links[link].district, []).append(one)
    whole = network(everything, roads.length_m)
    points = [_point("traffic.coverage_pct", "", bucket, whole.coverage * 100)]
    enough = whole.coverage >= INDEX_COVERAGE_FLOOR
    pair = (whole.tpi, whole.speed_kmh) if enough else (None, None)
    if pair[0] is not None and pair[1] is not None:
        points.append(_point("traffic.network_index", "", bucket, pair[0], "estimated"))
        points.append(_point("traffic.mean_speed_kmh", "", bucket, pair[1]))
    for district, samples in by_district.items():
        part = network(samples, sum(roads.links[i].length_m for i in roads.by_district[district]))
        if part.tpi is not None and part.coverage >= INDEX_COVERAGE_FLOOR:
            points.append(_point("traffic.network_index", district, bucket, part.tpi, "estimated"))
    return points, pair


def _point(measure: str, entity: str, bucket: int, value: float, state: str = "live") -> Point:
    return Point(measure=measure, entity=entity, at=from_epoch(bucket * BUCKET_S), value=round(value, 3), state=state)
