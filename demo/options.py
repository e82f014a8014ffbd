"""What the demo city is started with."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """Where the city's description and the platform's gateways are. Ports of 0 leave that vendor out."""

    config: Path = Path("config/luan")
    data_dir: Path = Path("var/demo")
    key_dir: Path | None = None  # folder that holds keys/ingest; the data folder unless said otherwise
    seed: int = 2026
    host: str = "127.0.0.1"
    jt808_port: int = 6808
    hj212_port: int = 6212
    ingest_url: str = "http://127.0.0.1:6680"
    camera_host: str = "127.0.0.1"
    camera_port: int = 6554
    mjpeg_port: int = 6555
    truth: bool = True


def parser(command: argparse.ArgumentParser) -> None:
    """Add the options of `run` to a command line."""
    for field in fields(Options):
        name = "--" + field.name.replace("_", "-")
        if field.name == "truth":
            command.add_argument("--no-truth", dest="truth", action="store_false", help="write no truth log")
        else:
            default = None if field.name == "key_dir" else field.default
            kind = Path if field.name in ("config", "data_dir", "key_dir") else type(field.default)
            command.add_argument(name, type=kind, default=default, help=f"default {field.default}")


def of(given: "Options | Mapping[str, Any] | argparse.Namespace | None") -> Options:
    """Options from what a caller has: names that are not ours are left alone, missing ones keep their default."""
    if isinstance(given, Options):
        return given
    values: Mapping[str, Any] = given if isinstance(given, Mapping) else vars(given) if given is not None else {}
    chosen: dict[str, Any] = {}
    for field in fields(Options):
        value = values.get(field.name)
        if value is None:
            continue
        if field.name in ("config", "data_dir", "key_dir"):
            value = Path(value)
        chosen[field.name] = int(str(value)) if isinstance(field.default, int) and field.name != "truth" else value
    return Options(**chosen)
