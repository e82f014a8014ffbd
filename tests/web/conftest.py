"""The web process over a real Redis and SQLite, with a small page of its own; requests go through the whole ASGI stack."""

from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
import structlog

from core import clock, settings
from core.city import City
from core.history import migrate
from core.settings import Settings
from core.store import Store
from tests import samples
from tests.servers import RedisServer, redis_server
from tests.web import page
from web.server import Web

HOST = "http://city.test"


@pytest.fixture(scope="module")
def redis_process() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@cache
def city() -> City:
    """Read once."""
    return samples.city()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('sql') / 'city.sqlite'}"
    migrate(url)
    return url


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    """As the product logs: the default renderer draws every local variable of every frame, which takes seconds."""
    structlog.configure(processors=[structlog.stdlib.add_log_level, structlog.processors.format_exc_info,
                                    structlog.dev.ConsoleRenderer(colors=False)])


@pytest.fixture
def configured(redis_process: RedisServer, database: str, tmp_path: Path) -> Settings:
    store = Store(redis_process.url)
    store.redis.flushall()
    store.close()
    return settings.read({
        "CITY_CONFIG": str(samples.ROOT / "config" / "luan"), "CITY_DATA_DIR": str(tmp_path),
        "CITY_REDIS_URL": redis_process.url, "CITY_DATABASE_URL": database, "CITY_INGEST_PORT": "9",
    })


@pytest.fixture
async def web(configured: Settings) -> AsyncIterator[Web]:
    """All parts; the hub does not follow Redis by itself here (`publish` loads what it writes)."""
    page.calls.clear()
    page.broken.clear()
    made = Web(configured, city(), page.PAGES)
    async with made._lifespan(made.server):
        yield made


@pytest.fixture
async def anonymous(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=web.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


@pytest.fixture
async def admin(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(web, "admin") as client:
        yield client


async def signed_in(web: Web, role: str, name: str = "") -> httpx.AsyncClient:
    """A browser with a session of this role."""
    token = await web.sessions.start(name or f"{role}-1", role, role)
    transport = httpx.ASGITransport(app=web.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=HOST, cookies={"city_session": token})


async def publish(web: Web, *domains: str) -> None:
    """The next version of these domains through the real store, and into the hub."""
    store = Store(web.settings.redis_url)
    for name, snapshot in samples.snapshots(web.city, clock.now()).items():
        if name in domains:
            lease = store.acquire(name, "test")
            assert lease is not None
            snapshot.version = store.version(name) + 1
            store.publish(lease, snapshot)
            store.release(lease)
            await web.hub.load(name, snapshot.version)
    store.close()
