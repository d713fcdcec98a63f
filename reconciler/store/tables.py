"""The tables. Their columns bear the names of the fields of what stands in them, such as ``Remembered`` and ``Entry``.

Many owners, tenants and applications share one store. A change here needs a migration beside it.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TextClause,
    text,
)

from reconciler.store.columns import CauseName, Lifetime, Moment, VersionName

__all__ = [
    "ACCEPTED",
    "DONE",
    "KEPT",
    "WAITING",
    "ceilings",
    "gaps",
    "heard",
    "inbox",
    "intents",
    "leases",
    "metadata",
    "orders",
    "replicas",
    "subscriptions",
    "troubles",
    "wishes",
]

metadata = MetaData()

# SQLite takes a partial index only for a query that has its condition, word by word.
WAITING = text("state = 'waiting'")
DONE = text("state = 'done'")
ACCEPTED = text("state IN ('dead', 'done')")
KEPT = text("state IN ('dead', 'set-aside')")
"""The letters that a person may look at, retry and drop."""

UNANNOUNCED = text("announced_at IS NULL")


def where(condition: TextClause) -> dict[str, Any]:
    return {"postgresql_where": condition, "sqlite_where": condition}


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
    Column("certificate_id", String),
    Column("certified_at", Moment),
    Column("noted_at", Moment),
    Column("stranger", Boolean, nullable=False),
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

# Times are microseconds since 1970, and the wide columns are last, so that SQLite reads past them only where it must.
# An entry is written twice, on arrival and when it is settled, and each index it is in then costs a write.
inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("event_id", String, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("path", String, nullable=False),
    Column("query", String, nullable=False),
    Column("subscription_id", String, nullable=False),
    Column("change", String),
    Column("resource", String),
    Column("encrypted", Boolean, nullable=False),
    Column("lifecycle", Boolean, nullable=False),
    Column("tenant_id", String),
    Column("name", String),
    Column("sink", String, nullable=False),
    Column("fingerprint", String),
    Column("exact", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("message", String),
    Column("attempts", Integer, nullable=False),
    Column("settled_at", BigInteger),
    Column("tokens", String),
    Column("body", LargeBinary, nullable=False),
    Index("inbox_waiting", "sink", "id", "since", **where(WAITING)),
    Index("inbox_done", "settled_at", **where(DONE)),
    Index("inbox_accepted", "fingerprint", **where(ACCEPTED)),
    Index("inbox_kept", "state", "settled_at", "sink", "since", **where(KEPT)),
    sqlite_autoincrement=True,
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", Moment, nullable=False),
)

heard = Table(
    "heard",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# What the daemon keeps beside what a pass remembers, by owner.
gaps = Table(
    "gaps",
    metadata,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("tenant_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("subscription_id", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("cause", CauseName, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("noted_at", Moment, nullable=False),
    Column("announced_at", Moment),
    Index("gaps_noted_at", "noted_at"),
    Index("gaps_unannounced", "owner", **where(UNANNOUNCED)),
)

wishes = Table(
    "wishes",
    metadata,
    Column("owner", String, primary_key=True),
    Column("tenant_id", String, primary_key=True),
    Column("subscription_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("at", Moment, nullable=False),
)

troubles = Table(
    "troubles",
    metadata,
    Column("owner", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("action", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("message", String, nullable=False),
    Column("request_id", String),
    Column("essence", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Moment, nullable=False),
)

replicas = Table(
    "replicas",
    metadata,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("seen_at", Moment, nullable=False),
    Column("thumbprints", String, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("owner", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("at", Moment, nullable=False),
)
