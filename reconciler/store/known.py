"""What the receiver must know of an owner's subscriptions, whatever their tenant and application."""

import dataclasses
import sys
from collections.abc import Mapping

from sqlalchemy import Connection, select

from reconciler.store import tables
from reconciler.store.portions import Transact

__all__ = ["Known", "known_subscriptions"]


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A subscription that we made or found, there or deleted lately; what they mean is told by ``Remembered``."""

    id: str
    tenant_id: str
    name: str
    birth: str
    key: str


async def known_subscriptions(ask: Transact, *, owner: str) -> Mapping[str, Known]:
    """By id; of several with one id, the one that is not deleted."""
    return await ask(lambda connection: known(connection, owner))


def known(connection: Connection, owner: str) -> dict[str, Known]:
    """Ten thousand are read every minute: their tenants and keys are few, and kept once."""
    columns = tables.subscriptions.c
    wanted = select(columns.id, columns.tenant_id, columns.name, columns.birth, columns.key)
    rows = connection.execute(
        wanted.where(columns.owner == owner).order_by(
            columns.deleted_at.is_(None), columns.tenant_id, columns.client_id
        )
    )
    return {row[0]: Known(row[0], sys.intern(row[1]), row[2], row[3], sys.intern(row[4])) for row in rows}
