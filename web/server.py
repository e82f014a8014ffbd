"""Put the web process together: FastAPI, Dash inside it, the live link, and one guard around everything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from components import shell
from components.contract import Page
from core.accounts import Accounts
from core.audit import Audit
from core.auth import Sessions
from core.city import City
from core.history import History
from core.settings import Settings
from core.store import AsyncStore
from data_sources import registry
from web import api, errors, files, headers, health, ingest
from web.access import Access, rules
from web.bundle import Bundles
from web.denials import Denials
from web.guard import Guard
from web.hub import Hub
from web.live import BundleRoute, Ticks
from web.pack import Pack
from web.pages import Pages, discover
from web.sign_in import SignIn


class Web:
    """All parts of the process, so that tests and benchmarks can look at them. `app` is the ASGI application."""

    def __init__(self, settings: Settings, city: City, pages: Sequence[Page] | None = None) -> None:
        self.settings, self.city = settings, city
        self.pages = tuple(pages) if pages is not None else discover()
        self.pool = ThreadPoolExecutor(2, "draw")
        self.store, self.history = AsyncStore(settings.redis_url), History(settings.database_url)
        self.hub = Hub(self.store, registry.domains(), self.pool)
        self.bundles = Bundles(self.hub, city, self.pages, shell.PANELS, self.pool)
        self.sessions, self.accounts = Sessions(self.store.redis), Accounts(self.history.engine)
        self.audit = Audit(self.history.engine)
        self.denials = Denials(self.audit, self.pool)
        self.client = httpx.AsyncClient(timeout=15, trust_env=False)
        self._guards: dict[str, Guard] = {}
        self.ticks = Ticks(self.hub, self._guards)
        self.server = FastAPI(title=f"{city.name_en} City Brain", version="1", openapi_url=None, docs_url=None,
                              redoc_url=None, lifespan=self._lifespan)
        # what callbacks may look at: they know no web code
        self.server.state.city, self.server.state.pages, self.server.state.snapshots = city, self.pages, self.hub.snapshots
        self._routes()
        self.access = Access(rules(self.pages, registry.domains()))
        self.app = self._guarded()

    def _routes(self) -> None:
        """Ours first; Dash adds a route that catches everything else."""
        errors.install(self.server)
        self.bundle_route = BundleRoute(self.bundles)
        self.server.router.routes.append(Route("/live/{bundle:path}", self.bundle_route, methods=["GET"]))
        self.server.router.routes.append(WebSocketRoute("/live/ticks", self.ticks))
        self.server.include_router(health.router(self.hub, self.history, self.bundles, self.ticks))
        self.server.include_router(api.router(self.hub, self.history, self.server))
        self.server.include_router(ingest.router(self.settings, self.client))
        self.server.include_router(files.router(self.settings, self.city, self.store.redis))
        self.site = Pages(self.server, self.city, self.pages)
        self.sign_in = SignIn(self.settings, self.site, self.sessions, self.accounts, self.audit)
        for path, endpoint, methods in (
            ("/sign-in", self.sign_in.show, ["GET"]), ("/sign-in", self.sign_in.submit, ["POST"]),
            ("/sign-out", self.sign_in.out, ["GET", "POST"]), ("/session", self.sign_in.me, ["GET"]),
            ("/session/others", self.sign_in.others, ["GET", "DELETE"]),
            ("/session/preferences", self.sign_in.preferences, ["POST"]),
        ):
            self.server.router.routes.insert(0, Route(path, endpoint, methods=methods))

    def _guarded(self) -> Guard:
        from pages.sign_in import SCRIPT

        scripts = [*self.site.scripts(), headers.script_hash(SCRIPT)]
        guard = Guard(self._front(Pack(self.server)), self.access, self.sessions, self.accounts, self.denials, headers.maker(scripts),
                      self.sign_in.refused)
        self._guards["guard"] = self.sign_in.guard = guard
        return guard

    def _front(self, rest: ASGIApp) -> ASGIApp:
        """Bundles take the short way: every viewer asks for them every few seconds."""

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            short = scope["type"] == "http" and scope["path"].startswith("/live/")
            await (self.bundle_route if short else rest)(scope, receive, send)

        return front

    @contextlib.asynccontextmanager
    async def _lifespan(self, _server: FastAPI) -> AsyncIterator[None]:
        """Follow snapshots and write denials while the process lives."""
        tasks = [asyncio.create_task(self.hub.run()), asyncio.create_task(self.denials.run())]
        try:
            yield
        finally:
            await _stop(tasks)
            await self.client.aclose()
            await self.store.close()
            self.history.close()
            self.pool.shutdown(wait=False, cancel_futures=True)


async def _stop(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel until they are gone: a Redis client that is just connecting may swallow one cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.3)


def make(settings: Settings, city: City) -> Guard:
    """The ASGI application of the web process."""
    return Web(settings, city).app
