"""JT/T 808 decoding on one core: framing, unescape, check byte, header and position; TLV kept raw. Prints positions/s.

Run: python benchmarks/jt808_decode.py [positions] [--json]
"""

import argparse
import json
import random
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.observation import Message
from data_sources.transit.model import Vehicle
from data_sources.transit.parse import parse
from data_sources.transit.static import Static
from data_sources.transit.wire import jt808_bodies as bodies
from data_sources.transit.wire.jt808_frames import Splitter, build_frame

CHUNK = 65_536


def stream(count: int) -> tuple[bytes, list[str]]:
    """Positions of 1,000 terminals as one byte stream, with mileage, fuel, signal and satellites (TLV)."""
    chance = random.Random(808)
    terminals = [f"138{i:08d}" for i in range(1000)]
    extras = bytes.fromhex("0104000186A00202012C030201F4300116310112")
    frames = []
    for serial in range(count):
        time_bcd = bytes.fromhex(f"2611230830{serial // 1000 % 60:02d}")
        lat, lon = 31_740_000 + chance.randrange(90_000), 116_500_000 + chance.randrange(90_000)
        fix = struct.pack(">IIIIHHH", 0, 3, lat, lon, 40, chance.randrange(600), chance.randrange(360))
        frames.append(build_frame(0x0200, fix + time_bcd + extras, terminals[serial % 1000], serial & 0xFFFF))
    return b"".join(frames), terminals


def wire_rate(data: bytes) -> tuple[int, float]:
    """(positions, seconds) of splitting and decoding the stream in read-sized chunks."""
    splitter, count = Splitter(), 0
    started = time.process_time()
    for start in range(0, len(data), CHUNK):
        frames, rejects = splitter.feed(data[start : start + CHUNK])
        assert not rejects
        for frame in frames:
            count += not bodies.location(frame.body).refusal()
    return count, time.process_time() - started


def parse_rate(data: bytes, terminals: list[str]) -> tuple[int, float]:
    """(observations, seconds) of the runner's side: messages to positions with clock and terminal checks."""
    rows = [Vehicle(terminal=t, kind="bus", plate="", operator="") for t in terminals]
    static = Static({"transit/vehicles.csv": rows, "transit/roads.geojson": []})
    received = datetime(2026, 11, 23, 0, 31, tzinfo=UTC)
    pieces = data.split(b"\x7e\x7e")
    messages = [b"\x7e" + b"\x7e\x7e".join(pieces[i : i + 50]).strip(b"\x7e") + b"\x7e" for i in range(0, len(pieces), 50)]
    started = time.process_time()
    count = sum(
        len(parse(Message(source="jt808", received_at=received, payload=payload), static).observations) for payload in messages
    )
    return count, time.process_time() - started


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("positions", nargs="?", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data, terminals = stream(options.positions)
    wired, wire_s = wire_rate(data)
    parsed, parse_s = parse_rate(data, terminals)
    assert wired == parsed == options.positions, (wired, parsed)
    told = {"positions": wired, "bytes": len(data), "decode_per_s": round(wired / wire_s), "parse_per_s": round(parsed / parse_s)}
    if options.json:
        print(json.dumps(told))
    else:
        print(f"{wired:,} positions, {len(data):,} bytes")
        print(f"decode (framing, check, position, TLV raw): {told['decode_per_s']:,} positions/s per core")
        print(f"parse (messages to observations):           {told['parse_per_s']:,} positions/s per core")
    return 0


if __name__ == "__main__":
    sys.exit(main())
