"""One archive with everything that cannot be measured again: database, keys, evidence, camera backgrounds."""

import sqlite3
import tarfile
import tempfile
from pathlib import Path

import sqlalchemy

from core.errors import BadConfiguration
from core.settings import Settings


def backup(settings: Settings, target: Path) -> None:
    """Write `target` (tar.gz, mode 600). SQLite is copied with its own online backup, so the city may run meanwhile.

    PostgreSQL has better tools: `pg_dump` is named in the error, and in docs/operations.md.
    """
    url = sqlalchemy.make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        raise BadConfiguration("back a PostgreSQL database up with pg_dump; see docs/operations.md")
    if not settings.data_dir.exists():
        raise BadConfiguration(f"{settings.data_dir} does not exist: nothing to back up")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "city.sqlite"
        with sqlite3.connect(str(url.database)) as source, sqlite3.connect(copy) as destination:
            source.backup(destination)
        target.touch(mode=0o600)
        with tarfile.open(target, "w:gz") as archive:
            archive.add(copy, "city.sqlite")
            for name in ("keys", "evidence", "cameras"):
                if (settings.data_dir / name).exists():
                    archive.add(settings.data_dir / name, name)
