"""Series, snapshot archive, findings, quarantine."""

import sqlalchemy as sa
from alembic import op

from core.database import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables of memory."""
    op.create_table(
        "series",
        sa.Column("measure", sa.String(80), primary_key=True),
        sa.Column("entity", sa.String(80), primary_key=True),
        sa.Column("at", Moment, primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
    )
    op.create_table(
        "archive",
        sa.Column("domain", sa.String(40), primary_key=True),
        sa.Column("at", Moment, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("blob", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("domain", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("severity", sa.String(12), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_finding_at", "finding", ["at"])
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(60), nullable=False),
        sa.Column("entity", sa.String(80), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("kept", sa.Boolean, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_quarantine_at", "quarantine", ["at"])


def downgrade() -> None:
    """Drop them."""
    for name in ("quarantine", "finding", "archive", "series"):
        op.drop_table(name)
