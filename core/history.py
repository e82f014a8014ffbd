"""What is remembered: time series, snapshot archive, findings, quarantine. SQLAlchemy on SQLite or PostgreSQL."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from core import store
from core.database import Moment, engine, metadata, upsert
from core.observation import Problem
from core.snapshot import Finding, Snapshot

series = sa.Table(
    "series",
    metadata,
    sa.Column("measure", sa.String(80), primary_key=True),
    sa.Column("entity", sa.String(80), primary_key=True),
    sa.Column("at", Moment, primary_key=True),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
)
archive = sa.Table(
    "archive",
    metadata,
    sa.Column("domain", sa.String(40), primary_key=True),
    sa.Column("at", Moment, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)
findings = sa.Table(
    "finding",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("domain", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(80), nullable=False),
    sa.Column("severity", sa.String(12), nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("ended_at", Moment),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("source", sa.String(40), nullable=False),
    sa.Column("reason", sa.String(60), nullable=False),
    sa.Column("entity", sa.String(80), nullable=False),
    sa.Column("detail", sa.String(500), nullable=False),
    sa.Column("kept", sa.Boolean, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
)
RAW_LIMIT = 64 * 1024  # bytes of one refused message that are kept; `size` always tells the whole
MINUTES_FOR, QUARTERS_FOR, HOURS_FOR = timedelta(hours=48), timedelta(days=60), timedelta(days=730)


class HasPoint(Protocol):
    """What `write_points` needs of a point; read only, so that frozen structs fit."""

    @property
    def measure(self) -> str: ...
    @property
    def entity(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def value(self) -> float: ...
    @property
    def state(self) -> str: ...


def migrate(url: str) -> None:
    """Bring the database to this release's tables. Safe to call twice; run by one process before the others start."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    engine(url).dispose()  # makes the folder, fails early with the driver's own words
    command.upgrade(config, "head")


class History:
    """Reads and writes of everything older than now."""

    def __init__(self, url: str) -> None:
        self.engine = engine(url)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    # --- series ----------------------------------------------------------------------------------------------------
    def write_points(self, points: Iterable[HasPoint]) -> None:
        """Upsert by (measure, entity, at); a later value for the same moment replaces the earlier one."""
        rows = {
            (p.measure, p.entity, p.at): {"measure": p.measure, "entity": p.entity, "at": p.at, "value": p.value, "state": p.state}
            for p in points
        }
        with self.engine.begin() as connection:
            for chunk in _chunks(list(rows.values()), 500):
                upsert(connection, series, chunk)

    def series(
        self, measure: str, entity: str, start: datetime, end: datetime, step_s: int = 0, limit: int | None = None
    ) -> list[tuple[datetime, float, float, float]]:
        """(bucket start, mean, min, max) in [start, end), oldest first, at most `limit`; `step_s=0`: points as they are."""
        where = (series.c.measure == measure) & (series.c.entity == entity) & (series.c.at >= start) & (series.c.at < end)
        if step_s <= 0:
            query = sa.select(series.c.at, series.c.value, series.c.value, series.c.value).where(where).order_by(series.c.at)
        else:
            at = sa.type_coerce(series.c.at, sa.BigInteger)
            width = sa.literal(step_s * 1_000_000, sa.BigInteger)
            bucket = sa.type_coerce((at - at % width), Moment).label("bucket")
            value = series.c.value
            query = (
                sa.select(bucket, sa.func.avg(value), sa.func.min(value), sa.func.max(value))
                .where(where).group_by(bucket).order_by(bucket)
            )
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query.limit(limit))]

    # --- archive ----------------------------------------------------------------------------------------------------
    def keep(self, domain: str, at: datetime, version: int, blob: bytes) -> None:
        """Archive a packed snapshot under a moment (the runner passes whole minutes)."""
        with self.engine.begin() as connection:
            upsert(connection, archive, [{"domain": domain, "at": at, "version": version, "blob": blob}])

    def archived(self, domain: str, at: datetime, data_type: type) -> Snapshot | None:
        """The snapshot as it was known at `at`: the newest archived one not after it, or None."""
        query = (
            sa.select(archive.c.blob).where((archive.c.domain == domain) & (archive.c.at <= at))
            .order_by(archive.c.at.desc()).limit(1)
        )
        with self.engine.connect() as connection:
            blob = connection.execute(query).scalar()
        return None if blob is None else store.unpack(blob, data_type)

    def thin(self, now: datetime) -> int:
        """Apply retention: minutes for 48 h, quarter hours for 60 days, hours for two years. Returns rows removed."""
        at = sa.type_coerce(archive.c.at, sa.BigInteger)
        rules = [
            (archive.c.at < now - MINUTES_FOR) & (at % (900 * 1_000_000) != 0),
            (archive.c.at < now - QUARTERS_FOR) & (at % (3600 * 1_000_000) != 0),
            archive.c.at < now - HOURS_FOR,
        ]
        removed = 0
        with self.engine.begin() as connection:
            for rule in rules:
                removed += connection.execute(archive.delete().where(rule)).rowcount
        return removed

    # --- findings ---------------------------------------------------------------------------------------------------
    def write_findings(self, rows: Sequence[Finding]) -> None:
        """Upsert by id: a finding that goes on, or ends, is the same row."""
        with self.engine.begin() as connection:
            for chunk in _chunks([_finding_row(f) for f in rows], 200):
                upsert(connection, findings, chunk)

    def findings(self, start: datetime, end: datetime, domain: str = "") -> list[Finding]:
        """Findings that began in [start, end), newest first."""
        where = (findings.c.at >= start) & (findings.c.at < end)
        if domain:
            where &= findings.c.domain == domain
        query = sa.select(findings.c.body).where(where).order_by(findings.c.at.desc())
        with self.engine.connect() as connection:
            return [msgspec.msgpack.decode(body, type=Finding) for (body,) in connection.execute(query)]

    # --- quarantine -------------------------------------------------------------------------------------------------
    def write_problems(self, problems: Sequence[tuple[str, Problem]], now: datetime) -> None:
        """Keep refused bytes. The first item names the message, so that a replay does not store it twice."""
        rows = {row["id"]: row for row in (_problem_row(name, p, now) for name, p in problems)}
        with self.engine.begin() as connection:
            for chunk in _chunks(list(rows.values()), 200):
                upsert(connection, quarantine, chunk)

    def problems(self, source: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """The newest quarantined messages with their bytes."""
        query = sa.select(quarantine).order_by(quarantine.c.at.desc()).limit(limit)
        if source:
            query = query.where(quarantine.c.source == source)
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def trim_problems(self, keep: int = 200_000) -> int:
        """Hold the quarantine to its newest `keep` rows. Returns rows removed (the caller logs them)."""
        with self.engine.begin() as connection:
            oldest = connection.execute(
                sa.select(quarantine.c.at).order_by(quarantine.c.at.desc()).offset(keep).limit(1)
            ).scalar()
            if oldest is None:
                return 0
            return connection.execute(quarantine.delete().where(quarantine.c.at <= oldest)).rowcount

    def ping(self) -> None:
        """Raises the driver's error when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(sa.text("select 1"))


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id, "domain": finding.domain, "kind": finding.kind, "severity": finding.severity,
        "at": finding.at, "ended_at": finding.ended_at, "body": msgspec.msgpack.encode(finding),
    }


def _problem_row(name: str, problem: Problem, now: datetime) -> dict[str, Any]:
    digest = hashlib.sha256(b"\0".join([name.encode(), problem.reason.encode(), problem.detail.encode(), problem.raw]))
    return {
        "id": digest.hexdigest()[:32], "at": problem.received_at or now, "source": problem.source[:40],
        "reason": problem.reason[:60], "entity": problem.entity[:80], "detail": problem.detail[:500],
        "kept": problem.kept, "size": len(problem.raw), "raw": problem.raw[:RAW_LIMIT],
    }


def _chunks(rows: list[dict[str, Any]], size: int) -> Iterable[list[dict[str, Any]]]:
    return (rows[i : i + size] for i in range(0, len(rows), size))
