"""A verdict in, the change that it comes to out, with what a reviewer must not overlook."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.pair import Verdict
from reconciler.core.reasons import Action, Order, Reason

__all__ = ["change_of"]


def change_of(verdict: Verdict, desired: Desired, live: Live, mark: Mark | None) -> Change:
    """``mark`` is that of ``live``, where it is ours."""
    return Change(
        name=desired.name,
        tenant=desired.tenant,
        action=verdict.action,
        reason=verdict.reason,
        message=verdict.message,
        desired=desired,
        live=live,
        mark=mark,
        differences=verdict.differences,
        order=verdict.order,
        may_miss=verdict.order is Order.DELETE_FIRST or verdict.reason is Reason.EXPIRED,
        warnings=tuple(warnings(verdict.action, desired, live)),
    )


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
