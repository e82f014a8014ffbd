"""A real Redis per module, SQLite and PostgreSQL per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.history import migrate
from tests.servers import RedisServer, fresh_database, redis_server


@pytest.fixture(scope="module")
def redis_process() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of each kind."""
    with fresh_database(request.param, tmp_path) as url:
        migrate(url)
        yield url
