"""Positions per second through gateway, stream, build and snapshot, over real sockets. Run by hand:

    python benchmarks/jt808_pipeline.py [--positions 60000]

Starts Redis, a gateway and a runner of their own; one terminal per vehicle of config/luan registers, authenticates and
sends 0x0200 with a window of eight unacknowledged messages. The clock stops when a snapshot counts the last position.
"""

import argparse
import asyncio
import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.history import migrate  # noqa: E402
from core.store import Store  # noqa: E402
from data_sources.registry import domain  # noqa: E402
from demo.wire import jt808  # noqa: E402
from service.death_guard import die_with_parent  # noqa: E402
from service.embedded_redis import command  # noqa: E402

WINDOW = 8


def roads() -> list[list[tuple[float, float]]]:
    """Road geometries of the city."""
    features = json.loads((ROOT / "config/luan/transit/roads.geojson").read_text("utf-8"))["features"]
    return [[(p[0], p[1]) for p in f["geometry"]["coordinates"]] for f in features]


def frames(phone: str, line: list[tuple[float, float]], count: int, end: float) -> list[bytes]:
    """`count` positions, one a second until `end`, up and down one road."""
    made = []
    (x0, y0), (x1, y1) = line[0], line[-1]
    for n in range(count):
        part = abs((n % 60) / 30 - 1)
        fix = jt808.Fix(
            at=end - count + n, lon=x0 + (x1 - x0) * part, lat=y0 + (y1 - y0) * part, speed_kmh=36, heading_deg=90,
            mileage_km=1.0, satellites=12,
        )
        made.append(jt808.frame(jt808.LOCATION, phone, n + 3, jt808.location(fix), v2019=False))
    return made


async def terminal(port: int, phone: str, plate: str, positions: list[bytes], go: asyncio.Event) -> None:
    """Register, authenticate, then send with a window; returns when every position is acknowledged."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(jt808.frame(jt808.REGISTER, phone, 1, jt808.registration(plate, phone, v2019=False), v2019=False))
    buffer, acked, sent = bytearray(), -1, 0
    while acked < len(positions):
        buffer += await reader.read(65536)
        for plain in jt808.split(buffer):
            answer = jt808.answer(plain)
            assert answer is not None and answer.result == 0, answer
            if answer.message == jt808.REGISTER_REPLY:
                body = jt808.authentication(answer.code, phone, v2019=False)
                writer.write(jt808.frame(jt808.AUTHENTICATE, phone, 2, body, v2019=False))
                continue
            acked += 1
            if acked == 0:
                await go.wait()
        while acked >= 0 and sent < len(positions) and sent - acked < WINDOW:
            writer.write(positions[sent])
            sent += 1
    writer.close()


async def drive(port: int, total: int) -> tuple[float, int]:
    """Connect everybody, start together; returns when it started and how many were sent."""
    with (ROOT / "config/luan/transit/vehicles.csv").open(encoding="utf-8-sig") as file:
        vehicles = list(csv.DictReader(file))
    each, lines, end = total // len(vehicles), roads(), time.time()
    go = asyncio.Event()
    tasks = [
        asyncio.create_task(terminal(port, v["terminal"], v["plate"], frames(v["terminal"], lines[n % len(lines)], each, end), go))
        for n, v in enumerate(vehicles)
    ]
    await asyncio.sleep(4)
    began = time.perf_counter()
    go.set()
    await asyncio.gather(*tasks)
    print(f"{each * len(vehicles)} positions of {len(vehicles)} terminals acknowledged: "
          f"{each * len(vehicles) / (time.perf_counter() - began):,.0f}/s")
    return began, each * len(vehicles)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Print the rates and what each process spent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--positions", type=int, default=60_000)
    total = parser.parse_args().positions
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        port = free_port()
        env = {**os.environ, "CITY_DATA_DIR": folder, "CITY_JT808_PORT": str(port), "CITY_HJ212_PORT": str(free_port()),
               "CITY_INGEST_PORT": str(free_port()), "CITY_LOG_LEVEL": "warning"}
        start = lambda *c: subprocess.Popen(c, env=env, preexec_fn=die_with_parent)  # noqa: E731
        server = start(*command(data / "redis" / "redis.sock"))
        time.sleep(1)
        migrate(f"sqlite:///{data / 'city.sqlite'}")
        workers = {name: start(sys.executable, str(ROOT / "app.py"), name) for name in ("gateway", "runner")}
        try:
            time.sleep(4)
            store, transit = Store(f"unix://{data / 'redis' / 'redis.sock'}"), domain("transit")
            began, sent = asyncio.run(drive(port, total))
            counted = 0
            while counted < sent and time.perf_counter() - began < 120:
                time.sleep(0.1)
                snapshot = store.snapshot("transit", transit.data_type)
                counted = snapshot.sources["jt808"].accepted if snapshot else 0
            print(f"{counted} in a snapshot: {counted / (time.perf_counter() - began):,.0f}/s")
            for name, worker in {**workers, "redis": server}.items():
                spent = psutil.Process(worker.pid).cpu_times()
                print(f"  {name}: {spent.user + spent.system:.1f} s of CPU")
            if snapshot:
                print(f"  refused: {snapshot.sources['jt808'].refused}")
        finally:
            for process in [*workers.values(), server]:
                process.terminate()
            for process in [*workers.values(), server]:
                process.wait(10)


if __name__ == "__main__":
    main()
