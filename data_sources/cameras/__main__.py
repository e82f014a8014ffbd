"""Command line of the domain: `python -m data_sources.cameras analyse <clip>`. Decoding happens in a child process."""

import argparse
import csv
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from data_sources.cameras.model import Zone
from data_sources.cameras.pipe import Clip, framed

ROOT = Path(__file__).resolve().parents[2]
WHOLE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
EPILOG = """Without --zones the whole picture is one zone of class vehicle_parked with a dwell of 60 s (--dwell changes it).
zones.json: [{"id": "z1", "matter": "vehicle_parked", "dwell_s": 60, "polygon": [[x, y], ...]}] with x, y in 0..1;
timestamps.csv: a column unix_time or offset_s with one row per frame.
What stands there in the first five samples (20 s) is background: only what arrives later can be found."""


class Refused(Exception):
    """A clip, or a file beside it, that cannot be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the clip was analysed, 1 when something is wrong with a file."""
    parser = argparse.ArgumentParser(prog="python -m data_sources.cameras")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("analyse", help="find long stays in a video file", epilog=EPILOG,
                              formatter_class=argparse.RawDescriptionHelpFormatter)
    one.add_argument("clip", type=Path)
    one.add_argument("--zones", type=Path, help="JSON list of zones")
    one.add_argument("--timestamps", type=Path, help="CSV with one time per frame")
    one.add_argument("--dwell", type=float, help="seconds; overrides the zones' own")
    one.add_argument("--sample", type=float, default=4.0, help="seconds between samples, 2 to 8")
    one.add_argument("--json", action="store_true", help="for machines")
    chosen = parser.parse_args(arguments)
    try:
        result = analyse(chosen.clip, zones_of(chosen.zones, chosen.dwell), times_of(chosen.timestamps), chosen.sample)
    except Refused as error:
        print(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False) if chosen.json else f"error: {error}",
              file=sys.stdout if chosen.json else sys.stderr)
        return 1
    print(json.dumps(result, ensure_ascii=False, indent=1) if chosen.json else text(result))
    return 0


def zones_of(path: Path | None, dwell_s: float | None) -> list[Zone]:
    """Zones of a JSON file, or the whole picture. Raises `Refused` with the place of the error."""
    if path is None:
        return [Zone(id="whole", name="whole", matter="vehicle_parked", dwell_s=dwell_s or 60.0, polygon=WHOLE)]
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
        zones = [
            msgspec.convert({"name": "", "dwell_s": 60.0, "matter": "vehicle_parked", "id": f"z{i}"} | row, Zone)
            for i, row in enumerate(rows, 1)
        ]
    except (OSError, msgspec.MsgspecError) as error:
        raise Refused(f"{path.name}: {error}") from error
    for zone in zones:
        if len(zone.polygon) < 3 or any(not (0 <= x <= 1 and 0 <= y <= 1) for x, y in zone.polygon):
            raise Refused(f"{path.name}: zone {zone.id}: expected three or more points with x and y in 0..1")
    return [msgspec.structs.replace(zone, dwell_s=dwell_s or zone.dwell_s) for zone in zones]


def times_of(path: Path | None) -> list[float]:
    """Times of the frames in order, seconds. Raises `Refused` when a row has none, or time runs backwards."""
    if path is None:
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        column = "unix_time" if rows and "unix_time" in rows[0] else "offset_s"
        times = [float(row[column]) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"{path.name}: expected a column unix_time or offset_s with numbers ({error})") from error
    for line, (a, b) in enumerate(pairwise(times), 3):
        if b < a:
            raise Refused(f"{path.name}: line {line}: time runs backwards")
    if not times:
        raise Refused(f"{path.name}: no rows")
    return times


def analyse(clip: Path, zones: list[Zone], times: list[float], sample_s: float) -> dict[str, Any]:
    """Analyse a clip in a child process; raises `Refused` also when the decoder aborts that process."""
    if not 1.0 <= sample_s <= 8.0:
        raise Refused("--sample: expected 1 to 8 seconds")
    job = Clip(path=str(clip.resolve()), zones=zones, times=times, sample_s=sample_s)
    child = subprocess.run(
        [sys.executable, "-m", "data_sources.cameras.child"], input=framed(msgspec.msgpack.encode(job)),
        capture_output=True, cwd=ROOT, check=False,
    )
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        raise Refused(f"{clip.name}: the decoder aborted ({name}); the file is not safe to read")
    if child.returncode or not child.stdout:
        last = child.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
        raise Refused(f"{clip.name}: the analysis ended with code {child.returncode}: {last[0]}")
    result: dict[str, Any] = msgspec.msgpack.decode(child.stdout[4:])
    if not result["ok"]:
        raise Refused(f"{clip.name}: {result['error']}")
    return {key: value for key, value in result.items() if key not in ("error", "reason")}


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{result['frames']} frames, {result['seconds']:g} s, {result['samples']} samples, "
             f"{result['cpu_ms_per_sample']:g} ms of CPU each; {len(result['events'])} suspected"]
    for event in result["events"]:
        end = "still there" if event["ended_s"] is None else f"left at {event['ended_s']:g} s"
        lines.append(
            f"  {event['zone']} {event['matter']}: stands since {event['onset_s']:g} s, alarm at {event['alarm_s']:g} s, "
            f"{end}, dwell {event['dwell_s']:g} s, box {event['box_xywh']}, score {event['confidence']}"
        )
    lines += [f"  picture was {fault}" for fault in result["faults"]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
