"""Follow one vehicle from fix to fix: duplicates, jumps, frozen receivers, standing vehicles; what is left drives speeds."""

from typing import Any, Literal, NamedTuple

import msgspec

from core import geo
from data_sources.transit.model import Position
from data_sources.transit.network import Network
from data_sources.transit.state import Track

SEEN_S = 600  # fixes this close to the newest are recognised as duplicates exactly
NOMINAL_S = 15.0  # time a fix stands for when its predecessor is unknown
LONGEST_S = 30.0  # a longer silence says nothing about the road
JUMP_M, JUMP_KMH, JUMPS = 200.0, 160.0, 2  # further and faster than that is impossible; a third in a row is believed
STANDING_KMH = 3.0
FROZEN_FIXES = 3
QUEUE_S = {"bus": 60, "empty": 90, "occupied": 300}  # standing longer: dwell at a stop, waiting for a fare, a break
JAM_S = 90  # an occupied taxi that stands longer does not set anybody down
STOP_LINE_M = 80.0

Verdict = Literal["", "duplicate", "jump", "frozen_fix"]


class Drive(NamedTuple):
    """A share of time on a link: at POSIX `at`, `metres` were driven in `seconds`."""

    at: int
    link: int
    metres: float
    seconds: float


class Step(NamedTuple):
    """The track after a fix, what it adds to link sums, and what was wrong with it."""

    track: Track
    drives: tuple[Drive, ...] = ()
    problem: Verdict = ""


def seen(track: Track, at: int) -> bool:
    """Whether a fix of that second was merged before, as far as the track remembers."""
    back = track.at - at
    if back == 0:
        return True
    return 0 < back < SEEN_S and bool(int.from_bytes(track.seen, "big") >> back & 1)


def remember(mask: bytes, shift: int) -> bytes:
    """The mask for a newest fix `shift` seconds later (its own bit 0 set)."""
    if shift >= SEEN_S:
        return b"\x01"
    number = (int.from_bytes(mask, "big") << shift | 1) & ((1 << SEEN_S) - 1)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def mark(track: Track, at: int) -> bytes:
    """The mask after a fix older than the newest was merged."""
    back = track.at - at
    if not 0 < back < SEEN_S:
        return track.seen
    number = int.from_bytes(track.seen, "big") | 1 << back
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def follow(before: Track | None, fix: Position, network: Network, at: int, received: int) -> Step:
    """Merge a fix newer than the track (or its first).

    Standing (< 3 km/h) counts as time in traffic only if it was a queue, which shows when the vehicle drives on. It is
    held back until then and dropped when a taxi's passenger changed meanwhile (pick-up, set-down), when a bus stood
    further than 80 m before its junction (a stop), when it took longer than 90 s (empty taxi: a rank) or 60 s (bus),
    or with the ignition off or a door open. An occupied taxi that stands for more than 90 s is in a jam: its time
    counts at once, up to 5 min. A fix stands for the time since the one before it, at most 30 s. Speeds are the
    receiver's own, km/h.
    """
    gap = at - before.at if before else 0
    if before and 0 < gap <= 120 and before.jumps < JUMPS:
        metres = geo.distance_m(before.lon, before.lat, fix.lon, fix.lat)
        if metres > JUMP_M and metres / gap * 3.6 > JUMP_KMH:
            return Step(_with(before, jumps=before.jumps + 1), problem="jump")
    same = before is not None and before.lon == fix.lon and before.lat == fix.lat
    frozen = before.frozen + 1 if before and same and fix.speed_kmh > 10 else 0
    link = network.match(fix.lon, fix.lat, fix.heading_deg, fix.speed_kmh, before.link if before else -1)
    share = min(float(gap), LONGEST_S) if before else NOMINAL_S
    standing = fix.speed_kmh < STANDING_KMH
    since = (before.stand_since or at) if standing and before else at if standing else 0
    stood = at - since if standing else -1
    if before and before.occupied != fix.occupied:  # somebody got in or out: what was held back was no queue
        before = _with(before, pending_s=0.0)
    at_stop = standing and fix.occupied is None and link >= 0 and network.to_end_m(link, fix.lon, fix.lat) > STOP_LINE_M
    pending, drives = (0.0, ()) if at_stop else _share(before, fix, link, at, share, stood)
    track = Track(
        at, received, fix.lon, fix.lat, fix.speed_kmh, fix.heading_deg, fix.occupied, fix.alarm, link,
        remember(before.seen if before else b"", gap), since, pending, 0, frozen,
    )  # fmt: skip
    if frozen >= FROZEN_FIXES:
        return Step(track, (), "frozen_fix" if frozen == FROZEN_FIXES else "")
    return Step(track, drives)


def _share(
    before: Track | None, fix: Position, link: int, at: int, share: float, stood: int
) -> tuple[float, tuple[Drive, ...]]:
    """(standing seconds held back, link time to add). `stood` is -1 for a moving vehicle."""
    held = before.pending_s if before else 0.0
    if stood < 0:
        moving = (Drive(at, link, fix.speed_kmh / 3.6 * share, share),) if link >= 0 else ()
        queue = (Drive(at, before.link, 0.0, held),) if held and before and before.link >= 0 else ()
        return 0.0, queue + moving
    kind = "bus" if fix.occupied is None else "occupied" if fix.occupied else "empty"
    if fix.flags or stood > QUEUE_S[kind]:
        return 0.0, ()
    if kind == "occupied" and stood > JAM_S:
        return 0.0, (Drive(at, link, 0.0, held + share),) if link >= 0 else ()
    return held + share, ()


def _with(track: Track, **changes: Any) -> Track:
    return msgspec.structs.replace(track, **changes)
