"""The name of the release that is running: browsers reload themselves when it changes."""

import hashlib
from functools import cache
from pathlib import Path

import dash

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("assets/**/*", "components/*.py", "pages/*.py", "callbacks/*.py", "*/strings.json", "data_sources/*/strings.json")


@cache
def release() -> str:
    """Twelve hex digits over everything that reaches a browser: the same in every worker of one release."""
    digest = hashlib.sha256(dash.__version__.encode())
    for pattern in PARTS:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
