"""Who may do what, and who is signed in: roles, identities, sessions in Redis, one-time links, lockout.

Accounts and machine tokens are rows in SQL (`core.accounts`); this file never sees a password.
"""

import hashlib
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec
import redis

from core import clock, keys
from core.errors import NotAllowed
from core.settings import Settings

Role = Literal["leader", "department", "officer", "school", "wall", "admin"]
ROLES: Mapping[str, tuple[str, ...]] = {
    "leader": ("*.read", "api.read"),
    "department": ("*.read", "cases.write", "api.read"),
    "officer": ("*.read", "cases.write"),
    "school": ("education.read", "air.read"),
    "wall": ("*.read",),
    "admin": ("*.read", "cases.write", "api.read", "metrics.read", "audit.read", "users.read", "users.write"),
}
SENSITIVE = frozenset({"api.read", "metrics.read", "audit.read", "users.read"})  # never covered by a wildcard
SIGNED_IN = "signed-in"  # the permission that every identity has

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
ONE_TIME = timedelta(minutes=15)
FAILURES, LOCKED_FOR = 5, timedelta(minutes=30)
TOUCH_EVERY = timedelta(seconds=30)  # a sliding session is written at most this often


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a request comes from. `session` is a public name of the session, never the token."""

    account: str
    name: str
    role: str
    kind: Literal["person", "wall", "machine"] = "person"
    session: str = ""
    grants: tuple[str, ...] = ()  # replaces the role's permissions when given (machine tokens)

    def may(self, permission: str) -> bool:
        """Whether the identity holds `permission`; wildcards never cover what is sensitive."""
        if permission == SIGNED_IN:
            return True
        for granted in self.grants or ROLES.get(self.role, ()):
            if granted == permission or (permission not in SENSITIVE and fnmatchcase(permission, granted)):
                return True
        return False


_current: ContextVar[Identity | None] = ContextVar("identity", default=None)


def current() -> Identity | None:
    """The identity of the request being answered, None outside of one."""
    return _current.get()


def enter(identity: Identity | None) -> None:
    """Said by the guard once per request, in the request's own context."""
    _current.set(identity)


def require(permission: str) -> Identity:
    """The present identity, if it holds `permission`; else `NotAllowed`. For callbacks and commands."""
    identity = _current.get()
    if identity is None or not identity.may(permission):
        raise NotAllowed(f"needs {permission}", permission=permission)
    return identity

_ATTEMPT = """
for i = 1, #KEYS do if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[1]) then return 0 end end
for i = 1, #KEYS do redis.call('INCR', KEYS[i]) redis.call('EXPIRE', KEYS[i], ARGV[2]) end
return 1
"""
_WITHDRAW = "if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then return redis.call('DECR', KEYS[1]) end return 0"


class Session(msgspec.Struct, kw_only=True):
    """A signed-in session as Redis holds it, under the hash of its token."""

    account: str
    name: str
    role: str
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str = ""
    agent: str = ""

    def identity(self, token_hash: str) -> Identity:
        """What the guard passes on."""
        return Identity(account=self.account, name=self.name, role=self.role, session=token_hash[:12])


def hashed(token: str) -> str:
    """What is stored of a token: whoever reads Redis or the database cannot sign in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


class Sessions:
    """Sessions in Redis. Idle ones end by themselves, all end at their absolute limit."""

    def __init__(self, client: Any, idle: timedelta = IDLE, absolute: timedelta = ABSOLUTE) -> None:
        self.redis = client  # redis.asyncio.Redis
        self.idle, self.absolute = idle, absolute

    async def start(self, account: str, name: str, role: str, address: str = "", agent: str = "") -> str:
        """A new session; returns its token, which is stored nowhere."""
        token, now = new_token(), clock.now()
        session = Session(
            account=account, name=name, role=role, started_at=now, seen_at=now, ends_at=now + self.absolute,
            address=address, agent=agent[:200],
        )
        digest = hashed(token)
        pipe = self.redis.pipeline(transaction=True)
        pipe.set(keys.session(digest), msgspec.json.encode(session), px=_ms(min(self.idle, self.absolute)))
        pipe.sadd(keys.sessions_of(account), digest)
        pipe.expire(keys.sessions_of(account), int(self.absolute.total_seconds()) + 60)
        await pipe.execute()
        return token

    async def find(self, token: str, active: bool = True) -> Identity | None:
        """The identity behind a token, None when it ended. `active` (a person did something) lets the idle limit slide."""
        digest = hashed(token)
        blob = await self.redis.get(keys.session(digest))
        if blob is None:
            return None
        session = msgspec.json.decode(blob, type=Session)
        now = clock.now()
        if now >= session.ends_at:
            await self._drop(session.account, digest)
            return None
        if active and now - session.seen_at > TOUCH_EVERY:
            session.seen_at = now
            left = min(self.idle, session.ends_at - now)
            await self.redis.set(keys.session(digest), msgspec.json.encode(session), px=_ms(left), xx=True)
        return session.identity(digest)

    async def end(self, token: str) -> None:
        """Sign out."""
        digest = hashed(token)
        blob = await self.redis.get(keys.session(digest))
        if blob is not None:
            await self._drop(msgspec.json.decode(blob, type=Session).account, digest)

    async def of(self, account: str) -> dict[str, Session]:
        """The live sessions of an account by their public name; forgets the ended ones."""
        found: dict[str, Session] = {}
        for raw in await self.redis.smembers(keys.sessions_of(account)):
            digest = raw.decode()
            blob = await self.redis.get(keys.session(digest))
            if blob is None:
                await self.redis.srem(keys.sessions_of(account), digest)
            else:
                found[digest[:12]] = msgspec.json.decode(blob, type=Session)
        return found

    async def revoke(self, account: str, session: str = "") -> int:
        """End one session (by its public name) or all of an account. Returns how many."""
        ended = 0
        for raw in await self.redis.smembers(keys.sessions_of(account)):
            digest = raw.decode()
            if digest.startswith(session):
                await self._drop(account, digest)
                ended += 1
        return ended

    async def _drop(self, account: str, digest: str) -> None:
        await self.redis.delete(keys.session(digest))
        await self.redis.srem(keys.sessions_of(account), digest)

    # --- lockout ----------------------------------------------------------------------------------------------------
    async def locked(self, *names: str) -> bool:
        """Whether one of the names ("account:x", "address:y") failed too often of late."""
        counts = await self.redis.mget([keys.sign_in_failures(name) for name in names])
        return any(count is not None and int(count) >= FAILURES for count in counts)

    async def attempt(self, *names: str) -> bool:
        """Count a failure against each name before the password is looked at; False, and nothing counted, when locked.

        In one step: a thousand guesses sent at once must not all be let in before the first is counted. The count is
        forgotten `LOCKED_FOR` after the last failure.
        """
        named = [keys.sign_in_failures(name) for name in names]
        return bool(await self.redis.eval(_ATTEMPT, len(named), *named, FAILURES, int(LOCKED_FOR.total_seconds())))

    async def forgive(self, account: str, address: str) -> None:
        """It was no failure: clears the account's count and takes this one off the address's.

        The address keeps its other failures: one good account must not shield guessing.
        """
        await self.redis.delete(keys.sign_in_failures(account))
        await self.withdraw(address)

    async def withdraw(self, *names: str) -> None:
        """Take one attempt off each count: it was no failure, or nobody could say."""
        for name in names:
            await self.redis.eval(_WITHDRAW, 1, keys.sign_in_failures(name))

    async def redeem(self, token: str) -> tuple[str, str] | None:
        """Use up a one-time link: ("session", account) or ("wall", device id); None when unknown, used or expired."""
        value = await self.redis.getdel(keys.one_time(hashed(token)))
        if value is None:
            return None
        purpose, _, name = value.decode().partition(" ")
        return purpose, name


def issue_one_time_link(settings: Settings, base_url: str, name: str = "admin", purpose: str = "session") -> str:
    """A link that signs in once within 15 minutes: as account `name`, or (`purpose="wall"`) binding a wall's browser."""
    token = new_token()
    client = redis.Redis.from_url(settings.redis_url)
    try:
        client.set(keys.one_time(hashed(token)), f"{purpose} {name}", ex=int(ONE_TIME.total_seconds()))
    finally:
        client.close()
    return f"{base_url.rstrip('/')}/sign-in?once={token}"


def _ms(span: timedelta) -> int:
    return max(1, int(span.total_seconds() * 1000))
