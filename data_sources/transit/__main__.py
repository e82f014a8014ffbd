"""`python -m data_sources.transit decode jt808 <hex|-> [--json]`: what a frame says, or what is wrong with it and where."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from data_sources.transit.wire.jt808 import decode, describe, refusals


def _bytes_of(text: str) -> bytes:
    """Bytes of hex text; spaces, line ends, colons and 0x prefixes are ignored. ValueError says at which character it breaks."""
    compact = "".join(text.replace("0x", "").replace(":", "").split())
    for place, char in enumerate(compact):
        if char not in "0123456789abcdefABCDEF":
            raise ValueError(f"character {place + 1} is {char!r}, expected hex digits")
    if not compact:
        raise ValueError("nothing to decode")
    if len(compact) % 2:
        raise ValueError(f"{len(compact)} hex digits, the last byte is incomplete")
    return bytes.fromhex(compact)


def _plain(told: dict[str, Any], indent: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in told.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_plain(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, one in enumerate(value, 1):
                lines += [f"{indent}{key} {number}:", *_plain(one, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


def decode_jt808(text: str, as_json: bool) -> int:
    """Print frames to stdout, faults to stderr (or all in one JSON object). 1 when anything was wrong."""
    try:
        frames, rejects = decode(_bytes_of(text))
    except ValueError as error:
        print(json.dumps({"error": str(error)}) if as_json else f"not hex: {error}", file=sys.stderr)
        return 1
    told = [describe(f) | ({"refused": refusals(f)} if refusals(f) else {}) for f in frames]
    faults = [{"reason": r.reason, "at_byte": r.offset, "hex": r.raw.hex()} for r in rejects]
    if as_json:
        print(json.dumps({"frames": told, "faults": faults}, ensure_ascii=False, indent=1))
    else:
        for one in told:
            print("\n".join(_plain(one)), end="\n\n")
        for fault in faults:
            print(f"{fault['reason']} at byte {fault['at_byte']}: {fault['hex']}", file=sys.stderr)
    wrong = any("refused" in one or "body_error" in one for one in told)
    if wrong and not as_json:
        print("a frame is sound but may not be used: see refused / body_error", file=sys.stderr)
    return 1 if faults or wrong or not frames else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m data_sources.transit", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("decode", help="decode one or more frames")
    command.add_argument("protocol", choices=("jt808",))
    command.add_argument("hex", help="hex text, or - for standard input")
    command.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(argv)
    text = sys.stdin.read() if options.hex == "-" else options.hex
    return decode_jt808(text, options.json)


if __name__ == "__main__":
    sys.exit(main())
