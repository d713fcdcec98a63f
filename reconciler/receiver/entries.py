"""A delivery and a verdict on one of its items in, the entry to be stored out."""

import dataclasses
import datetime as dt
import json
from typing import TypedDict

from reconciler.core.duplicates import Fingerprint, fingerprint, new_event_id
from reconciler.core.mark import PARAMETER, Mark, mark_of
from reconciler.engine.inbox import UNROUTED, Entry, State
from reconciler.receiver.delivery import Delivery, Item, Notification
from reconciler.receiver.destinations import Destinations
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.parsing import parse_stored
from reconciler.receiver.verdicts import Rejected, Verdict, Verified
from reconciler.receiver.verifying import Verifier

__all__ = ["Admission"]

LONGEST_TOKENS = 16 * 1024
"""Characters that are kept beside each item that is set aside: strangers may send megabytes, and thousands of items."""


@dataclasses.dataclass(frozen=True, slots=True)
class Admission:
    """Judges items by their ``clientState`` and says where each belongs; waits for nothing."""

    verifier: Verifier
    destinations: Destinations
    known: KnownSubscriptions

    def admit(self, item: Item, delivery: Delivery) -> Entry:
        return self.entry(self.verifier.admit(item, delivery), delivery)

    def again(self, entry: Entry) -> Entry:
        """One that was set aside, judged as if it had come now, but for the time of its receipt."""
        item = parse_stored(entry.body)
        tokens = tuple(json.loads(entry.tokens)) if entry.tokens else ()
        delivery = Delivery(
            path=entry.path,
            lifecycle=False,
            mark=mark_of(f"?{entry.query}"),
            items=(item,),
            received_at=entry.received_at,
            validation_tokens=tokens,
        )
        return dataclasses.replace(self.admit(item, delivery), since=entry.since, query=entry.query)

    def sink(self, entry: Entry) -> str:
        """Where an entry belongs now."""
        return self.destinations.sink(entry.tenant_id or "", entry.name)

    def entry(self, verdict: Verdict, delivery: Delivery) -> Entry:
        match verdict:
            case Verified():
                return self.verified(verdict, delivery)
            case Rejected():
                return set_aside(verdict, delivery)

    def verified(self, verdict: Verified, delivery: Delivery) -> Entry:
        item = verdict.notification
        name = verdict.name or self.known.name(item.subscription_id)
        found = fingerprint_of(item, verdict.tenant_id, name)
        lifecycle = item.lifecycle_event is not None
        return Entry(
            **outline(item, delivery),
            event_id=found.event_id,
            tokens=delivery.tokens if item.encrypted else None,
            tenant_id=verdict.tenant_id,
            name=name,
            sink=UNROUTED if lifecycle else self.destinations.sink(verdict.tenant_id, name),
            fingerprint=found.digest,
            exact=found.exact,
        )


def set_aside(verdict: Rejected, delivery: Delivery) -> Entry:
    encrypted = isinstance(verdict.item, Notification) and verdict.item.encrypted
    return Entry(
        **outline(verdict.item, delivery),
        event_id=new_event_id(),
        tokens=delivery.tokens if encrypted and len(delivery.tokens or "") <= LONGEST_TOKENS else None,
        state=State.SET_ASIDE,
        reason=verdict.reason.value,
        message=verdict.message,
        settled_at=delivery.received_at,
    )


def fingerprint_of(item: Notification, tenant_id: str, name: str | None) -> Fingerprint:
    encrypted = item.get("encryptedContent") if item.encrypted else None
    return fingerprint(
        tenant_id=tenant_id,
        subscription=name or item.subscription_id,
        change=item.lifecycle_event or item.change_type,
        resource=item.resource,
        notification_id=item.get("id"),
        resource_data=item.get("resourceData"),
        data_key=encrypted.get("dataKey") if isinstance(encrypted, dict) else None,
    )


class Outline(TypedDict):
    """What is kept of an item, whoever has sent it."""

    received_at: dt.datetime
    since: dt.datetime
    path: str
    query: str
    subscription_id: str
    change: str | None
    resource: str | None
    body: bytes
    encrypted: bool
    lifecycle: bool


def outline(item: Item, delivery: Delivery) -> Outline:
    read = item if isinstance(item, Notification) else Notification("")
    return {
        "received_at": delivery.received_at,
        "since": delivery.received_at,
        "path": delivery.path,
        "query": f"{PARAMETER}={delivery.mark}" if isinstance(delivery.mark, Mark) else "",
        "subscription_id": read.subscription_id,
        "change": read.lifecycle_event or read.change_type,
        "resource": read.resource,
        "body": item.body,
        "encrypted": read.encrypted,
        "lifecycle": read.lifecycle_event is not None,
    }
