"""Link mean speed V = ΣL/Σt from time shares of fixes, in minutes (newest 21) and packed 5-minute buckets (48 h).

Σ metres / Σ seconds over all vehicles on the link is Edie's space-mean speed: the harmonic mean of the speeds of equal
distances, which is what GB/T 33171-2016 clause 7.2 asks for; the plain mean of speeds is always too fast.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence

from data_sources.transit.follow import Drive
from data_sources.transit.network import Network
from data_sources.transit.state import Sum
from data_sources.transit.tpi import Sample

MINUTE_S, BUCKET_S = 60, 300
HOT_S = 1200  # buckets that began inside this are kept by the minute, older ones packed
KEPT_MINUTES = 21
KEPT_S = 48 * 3600
MAX_COLD_BYTES = 768 * 1024
MIN_VEHICLES = 3  # fewer on a link in the interval: no state, above all not "free"
WINDOW_MINUTES = 5  # the running minute and the four before
WIDE_MINUTES = 15  # where 5 minutes hold too few vehicles; the longest interval the index allows (clause 8.1)

_ROW = struct.Struct("<HHHB")  # link, metres / 10, seconds, vehicles


def is_hot(bucket: int, now: int) -> bool:
    """Whether all minutes of a bucket are still kept."""
    return bucket * BUCKET_S >= now - HOT_S


def plus(one: Sum | None, metres: float, seconds: float, vehicle: int) -> Sum:
    """A sum with one more share."""
    if one is None:
        return (metres, seconds, (vehicle,))
    vehicles = one[2] if vehicle in one[2] else (*one[2], vehicle)
    return (one[0] + metres, one[1] + seconds, vehicles)


def merged(slots: Iterable[Mapping[int, Sum]]) -> dict[int, Sum]:
    """Sums of several minutes as one."""
    total: dict[int, Sum] = {}
    for slot in slots:
        for link, (metres, seconds, vehicles) in slot.items():
            before = total.get(link)
            if before is None:
                total[link] = (metres, seconds, vehicles)
            else:
                known = before[2]
                new = tuple(v for v in vehicles if v not in known)
                total[link] = (before[0] + metres, before[1] + seconds, known + new)
    return total


def window(slots: Mapping[int, Mapping[int, Sum]], minute: int, count: int = WINDOW_MINUTES) -> dict[int, Sum]:
    """Sums over the `count` minutes that end with `minute`."""
    return merged(slots[m] for m in range(minute - count + 1, minute + 1) if m in slots)


def speed_kmh(total: Sum) -> float | None:
    """ΣL/Σt in km/h; None with fewer than `MIN_VEHICLES` vehicles."""
    metres, seconds, vehicles = total
    if len(vehicles) < MIN_VEHICLES or seconds <= 0:
        return None
    return metres / seconds * 3.6


def widened(slots: Mapping[int, Mapping[int, Sum]], minute: int, link: int, narrow: Sum | None) -> Sum | None:
    """A link's sum over `WIDE_MINUTES` from its sum over `WINDOW_MINUTES`."""
    total = narrow
    for m in range(minute - WIDE_MINUTES + 1, minute - WINDOW_MINUTES + 1):
        slot = slots.get(m)
        one = slot.get(link) if slot else None
        if one is not None:
            if total is None:
                total = one
            else:
                known = total[2]
                total = (total[0] + one[0], total[1] + one[1], known + tuple(v for v in one[2] if v not in known))
    return total


def sample(network: Network, free: Mapping[int, float], link: int, kmh: float) -> Sample:
    """An observed link as the index wants it; free flow is the learned speed, else the surveyed one, else the limit."""
    row = network.links[link]
    return Sample(kmh, free.get(link, row.free_kmh), row.length_m, row.weight)


def pack(totals: Mapping[int, Sum]) -> bytes:
    """Sums in 7 bytes a link, compressed; vehicles are reduced to their number, metres to tens."""
    rows = b"".join(
        _ROW.pack(link, min(round(m / 10), 65535), min(round(s), 65535), min(len(v), 255))
        for link, (m, s, v) in sorted(totals.items())
    )
    return zlib.compress(rows, 1)


def unpack(blob: bytes) -> dict[int, tuple[float, float, int]]:
    """link -> (metres, seconds, number of vehicles)."""
    return {link: (m * 10.0, float(s), n) for link, m, s, n in _ROW.iter_unpack(zlib.decompress(blob))}


def late(blob: bytes | None, drives: Iterable[tuple[Drive, bool]]) -> bytes:
    """A packed bucket with late shares; the flag says that this vehicle is new to the link in this bucket."""
    totals = unpack(blob) if blob else {}
    for drive, new in drives:
        metres, seconds, count = totals.get(drive.link, (0.0, 0.0, 0))
        totals[drive.link] = (metres + drive.metres, seconds + drive.seconds, count + new)
    return pack({k: (m, s, tuple(range(n))) for k, (m, s, n) in totals.items()})


def samples_of(blobs: Sequence[bytes], network: Network, free: Mapping[int, float]) -> dict[int, Sample]:
    """The observed links of a packed bucket and, where it holds too few vehicles, of those before it (newest first).

    Packed buckets know vehicles by number only: one that stayed over a border counts on both sides.
    """
    total: dict[int, tuple[float, float, int]] = {}
    for blob in blobs:
        for link, (metres, seconds, count) in unpack(blob).items():
            m, s, n = total.get(link, (0.0, 0.0, 0))
            if n < MIN_VEHICLES:
                total[link] = (m + metres, s + seconds, n + count)
    return {
        link: sample(network, free, link, m / s * 3.6)
        for link, (m, s, n) in total.items()
        if n >= MIN_VEHICLES and s > 0 and link < len(network.links)
    }


def trimmed(cold: dict[int, bytes], oldest: int) -> dict[int, bytes]:
    """Packed buckets not older than `oldest`, newest first up to `MAX_COLD_BYTES`."""
    kept: dict[int, bytes] = {}
    size = 0
    for bucket in sorted(cold, reverse=True):
        size += len(cold[bucket])
        if bucket < oldest or size > MAX_COLD_BYTES:
            break
        kept[bucket] = cold[bucket]
    return kept
