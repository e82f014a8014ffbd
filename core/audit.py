"""The audit log: append-only, each row chained to the one before by its hash, so that tampering shows.

GB/T 22239-2019 8.1.4.3: who, when, what, result, for every account; cannot be switched off.
"""

import hashlib
import json
from datetime import datetime

import msgspec
import sqlalchemy as sa

from core import clock
from core.database import Moment, metadata

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("who", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("what", sa.String(60), nullable=False),
    sa.Column("target", sa.String(200), nullable=False),
    sa.Column("result", sa.String(40), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
GENESIS = "0" * 64
APPEND_ONLY = {  # refuses changes inside the database too; the migration applies them
    "sqlite": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_append_only() RETURNS trigger AS
        $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$ LANGUAGE plpgsql""",
        """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()""",
    ),
}
_LOCK = 0x6C75616E  # PostgreSQL advisory lock: one writer of the chain at a time


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `what` is a stable verb ("sign_in", "denied"), `result` a stable code ("ok", "bad_password")."""

    at: datetime
    who: str
    role: str
    what: str
    target: str
    result: str
    address: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of `verify`. `head` belongs into a safe place elsewhere: only it can show that the end was cut off."""

    rows: int
    broken_at: int | None  # id of the first row that does not fit
    head: str


def digest(number: int, entry: Entry, previous: str) -> str:
    """SHA-256 over the row's number, all its fields and the hash before it, as canonical JSON."""
    fields = [
        number, round(entry.at.timestamp() * 1_000_000), entry.who, entry.role, entry.what, entry.target, entry.result,
        entry.address, previous,
    ]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


class Audit:
    """Writes and checks the log. Blocking: call it from a thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def record(self, who: str, what: str, *, role: str = "", target: str = "", result: str = "ok", address: str = "") -> None:
        """Append one row, chained to the last; concurrent writers wait for one another."""
        entry = Entry(
            at=clock.now(), who=who[:80], role=role[:20], what=what[:60], target=target[:200], result=result[:40],
            address=address[:64],
        )
        with self.engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # before reading the head, or two rows could share it
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            last = connection.execute(sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
            number, previous = (last.id + 1, last.hash) if last else (1, GENESIS)
            row = {"id": number, **msgspec.structs.asdict(entry), "previous": previous}
            connection.execute(audit.insert(), {**row, "hash": digest(number, entry, previous)})

    def verify(self) -> Verdict:
        """Walk the whole chain; a changed, inserted or removed row breaks it where it stands."""
        previous, rows = GENESIS, 0
        with self.engine.connect() as connection:
            for row in connection.execution_options(yield_per=1000).execute(sa.select(audit).order_by(audit.c.id)):
                rows += 1
                fits = row.id == rows and row.previous == previous and row.hash == digest(row.id, _entry(row), previous)
                if not fits:
                    return Verdict(rows=rows, broken_at=row.id, head=previous)
                previous = row.hash
        return Verdict(rows=rows, broken_at=None, head=previous)

    def newest(self, limit: int = 100) -> list[Entry]:
        """The last rows, newest first."""
        with self.engine.connect() as connection:
            return [_entry(row) for row in connection.execute(sa.select(audit).order_by(audit.c.id.desc()).limit(limit))]


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    return Entry(
        at=row.at, who=row.who, role=row.role, what=row.what, target=row.target, result=row.result, address=row.address
    )
