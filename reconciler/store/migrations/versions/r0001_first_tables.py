"""The first tables: subscriptions, intents and the ceilings that Graph has taught us."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "subscriptions",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("tenant_id", sa.String, primary_key=True),
        sa.Column("client_id", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("birth", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("created_at", moment),
        sa.Column("written_at", moment),
        sa.Column("expires_at", moment),
        sa.Column("granted", sa.Double),
        sa.Column("deleted_at", moment),
        sa.Column("certificate_fixed", sa.Boolean, nullable=False),
    )
    op.create_index("subscriptions_deleted_at", "subscriptions", ["deleted_at"])
    op.create_table(
        "intents",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("tenant_id", sa.String, primary_key=True),
        sa.Column("client_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("birth", sa.String, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("replaces", sa.String),
    )
    op.create_table(
        "ceilings",
        sa.Column("tenant_id", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("seconds", sa.Double, nullable=False),
    )
