"""A real Redis per module, SQLite and PostgreSQL per test."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.database import engine
from core.history import migrate
from tests.servers import RedisServer, postgres_url, redis_server


@pytest.fixture(scope="module")
def redis_process() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'city.sqlite'}"
        migrate(url)
        yield url
        return
    server = postgres_url()
    if server is None:
        pytest.skip("no PostgreSQL: scripts/test starts one where the package is installed")
    name = f"city_{uuid.uuid4().hex[:12]}"
    admin = engine(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    migrate(url)
    yield url
    with admin.connect() as connection:
        connection.execute(sa.text(f"drop database {name} with (force)"))
    admin.dispose()
