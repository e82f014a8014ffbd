"""A camera's pictures and standing things on disk, so that a restart forgets neither the background nor an open event."""

import json
import os
from pathlib import Path
from zipfile import BadZipFile

import msgspec
import numpy as np

from data_sources.cameras.analysis.background import LongTerm
from data_sources.cameras.analysis.dwell import Ended
from data_sources.cameras.analysis.objects import Standing
from data_sources.cameras.analysis.parameters import Array
from data_sources.cameras.analysis.stillness import Stillness

_ARRAYS = ("mask", "anchor", "ground")
FORMAT = 1


def save(analysis: Stillness, path: Path) -> bool:
    """Write the state to `path` (.npz) in one step; False when there is no long-term picture yet."""
    if analysis.usual is None:
        return False
    arrays: dict[str, Array] = {"usual": analysis.usual.values.astype(np.float16)}
    things = []
    for index, thing in enumerate(analysis.things):
        for name in _ARRAYS:
            arrays[f"{name}{index}"] = getattr(thing, name)
        things.append({name: getattr(thing, name) for name in thing.__struct_fields__ if name not in _ARRAYS})
    ended = [msgspec.to_builtins(old) for old in analysis.ended]
    head = {"format": FORMAT, "size": analysis.size, "zones": zones_key(analysis), "last_at": analysis.last_at,
            "things": things, "ended": ended}
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    partial.replace(path)
    return True


def load(analysis: Stillness, path: Path) -> bool:
    """Take up what was saved for the same picture size; things only when the zones are the same.

    False (and nothing changed) when there is no file, or one that cannot be used: a lost background is learned again.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            head = json.loads(stored["head"].tobytes())
            if head["format"] != FORMAT or tuple(head["size"]) != analysis.size:
                return False
            usual = LongTerm(stored["usual"])
            same = head["zones"] == zones_key(analysis)
            things = [
                Standing(**fields, **{name: stored[f"{name}{index}"].copy() for name in _ARRAYS})
                for index, fields in enumerate(head["things"]) if same
            ]
            ended = [msgspec.convert(old, Ended) for old in head["ended"] if same]
    except (OSError, EOFError, BadZipFile, KeyError, ValueError, TypeError, msgspec.ValidationError):
        return False
    analysis.usual, analysis.things, analysis.ended = usual, things, ended
    analysis.last_at = float(head["last_at"])
    return True


def zones_key(analysis: Stillness) -> str:
    """Text that changes when a zone does."""
    return msgspec.json.encode(analysis.zones).decode()
