"""A subscription's manifest with everything that it refers to found: tenant, endpoint, certificate, resource."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from reconciler.core.manifest.complaints import did_you_mean
from reconciler.core.manifest.kinds import Certificate, Endpoint, Manifest, Sink, Subscription, Tenant
from reconciler.core.manifest.read import Item, Manifests
from reconciler.core.resource import Resource, ResourceError, read_resource
from reconciler.core.source import Problem

__all__ = ["Resolution", "Resolved", "Subject", "resolve"]

M = TypeVar("M", bound=Manifest)


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """What the catalog's rules are asked about: a subscription's manifest and its resource."""

    item: Item[Subscription]
    resource: Resource
    on_emulator: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Resolved:
    subject: Subject
    tenant_item: Item[Tenant]
    endpoint: Item[Endpoint]
    certificate: Item[Certificate] | None
    sink: Item[Sink] | None

    @property
    def item(self) -> Item[Subscription]:
        return self.subject.item

    @property
    def resource(self) -> Resource:
        return self.subject.resource

    @property
    def tenant(self) -> str:
        return self.tenant_item.name


@dataclasses.dataclass(frozen=True, slots=True)
class Resolution:
    """What was found of each subscription; ``subjects`` are all of which the resource is understood."""

    resolved: tuple[Resolved, ...]
    subjects: tuple[Subject, ...]
    problems: tuple[Problem, ...]


def resolve(manifests: Manifests) -> Resolution:
    """Find what each subscription refers to; one for which something lacks is left out, with its problems."""
    resolved: list[Resolved] = []
    subjects: list[Subject] = []
    problems: list[Problem] = []
    for index, item in enumerate((*manifests.subscriptions, *manifests.salvaged)):
        subject, found = resolve_one(item, manifests)
        subjects += [subject] if subject else []
        if isinstance(found, list):
            problems += found
        elif index < len(manifests.subscriptions):
            resolved.append(found)
    return Resolution(tuple(resolved), tuple(subjects), tuple(problems))


def resolve_one(item: Item[Subscription], manifests: Manifests) -> tuple[Subject | None, Resolved | list[Problem]]:
    spec = item.manifest.spec
    broken = manifests.broken
    tenant = refer(item, "tenant", spec.tenant, manifests.tenants, broken)
    endpoint = refer(item, "endpoint", spec.endpoint, manifests.endpoints, broken)
    certificate = None
    if spec.certificate:
        certificate = refer(item, "certificate", spec.certificate, manifests.certificates, broken)
    sink = refer_to_sink(item, endpoint, manifests)
    resource = read_or_complain(item)
    subject = None
    if isinstance(resource, Resource):
        # Of a tenant that is not known, it is not known either that it is a real one.
        on_emulator = not isinstance(tenant, Item) or tenant.manifest.spec.cloud == "emulator"
        subject = Subject(item, resource, on_emulator)
    match tenant, endpoint, certificate, sink:
        case Item(), Item(), (Item() | None), (Item() | None) if subject:
            return subject, Resolved(subject, tenant, endpoint, certificate, sink)
    return subject, [each for each in (tenant, endpoint, certificate, sink, resource) if isinstance(each, Problem)]


def read_or_complain(item: Item[Subscription]) -> Resource | Problem:
    try:
        return read_resource(item.manifest.spec.resource)
    except ResourceError as error:
        message = f"the resource {item.manifest.spec.resource!r} is not understood: {error}"
        return item.problem("resource-syntax", message, "spec", "resource")


class Unknowable:
    """What is referred to stands in a document that has problems of its own: they are enough."""


def refer(
    item: Item[Subscription], key: str, name: str | None, known: Sequence[Item[M]], broken: Collection[tuple[str, str]]
) -> Item[M] | Problem | Unknowable:
    """The one that is named; where only one exists, it need not be named."""
    kind = key.capitalize()
    broken_names = [broken_name for broken_kind, broken_name in broken if broken_kind == kind]
    if name in broken_names or (name is None and broken_names):
        return Unknowable()
    if name is None:
        distinct = sorted(set(names(known)))
        if len(distinct) == 1:
            return known[0]
        several = f"there are several ({', '.join(distinct)})" if distinct else "there is none"
        return item.problem("missing-reference", f"name the {key}: {several}", "spec")
    for each in known:
        if each.name == name:
            return each
    if "" in broken_names:
        return Unknowable()
    hint = did_you_mean(name, names(known))
    return item.problem("missing-reference", f"there is no {kind} {name!r}{hint}", "spec", key)


def refer_to_sink(
    item: Item[Subscription], endpoint: Item[Endpoint] | Problem | Unknowable, manifests: Manifests
) -> Item[Sink] | Problem | Unknowable | None:
    """The default where none is named; none where nothing is forwarded, or another application receives."""
    name, sinks = item.manifest.spec.sink, manifests.sinks
    if name is None:
        elsewhere = isinstance(endpoint, Item) and endpoint.manifest.spec.receiver == "external"
        nowhere = not sinks and not any(kind == "Sink" for kind, _ in manifests.broken)
        if elsewhere or nowhere:
            return None
        if default := next((each for each in sinks if each.manifest.spec.default), None):
            return default
    return refer(item, "sink", name, sinks, manifests.broken)


def names(items: Iterable[Item[M]]) -> Iterator[str]:
    return (item.name for item in items)
