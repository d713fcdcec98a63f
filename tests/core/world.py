"""Desired and live subscriptions by the handful, and a plan as lines of text."""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Any

from reconciler.core.asked import Asked
from reconciler.core.catalog import ChangeType, Version
from reconciler.core.certificate import PublicCertificate
from reconciler.core.change import Plan
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.core.resource import read_resource
from reconciler.core.source import Source
from reconciler.core.world import World

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
OWNER, TENANT, OTHER_TENANT = "contoso-prod", "contoso", "fabrikam"
HOOK, ELSEWHERE = "https://hooks.contoso.com/n", "https://old.contoso.com/n"
LIFECYCLE = "https://hooks.contoso.com/l"
BIRTH = "0123456789"
THREE_DAYS = dt.timedelta(minutes=4315)
SIXTY_HOURS = dt.timedelta(hours=60)
CERTIFICATE = PublicCertificate("A" * 40, b"one")
OTHER_CERTIFICATE = PublicCertificate("B" * 40, b"two")


def hours(count: float) -> dt.timedelta:
    return dt.timedelta(hours=count)


def want(
    name: str = "mail",
    *,
    resource: str | None = None,
    changes: str = "created",
    lifecycle: str = LIFECYCLE,
    tls: str | None = None,
    query_options: str | None = None,
    version: Version = Version.V1,
    certificate: PublicCertificate | None = None,
    **fields: Any,
) -> Desired:
    """Wanted; by default the messages of a mailbox of its own, which is not exclusive."""
    found = read_resource(resource or f"users/{name}/messages")
    asked = Asked(
        resource=found.canonical,
        change_types=frozenset(map(ChangeType, changes.split(","))),
        rich=certificate is not None,
        lifecycle_url=lifecycle,
        tls=tls,
        query_options=query_options,
        version=version,
    )
    given = {
        "tenant": TENANT,
        "notification_url": HOOK,
        "lifecycle_url": lifecycle,
        "endpoint": "public",
        "key_ids": ("k1",),
        "source": Source("m.yaml"),
        "certificate": certificate,
        **fields,
    }
    return Desired(name=name, resource=found, asked=asked, **given)


def have(
    desired: Desired | None = None,
    *,
    id: str = "1",  # noqa: A002  as Graph calls it
    left: dt.timedelta = SIXTY_HOURS,
    owner: str = OWNER,
    birth: str = BIRTH,
    key: str = "k1",
    digest: str | None = None,
    mark: Mark | UnknownMark | str | None = "as wanted",
    granted: dt.timedelta | None = THREE_DAYS,
    **fields: Any,
) -> Live:
    """What Graph would have after ``desired`` was created, with whatever differs from that."""
    desired = desired or want()
    if mark == "as wanted":
        made = dataclasses.replace(desired.mark(owner, birth=birth, key=key))
        mark = dataclasses.replace(made, digest=digest) if digest else made
    given: dict[str, Any] = {
        "asked": desired.asked,
        "resource_text": desired.resource.text,
        "notification_url": desired.notification_url,
        "lifecycle_mark": mark.for_lifecycle if isinstance(mark, Mark) else None,
        "certificate_id": desired.certificate.thumbprint if desired.certificate else None,
        "entry": desired.entry,
        "resource": desired.resource,
        **fields,
    }
    return Live(id=id, expires_at=NOW + left, mark=mark, granted=granted, **given)  # type: ignore[arg-type]


def asked_before(now: Desired, before: Desired, **fields: Any) -> Live:
    """What ``before`` came to, under the name that ``now`` still has."""
    return have(dataclasses.replace(before, name=now.name), **fields)


def a_mark(name: str = "mail", **fields: Any) -> Mark:
    given = {"owner": OWNER, "birth": BIRTH, "key": "k1", "digest": want(name).asked.digest, **fields}
    return Mark(name=name, **given)


def planned(
    desired: Iterable[Desired] = (), live: Iterable[Live] = (), *, now: dt.datetime = NOW, **given: Any
) -> Plan:
    """A plan; what is no option of it belongs to the world."""
    names = {field.name for field in dataclasses.fields(Options)}
    options = Options(**{"owner": OWNER, **{name: given.pop(name) for name in names & given.keys()}})
    return plan(desired, World(TENANT, tuple(live), **given), now=now, options=options)


def lines(made: Plan) -> list[str]:
    return [
        " ".join(filter(None, (change.action, change.name, change.reason, change.withheld))) for change in made.changes
    ]


def violations(made: Plan) -> list[str]:
    return [f"{each.code} {','.join(each.names)}" for each in made.violations]
