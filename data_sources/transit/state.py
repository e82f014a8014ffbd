"""What the transit builder remembers between builds. Small by design: it is written every time."""

import msgspec

from data_sources.transit.wire.jt808_parts import Reassembly

Sum = tuple[float, float, tuple[int, ...]]  # metres driven, seconds spent, vehicles seen (short numbers)


class Track(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One vehicle's newest fix and what the filters need to know of those before. Times are POSIX seconds."""

    at: int
    received: int
    lon: float
    lat: float
    speed_kmh: float
    heading_deg: int
    occupied: bool | None
    alarm: int
    link: int = -1
    seen: bytes = b""  # bit k: a fix at `at - k` was merged
    stand_since: int = 0  # 0: it moves
    pending_s: float = 0.0  # standing time that is a queue if it drives on soon, a stop if not
    jumps: int = 0  # impossible fixes refused in a row
    frozen: int = 0  # moving fixes in a row at one and the same place

    @property
    def heard(self) -> int:
        """When the vehicle was last heard, by whichever clock is behind: one that runs ahead keeps nobody on the map."""
        return min(self.at, self.received)


class Jam(msgspec.Struct, frozen=True, array_like=True):
    """A congested road: since when, last seen so, its slowest link then."""

    since: int
    last: int
    link: int
    speed_kmh: float
    vehicles: int


class State(msgspec.Struct, kw_only=True):
    """Links and vehicles are numbers; `network` says of which road network, another one voids them."""

    network: int
    started: int
    tracks: dict[str, Track] = {}
    slots: dict[int, dict[int, Sum]] = {}  # minute -> link -> sum, the last 21 minutes
    cold: dict[int, bytes] = {}  # 5-minute bucket -> packed link sums, up to 48 h
    series: dict[int, tuple[float | None, float | None]] = {}  # bucket -> (index, km/h), 24 h
    closed: int = 0  # newest bucket whose points were written
    late_seen: list[int] = []  # fixes merged out of order
    waiting: dict[str, int] = {}  # unknown terminal -> last heard
    parts: Reassembly = msgspec.field(default_factory=Reassembly)
    profile: dict[int, bytes] = {}  # link -> speeds by time of day, as free_flow packs them
    free: dict[int, float] = {}  # link -> learned free-flow speed, km/h
    severe: dict[int, int] = {}  # link -> severe since
    jams: dict[str, Jam] = {}
    sos: dict[str, int] = {}  # terminal -> since
    silent: dict[str, int] = {}  # operator -> since
    newest: int = 0  # newest observation merged, never after its own arrival
