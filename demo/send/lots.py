"""Parking operators: signed posts of berth events, gate events and counts; the past day first time through."""

import asyncio
import time
from collections import deque
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b
from pathlib import Path
from typing import Any

import structlog

from demo.send.tally import Backoff, Tally
from demo.wire.ingest import Poster, Refused, key_of
from demo.world import faults
from demo.world.city_world import World
from demo.world.faults import Fault
from demo.world.seeds import draw
from demo.world.stays import Place, Stay

log = structlog.get_logger("demo")
CYCLE_S, BATCH_ROWS, BACK_S, COUNT_EVERY_S = 3.0, 500, 24 * 3600, 60
_GMT8 = timezone(timedelta(hours=8))
Row = dict[str, Any]


def iso(t: float) -> str:
    """ISO 8601 with the city's offset, to the millisecond."""
    return datetime.fromtimestamp(t, UTC).astimezone(_GMT8).isoformat(timespec="milliseconds")


class Operator:
    """What one feed (roads or car parks) says about the true stays, faults included."""

    def __init__(self, world: World, source: str, on_street: bool) -> None:
        self.world, self.source, self.on_street = world, source, on_street
        self.places = [p for p in world.parking.places if p.on_street == on_street]
        self.ill = faults.Faults(faults.parking, world.seed, [p.id for p in world.parking.places])

    def stuck(self, place: Place, berth: int, t: float) -> int | None:
        """Status a broken berth sensor is stuck at (1 taken, 2 fault), or None for a sound one."""
        fault = self.ill.of(place.id, t)
        if fault is None or fault.kind not in ("stuck_berths", "berth_fault"):
            return None
        bad = {int(draw(self.world.seed, place.id, "bad", n) * place.capacity) for n in range(int(fault.size))}
        return (1 if fault.kind == "stuck_berths" else 2) if berth in bad else None

    def rows(self, since: float, until: float) -> list[Row]:
        """Rows about all changes with since < t ≤ until."""
        found = []
        for t, way, stay in self.world.parking.between(since, until):
            place = self.world.parking.places[stay.place]
            if place.on_street != self.on_street:
                continue
            fault = self.ill.of(place.id, t)
            kind, chance = (fault.kind, draw("lot", stay.id, way)) if fault else ("", 1.0)
            if kind == "silent" or (fault and kind == "missed_exits" and way < 0 and chance < fault.size):
                continue
            row = self.change(place, t, way, stay, fault)
            if row is None:
                continue
            found.append(row)
            if fault and kind == "duplicates" and chance < fault.size:
                found.append(row)
        return found

    def change(self, place: Place, t: float, way: int, stay: Stay, fault: Fault | None) -> Row | None:
        """One arrival or departure as this feed words it."""
        at = t - fault.size if fault and fault.kind == "clock_behind" else t
        if not self.on_street:
            plate = blake2b(f"{self.world.seed}|{stay.id}".encode(), digest_size=12).hexdigest()
            way_text = "in" if way > 0 else "out"
            return {"event_id": f"{place.id}-{stay.id}-{way_text}", "lot_id": place.id, "dir": way_text,
                    "plate_hash": plate, "plate_color": "green" if draw(plate) < 0.3 else "blue", "at": iso(at)}
        if self.stuck(place, stay.berth, t) is not None:
            return None
        return self.berth(place, stay.berth, int(way > 0), at)

    def berth(self, place: Place, berth: int, status: int, at: float) -> Row:
        """The state of one berth since `at`."""
        battery = 40 + int(60 * draw(self.world.seed, "battery", place.id, berth))
        rssi = -60 - int(45 * draw("rssi", place.id, berth))
        return {"berth_id": f"{place.id}-{berth + 1:03d}", "lot_id": place.id, "status": status, "changed_at": iso(at),
                "battery_pct": battery, "rssi": rssi}

    def counts(self, t: float, only: set[int] | None = None) -> list[Row]:
        """The operator's own count of free spaces, for the places in `only` (by index) or all."""
        present = self.world.parking.present(t)
        found = []
        for place in self.places:
            fault = self.ill.of(place.id, t)
            if (only is not None and place.index not in only) or (fault and fault.kind == "silent"):
                continue
            at = t - fault.size if fault and fault.kind == "clock_behind" else t
            vacant = place.capacity - len(present[place.index])
            found.append({"lot_id": place.id, "total": place.capacity, "vacant": vacant, "observed_at": iso(at)})
        return found

    def standing(self, t: float) -> list[Row]:
        """The state of every berth at `t` with the time of its last change: what a head-end sends after a restart."""
        if not self.on_street:
            return []
        last: dict[tuple[int, int], tuple[float, int]] = {}
        for at, way, stay in self.world.parking.between(t - BACK_S, t):
            last[stay.place, stay.berth] = (at, int(way > 0))
        present = self.world.parking.present(t)
        found = []
        for place in self.places:
            for berth in range(place.capacity):
                at, status = last.get((place.index, berth), (t - BACK_S, int(berth in present[place.index])))
                stuck = self.stuck(place, berth, t)
                found.append(self.berth(place, berth, status if stuck is None else stuck, at))
        return found


class Feed:
    """Carries one operator's rows to the ingest address: live rows first, the past in what room is left."""

    def __init__(self, operator: Operator, url: str, data_dir: Path, tally: Tally) -> None:
        self.operator, self.data_dir, self.tally = operator, data_dir, tally
        self.source = operator.source
        self.poster = Poster(url, self.source)
        self.live: deque[Row] = deque(maxlen=40_000)
        self.past: deque[Row] = deque()
        self.slow: list[tuple[float, Row]] = []
        self.posts = 0

    async def run(self) -> None:
        """Post until cancelled."""
        key = await self._key()
        now = time.time()
        self.live.extend(self.operator.counts(now))
        self.live.extend(self.operator.standing(now))
        self.past.extend(await asyncio.to_thread(self._history, now))
        seen, backoff = now, Backoff(draw("backoff", self.source))
        while True:
            now = time.time()
            self._collect(seen, now)
            seen = now
            try:
                await self._flush(key)
                backoff.reset()
            except (OSError, ValueError):
                self.tally.add(self.source, "posts_failed")
                await backoff.wait()
                key = await self._key()
                continue
            except Refused as refused:
                self.tally.add(self.source, f"refused_{refused.status}")
                log.warning("ingest refused", source=self.source, answer=str(refused))
                await backoff.wait()
                key = await self._key()
                continue
            await asyncio.sleep(max(0.2, CYCLE_S - (time.time() - now)))

    async def _key(self) -> bytes:
        told = False
        while (key := key_of(self.data_dir, self.source)) is None:
            if not told:
                log.info("waiting for the ingest key", source=self.source)
                told = True
            await asyncio.sleep(1.0)
        return key

    def _history(self, now: float) -> list[Row]:
        rows = self.operator.counts(now - BACK_S)
        for n in range(BACK_S // 3600):
            a = now - BACK_S + n * 3600
            rows += self.operator.rows(a, a + 3600)
            if not self.operator.on_street:
                rows += self.operator.counts(a + 3600)
        return rows

    def _collect(self, since: float, now: float) -> None:
        """Live rows of this cycle; some places' rows come late and out of order."""
        for row in self.operator.rows(since, now):
            lot = str(row["lot_id"])
            fault = self.operator.ill.of(lot, now)
            if fault and fault.kind == "out_of_order" and draw("ooo", lot, now) < fault.size:
                self.slow.append((now + 20 + 40 * draw("by", lot, now), row))
            else:
                self.live.append(row)
        self.live.extend(row for due, row in self.slow if due <= now)
        self.slow = [(due, row) for due, row in self.slow if due > now]
        turn = {p.index for p in self.operator.places if _turn(p, since) != _turn(p, now)}
        if turn:
            self.live.extend(self.operator.counts(now, turn))
        if int(since) // 600 != int(now) // 600:  # a lot nobody has registered
            self.live.append({"lot_id": "P999", "total": 120, "vacant": 37, "observed_at": iso(now)})

    async def _flush(self, key: bytes) -> None:
        while self.live:
            await self._post(key, self.live)
        for _ in range(3):
            if self.past:
                await self._post(key, self.past)
                await asyncio.sleep(0.25)

    async def _post(self, key: bytes, queue: deque[Row]) -> None:
        rows = [queue[n] for n in range(min(BATCH_ROWS, len(queue)))]
        self.posts += 1
        nonce = f"{self.source}-{time.time_ns():x}-{self.posts}"
        answer = await asyncio.to_thread(self.poster.post, key, rows, time.time(), nonce)
        for _ in rows:
            queue.popleft()
        self.tally.add(self.source, "rows", len(rows))
        self.tally.add(self.source, "accepted", int(answer.get("accepted", 0)))


def _turn(place: Place, t: float) -> int:
    """Which of its count reports is due; places take turns inside a minute."""
    return int(t - place.index * 7) // COUNT_EVERY_S


def feeds(world: World, url: str, data_dir: Path, tally: Tally) -> list[Feed]:
    """The two operators of the city."""
    return [
        Feed(Operator(world, "parking-berth", True), url, data_dir, tally),
        Feed(Operator(world, "parking-gate", False), url, data_dir, tally),
    ]
