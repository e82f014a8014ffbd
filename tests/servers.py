"""Real servers for tests: a Redis on a private socket, a PostgreSQL when the machine has one."""

import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from core.database import engine
from service import embedded_redis
from service.death_guard import die_with_parent


@contextmanager
def redis_server() -> Iterator["RedisServer"]:
    """A redis-server of its own, append-only like the embedded one."""
    with tempfile.TemporaryDirectory(prefix="city-redis-") as folder:
        server = RedisServer(Path(folder) / "s")
        try:
            yield server
        finally:
            server.kill()


class RedisServer:
    """Start, kill -9 and start again on the same data."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.url = f"unix://{socket}"
        self.start()

    def start(self) -> None:
        """Returns when it answers. Call it in a thread that lives as long: the death guard watches that thread."""
        self.process = subprocess.Popen(
            embedded_redis.command(self.socket), stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
                client.close()
                return
            except (redis.RedisError, OSError):
                assert time.monotonic() < deadline, "redis-server did not start"
                time.sleep(0.02)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


def postgres_url() -> str | None:
    """The test PostgreSQL that `scripts/test` started, or None."""
    return os.environ.get("TEST_POSTGRES_URL") or None


@contextmanager
def fresh_database(kind: str = "postgresql", folder: Path | None = None) -> Iterator[str]:
    """URL of an empty database: a SQLite file in `folder`, or one of its own on the test PostgreSQL, dropped afterwards.

    Skips the test where there is no PostgreSQL.
    """
    if kind == "sqlite":
        assert folder is not None
        yield f"sqlite:///{folder / 'city.sqlite'}"
        return
    server = postgres_url()
    if server is None:
        pytest.skip("no PostgreSQL: scripts/test starts one where the package is installed")
    name = f"city_{uuid.uuid4().hex[:12]}"
    admin = engine(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"drop database {name} with (force)"))
        admin.dispose()
