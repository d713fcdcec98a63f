"""A verdict in, the change that it comes to out, with what a reviewer must not overlook."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from reconciler.core.asked import DEFAULT_TLS, Difference
from reconciler.core.catalog import Version
from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.pair import Verdict
from reconciler.core.reasons import Action, Order, Reason
from reconciler.core.redaction import redact

__all__ = ["change_of", "written_out"]


def change_of(verdict: Verdict, desired: Desired, live: Live, mark: Mark | None) -> Change:
    """``mark`` is that of ``live``, where it is ours."""
    created = verdict.action is Action.CREATE
    return Change(
        name=desired.name,
        tenant=desired.tenant,
        action=verdict.action,
        reason=verdict.reason,
        message=verdict.message,
        desired=desired,
        live=live,
        mark=mark,
        differences=written_out(desired) if created else verdict.differences,
        order=verdict.order,
        may_miss=verdict.order is Order.DELETE_FIRST or verdict.reason is Reason.EXPIRED,
        warnings=tuple(warnings(verdict.action, desired, live)),
    )


def written_out(desired: Desired) -> tuple[Difference, ...]:
    """What is to be created, field by field; defaults are left out, and the resource, which every change names."""
    url, lifecycle = redact(desired.notification_url), redact(desired.lifecycle_url)
    asked = {
        "changeTypes": ",".join(sorted(desired.asked.change_types)),
        "resource data": "encrypted" if desired.asked.rich else None,
        "certificate": desired.certificate.thumbprint if desired.certificate else None,
        "notificationUrl": url,
        "lifecycleNotificationUrl": lifecycle if lifecycle != url else None,
        "latestSupportedTlsVersion": desired.asked.tls if desired.asked.tls != DEFAULT_TLS else None,
        "notificationQueryOptions": desired.asked.query_options,
        "graphVersion": desired.version if desired.version is not Version.V1 else None,
    }
    return tuple(Difference(field, None, value) for field, value in asked.items() if value)


def warnings(action: Action, desired: Desired, live: Live) -> Iterator[str]:
    if action is Action.RENEW:
        return
    if live.asked.rich and not desired.asked.rich:
        yield "its notifications will carry no resource data any more: certificate was removed"
    before, after = host_of(live.notification_url), host_of(desired.notification_url)
    if before != after:
        yield f"its notifications will go to another host, from {before} to {after}"


def host_of(url: str) -> str:
    """Of ``EventHub:https://…``, too; the whole destination where it names no host."""
    kind, _, rest = url.partition(":")
    address = url if kind.lower() == "https" else rest
    try:
        return (urlsplit(address).hostname or kind).lower()
    except ValueError:
        return kind
