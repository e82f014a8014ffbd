"""Sign in, sign out, one-time links, language and theme: the only routes that set cookies."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs

import redis.exceptions
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Scope

from core import accounts as people
from core.audit import Audit
from core.auth import ABSOLUTE, LOCKED_FOR, Identity, Sessions
from core.i18n import LANGS, Lang, t
from core.settings import Settings
from pages import sign_in as page
from web.denials import address
from web.guard import SESSION_COOKIE, WALL_COOKIE, Guard, _cookies
from web.pages import Pages, city_name, language

BODY_LIMIT = 8 * 1024
WALL_AGE = timedelta(days=400)
THEMES = ("light", "dark")


class SignIn:
    """The routes; `guard` is set once the guard exists, so that an ended session is forgotten at once."""

    def __init__(self, settings: Settings, site: Pages, sessions: Sessions, accounts: people.Accounts, audit: Audit) -> None:
        self.settings, self.site, self.sessions, self.accounts, self.audit = settings, site, sessions, accounts, audit
        self.guard: Guard | None = None
        self.picture = _picture(settings)

    async def show(self, request: Request) -> Response:
        """GET /sign-in: the form, or the use of a one-time link (`?once=`)."""
        lang = language(request.cookies, request.query_params)
        if token := request.query_params.get("once"):
            return await self._redeem(request, token, lang)
        say = t("sign_in.signed_out", lang) if request.query_params.get("out") else ""
        return self._form(request, lang, say)

    async def submit(self, request: Request) -> Response:
        """POST /sign-in: form fields name, password, next. 303 on success; 401 or 429 with the form again."""
        lang = language(request.cookies, {})
        fields = _fields(await _body(request))
        name, where = fields.get("name", "").strip()[:40], address(request.scope)
        locks = (f"account:{name.lower()}", f"address:{where}")
        try:
            if not await self.sessions.attempt(*locks):
                await self._note(name, "sign_in", "locked", where)
                minutes = int(LOCKED_FOR.total_seconds() // 60)
                return self._form(request, lang, t("sign_in.error.locked", lang, minutes=minutes), fields, 429)
            try:
                found = await asyncio.to_thread(self.accounts.verify, name, fields.get("password", ""))
            except Exception:
                await self.sessions.withdraw(*locks)
                raise
            if found is None:
                await self._note(name, "sign_in", "wrong", where)
                return self._form(request, lang, t("sign_in.error.wrong", lang), fields, 401)
            await self.sessions.forgive(*locks)
            return await self._enter(request, found, "sign_in", fields.get("next", "/"))
        except (redis.exceptions.RedisError, SQLAlchemyError, OSError):
            return self._form(request, lang, t("sign_in.error.not_ready", lang), fields, 503)

    async def out(self, request: Request) -> Response:
        """/sign-out: ends the session. By GET only from a link on our own page."""
        if request.method != "POST" and request.headers.get("sec-fetch-site") != "same-origin":
            return RedirectResponse("/", 303)
        answer = RedirectResponse("/sign-in?out=1", 303)
        if token := _cookies(request.headers).get(SESSION_COOKIE):
            identity = await self.sessions.find(token, False)
            await self.sessions.end(token)
            if self.guard is not None:
                self.guard.forget(token)
            if identity is not None:
                await self._note(identity.account, "sign_out", "ok", address(request.scope), identity.role)
        answer.delete_cookie(SESSION_COOKIE, path="/")
        return answer

    async def me(self, request: Request) -> Response:
        """GET /session: who is signed in and which pages are open to them."""
        who: Identity = request.state.identity
        pages = [p.name for p in self.site.pages if who.may(p.permission)]
        return JSONResponse({"account": who.account, "name": who.name, "role": who.role, "kind": who.kind, "pages": pages})

    async def others(self, request: Request) -> Response:
        """GET /session/others lists one's sessions; DELETE ends all but this one."""
        who: Identity = request.state.identity
        found = await self.sessions.of(who.account)
        if request.method == "DELETE":
            ended = sum([await self.sessions.revoke(who.account, name) for name in found if name != who.session])
            await self._note(who.account, "revoke_sessions", "ok", address(request.scope), who.role)
            return JSONResponse({"ended": ended})
        rows = [
            {"session": name, "this": name == who.session, "started_at": s.started_at.isoformat(),
             "seen_at": s.seen_at.isoformat(), "address": s.address, "agent": s.agent}
            for name, s in found.items()
        ]
        return JSONResponse({"sessions": rows})

    async def preferences(self, request: Request) -> Response:
        """POST /session/preferences: lang and theme as cookies, then back to the page."""
        fields = _fields(await _body(request))
        answer = RedirectResponse(safe_path(fields.get("next", "/")), 303)
        for name, known in (("lang", LANGS), ("theme", THEMES)):
            if fields.get(name) in known:
                answer.set_cookie(name, fields[name], max_age=31_536_000, path="/", samesite="lax")
        return answer

    def refused(self, scope: Scope, who: Identity) -> str:
        """The page that the guard shows for 403 and 404."""
        request = Request(scope)
        lang = language(request.cookies, request.query_params)
        known = scope["path"] in self.site.by_route
        links = [(p.route, t(f"page.{p.name}", lang)) for p in self.site.pages if who.may(p.permission)]
        key = "refused.not_allowed" if known else "refused.not_found"
        return page.refusal(lang, city_name(self.site.city, lang), self.picture, key, who.name, who.role, links)

    # --- the steps ------------------------------------------------------------------------------------------------------
    async def _redeem(self, request: Request, token: str, lang: Lang) -> Response:
        where = address(request.scope)
        try:
            used = await self.sessions.redeem(token)
        except (redis.exceptions.RedisError, OSError):
            return self._form(request, lang, t("sign_in.error.not_ready", lang), {}, 503)
        if used is not None and used[0] == "wall":
            return await self._bind_wall(request, used[1], lang)
        if used is not None:
            first = used[1] == people.FIRST
            name = await asyncio.to_thread(self.accounts.ensure_first) if first else used[1]
            account = await asyncio.to_thread(self.accounts.find, name)
            if account is not None and not account.disabled:
                return await self._enter(request, account, "sign_in_once", request.query_params.get("next", "/"))
        await self._note("-", "sign_in_once", "unknown_link", where)
        return self._form(request, lang, t("sign_in.error.once", lang), {}, 410)

    async def _bind_wall(self, request: Request, device: str, lang: Lang) -> Response:
        token = await asyncio.to_thread(self.accounts.bind_wall, device)
        where = address(request.scope)
        await self._note(f"wall:{device}", "bind_wall", "ok" if token else "unknown_wall", where, "wall")
        if token is None:
            return self._form(request, lang, t("sign_in.error.once", lang), {}, 410)
        answer = RedirectResponse("/?portal=wall", 303, {"cache-control": "no-store"})
        self._cookie(request, answer, WALL_COOKIE, token, WALL_AGE)
        return answer

    async def _enter(self, request: Request, account: people.Account, what: str, target: str) -> Response:
        where, agent = address(request.scope), request.headers.get("user-agent", "")
        token = await self.sessions.start(account.name, account.display_name, account.role, where, agent)
        await self._note(account.name, what, "ok", where, account.role)
        identity = Identity(account=account.name, name=account.display_name, role=account.role)
        answer = RedirectResponse(self._landing(identity, safe_path(target)), 303, {"cache-control": "no-store"})
        self._cookie(request, answer, SESSION_COOKIE, token, ABSOLUTE)
        return answer

    def _landing(self, who: Identity, path: str) -> str:
        """Where the person asked to go, or, if that page is not theirs, the first that is."""
        asked = self.site.by_route.get(path.partition("?")[0])
        if asked is not None and not who.may(asked.permission):
            return next((p.route for p in self.site.pages if who.may(p.permission)), path)
        return path

    def _cookie(self, request: Request, answer: Response, name: str, token: str, age: timedelta) -> None:
        wanted = self.settings.cookie_secure
        secure = wanted == "always" or (wanted == "auto" and request.url.scheme == "https")
        answer.set_cookie(name, token, max_age=int(age.total_seconds()), path="/", httponly=True, samesite="lax", secure=secure)

    def _form(self, request: Request, lang: Lang, say: str = "", fields: Mapping[str, str] | None = None,
              status: int = 200) -> Response:
        given = fields or {}
        target = safe_path(given.get("next") or request.query_params.get("next", "/"))
        text = page.form(
            lang, city_name(self.site.city, lang), self.picture, next_path=target, name=given.get("name", "")[:40], say=say,
            bad=status >= 400,
        )
        return HTMLResponse(text, status)

    async def _note(self, who: str, what: str, result: str, where: str, role: str = "") -> None:
        await asyncio.to_thread(self.audit.record, who or "-", what, role=role, result=result, address=where)


def safe_path(target: str) -> str:
    """A path on this host; whatever else was asked for becomes the start page."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and "\n" not in target and "\r" not in target
    return target if plain and len(target) < 500 and not target.startswith("/sign-") else "/"


async def _body(request: Request) -> bytes:
    """At most `BODY_LIMIT` bytes; what is longer is not a sign-in form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return b""
    return body


def _fields(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()}


def _picture(settings: Settings) -> str:
    """The outline of the city's districts for the sign-in page; nothing when the city has no map."""
    path = settings.config_dir / "map" / "districts.geojson"
    return page.outline(json.loads(path.read_text("utf-8"))) if path.exists() else ""
