"""Accounts, wall devices and machine tokens in SQL; argon2id passwords. Blocking: call it from a thread."""

import secrets
from functools import cache

import msgspec
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core import clock
from core.auth import ROLES, Identity, hashed, new_token
from core.database import Moment, metadata
from core.errors import CityError, Conflict, NotFound

account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("display_name", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("password", sa.String(200), nullable=False),  # argon2id; empty: no password sign-in
    sa.Column("password_at", Moment),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)
wall_device = sa.Table(
    "wall_device",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, index=True),  # empty until a browser was bound
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("bound_at", Moment),
)
api_token = sa.Table(
    "api_token",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("grants", sa.String(400), nullable=False),  # permissions, separated by spaces
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)
COMMON = frozenset(
    (
        "password1", "admin123", "admin@123", "abc12345", "qwer1234", "a1234567", "p@ssw0rd", "passw0rd", "luan2026",
        "aa123456",
    )
)
LENGTH = (8, 256)
FIRST = "admin"  # the account that a one-time link at the first start signs in

_hasher = PasswordHasher()  # argon2id with the library's RFC 9106 defaults


@cache
def _nobody() -> str:
    """Verified in place of an unknown account, so that both answers take as long."""
    return _hasher.hash(secrets.token_hex(16))


class WeakPassword(CityError):
    """The password breaks a rule; `code` is the string key that says which."""

    code = "weak_password"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A row without its password."""

    name: str
    display_name: str
    role: str
    disabled: bool
    has_password: bool


def check_password_rules(name: str, password: str) -> None:
    """Raise `WeakPassword` unless: 8..256 characters, 3 of 4 classes, not the name, not a common one (GB/T 22239 8.1.4.1 a)."""
    if not LENGTH[0] <= len(password) <= LENGTH[1]:
        raise WeakPassword(f"a password has {LENGTH[0]} to {LENGTH[1]} characters", rule="length")
    classes = (
        any(c.islower() for c in password), any(c.isupper() for c in password), any(c.isdigit() for c in password),
        any(not c.isalnum() for c in password),
    )
    if sum(classes) < 3:
        raise WeakPassword("use three of: lower case, upper case, digits, other characters", rule="classes")
    if name and name.lower() in password.lower():
        raise WeakPassword("the password must not contain the account's name", rule="name")
    if password.lower() in COMMON:
        raise WeakPassword("this password is among the most common ones", rule="common")


class Accounts:
    """What the command line and the sign-in page do with accounts."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def add(self, name: str, role: str, password: str = "", display_name: str = "") -> None:
        """A new account; without a password it can only sign in by a one-time link. Raises `Conflict`, `WeakPassword`."""
        if role not in ROLES or role == "wall":
            raise CityError(f"no such role for a person: {role}", roles=[r for r in ROLES if r != "wall"])
        if not 2 <= len(name) <= 40 or not all(c.isalnum() or c in "._-" for c in name):
            raise CityError("an account's name has 2 to 40 letters, digits, dots, dashes or underscores")
        if password:
            check_password_rules(name, password)
        now = clock.now()
        row = {
            "name": name, "display_name": display_name or name, "role": role, "disabled": False, "created_at": now,
            "password": _hasher.hash(password) if password else "", "password_at": now if password else None,
        }
        try:
            with self.engine.begin() as connection:
                connection.execute(account.insert(), row)
        except sa.exc.IntegrityError as error:
            raise Conflict(f"there is an account {name} already") from error

    def list(self) -> list[Account]:
        """All accounts by name."""
        with self.engine.connect() as connection:
            return [_account(row) for row in connection.execute(sa.select(account).order_by(account.c.name))]

    def find(self, name: str) -> Account | None:
        """One account, None when there is none of that name."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(account).where(account.c.name == name)).first()
        return None if row is None else _account(row)

    def ensure_first(self) -> str:
        """The administrator that the first one-time link signs in; made without a password when missing."""
        if self.find(FIRST) is None:
            self.add(FIRST, "admin")
        return FIRST

    def set_password(self, name: str, password: str) -> None:
        """Replace the password. Raises `WeakPassword`, `NotFound`. End the account's sessions afterwards."""
        check_password_rules(name, password)
        self._change(name, password=_hasher.hash(password), password_at=clock.now())

    def disable(self, name: str, disabled: bool = True) -> None:
        """Close an account (or open it again). End its sessions afterwards. Raises `NotFound`."""
        self._change(name, disabled=disabled)

    def _change(self, name: str, **values: object) -> None:
        with self.engine.begin() as connection:
            if connection.execute(account.update().where(account.c.name == name).values(**values)).rowcount == 0:
                raise NotFound(f"there is no account {name}")

    def verify(self, name: str, password: str) -> Account | None:
        """The account when the password is right and the account open. Takes as long when it is not."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(account).where(account.c.name == name)).first()
        known = row is not None and bool(row.password) and not row.disabled
        try:
            _hasher.verify(row.password if row is not None and row.password else _nobody(), password[: LENGTH[1]])
        except (VerificationError, InvalidHashError):
            return None
        if not known or row is None:
            return None
        if _hasher.check_needs_rehash(row.password):
            self._change(name, password=_hasher.hash(password))
        return _account(row)

    # --- walls ------------------------------------------------------------------------------------------------------
    def add_wall(self, device: str, name: str = "") -> None:
        """A wall device, not yet bound to a browser. An existing one is unbound, so that it can be bound anew."""
        row = {"name": name or device, "token_hash": "", "disabled": False, "created_at": clock.now(), "bound_at": None}
        with self.engine.begin() as connection:
            if connection.execute(wall_device.update().where(wall_device.c.id == device).values(**row)).rowcount == 0:
                connection.execute(wall_device.insert(), {"id": device, **row})

    def bind_wall(self, device: str) -> str | None:
        """The long-lived token for the browser of this wall (an earlier one stops working); None when unknown or disabled."""
        token = new_token()
        where = (wall_device.c.id == device) & ~wall_device.c.disabled
        with self.engine.begin() as connection:
            change = wall_device.update().where(where).values(token_hash=hashed(token), bound_at=clock.now())
            return token if connection.execute(change).rowcount else None

    def disable_wall(self, device: str) -> None:
        """Take a wall's access away. Raises `NotFound`."""
        with self.engine.begin() as connection:
            change = wall_device.update().where(wall_device.c.id == device).values(disabled=True, token_hash="")
            if connection.execute(change).rowcount == 0:
                raise NotFound(f"there is no wall {device}")

    def wall(self, token: str) -> Identity | None:
        """The wall that a browser's token is bound to."""
        where = (wall_device.c.token_hash == hashed(token)) & ~wall_device.c.disabled
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(wall_device).where(where)).first()
        if row is None:
            return None
        return Identity(account=f"wall:{row.id}", name=row.name, role="wall", kind="wall", session=row.token_hash[:12])

    # --- machines -----------------------------------------------------------------------------------------------------
    def add_token(self, name: str, grants: tuple[str, ...] = ("api.read", "*.read")) -> str:
        """A bearer token for a machine; shown once, stored as a hash."""
        token = new_token()
        row = {
            "token_hash": hashed(token), "name": name, "grants": " ".join(grants), "disabled": False,
            "created_at": clock.now(),
        }
        with self.engine.begin() as connection:
            connection.execute(api_token.insert(), row)
        return token

    def disable_tokens(self, name: str) -> int:
        """Take the access of a machine's tokens away. Returns how many there were."""
        with self.engine.begin() as connection:
            return connection.execute(api_token.update().where(api_token.c.name == name).values(disabled=True)).rowcount

    def machine(self, token: str) -> Identity | None:
        """The machine behind a bearer token."""
        where = (api_token.c.token_hash == hashed(token)) & ~api_token.c.disabled
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(api_token).where(where)).first()
        if row is None:
            return None
        return Identity(
            account=f"machine:{row.name}", name=row.name, role="machine", kind="machine",
            session=row.token_hash[:12], grants=tuple(row.grants.split()),
        )


def _account(row: sa.Row[tuple[object, ...]]) -> Account:
    return Account(
        name=row.name, display_name=row.display_name, role=row.role, disabled=row.disabled,
        has_password=bool(row.password),
    )
