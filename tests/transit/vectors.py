"""The shared vectors, read at collection time; an absent folder skips the module with a clear reason."""

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "../shared"


def load(name: str) -> Any:
    """The JSON of one vector file."""
    path = SHARED / "vectors" / name
    if not path.exists():
        pytest.skip(f"shared vectors are not here: {path}", allow_module_level=True)
    return json.loads(path.read_text("utf-8"))
