"""The manifests of a large installation and a snapshot in which all of it is in sync, as files.

A manifest is what a team really writes: name and labels, resource, change types, an expiry, how it is managed, and
comments for the next reader, 13 to 18 lines; half of them are with resource data. A file has twenty.
"""

import dataclasses
import datetime as dt
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.support.errors import BenchError
from bench.support.processes import HERE
from reconciler.core.catalog import Version
from reconciler.core.desired import Desired
from reconciler.core.manifest import Text, read_manifests
from reconciler.core.mark import marked
from reconciler.core.snapshot import Snapshot, TenantSnapshot, write_snapshot
from reconciler.core.times import spell_time
from reconciler.core.wanted import certificate_files, examine

__all__ = ["NOW", "OWNER", "TENANT", "Fleet", "body_of", "desired", "lifetime_of", "written"]

NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
OWNER, TENANT, TENANT_ID = "contoso-prod", "contoso", "0f2e8f59-862a-483b-9ca8-82a10665e17d"
CERTIFICATE = (HERE / "manifests" / "certs" / "rich.pem").read_bytes()
IN_A_FILE = 20
AGE = dt.timedelta(hours=1)
"""So little that no renewal is due."""

AREAS = ("finance", "logistics", "people", "sales", "support")

COMMON = f"""\
# Whose subscriptions these are, and how far a run may go.
apiVersion: reconciler/v1
kind: Settings
metadata: {{name: settings}}
spec:
  owner: {OWNER}
  limits: {{removals: 10%, floor: 5, replacements: 5%}}
---
apiVersion: reconciler/v1
kind: Tenant
metadata: {{name: {TENANT}}}
spec:
  tenantId: {TENANT_ID}
  clientId: 6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55
  credential: {{secret: {{env: AZURE_CLIENT_SECRET}}}}
---
apiVersion: reconciler/v1
kind: Endpoint
metadata: {{name: public}}
spec:
  notificationUrl: https://hooks.contoso.com/notifications
  lifecycleNotificationUrl: https://hooks.contoso.com/lifecycle
  clientStateKey: {{env: RECONCILER_CLIENT_STATE_KEY}}
---
# The private key of this one was thrown away.
apiVersion: reconciler/v1
kind: Certificate
metadata: {{name: rich-2026}}
spec:
  certificate: {{file: rich-2026.pem}}
"""
PLAIN_CHANNELS = """\
# The channels of {area} team {number}: the directory of rooms follows them.
apiVersion: reconciler/v1
kind: Subscription
metadata:
  name: {area}-{number:05}-channels
  labels:
    area: {area}
    workload: teams
spec:
  resource: /teams/{id}/channels
  changeTypes: [created, updated, deleted]
  expiry: {{lifetime: 2d, renewBefore: 12h}}
  management:
    protect: true
"""
RICH_CHANNELS = """\
apiVersion: reconciler/v1
kind: Subscription
metadata:
  name: {area}-{number:05}-rooms
  labels: {{area: {area}, workload: teams}}
spec:
  resource: /teams/{id}/channels
  changeTypes: [created, updated, deleted]
  certificate: rich-2026  # the archive wants the names, too
  expiry:
    lifetime: 2d
  management:
    onRemoval: leave  # the archive still listens
"""
PLAIN_MAIL = """\
# New mail of desk {number}. Whatever is moved or deleted is of no interest.
apiVersion: reconciler/v1
kind: Subscription
metadata:
  name: {area}-{number:05}-mail
  labels:
    area: {area}
    workload: mail
spec:
  resource: users/{id}/messages
  changeTypes:
    - created
    - updated
  expiry: {{lifetime: 3d, renewBefore: 1d}}
  management: {{protect: true, onRemoval: leave}}
"""
RICH_MAIL = """\
# New mail of desk {number}, with subject and sender in the notification.
apiVersion: reconciler/v1
kind: Subscription
metadata:
  name: {area}-{number:05}-letters
  labels:
    area: {area}
    workload: mail
spec:
  resource: users/{id}/messages?$select=subject,from,receivedDateTime
  changeTypes:
    - created
  certificate: rich-2026
  # A lost night does no harm.
  expiry:
    lifetime: 1d
    renewBefore: 8h
  management:
    suspend: false
"""
KINDS = (PLAIN_CHANNELS, PLAIN_MAIL, RICH_CHANNELS, RICH_MAIL)


@dataclasses.dataclass(frozen=True, slots=True)
class Fleet:
    manifests: Path
    snapshot: Path


def written(folder: Path, count: int) -> Fleet:
    """So many subscriptions, always the same ones."""
    fleet = Fleet(folder / "manifests", folder / "snapshot.json")
    fleet.manifests.mkdir()
    (fleet.manifests / "common.yaml").write_text(COMMON, encoding="utf-8")
    (fleet.manifests / "rich-2026.pem").write_bytes(CERTIFICATE)
    for number, content in enumerate(contents(count)):
        (fleet.manifests / f"{number:05}.yaml").write_text(content, encoding="utf-8")
    fleet.snapshot.write_text(snapshot_of(desired(count)), encoding="utf-8")
    return fleet


def contents(count: int) -> Iterator[str]:
    """Of the files."""
    documents = list(subscriptions(count))
    for start in range(0, count, IN_A_FILE):
        yield "---\n".join(documents[start : start + IN_A_FILE])


def subscriptions(count: int) -> Iterator[str]:
    drawn = random.Random(1)  # noqa: S311  no secret
    for number in range(count):
        area = AREAS[number // IN_A_FILE % len(AREAS)]
        drawn_id = uuid.UUID(int=drawn.getrandbits(128), version=4)
        yield KINDS[number % len(KINDS)].format(area=area, number=number, id=drawn_id)


def desired(count: int) -> tuple[Desired, ...]:
    """What the manifests come to. Raises BenchError where they are not what they should be."""
    texts = (Text(f"{number:05}.yaml", content) for number, content in enumerate(contents(count)))
    manifests = read_manifests([Text("common.yaml", COMMON), *texts], {})
    files = dict.fromkeys(certificate_files(manifests), CERTIFICATE)
    wanted = examine(manifests, files, owner=OWNER, now=NOW)
    if wanted.problems:
        raise BenchError(str(wanted.problems[0]))
    return wanted.desired


def snapshot_of(fleet: tuple[Desired, ...]) -> str:
    bodies = tuple(body_of(each, number) for number, each in enumerate(fleet))
    granted = {body["id"]: lifetime_of(each) for body, each in zip(bodies, fleet, strict=True)}
    tenant = TenantSnapshot(TENANT, TENANT_ID, complete=True, subscriptions=bodies, granted=granted)
    return write_snapshot(Snapshot(NOW, (tenant,)))


def lifetime_of(wanted: Desired) -> dt.timedelta:
    return wanted.lifetime or dt.timedelta(days=1)


def body_of(wanted: Desired, number: int) -> dict[str, Any]:
    """One that is as wanted, as Graph's LIST has it (facts 1.1, 1.2)."""
    drawn = uuid.UUID(int=number + 2**64, version=4)
    mark = wanted.mark(OWNER, birth=f"{number:010x}", key=wanted.key_ids[0])
    return {
        "id": str(drawn),
        "resource": wanted.resource.text,
        "applicationId": "6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55",
        "changeType": ",".join(sorted(wanted.asked.change_types)),
        "clientState": None,
        "notificationUrl": marked(wanted.notification_url, mark),
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": marked(wanted.lifecycle_url, mark.for_lifecycle),
        "expirationDateTime": spell_time(NOW + lifetime_of(wanted) - AGE),
        "creatorId": "7b1f3a6e-2f0c-4a86-8a19-0d2c8b7a6f5e",
        "includeResourceData": wanted.asked.rich or None,
        "latestSupportedTlsVersion": "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": wanted.certificate.thumbprint if wanted.certificate else None,
        "notificationUrlAppId": None,
        "@odata.type": "#microsoft.graph.subscription" if wanted.version is Version.BETA else None,
    }
