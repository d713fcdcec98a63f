"""What the daemon keeps: gaps, wishes, troubles, replicas and orders; more of each subscription."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("certificate_id", sa.String),
        sa.Column("certified_at", MOMENT),
        sa.Column("noted_at", MOMENT),
        sa.Column("stranger", sa.Boolean, nullable=False, server_default=sa.false()),
    ):
        op.add_column("subscriptions", column)
    create_gaps()
    create_wishes()
    create_troubles()
    create("replicas", key("id"), sa.Column("seen_at", MOMENT, nullable=False), text("thumbprints"))
    create("orders", key("name"), sa.Column("at", MOMENT, nullable=False))


def create_gaps() -> None:
    create(
        "gaps",
        key("id"),
        *map(text, ("tenant", "tenant_id", "name", "subscription_id", "resource", "cause")),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("announced_at", MOMENT),
    )
    where = sa.text("announced_at IS NULL")
    op.create_index("gaps_noted_at", "gaps", ["noted_at"])
    op.create_index("gaps_unannounced", "gaps", ["owner"], sqlite_where=where, postgresql_where=where)


def create_wishes() -> None:
    keys = map(key, ("tenant_id", "subscription_id", "kind"))
    create("wishes", *keys, sa.Column("at", MOMENT, nullable=False))


def create_troubles() -> None:
    create(
        "troubles",
        key("tenant"),
        key("name"),
        *map(text, ("action", "kind", "message")),
        sa.Column("request_id", sa.String),
        text("essence"),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try", MOMENT, nullable=False),
    )


def create(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(name, key("owner"), *columns)


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, primary_key=True)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)
