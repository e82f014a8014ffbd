"""The one way to a database: SQLite in WAL mode or PostgreSQL, by URL, without a code change elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(sa.TypeDecorator[datetime]):
    """An aware UTC time stored as microseconds since 1970, so that both databases order and compare it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """Refuses naive times: they are the classic way to lose eight hours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive time")
        return round(value.timestamp() * 1_000_000)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        """Back to an aware UTC time."""
        return None if value is None else datetime.fromtimestamp(value / 1_000_000, UTC)


def engine(url: str) -> sa.Engine:
    """An engine for `url`. SQLite gets WAL, a busy time-out and foreign keys; its folder is made when missing."""
    made = sa.make_url(url)
    if made.get_backend_name() == "sqlite":
        if made.database and made.database != ":memory:":
            Path(made.database).parent.mkdir(parents=True, exist_ok=True)
        created = sa.create_engine(made, connect_args={"timeout": 15})
        sa.event.listen(created, "connect", _sqlite_pragmas)
        return created
    if made.get_backend_name() == "postgresql" and made.drivername == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
    return sa.create_engine(made, pool_pre_ping=True, pool_size=5, max_overflow=5)


def _sqlite_pragmas(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def upsert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, replacing those with the same primary key: writing twice is the same as writing once."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    insert: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    changed = {c.name: insert.excluded[c.name] for c in table.columns if c.name not in keys and c.name in rows[0]}
    statement = insert.on_conflict_do_update(index_elements=keys, set_=changed)
    connection.execute(statement, rows)
