"""The inbox: notifications, who forwards them, and when something was last heard."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_inbox()
    op.create_table(
        "leases",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "heard",
        sa.Column("tenant_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("event_id", sa.String, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("query", sa.String, nullable=False),
        sa.Column("subscription_id", sa.String, nullable=False),
        sa.Column("change", sa.String),
        sa.Column("resource", sa.String),
        sa.Column("encrypted", sa.Boolean, nullable=False),
        sa.Column("lifecycle", sa.Boolean, nullable=False),
        sa.Column("tenant_id", sa.String),
        sa.Column("name", sa.String),
        sa.Column("sink", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String),
        sa.Column("exact", sa.Boolean, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("message", sa.String),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("tokens", sa.String),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    create_index("inbox_waiting", ["sink", "id", "since"], "state = 'waiting'")
    create_index("inbox_done", ["settled_at"], "state = 'done'")
    create_index("inbox_accepted", ["fingerprint"], "state IN ('dead', 'done')")
    create_index("inbox_kept", ["state", "settled_at", "sink", "since"], "state IN ('dead', 'set-aside')")


def create_index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "inbox", columns, sqlite_where=where, postgresql_where=where)
