"""Free-flow and usual speeds learned from the city's own history, by GB/T 33171-2016 clause 7.3.

06:00–24:00 in 72 bins of 15 minutes; each bin holds the mean over the days it was observed (the newest 30 weigh most);
free flow is the mean of the best ninth of the bins, not above the limit. The standard wants 30 days. Before, from half
of the bins on, the learned speed is used and called estimated; before that the survey or the limit stands in.
"""

from collections.abc import Mapping
from datetime import datetime

from core.clock import BEIJING
from data_sources.transit.network import Network
from data_sources.transit.tpi import Sample

BIN_S, BINS, FIRST_HOUR = 900, 72, 6
LEAST_BINS, DAYS, USUAL_DAYS = 36, 30, 3
_EMPTY = bytes(2 * BINS)  # per bin: mean in half km/h, days (both up to 255)


def bin_of(at: float) -> int | None:
    """The bin of a POSIX time by the city's clock; None between midnight and six."""
    local = datetime.fromtimestamp(at, BEIJING)
    place = ((local.hour - FIRST_HOUR) * 3600 + local.minute * 60) // BIN_S
    return place if place >= 0 else None


def learned(profile: Mapping[int, bytes], samples: Mapping[int, Sample], place: int) -> dict[int, bytes]:
    """The profile after one more day's bin; the given one is not changed."""
    after = dict(profile)
    for link, one in samples.items():
        row = bytearray(after.get(link, _EMPTY))
        days = row[2 * place + 1]
        before = row[2 * place] / 2
        mean = before + (one.speed_kmh - before) / min(days + 1, DAYS)
        row[2 * place] = min(round(mean * 2), 255)
        row[2 * place + 1] = min(days + 1, 255)
        after[link] = bytes(row)
    return after


def speeds(profile: Mapping[int, bytes], network: Network) -> dict[int, float]:
    """link -> learned free-flow speed, km/h; links with fewer than 36 known bins are left out."""
    told: dict[int, float] = {}
    for link, row in profile.items():
        known = sorted((row[2 * i] / 2 for i in range(BINS) if row[2 * i + 1]), reverse=True)
        if len(known) >= LEAST_BINS and link < len(network.links):
            best = known[: max(1, len(known) // 9)]
            told[link] = max(1.0, min(sum(best) / len(best), network.links[link].limit_kmh))
    return told


def settled(profile: Mapping[int, bytes], network: Network) -> bool:
    """Whether every link has what the standard asks for: 30 days in each of the bins that count (at least half)."""
    return len(profile) >= len(network.links) > 0 and all(
        sum(row[2 * i + 1] >= DAYS for i in range(BINS)) >= LEAST_BINS for row in profile.values()
    )


def usual(profile: Mapping[int, bytes], link: int, at: float) -> float | None:
    """What the link usually does at this time of day, km/h; None with fewer than 3 days."""
    place, row = bin_of(at), profile.get(link)
    if place is None or row is None or row[2 * place + 1] < USUAL_DAYS:
        return None
    return row[2 * place] / 2
