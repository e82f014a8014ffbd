"""Puts sub-packets (PNUM/PNO) of one command together again. Pure: the time is passed in."""

from datetime import datetime, timedelta

import msgspec

from data_sources.air.wire.hj212 import Frame

WAIT = timedelta(seconds=60)
MAX_OPEN = 64


class Whole(msgspec.Struct, frozen=True):
    """Raw frames of one command in packet order; `complete` False when some never came."""

    raws: tuple[bytes, ...]
    frames: tuple[Frame, ...]
    complete: bool


class _Open(msgspec.Struct):
    since: datetime
    total: int
    parts: dict[int, tuple[bytes, Frame]]

    def whole(self) -> Whole:
        ordered = [self.parts[number] for number in sorted(self.parts)]
        return Whole(tuple(r for r, _ in ordered), tuple(f for _, f in ordered), len(ordered) == self.total)


class Assembler:
    """Holds the open sub-packets of one connection, bounded in number and time. What times out is handed out incomplete."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, str, str], _Open] = {}

    def add(self, raw: bytes, frame: Frame, now: datetime) -> list[Whole]:
        """Take a frame; every command that is now whole, or that has waited too long."""
        ready = self.expired(now)
        number, total = frame.packets
        if total == 1:
            return [*ready, Whole((raw,), (frame,), True)]
        key = (frame.mn, frame.command, frame.fields.get("QN", ""))
        entry = self.open.setdefault(key, _Open(since=now, total=total, parts={}))
        entry.parts[number] = (raw, frame)
        if len(entry.parts) >= entry.total:
            ready.append(self.open.pop(key).whole())
        elif len(self.open) > MAX_OPEN:
            ready.append(self.open.pop(next(iter(self.open))).whole())
        return ready

    def expired(self, now: datetime) -> list[Whole]:
        """Commands whose missing packets are not waited for any longer."""
        late = [key for key, entry in self.open.items() if now - entry.since > WAIT]
        return [self.open.pop(key).whole() for key in late]

    def rest(self) -> list[Whole]:
        """Everything still open, when the connection ends."""
        left = [entry.whole() for entry in self.open.values()]
        self.open.clear()
        return left
