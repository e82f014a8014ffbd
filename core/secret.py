"""Secrets live as files of mode 600 in the data folder: made at first start, never in the repository, never in a log."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path


def secret(data_dir: Path) -> bytes:
    """The installation's own 32 bytes, from which codes and hashes are derived."""
    return bytes.fromhex(_file(data_dir / "keys" / "city.key"))


def ingest_keys(data_dir: Path, sources: Sequence[str]) -> dict[str, bytes]:
    """Signing keys of the HTTP ingest, one per source; hand `<data>/keys/ingest/<source>.key` to the vendor."""
    return {source: bytes.fromhex(_file(data_dir / "keys" / "ingest" / f"{source}.key")) for source in sources}


def _file(path: Path) -> str:
    """The hex text in `path`, created atomically when it is not there (two processes may start at once)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        try:
            os.link(fresh, path)  # fails when somebody else was first: then theirs counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text("ascii").strip()
