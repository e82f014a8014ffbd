"""The fleets on the air: every vehicle of the register follows its track and reports what its receiver sees."""

import asyncio
import time
from collections.abc import Iterator

import structlog

from demo.send.tally import Tally
from demo.send.terminal import Terminal
from demo.wire import jt808
from demo.world import calendar, faults
from demo.world.city_world import World
from demo.world.faults import Fault
from demo.world.motion import Pose, Track, Unit, seen_by_gps
from demo.world.seeds import draw

log = structlog.get_logger("demo")
PARKED_S = 60.0
# (vehicles, seconds back, seconds between fixes): many bring the last two hours, some of them the last six
FIXES_PER_S = 700
BACKFILLS = ((380, 2 * 3600, 30), (60, 6 * 3600, 60))
STRANGER = "34159990001"  # a terminal nobody has approved


def units(world: World) -> list[Unit]:
    """The register's vehicles with their rank on their line."""
    rows = world.city.vehicles
    counts: dict[str, int] = {}
    seen: dict[str, int] = {}
    for row in rows:
        counts[row["line"]] = counts.get(row["line"], 0) + 1
    found = []
    for row in rows:
        rank = seen[row["line"]] = seen.get(row["line"], -1) + 1
        found.append(Unit(row["terminal"], row["kind"], row["line"] or "1", rank, counts[row["line"]]))
    return found


class Vehicle:
    """A vehicle, its terminal, and what its sensors make of the truth."""

    def __init__(self, world: World, unit: Unit, terminal: Terminal, ill: faults.Faults, since: float) -> None:
        self.world, self.unit, self.terminal, self.ill = world, unit, terminal, ill
        self.track = Track(world.road, unit, since)
        self.interval = 5.0 + 5.0 * draw(world.seed, "interval", unit.terminal)
        self.mileage = 20_000 + 180_000 * draw(world.seed, "mileage", unit.terminal)
        self.held: Pose | None = None
        self.late: bytes | None = None

    def fix(self, t: float, pose: Pose, fault: Fault | None) -> jt808.Fix:
        """The position as the terminal reports it."""
        kind = fault.kind if fault else ""
        if kind == "stuck":
            pose = self.held = self.held or pose
        else:
            self.held = None
        x, y, speed = seen_by_gps(self.world.seed, self.unit.terminal, t, pose)
        if kind == "spike" and fault and draw("spike", self.unit.terminal, int(t)) < fault.size:
            x, y = x + 3800, y - 2900
        lon, lat = self.world.graph.lonlat(x, y)
        at = t + fault.size if fault and kind == "clock_ahead" else t
        day_km = 180 * (t - calendar.service_start(calendar.service_day(t))) / 86400
        return jt808.Fix(
            at=at, lon=lon, lat=lat, speed_kmh=speed, heading_deg=pose.heading_deg, acc=pose.acc,
            positioned=kind != "no_fix", occupied=pose.occupied, mileage_km=self.mileage + day_km,
            satellites=4 if kind == "no_fix" else 9 + int(draw("sat", int(t / 60)) * 9),
        )

    def tell(self, t: float) -> float:
        """Report once; returns the seconds until the next report."""
        pose = self.track.pose(t)
        if pose is None:
            return PARKED_S
        fault = self.ill.of(self.unit.terminal, t)
        kind = fault.kind if fault else ""
        if kind == "silent":
            return PARKED_S
        if fault and kind == "gaps" and draw("gap", self.unit.terminal, int(t / 900)) < 0.15 and t % 900 < self.interval:
            self.terminal.blocked_until = time.monotonic() + 60 + fault.size * draw("gap-s", self.unit.terminal, int(t))
        body = jt808.location(self.fix(t, pose, fault))
        twice = fault and kind == "duplicates" and draw("dup", self.unit.terminal, int(t)) < fault.size
        if fault and kind == "out_of_order" and self.late is None and draw("ooo", self.unit.terminal, int(t)) < fault.size:
            self.late = body
        else:
            self.terminal.report(body, copies=2 if twice else 1)
            if self.late is not None:
                self.terminal.report(self.late)
                self.late = None
        return self.interval if pose.acc else PARKED_S

    def past(self, since: float, until: float, step_s: float) -> Iterator[bytes]:
        """Bodies of the fixes a terminal kept while the platform was away."""
        track = Track(self.world.road, self.unit, since)
        t = since
        while t < until:
            pose = track.pose(t)
            if pose is not None and (pose.acc or t % 600 < step_s):
                yield jt808.location(self.fix(t, pose, None))
            t += step_s


class Fleet:
    """All vehicles in one event loop."""

    def __init__(self, world: World, host: str, port: int, tally: Tally) -> None:
        self.world, self.tally = world, tally
        self.host, self.port = host, port
        self.units = units(world)
        self.ill = faults.Faults(faults.transit, world.seed, [u.terminal for u in self.units])
        self.plates = {row["terminal"]: row["plate"] for row in world.city.vehicles}
        self.vehicles: list[Vehicle] = []

    async def run(self) -> None:
        """Start vehicles some 60 a second, then fill the past of some."""
        async with asyncio.TaskGroup() as group:
            stranger = Terminal(STRANGER, "皖N演X999", self.host, self.port, self.tally)
            group.create_task(stranger.run())
            for n, unit in enumerate(self._interleaved()):
                vehicle = Vehicle(self.world, unit, self._terminal(unit), self.ill, time.time() - 5)
                self.vehicles.append(vehicle)
                group.create_task(vehicle.terminal.run())
                group.create_task(self._live(vehicle))
                await asyncio.sleep(0.015 if n < 40 else 0.012)
            log.info("vehicles under way", count=len(self.vehicles))
            group.create_task(self._stranger(stranger))
            group.create_task(self._backfill())

    def _interleaved(self) -> list[Unit]:
        return sorted(self.units, key=lambda u: draw(self.world.seed, "start", u.terminal))

    def _terminal(self, unit: Unit) -> Terminal:
        def damage(frame: bytes) -> bytes:
            fault = self.ill.of(unit.terminal, time.time())
            if fault is None or fault.kind not in ("bad_checksum", "garbage"):
                return frame
            if draw("damage", unit.terminal, frame) >= fault.size:
                return frame
            if fault.kind == "garbage":
                return b"\x00\xff\x24\x24" + frame
            return frame[:-3] + bytes(((frame[-3] ^ 0x15) or 1,)) + frame[-2:]

        new = draw(self.world.seed, "v2019", unit.terminal) < 0.25
        return Terminal(unit.terminal, self.plates[unit.terminal], self.host, self.port, self.tally, v2019=new, damage=damage)

    async def _live(self, vehicle: Vehicle) -> None:
        await asyncio.sleep(1.0 + vehicle.interval * draw("phase", vehicle.unit.terminal) * 0.5)
        while True:
            began = time.time()
            wait = vehicle.tell(began)
            await asyncio.sleep(max(0.05, wait - (time.time() - began)))

    async def _stranger(self, terminal: Terminal) -> None:
        while True:
            lon, lat = self.world.city.centre
            terminal.report(jt808.location(jt808.Fix(time.time(), lon, lat, 0.0, 0.0)))
            await asyncio.sleep(30)

    async def _backfill(self) -> None:
        """The platform was away: terminals bring what they kept, paced to `FIXES_PER_S` in all, live data go first."""
        await asyncio.sleep(6)
        now = time.time()
        # the recovering terminals are sound ones: a fault must not be written into hours it was not there
        sound = [v for v in self.vehicles if self.ill.of(v.unit.terminal, now) is None]
        until = now - 30
        for count, seconds, step_s in BACKFILLS:
            for vehicle in sound[:count]:
                bodies = list(vehicle.past(now - seconds, until, step_s))
                vehicle.terminal.memory.extend(bodies)
                await asyncio.sleep(len(bodies) / FIXES_PER_S)
            until = now - seconds
        log.info("past of vehicles handed over", vehicles=len(sound[:BACKFILLS[0][0]]))
