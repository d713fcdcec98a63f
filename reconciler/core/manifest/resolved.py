"""A subscription's manifest with everything that it refers to found: tenants, endpoint, certificate, resource."""

import dataclasses
import functools
from collections.abc import Sequence

from reconciler.core.catalog import Cloud
from reconciler.core.manifest.kinds import Certificate, Endpoint, Sink, Subscription, Tenant
from reconciler.core.manifest.read import Item, Manifests
from reconciler.core.manifest.references import Found, Known, tenants_of
from reconciler.core.manifest.sets import Contents, Made, Sets, place_of
from reconciler.core.resource import Resource
from reconciler.core.source import Problem, Source

__all__ = ["Resolution", "Resolved", "Subject", "resolve"]

NO_NAMES: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """What the catalog's rules are asked about: a subscription's manifest and its resource, for a set one of them."""

    item: Item[Subscription]
    resource: Resource
    on_emulator: bool
    clouds: frozenset[Cloud] = frozenset()
    """Those of its tenants, as far as Microsoft runs them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Resolved:
    """One subscription in one tenant."""

    item: Item[Subscription]
    made: Made
    tenant_item: Item[Tenant]
    endpoint: Item[Endpoint]
    certificate: Item[Certificate] | None
    sink: Item[Sink] | None

    @property
    def name(self) -> str:
        return self.made.name

    @property
    def resource(self) -> Resource:
        return self.made.resource

    @property
    def tenant(self) -> str:
        return self.tenant_item.name

    @property
    def source(self) -> Source:
        """Where people look for it: of a set, its row."""
        return place_of(self.item, self.made.row) if self.made.row else self.item.source

    @property
    def previously(self) -> frozenset[str]:
        """The names that it had."""
        return self.made.former

    def problem(self, rule: str, message: str, *path: str | int) -> Problem:
        """Of a set, at its row."""
        return Problem(self.source, rule, message) if self.made.row else self.item.problem(rule, message, *path)


@dataclasses.dataclass(frozen=True, slots=True)
class Resolution:
    """What was found of each subscription; ``subjects`` are all of which the resource is understood."""

    resolved: tuple[Resolved, ...]
    subjects: tuple[Subject, ...]
    problems: tuple[Problem, ...]


def resolve(manifests: Manifests, contents: Contents) -> Resolution:
    """Find what each subscription refers to; one for which something lacks is left out, with its problems."""
    resolving = Resolving(manifests, contents)
    resolved: list[Resolved] = []
    for item in manifests.subscriptions:
        resolved += resolving.resolve(item)
    for item in manifests.salvaged:
        if not lost_its_set(item):
            resolving.resolve(item)
    # Two sets of one file find the same in it.
    problems = dict.fromkeys(resolving.problems)
    return Resolution(tuple(resolved), tuple(resolving.subjects), tuple(problems))


@dataclasses.dataclass(frozen=True)
class Around:
    """What a manifest refers to, as far as it was found."""

    tenants: Sequence[Found[Tenant]]
    endpoint: Found[Endpoint]
    certificate: Found[Certificate] | None
    sink: Found[Sink] | None

    @functools.cached_property
    def whole(self) -> bool:
        found = (*self.tenants, self.endpoint, self.certificate, self.sink)
        return all(each is None or isinstance(each, Item) for each in found)

    @functools.cached_property
    def on_emulator(self) -> bool:
        """Of a tenant that is not known, it is not known either that it is a real one."""
        return all(not isinstance(each, Item) or each.manifest.spec.cloud == "emulator" for each in self.tenants)

    @functools.cached_property
    def clouds(self) -> frozenset[Cloud]:
        named = {each.manifest.spec.cloud for each in self.tenants if isinstance(each, Item)}
        return frozenset(each for each in Cloud if each.value in named)

    def each_of(self, item: Item[Subscription], made: Sequence[Made]) -> list[Resolved]:
        match self.endpoint, self.certificate, self.sink:
            case Item() as endpoint, (Item() | None) as certificate, (Item() | None) as sink:
                tenants = [each for each in self.tenants if isinstance(each, Item)]
                return [
                    Resolved(item, each, tenant, endpoint, certificate, sink) for tenant in tenants for each in made
                ]
        return []


class Resolving:
    """Finds what subscriptions refer to, and keeps what it has to say about them."""

    def __init__(self, manifests: Manifests, contents: Contents) -> None:
        broken = manifests.broken
        self.tenants = Known("Tenant", manifests.tenants, broken)
        own = [item for item in manifests.endpoints if item.manifest.spec.receiver == "self"]
        self.endpoints = Known("Endpoint", manifests.endpoints, broken, own=own)
        self.certificates = Known("Certificate", manifests.certificates, broken)
        self.sinks = Known("Sink", manifests.sinks, broken)
        self.default_sink = next((each for each in manifests.sinks if each.manifest.spec.default), None)
        self.sets = Sets(contents)
        self.known: dict[tuple[str | None, ...], Around] = {}
        """By the names that stand in the manifest: ten thousand have the same."""

        self.subjects: list[Subject] = []
        self.problems: list[Problem] = []

    def resolve(self, item: Item[Subscription]) -> Sequence[Resolved]:
        """What a manifest makes, in each of its tenants; nothing where something lacks."""
        spec = item.manifest.spec
        names = None if spec.tenants else (spec.tenant, spec.endpoint, spec.certificate, spec.sink)
        around = self.known.get(names) if names else None
        if around is None:
            around = self.look_around(item)
            if names and around.whole:
                self.known[names] = around
        making = self.sets.make(item)
        self.problems += making.problems
        for example in making.examples:
            self.subjects.append(Subject(item, example, around.on_emulator, around.clouds))
        return around.each_of(item, making.made) if around.whole else ()

    def look_around(self, item: Item[Subscription]) -> Around:
        spec = item.manifest.spec
        tenants = tenants_of(item, self.tenants)
        endpoint = self.endpoints.refer(item, spec.endpoint)
        certificate = self.certificates.refer(item, spec.certificate) if spec.certificate else None
        sink = self.refer_to_sink(item, endpoint)
        self.problems += [each for each in (*tenants, endpoint, certificate, sink) if isinstance(each, Problem)]
        return Around(tenants, endpoint, certificate, sink)

    def refer_to_sink(self, item: Item[Subscription], endpoint: Found[Endpoint]) -> Found[Sink] | None:
        """The default where none is named; none where nothing is forwarded, or another application receives."""
        name = item.manifest.spec.sink
        if name is None:
            elsewhere = isinstance(endpoint, Item) and endpoint.manifest.spec.receiver == "external"
            if elsewhere or self.sinks.empty:
                return None
            if self.default_sink:
                return self.default_sink
        return self.sinks.refer(item, name)


def lost_its_set(item: Item[Subscription]) -> bool:
    """What was salvaged without its ``forEach`` has blanks that nothing fills in, and that is nobody's mistake."""
    return item.manifest.spec.for_each is None and "forEach" in item.document.value["spec"]
