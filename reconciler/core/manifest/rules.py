"""What takes the catalog, or others of a kind, to judge: each rule is named, and the lists are the rule book.

What takes all subscriptions is in ``together``.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from reconciler.core.catalog import Entry, Rich, Status
from reconciler.core.manifest.catalog_rules import (
    asks_for_me,
    option_values,
    query_option,
    query_options_in_vain,
    refused_change,
    where_it_is,
)
from reconciler.core.manifest.kinds import Endpoint, Manifest, Sink, Tenant
from reconciler.core.manifest.read import Item, Manifests
from reconciler.core.manifest.resolved import Subject
from reconciler.core.mark import takes_query
from reconciler.core.renewal import SHORTEST
from reconciler.core.resource import nearest
from reconciler.core.source import Problem, Severity
from reconciler.core.times import spell_duration

__all__ = [
    "check_endpoints",
    "check_names",
    "check_sinks",
    "check_subscription",
    "check_tenants",
]

MOST_CHANGE_TYPES = 20
"""More are not looked at: they can only be the same again."""

Rule = Callable[[Subject, Entry], Iterable[Problem]]


def check_names(manifests: Manifests) -> Iterator[Problem]:
    """Names are unique within a kind; those of subscriptions within their tenant, which ``resolved`` checks."""
    for kind in (manifests.tenants, manifests.endpoints, manifests.certificates, manifests.sinks):
        yield from duplicates(kind)
    for extra in manifests.settings[1:]:
        message = f"there is one Settings document in all, the other one is at {manifests.settings[0].source}"
        yield extra.problem("duplicate-settings", message)


def duplicates(items: Iterable[Item[Manifest]]) -> Iterator[Problem]:
    seen: dict[str, Item[Manifest]] = {}
    for item in items:
        first = seen.setdefault(item.name, item)
        if first is not item:
            message = f"the name {item.name!r} is taken by the {item.manifest.kind} at {first.source}"
            yield item.problem("duplicate-name", message, "metadata", "name")


def check_tenants(tenants: Iterable[Item[Tenant]]) -> Iterator[Problem]:
    """Two tenants with one app would each take the other's subscriptions for their own."""
    seen: dict[object, Item[Tenant]] = {}
    for item in tenants:
        spec = item.manifest.spec
        ids = ((spec.tenant_id or "").lower(), (spec.client_id or "").lower(), str(spec.cloud))
        first = seen.setdefault(ids, item)
        if first is not item:
            message = (
                f"the same tenantId and clientId stand in the Tenant {first.name!r} at {first.source}: keep one of them"
            )
            yield item.problem("duplicate-tenant", message, "spec", "tenantId")


def check_endpoints(endpoints: Iterable[Item[Endpoint]]) -> Iterator[Problem]:
    for item in endpoints:
        spec = item.manifest.spec
        hosts = [urlsplit(url).hostname for url in (spec.notification_url, spec.lifecycle)]
        if takes_query(spec.notification_url) and hosts[0] != hosts[1]:
            message = f"notifications go to {hosts[0]}, lifecycle notifications to {hosts[1]}: is that meant?"
            yield warning(item, "hosts-differ", message, "spec", "lifecycleNotificationUrl")
        if not spec.secrets:
            message = "without clientState the receiver cannot tell Graph's notifications from forged ones"
            yield warning(item, "client-state-missing", message, "spec")


def check_sinks(sinks: Iterable[Item[Sink]]) -> Iterator[Problem]:
    defaults = [item for item in sinks if item.manifest.spec.default]
    for extra in defaults[1:]:
        message = f"the Sink {defaults[0].name!r} at {defaults[0].source} is the default already: keep one of them"
        yield extra.problem("duplicate-default", message, "spec", "default")


def warning(item: Item[Manifest], rule: str, message: str, *path: str | int) -> Problem:
    return Problem(item.document.place(*path), rule, message, Severity.WARNING)


def check_subscription(each: Subject) -> Iterator[Problem]:
    """What the catalog says of one subscription in one tenant."""
    entry = each.resource.entry
    if entry:
        for rule in RULES:
            yield from rule(each, entry)
    else:
        yield from uncatalogued(each)
    yield from lifetime_too_short(each)


def uncatalogued(each: Subject) -> Iterator[Problem]:
    spec = each.item.manifest.spec
    if of_me := list(asks_for_me(each)):
        yield from of_me
    elif not spec.uncatalogued:
        near = nearest(each.resource.text)
        hint = f", did you mean {near!r}?" if near else ""
        message = f"the catalog does not know {each.resource.text!r}{hint} (uncatalogued: true allows it all the same)"
        yield each.item.problem("unknown-resource", message, "spec", "resource")
    elif not spec.expiry.lifetime:
        message = "of an uncatalogued resource nobody knows the longest lifetime: give expiry.lifetime"
        yield each.item.problem("lifetime", message, "spec", "uncatalogued")


def draft_resource(each: Subject, entry: Entry) -> Iterator[Problem]:
    if entry.status is Status.DRAFT and not each.on_emulator and not each.item.manifest.spec.draft:
        message = (
            f"{entry.path} was only ever drafted, Graph has {' or '.join(entry.replaced_by)} instead"
            " (draft: true allows it all the same)"
        )
        yield each.item.problem("draft-resource", message, "spec", "resource")


def delegated_only(each: Subject, entry: Entry) -> Iterator[Problem]:
    if entry.permissions.delegated_only:
        message = f"{entry.path} needs the token of a signed-in user, which is not supported yet"
        yield each.item.problem("delegated-only", message, "spec", "resource")


def join_url_encoded(each: Subject, entry: Entry) -> Iterator[Problem]:
    """The join URL is encoded once more than it is found (facts 2.5)."""
    if "(joinWebUrl=" in entry.path and "://" in each.resource.path:
        message = (
            "the join URL must be URL-encoded once more, as in joinWebUrl='https%3A%2F%2F…', where %3a becomes %253a"
        )
        yield each.item.problem("join-url", message, "spec", "resource")


def change_types(each: Subject, entry: Entry) -> Iterator[Problem]:
    given, seen = each.item.manifest.spec.change_types, set[str]()
    for index, change_type in enumerate(given[:MOST_CHANGE_TYPES]):
        path = ("spec", "changeTypes", index)
        if change_type not in entry.change_types:
            message = refused_change(entry, change_type, beside_others=len(set(given)) > 1)
            yield each.item.problem("change-type", message, *path)
        elif change_type in seen:
            yield each.item.problem("change-type", f"{change_type} stands here twice", *path)
        seen.add(change_type)


def resource_data(each: Subject, entry: Entry) -> Iterator[Problem]:
    rich = each.item.manifest.spec.certificate is not None
    if rich and entry.rich is Rich.NEVER:
        message = f"notifications about {entry.path} never carry resource data: leave certificate out"
        yield each.item.problem("no-resource-data", message, "spec", "certificate")
    if rich and entry.rich_needs_select and "$select" not in each.resource.options:
        message = f"with resource data, {entry.path} needs ?$select= with the properties that are wanted"
        yield each.item.problem("select-missing", message, "spec", "resource")
    if not rich and entry.rich is Rich.REQUIRED:
        message = f"{entry.path} is only served with resource data: name a certificate"
        yield each.item.problem("certificate-missing", message, "spec", "resource")


def lifetime_too_long(each: Subject, entry: Entry) -> Iterator[Problem]:
    spec = each.item.manifest.spec
    longest = entry.longest(rich=spec.certificate is not None)
    if spec.expiry.lifetime and spec.expiry.lifetime > longest:
        message = f"{entry.path} lives {spell_duration(longest)} at the most"
        yield each.item.problem("lifetime", message, "spec", "expiry", "lifetime")


def graph_version(each: Subject, entry: Entry) -> Iterator[Problem]:
    version = each.item.manifest.spec.graph_version
    if version and version not in entry.versions:
        message = f"{entry.path} exists on {' and '.join(entry.versions)} only"
        yield each.item.problem("graph-version", message, "spec", "graphVersion")


RULES: tuple[Rule, ...] = (
    draft_resource,
    delegated_only,
    where_it_is,
    query_option,
    option_values,
    query_options_in_vain,
    join_url_encoded,
    change_types,
    resource_data,
    lifetime_too_long,
    graph_version,
)
"""What is asked of every subscription whose resource the catalog knows."""


def lifetime_too_short(each: Subject) -> Iterator[Problem]:
    expiry = each.item.manifest.spec.expiry
    if expiry.lifetime and expiry.lifetime < SHORTEST:
        message = f"Graph raises anything under {spell_duration(SHORTEST)} to that: ask for more"
        yield each.item.problem("lifetime", message, "spec", "expiry", "lifetime")
    if expiry.renew_before == dt.timedelta():
        message = "a subscription must be renewed before it ends: give more than 0s"
        yield each.item.problem("lifetime", message, "spec", "expiry", "renewBefore")
