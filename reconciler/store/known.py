"""What the receiver must know of an owner's subscriptions, whatever their tenant and application."""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from reconciler.store import tables

__all__ = ["Known", "known_subscriptions"]

Fetch = Callable[[Select[Any]], Awaitable[Sequence[Mapping[str, Any]]]]


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A subscription that we made or found, there or deleted lately; what they mean is told by ``Remembered``."""

    id: str
    tenant_id: str
    name: str
    birth: str
    key: str


async def known_subscriptions(fetch: Fetch, *, owner: str) -> Mapping[str, Known]:
    """By id; of several with one id, the one that is not deleted."""
    columns = tables.subscriptions.c
    wanted = select(columns.id, columns.tenant_id, columns.name, columns.birth, columns.key)
    rows = await fetch(
        wanted.where(columns.owner == owner).order_by(
            columns.deleted_at.is_(None), columns.tenant_id, columns.client_id
        )
    )
    return {row["id"]: Known(**row) for row in rows}
