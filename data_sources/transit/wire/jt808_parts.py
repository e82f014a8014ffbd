"""Sub-packages of a long JT/T 808 message put together: bounded, timed by the time passed in."""

import msgspec

MAX_GROUPS, MAX_PARTS, MAX_BYTES = 64, 64, 256 * 1024
TIMEOUT_S = 60.0


class Group(msgspec.Struct, array_like=True):
    """The parts of one message that have come so far."""

    since: float
    total: int
    bodies: dict[int, bytes]


class Reassembly(msgspec.Struct):
    """Unfinished groups by "<terminal>:<message id>:<serial of part 1>". `copy()` before changing a remembered one."""

    groups: dict[str, Group] = {}

    def copy(self) -> "Reassembly":
        """An independent copy."""
        return Reassembly({k: Group(g.since, g.total, dict(g.bodies)) for k, g in self.groups.items()})

    def add(self, key: str, total: int, no: int, body: bytes, now: float) -> bytes | None:
        """One more part; the whole body when it was the last one missing. A part that cannot be right is ignored (None).

        Parts may come in any order and twice. Beyond the bounds the oldest group is given up.
        """
        if not 1 <= no <= total <= MAX_PARTS:
            return None
        group = self.groups.get(key)
        if group is None or group.total != total:
            group = self.groups[key] = Group(now, total, {})
        group.bodies[no] = body
        if len(group.bodies) == total:
            del self.groups[key]
            return b"".join(group.bodies[i] for i in range(1, total + 1))
        return None

    def expire(self, now: float) -> list[str]:
        """Drop groups older than `TIMEOUT_S`, and the oldest beyond the bounds. Keys of what was dropped."""
        gone = [key for key, group in self.groups.items() if now - group.since > TIMEOUT_S]
        for key in gone:
            del self.groups[key]
        size = sum(len(b) for g in self.groups.values() for b in g.bodies.values())
        while self.groups and (len(self.groups) > MAX_GROUPS or size > MAX_BYTES):
            key = min(self.groups, key=lambda k: self.groups[k].since)
            size -= sum(len(b) for b in self.groups.pop(key).bodies.values())
            gone.append(key)
        return gone
