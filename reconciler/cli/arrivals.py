"""A delivery in, a line of JSON for each of its items out: verified and opened, or why not.

What is set aside is named, so that a wrong key can be found, and shown no further: anybody may have sent it.
"""

import asyncio
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.times import spell_time
from reconciler.receiver import Delivery, Malformed, Notification, Rejected, Verdict, Verified, Verifier
from reconciler.receiver.opening import NotOpened, Opener

__all__ = ["Printer"]

Fields = Iterator[tuple[str, Any]]
Content = Mapping[str, Any] | NotOpened | None


@dataclasses.dataclass(frozen=True, slots=True)
class Printer:
    """Whom the receiver hands its deliveries to."""

    verifier: Verifier
    opener: Opener

    async def take(self, delivery: Delivery) -> None:
        verdicts = await self.verifier.verify(delivery)
        verified = (verdict for verdict in verdicts if isinstance(verdict, Verified))
        contents = await asyncio.gather(*(self.content(verdict.notification) for verdict in verified))
        # On a thread: a terminal that is held must not keep a validation request waiting.
        await asyncio.to_thread(print_lines, delivery, verdicts, contents)

    async def content(self, notification: Notification) -> Content:
        try:
            return await self.opener.open(notification)
        except NotOpened as error:
            return error


def print_lines(delivery: Delivery, verdicts: Sequence[Verdict], contents: Iterable[Content]) -> None:
    """``contents`` are those of the verified ones, in their order."""
    following = iter(contents)
    for verdict in verdicts:
        content = next(following) if isinstance(verdict, Verified) else None
        fields = {"receivedAt": spell_time(delivery.received_at), "path": delivery.path}
        fields |= dict(described(verdict, delivery, content))
        # Anybody can send this: as ASCII, no control and no bidirectional character of theirs reaches the terminal.
        print(json.dumps(fields, ensure_ascii=True), flush=True)


def described(verdict: Verdict, delivery: Delivery, content: Content) -> Fields:
    match verdict:
        case Verified(notification=notification):
            yield "name", verdict.name
            yield from outlined(notification, verdict.tenant_id)
            yield "verified", True
            yield from shown(notification, content)
        case Rejected(item=Notification() as notification):
            yield "name", delivery.mark.name if delivery.mark else None
            yield from outlined(notification, notification.tenant_id)
            yield from refused(verdict)
        case Rejected(item=Malformed(position=position)):
            yield "malformed", position
            yield from refused(verdict)


def outlined(notification: Notification, tenant_id: str | None) -> Fields:
    """What it is about; clientState is left out, it is a secret."""
    yield "subscriptionId", notification.subscription_id
    if notification.lifecycle_event:
        yield "lifecycleEvent", notification.lifecycle_event
    else:
        yield "changeType", notification.change_type
    yield "resource", notification.resource
    yield "tenantId", tenant_id
    yield "encrypted", notification.encrypted


def refused(verdict: Rejected) -> Fields:
    yield "verified", False
    yield "reason", verdict.reason.value
    yield "message", verdict.message


def shown(notification: Notification, content: Content) -> Fields:
    if isinstance(content, NotOpened):
        yield "notOpened", content.reason.value
        yield "message", str(content)
        content = None
    yield "data", notification.get("resourceData") if content is None else content
