"""A snapshot of live subscriptions: written where there is a credential, planned from where there is none."""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from reconciler.core.errors import ReconcilerError
from reconciler.core.live import LiveError, read_live
from reconciler.core.redaction import redact
from reconciler.core.times import LONGEST, iso_duration, parse_iso_duration, parse_time, spell_time
from reconciler.core.world import World

__all__ = ["SECRETS", "Snapshot", "SnapshotError", "TenantSnapshot", "read_snapshot", "world_of", "write_snapshot"]

SCHEMA_VERSION = 1
URLS = ("notificationUrl", "lifecycleNotificationUrl")
SECRETS = ("clientState", "encryptionCertificate", "webPushEncryptionSecret")
"""The fields of a subscription that nobody is shown."""


class SnapshotError(ReconcilerError):
    """The text is no snapshot that this version can read."""


@dataclasses.dataclass(frozen=True, slots=True)
class TenantSnapshot:
    name: str
    tenant_id: str
    complete: bool
    subscriptions: tuple[Mapping[str, Any], ...]
    granted: Mapping[str, dt.timedelta]
    """The lifetimes that Graph granted, by subscription id: it does not tell them itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    taken_at: dt.datetime
    tenants: tuple[TenantSnapshot, ...]

    def tenant(self, name: str) -> TenantSnapshot | None:
        return next((each for each in self.tenants if each.name == name), None)


def write_snapshot(snapshot: Snapshot) -> str:
    """Spell a snapshot as JSON: no secret, no certificate, URLs redacted."""
    document = {
        "kind": "Snapshot",
        "schemaVersion": SCHEMA_VERSION,
        "takenAt": spell_time(snapshot.taken_at),
        "tenants": [spell_tenant(each) for each in sorted(snapshot.tenants, key=lambda each: each.name)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def world_of(tenant: TenantSnapshot) -> World:
    """The tenant as the snapshot has it; what is not understood in it makes it incomplete, as it would a list."""
    incomplete = None if tenant.complete else "the snapshot was taken from an incomplete list"
    found = []
    for body in tenant.subscriptions:
        try:
            found.append(read_live(body, tenant.granted))
        except LiveError as error:
            incomplete = incomplete or str(error)
    return World(tenant.name, tuple(found), incomplete)


def spell_tenant(tenant: TenantSnapshot) -> dict[str, Any]:
    return {
        "name": tenant.name,
        "tenantId": tenant.tenant_id,
        "complete": tenant.complete,
        "subscriptions": [
            redacted(body) for body in sorted(tenant.subscriptions, key=lambda body: str(body.get("id")))
        ],
        "remembered": {key: {"granted": iso_duration(value)} for key, value in sorted(tenant.granted.items())},
    }


def redacted(body: Mapping[str, Any]) -> dict[str, Any]:
    urls = {name: redact(body[name]) for name in URLS if isinstance(body.get(name), str)}
    return {**body, **urls, **dict.fromkeys(name for name in SECRETS if name in body)}


def read_snapshot(text: str) -> Snapshot:
    """Read a snapshot. Raises SnapshotError, which says what is wrong with it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"the snapshot is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("kind") != "Snapshot":
        raise SnapshotError('the snapshot lacks "kind": "Snapshot", is it another file?')
    version = document.get("schemaVersion")
    if version != SCHEMA_VERSION:
        raise SnapshotError(
            f"the snapshot has schemaVersion {version!r}, this program reads {SCHEMA_VERSION}: take a new one"
        )
    try:
        tenants = tuple(read_tenant(each) for each in document["tenants"])
        taken_at = parse_time(document["takenAt"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        lacks = f"it lacks {error}" if isinstance(error, KeyError) else f"it has something else in a place ({error})"
        raise SnapshotError(f"the snapshot is not as `reconcile status --live-out` writes it: {lacks}") from error
    names = [each.name for each in tenants]
    if len(set(names)) < len(names):
        raise SnapshotError("the snapshot has two tenants of one name")
    return Snapshot(taken_at, tenants)


def read_tenant(document: Mapping[str, Any]) -> TenantSnapshot:
    bodies = tuple(document["subscriptions"])
    if not all(isinstance(body, dict) for body in bodies):
        raise TypeError("subscriptions")
    remembered = document.get("remembered", {})
    return TenantSnapshot(
        name=str(document["name"]),
        tenant_id=str(document["tenantId"]),
        complete=document["complete"] is True,
        subscriptions=bodies,
        granted={key: lifetime(value["granted"]) for key, value in remembered.items()},
    )


def lifetime(text: str) -> dt.timedelta:
    found = parse_iso_duration(text)
    if found > LONGEST:
        raise ValueError(f"{text!r}, a lifetime is {LONGEST.days} days at the most")
    return found
