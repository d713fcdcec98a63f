"""What the daemon's passes have listed in, a redacted snapshot in a file out, for pipelines that have no credential."""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Mapping
from pathlib import Path

from reconciler.cli.snapshots import write
from reconciler.core.catalog import Version
from reconciler.core.errors import ReconcilerError
from reconciler.core.snapshot import Snapshot, TenantSnapshot, write_snapshot
from reconciler.engine.ports import Body, Listing, Reader, Remembered

__all__ = ["SnapshotOut"]

logger = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class Listed:
    """Satisfies ``Reader``, and keeps what was listed last."""

    reader: Reader
    latest: Listing | None = None

    async def list(self) -> Listing:
        self.latest = await self.reader.list()
        return self.latest

    async def get(self, subscription_id: str, version: Version) -> Body:
        return await self.reader.get(subscription_id, version)


class SnapshotOut:
    """Of all tenants together: one that was not listed yet is incomplete in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listed: dict[str, tuple[str, Listed]] = {}
        """By the tenant's name, with its id."""

    def reader(self, tenant: str, tenant_id: str, reader: Reader) -> Reader:
        """To be used instead of ``reader``."""
        kept = self.listed.get(tenant)
        latest = kept[1].latest if kept and kept[0] == tenant_id else None
        listed = Listed(reader, latest)
        self.listed[tenant] = (tenant_id, listed)
        return listed

    async def write(self, now: dt.datetime, remembered: Mapping[str, Mapping[str, Remembered]]) -> None:
        """``remembered`` is by the tenant's name, then by id."""
        tenants = [
            taken(name, tenant_id, listed.latest, remembered.get(name, {}))
            for name, (tenant_id, listed) in self.listed.items()
        ]
        try:
            await asyncio.to_thread(lambda: write(self.path, write_snapshot(Snapshot(now, tuple(tenants)))))
        except ReconcilerError as error:
            logger.warning("The snapshot is not kept: %s", error)


def taken(name: str, tenant_id: str, listing: Listing | None, remembered: Mapping[str, Remembered]) -> TenantSnapshot:
    bodies = listing.bodies if listing else ()
    granted = {each.id: each.granted for each in remembered.values() if each.granted and not each.deleted_at}
    return TenantSnapshot(name, tenant_id, listing is not None and listing.incomplete is None, bodies, granted)
