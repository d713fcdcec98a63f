"""The tables. Their columns bear the names of the fields of ``Remembered`` and ``Intent``, so rows need no mapping.

Many owners, tenants and applications share one store. A change here needs a migration beside it.
"""

from sqlalchemy import Boolean, Column, Index, MetaData, String, Table

from reconciler.store.columns import Lifetime, Moment, VersionName

__all__ = ["ceilings", "intents", "metadata", "subscriptions"]

metadata = MetaData()

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("owner", String, primary_key=True),
    Column("tenant_id", String, primary_key=True),
    Column("client_id", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("version", VersionName, nullable=False),
    Column("birth", String, nullable=False),
    Column("key", String, nullable=False),
    Column("created_at", Moment),
    Column("written_at", Moment),
    Column("expires_at", Moment),
    Column("granted", Lifetime),
    Column("deleted_at", Moment),
    Column("certificate_fixed", Boolean, nullable=False),
    Index("subscriptions_deleted_at", "deleted_at"),
)

intents = Table(
    "intents",
    metadata,
    Column("owner", String, primary_key=True),
    Column("tenant_id", String, primary_key=True),
    Column("client_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("birth", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("replaces", String),
)

# What Graph teaches about a resource holds for every owner and application.
ceilings = Table(
    "ceilings",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("seconds", Lifetime, nullable=False),
)
