"""Five-minute points for the history: when a bucket closes, and again when late data changed one."""

from collections.abc import Mapping

from core.clock import from_epoch
from data_sources.contract import Point
from data_sources.transit import free_flow, link_speed
from data_sources.transit.link_speed import BUCKET_S
from data_sources.transit.merge import Merge
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

    A changed bucket also changes the two after it, whose thin links look back 15 minutes. A bucket in which nothing
    drove gives a coverage point of 0 only while we were listening: an outage writes nothing.
    """
    points: list[Point] = []
    kept = dict(series)
    new = closing(closed, merge.now)
    last = max(closed, new.stop - 1)
    for bucket in sorted({*new, *merge.dirty}):
        hot = link_speed.window(merge.slots, (bucket + 1) * BUCKET_S // link_speed.MINUTE_S - 1)
        if hot and bucket <= last and link_speed.is_hot(bucket, merge.now):
            merge.cold[bucket] = link_speed.pack(hot)
    for bucket in sorted({*new, *(b + k for b in merge.dirty for k in range(3) if b + k <= last)}):
        if bucket not in merge.cold:
            if bucket == closed + 1 == new.stop - 1:
                points.append(_point("traffic.coverage_pct", "", bucket, 0.0))
            continue
        blobs = [merge.cold[b] for b in (bucket, bucket - 1, bucket - 2) if b in merge.cold]
        samples = link_speed.samples_of(blobs, merge.static.network, merge.free)
        told, kept[bucket] = _points(bucket, samples, merge)
        points += told
        if bucket in new and bucket % 3 == 2:  # a quarter of an hour is complete
            _learn(merge, samples, (bucket - 2) * BUCKET_S)
    merge.cold = link_speed.trimmed(merge.cold, (merge.now - link_speed.KEPT_S) // BUCKET_S)
    return points, {b: v for b, v in kept.items() if b > last - SERIES_BUCKETS}, last


def _learn(merge: Merge, samples: Mapping[int, Sample], start: int) -> None:
    place = free_flow.bin_of(start)
    if place is not None:
        merge.profile = free_flow.learned(merge.profile, samples, place)
        merge.free = free_flow.speeds(merge.profile, merge.static.network)


def sure_of(merge: Merge) -> bool:
    """Whether free flow is surveyed or learned by the standard; otherwise the index is estimated."""
    roads = merge.static.network
    return bool(roads.links) and (roads.surveyed or free_flow.settled(merge.profile, roads))


def _points(bucket: int, samples: Mapping[int, Sample], merge: Merge) -> tuple[list[Point], Pair]:
    roads = merge.static.network
    whole = network(samples.values(), roads.length_m)
    points = [_point("traffic.coverage_pct", "", bucket, whole.coverage * 100)]
    sure = "live" if sure_of(merge) else "estimated"
    enough = whole.coverage >= INDEX_COVERAGE_FLOOR
    pair = (whole.tpi, whole.speed_kmh) if enough else (None, None)
    if pair[0] is not None and pair[1] is not None:
        points.append(_point("traffic.network_index", "", bucket, pair[0], sure))
        points.append(_point("traffic.mean_speed_kmh", "", bucket, pair[1]))
    for district, numbers in roads.by_district.items():
        length = sum(roads.links[n].length_m for n in numbers)
        part = network((samples[n] for n in numbers if n in samples), length)
        if part.tpi is not None and part.coverage >= INDEX_COVERAGE_FLOOR:
            points.append(_point("traffic.network_index", district, bucket, part.tpi, sure))
    return points, pair


def _point(measure: str, entity: str, bucket: int, value: float, state: str = "live") -> Point:
    return Point(measure=measure, entity=entity, at=from_epoch(bucket * BUCKET_S), value=round(value, 3), state=state)
