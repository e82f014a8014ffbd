"""One ASGI middleware before everything: deny by default, on every route and every kind of connection.

It knows who asks (session cookie, wall device cookie, bearer token), what the route needs (`web.access`), refuses
cross-site changes, adds the security headers, and writes what was denied to the audit log.
"""

import asyncio
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

import redis.exceptions
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.accounts import Accounts
from core.auth import Identity, Sessions, enter, hashed
from web.access import PUBLIC, READ, SIGNED, Access, Rule
from web.denials import Denials

SESSION_COOKIE, WALL_COOKIE = "city_session", "city_wall"
FRESH_S, GRACE_S, WALL_FRESH_S = 2.0, 60.0, 15.0  # how long an answer about a token is believed; grace: Redis is away
log = structlog.get_logger("web.guard")


class Unknown(Exception):
    """Nobody can say now who this is: Redis or the database does not answer."""


class Guard:
    """Wraps the application. `identify` is also asked by long connections, so that a revoked session ends them."""

    def __init__(self, app: ASGIApp, access: Access, sessions: Sessions, accounts: Accounts, denials: Denials,
                 headers: Callable[[str], dict[str, str]], refused: Callable[[Scope, Identity], str]) -> None:
        self.app, self.access, self.sessions, self.accounts = app, access, sessions, accounts
        self.denials, self.headers, self.refused = denials, headers, refused
        self._asking = asyncio.Semaphore(24)  # a thousand viewers at once must not want a thousand Redis connections
        self._known: dict[str, tuple[Identity | None, float, float]] = {}  # kind and hash -> identity, asked at, touched at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        enter(None)
        headers = Headers(scope=scope)
        rule = self.access.find(scope["path"])
        answer = await self._judge(scope, headers, rule)
        if answer is None:
            await self.app(scope, receive, send if scope["type"] == "websocket" else self._with_headers(scope, rule, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401 if answer.status_code == 401 else 4403})
        else:
            await answer(scope, receive, self._with_headers(scope, rule, send))

    async def _judge(self, scope: Scope, headers: Headers, rule: Rule | None) -> Response | None:
        """None: pass. Else the refusal."""
        method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
        if rule is not None and rule.needs == (PUBLIC,):
            wrong = method not in READ and not _same_site(scope, headers)
            return _error(403, "cross_site", "This request came from another site.") if wrong else None
        if rule is not None and rule.needs == (SIGNED,):
            signed = bool(headers.get("x-city-signature"))
            return None if signed else _error(401, "not_signed", "This route needs a signed request.")
        try:
            identity = await self.identify(headers, rule, active=_is_active(scope, headers))
        except Unknown:
            return _error(503, "not_ready", "Sessions cannot be checked right now. Try again in a moment.", retry=2)
        if identity is None:
            self.denials.count("-", "", scope, headers, "not_signed_in")
            return _sign_in_first(scope, rule)
        enter(identity)
        scope.setdefault("state", {})["identity"] = identity
        return self._allow(scope, headers, rule, identity, method)

    def _allow(self, scope: Scope, headers: Headers, rule: Rule | None, who: Identity, method: str) -> Response | None:
        if rule is None:
            return self._missing(scope, who)
        if method != "WEBSOCKET" and method not in rule.methods and method != "OPTIONS":
            answer = _error(405, "method_not_allowed", f"{method} is not possible here.")
            answer.headers["allow"] = ", ".join(rule.methods)
            return answer
        lacking = [need for need in rule.needs if not who.may(need)]
        if lacking:
            self.denials.count(who.account, who.role, scope, headers, "not_allowed")
            if rule.kind == "page":
                return HTMLResponse(self.refused(scope, who), 403)
            return _error(403, "not_allowed", "Your role does not allow this.", needs=lacking)
        if who.kind != "machine" and method not in READ and not _same_site(scope, headers):
            self.denials.count(who.account, who.role, scope, headers, "cross_site")
            return _error(403, "cross_site", "This request came from another site.")
        return None

    def _missing(self, scope: Scope, who: Identity) -> Response:
        if scope["type"] == "http" and scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
            return HTMLResponse(self.refused(scope, who), 404)
        return _error(404, "not_found", "There is nothing at this address.")

    # --- who is it ------------------------------------------------------------------------------------------------------
    async def identify(self, headers: Headers, rule: Rule | None = None, active: bool = False) -> Identity | None:
        """Who asks; None: nobody known. Raises `Unknown` when that cannot be found out."""
        bearer = headers.get("authorization", "")
        if bearer[:7].lower() == "bearer ":
            allowed = rule is not None and rule.machine
            return await self._ask("machine", bearer[7:].strip(), self._machine, WALL_FRESH_S) if allowed else None
        cookies = _cookies(headers)
        if token := cookies.get(SESSION_COOKIE):
            identity = await self._ask("session", token, self.sessions.find, FRESH_S, active)
            if identity is not None:
                return identity
        if token := cookies.get(WALL_COOKIE):
            return await self._ask("wall", token, self._wall, WALL_FRESH_S)
        return None

    def forget(self, token: str) -> None:
        """A session that has just ended must not live on in the cache."""
        self._known.pop("session " + hashed(token), None)

    async def _ask(self, kind: str, token: str, source: Any, fresh_s: float, active: bool = False) -> Identity | None:
        """What is remembered of a token holds only for the way it came: a bearer token is no cookie, and the reverse."""
        now, digest = time.monotonic(), f"{kind} {hashed(token)}"
        known = self._known.get(digest)
        if known and now - known[1] < fresh_s and not (active and now - known[2] > 25):
            return known[0]
        try:
            async with self._asking:
                identity = await (source(token, active) if kind == "session" else source(token))
        except (redis.exceptions.RedisError, SQLAlchemyError, OSError) as error:
            if known and known[0] is not None and now - known[1] < GRACE_S:
                return known[0]  # Redis restarts: who was signed in a moment ago still is
            raise Unknown from error
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[digest] = (identity, now, now if active else (known[2] if known else 0.0))
        return identity if isinstance(identity, Identity) else None

    async def _wall(self, token: str) -> Identity | None:
        return await asyncio.to_thread(self.accounts.wall, token)

    async def _machine(self, token: str) -> Identity | None:
        return await asyncio.to_thread(self.accounts.machine, token)

    def _with_headers(self, scope: Scope, rule: Rule | None, send: Send) -> Send:
        kind = "page" if rule is None else rule.kind
        added = [(name.encode(), value.encode()) for name, value in self.headers(kind).items()]
        if scope.get("scheme") == "https":
            added.append((b"strict-transport-security", b"max-age=31536000"))

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                names = {name.lower() for name, _ in given}
                message["headers"] = [*given, *(pair for pair in added if pair[0] not in names)]
            await send(message)

        return wrapped


def _cookies(headers: Headers) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load("; ".join(headers.getlist("cookie")))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _same_site(scope: Scope, headers: Headers) -> bool:
    """Whether a change comes from our own page. Browsers always send Origin with one; without cookies nobody is abused."""
    origin = headers.get("origin")
    if origin:
        return origin != "null" and urlsplit(origin).netloc == headers.get("host", "")
    if scope["type"] == "websocket":
        return False
    site = headers.get("sec-fetch-site")
    return site in ("same-origin", "none") if site else "cookie" not in headers


def _is_active(scope: Scope, headers: Headers) -> bool:
    """Whether a person did something: the live link asks by itself and says so when it was not alone."""
    if scope["type"] == "websocket":
        return False
    return not scope["path"].startswith("/live/") or headers.get("x-city-active") == "1"


def _sign_in_first(scope: Scope, rule: Rule | None) -> Response:
    is_get = scope["type"] == "http" and scope["method"] in READ
    if is_get and (rule is None or rule.kind == "page") and "text/html" in Headers(scope=scope).get("accept", ""):
        query = scope.get("query_string", b"").decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/sign-in?next={quote(target, safe='/')}", 303, {"cache-control": "no-store"})
    return _error(401, "not_signed_in", "Sign in first.")


def _error(status: int, code: str, message: str, retry: int = 0, **details: object) -> Response:
    headers = {"cache-control": "no-store"} | ({"retry-after": str(retry)} if retry else {})
    return JSONResponse({"error": {"code": code, "message": message, "details": details}}, status, headers)
