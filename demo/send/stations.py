"""Air stations: one TCP client each, HJ 212-2017, real-time data unacknowledged, hourly data until it is acknowledged."""

import asyncio
import time
from collections.abc import Mapping

import numpy as np
import structlog

from demo.send.tally import Backoff, Tally
from demo.wire import hj212
from demo.world import faults, weather
from demo.world.air import SPECIES, humid_bias
from demo.world.city_world import World
from demo.world.faults import Fault
from demo.world.seeds import draw, drift

log = structlog.get_logger("demo")
CODES = {"pm25": "a34004", "pm10": "a34002", "so2": "a21026", "no2": "a21004", "co": "a21005", "o3": "a05024"}
_FACTOR = {"ug/m3": 1.0, "mg/m3": 1e-3, "ng/m3": 1e3}
HOURS_BACK = 24
ACK_WAIT_S = 10.0


class Instrument:
    """What a station measures of the true air: its own gain and offset, humidity, noise, illness, units."""

    def __init__(self, world: World, index: int, row: Mapping[str, str]) -> None:
        self.world, self.index, self.row, self.mn = world, index, row, row["mn"]
        rough = {"national": 0.015, "micro": 0.07, "dust": 0.08}[row["kind"]]
        self.gain = 1 + rough * (2 * draw(world.seed, "gain", self.mn) - 1)
        self.noise = rough * 0.45
        self.optical = row["kind"] != "national"
        self.measures = ("pm25", "pm10") if row["kind"] == "dust" else SPECIES
        self.held: np.ndarray | None = None

    def sense(self, t: float, true: np.ndarray, fault: Fault | None) -> np.ndarray:
        """True concentrations -> readings of this instrument in µg/m³ (CO mg/m³)."""
        w, seed = weather.at(self.world.seed, t), self.world.seed
        values = true * self.gain
        if self.optical:
            values = values * np.array([humid_bias(w.rh_pct)] * 2 + [1.0] * 4)
        wobble = [1 + self.noise * (drift(t, 150, seed, self.mn, s) + drift(t, 31, seed, self.mn, s, "fast")) for s in SPECIES]
        values = values * np.array(wobble)
        if fault and fault.kind == "stuck":
            values = self.held = values if self.held is None else self.held
        else:
            self.held = None
        if fault and fault.kind == "drift":
            values = values * (1 + fault.size * (t - fault.start) / 3600)
        if fault and fault.kind == "spike" and draw("spike", self.mn, int(t)) < fault.size:
            values = values * np.array([14.0, 11.0, 1, 1, 1, 1])
        return np.asarray(np.maximum(values, 0))

    def factors(self, t: float, values: np.ndarray, name: str, fault: Fault | None) -> dict[str, dict[str, str]]:
        """Readings -> HJ 212 factors in this device's own units. `name` is Rtd or Avg."""
        flag = "D" if fault and fault.kind == "fault_flag" else "N"
        found = {}
        for species in self.measures:
            value = float(values[SPECIES.index(species)])
            unit = self.row.get("pm_unit" if species.startswith("pm") else "gas_unit", "ug/m3")
            scaled = value if species == "co" else value * _FACTOR[unit]
            digits = 3 if species == "co" or unit == "mg/m3" else 1
            found[CODES[species]] = {name: f"{scaled:.{digits}f}", "Flag": flag}
        w = weather.at(self.world.seed, t)
        local = 1 + 0.2 * (draw(self.mn, "shelter") - 0.5)
        met = {"a01001": w.t_c, "a01002": w.rh_pct, "a01006": w.pressure_kpa, "a01007": w.wind_ms * local,
               "a01008": (w.wind_deg + 14 * (draw(self.mn, "vane") - 0.5)) % 360}
        found |= {code: {name: f"{value:.1f}", "Flag": "N"} for code, value in met.items()}
        if self.row["kind"] == "dust":
            busy = 8 * drift(t, 600, self.mn, "noise")
            found["LA"] = {name: f"{58 + (9 if values[1] > 90 else 0) + busy:.1f}", "Flag": "N"}
        return found


class Station:
    """The data logger: connects, reports each 30–60 s, brings hours that were not acknowledged yet."""

    def __init__(self, world: World, index: int, host: str, port: int, tally: Tally, ill: faults.Faults) -> None:
        self.world, self.index, self.tally, self.ill = world, index, tally, ill
        self.instrument = Instrument(world, index, world.city.stations[index])
        self.mn, self.st = self.instrument.mn, world.city.stations[index]["st"]
        self.host, self.port = host, port
        self.interval = 30 + 30 * draw(world.seed, "interval", self.mn)
        self.confirmed: set[int] = set()  # hours the platform has acknowledged
        self.waiting: dict[str, tuple[int, float]] = {}  # QN -> (hour, give up at)
        self.late: bytes | None = None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        backoff = Backoff(draw("backoff", self.mn))
        while True:
            fault = self.ill.of(self.mn, time.time())
            if fault and fault.kind == "gaps" and draw("gap", self.mn, int(time.time() / 600)) < 0.5:
                await asyncio.sleep(120)
                continue
            try:
                async with asyncio.timeout(10):
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                backoff.reset()
                self.tally.add("hj212", "sessions")
                await self._session(reader, writer)
            except (OSError, TimeoutError, EOFError):
                self.tally.add("hj212", "links_lost")
            await backoff.wait()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening = asyncio.create_task(self._listen(reader))
        self.waiting.clear()
        try:
            first, due = True, 0.0
            while not listening.done():
                now = time.time()
                if now >= due:
                    self._report(writer, now)
                    due = now + self.interval
                self._hours(writer, now, 2 if first else 4)
                await writer.drain()
                first = False
                await asyncio.sleep(1.0)
                fault = self.ill.of(self.mn, now)
                if fault and fault.kind == "gaps" and draw("gap", self.mn, int(now / 600)) < 0.5:
                    break
        finally:
            listening.cancel()
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        tail = b""
        while data := await reader.read(4096):
            tail = (tail + data)[-4096:]
            for qn in hj212.answered(tail):
                done = self.waiting.pop(qn, None)
                if done is not None:
                    self.confirmed.add(done[0])
                    self.tally.add("hj212", "acknowledged")

    def _clock(self, t: float, fault: Fault | None) -> float:
        return t - fault.size if fault and fault.kind == "clock_behind" else t

    def _report(self, writer: asyncio.StreamWriter, now: float) -> None:
        """Real-time data (2011), without asking for an answer."""
        fault = self.ill.of(self.mn, now)
        true = self.world.air.at(now)[self.index]
        factors = self.instrument.factors(now, self.instrument.sense(now, true, fault), "Rtd", fault)
        clock = self._clock(now, fault)
        whole = hj212.report(hj212.REAL_TIME, self.mn, self.st, clock, clock, factors, ack=False)
        kind, chance = (fault.kind, draw("fault", self.mn, int(now))) if fault else ("", 1.0)
        if fault and kind == "bad_checksum" and chance < fault.size:
            whole = whole[:-6] + b"0BAD\r\n"
        if fault and kind == "out_of_order" and self.late is None and chance < fault.size:
            self.late = whole
            return
        writer.write(whole * (2 if fault and kind == "duplicates" and chance < fault.size else 1))
        if self.late is not None:
            writer.write(self.late)
            self.late = None
        self.tally.add("hj212", "real_time")

    def _hours(self, writer: asyncio.StreamWriter, now: float, most: int) -> None:
        """Hourly means (2061, Flag A) that the platform has not acknowledged, newest first, a few a second."""
        for qn in [q for q, (_, until) in self.waiting.items() if until < now]:
            del self.waiting[qn]
        asked = {hour for hour, _ in self.waiting.values()}
        last = int(now // 3600) - 1
        open_hours = [h for h in range(last, last - HOURS_BACK, -1) if h not in self.confirmed and h not in asked]
        if now % 3600 < 60:  # the logger closes its hour a minute late
            open_hours = [h for h in open_hours if h != last]
        for n, hour in enumerate(open_hours[:most]):
            start = hour * 3600.0
            fault = self.ill.of(self.mn, start + 1800)
            true = self.world.air.mean(start, start + 3600)[self.index]
            values = self.instrument.sense(start + 1800, true, None if fault and fault.kind == "stuck" else fault)
            factors = self.instrument.factors(start + 1800, values, "Avg", fault)
            sent = now + n * 0.001
            whole = hj212.report(hj212.HOUR, self.mn, self.st, start, sent, factors, ack=True)
            writer.write(whole)
            self.waiting[hj212.stamp(sent, millis=True)] = (hour, now + ACK_WAIT_S)
            self.tally.add("hj212", "hours")


class Network:
    """All stations of the city."""

    def __init__(self, world: World, host: str, port: int, tally: Tally) -> None:
        rows = world.city.stations
        self.ill = faults.Faults(faults.air, world.seed, [r["mn"] for r in rows if r["kind"] != "national"])
        self.stations = [Station(world, n, host, port, tally, self.ill) for n in range(len(rows))]

    async def run(self) -> None:
        """Start the stations over two seconds and keep them running."""
        async with asyncio.TaskGroup() as group:
            for station in self.stations:
                group.create_task(station.run())
                await asyncio.sleep(0.08)
            log.info("stations under way", count=len(self.stations))
