"""Command line: `decode <hj212|->` takes frames apart, `aqi <csv|json>` judges a table. Bad input exits non-zero."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from core.errors import BadMessage
from data_sources.air import table
from data_sources.air.aqi import Edition
from data_sources.air.wire import hj212

_EDITIONS: dict[str, Edition | None] = {"auto": None, "2012": 2012, "2026": 2026}


def decode(source: str, swapped: bool, as_json: bool) -> int:
    """Frames of a file, of standard input (`-`) or of the argument itself (it starts with ##). 1 when one is refused."""
    if source == "-":
        raw = sys.stdin.buffer.read()
    elif source.startswith("##"):
        raw = source.replace("\\r", "\r").replace("\\n", "\n").encode()
    else:
        try:
            raw = Path(source).read_bytes()
        except OSError as error:
            return _fail(f"{source}: {error.strerror}")
    splitter = hj212.Splitter()
    pieces = splitter.feed(raw)
    rest = splitter.rest()
    pieces += [rest] if rest else []
    results = [_one(piece, swapped) for piece in pieces]
    for result in results:
        print(json.dumps(result, ensure_ascii=False) if as_json else _line(result))
    if splitter.garbage_bytes:
        print(f"{splitter.garbage_bytes} bytes outside any frame", file=sys.stderr)
    refused = sum("error" in result for result in results)
    if not results:
        return _fail(f"{source[:60]}: no HJ 212 frame (## and four digits) in {len(raw)} bytes")
    if refused:
        print(f"{refused} of {len(results)} frames refused", file=sys.stderr)
    return 1 if refused or splitter.garbage_bytes else 0


def _one(piece: bytes, swapped: bool) -> dict[str, Any]:
    try:
        frame = hj212.decode(piece, swapped=swapped)
    except BadMessage as error:
        return {"error": error.reason, "detail": error.message, "raw": piece.decode("utf-8", "replace")}
    made: dict[str, Any] = msgspec.to_builtins(frame)
    return made


def _line(result: dict[str, Any]) -> str:
    if "error" in result:
        return f"REFUSED {result['error']}: {result['detail']}\n  {result['raw'].strip()[:200]}"
    fields = " ".join(f"{key}={value}" for key, value in result["fields"].items())
    rows = [f"  {key}={value}" for key, value in result["cp"].items()]
    rows += [f"  {code}: " + " ".join(f"{k}={v}" for k, v in parts.items()) for code, parts in result["factors"].items()]
    rows += [f"  note {reason}: {detail}" for reason, detail in result["notes"]]
    return "\n".join([f"{fields} [crc {result['crc']}, {result['length']} bytes]", *rows])


def judge(path: str, standard: str, basis: str, as_json: bool) -> int:
    """Index of every record; compares with a published index where the table has one. 1 on a bad file or bad values."""
    try:
        rows = table.read(Path(path))
        judged = [table.judge(row, _EDITIONS[standard], "day" if basis == "day" else "hour") for row in rows]
    except table.BadTable as error:
        return _fail(str(error))
    except ValueError as error:
        return _fail(f"{path}: {error}")
    compared = [j for j in judged if j.published is not None]
    agree = sum(j.agrees for j in compared)
    if as_json:
        summary = {"records": len(judged), "compared": len(compared), "agree": agree}
        print(json.dumps({"summary": summary, "records": [msgspec.to_builtins(j) for j in judged]}, ensure_ascii=False))
    else:
        for j in judged:
            index = j.index
            published = "" if j.published is None else f" published {j.published}{'' if j.agrees else ' DIFFERS'}"
            aqi = "NA" if index.aqi is None else index.aqi
            print(f"{j.where} {j.name}: AQI {aqi} {','.join(index.primary) or '-'} ({index.standard}){published}")
        print(f"{len(judged)} records, {agree} of {len(compared)} agree with the published index")
    bad = [f"{path}: {j.where}: {problem}" for j in judged for problem in j.bad]
    for problem in bad:
        print(problem, file=sys.stderr)
    return 1 if bad else 0


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m data_sources.air", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("decode", help="take HJ 212 frames apart")
    one.add_argument("source", help="a file, - for standard input, or a frame")
    one.add_argument("--swapped", action="store_true", help="accept check sums with exchanged bytes, as the gateway does")
    one.add_argument("--json", action="store_true", help="one JSON object a line")
    two = commands.add_parser("aqi", help="air quality index of a table")
    two.add_argument("path", help="CSV, JSON or GeoJSON with pm25 pm10 so2 no2 co o3 and a time")
    two.add_argument("--standard", choices=sorted(_EDITIONS), default="auto", help="edition of HJ 633; auto: by date")
    two.add_argument("--basis", choices=("hour", "day"), default="hour", help="hourly report or daily report")
    two.add_argument("--json", action="store_true", help="JSON")
    chosen = parser.parse_args(arguments)
    if chosen.command == "decode":
        return decode(chosen.source, chosen.swapped, chosen.json)
    return judge(chosen.path, chosen.standard, chosen.basis, chosen.json)


if __name__ == "__main__":
    sys.exit(main())
