"""Manifests in, what the receiver needs of them out: paths, secrets, tenants, private keys.

Each is read before anything listens: what is missing is said at the start, not when the first notification is lost.
"""

import argparse
import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reconciler.cli.access import Keeper
from reconciler.cli.loading import Loaded
from reconciler.cli.problems import print_warnings
from reconciler.cli.selecting import chosen_tenants
from reconciler.cli.wiring import ClientStates as Secrets
from reconciler.cli.wiring import allowed_hosts, state_location
from reconciler.core.desired import Desired
from reconciler.core.errors import ManifestError, SecretError, UsageError
from reconciler.core.manifest.kinds import AdoptSpec, Endpoint, EndpointSpec, KeyPair, SecretReference, Subscription
from reconciler.core.manifest.read import Item
from reconciler.core.mark import takes_query
from reconciler.core.source import Severity, Source
from reconciler.receiver import Audience, Inherited, Ring, Routes, ValidationTokens
from reconciler.receiver.hearing import Declared
from reconciler.receiver.kept_keys import KeptKeys
from reconciler.receiver.private_keys import KeyPairFiles, PrivateKeys, read_private_keys, thumbprint_in
from reconciler.sources.referenced import Referenced

__all__ = ["Place", "Receiving", "current_pairs", "kept_keys", "key_pairs", "private_keys", "read_pair"]


@dataclasses.dataclass(frozen=True, slots=True)
class Receiving:
    """What is served, and what its deliveries are verified and opened with."""

    routes: Routes
    client_states: Mapping[str, Sequence[Ring]]
    """By the path that serves them."""

    inherited: Sequence[Inherited]
    validation_tokens: ValidationTokens
    keys: PrivateKeys
    sources: Mapping[str, str]
    """What events of a tenant name as their source, by its id."""

    declared: Sequence[Declared]
    sinks: Mapping[tuple[str, str], str]
    """By tenant id and name, for subscriptions that have one."""

    @classmethod
    def of(cls, loaded: Loaded, options: argparse.Namespace) -> "Receiving":
        """Raises ReconcilerError for the first secret or cloud that cannot be had, ManifestError for private keys."""
        endpoints = [item for item in loaded.wanted.manifests.endpoints if item.manifest.spec.receiver == "self"]
        if not endpoints:
            raise UsageError("no Endpoint has receiver: self, there is nothing to listen for")
        specs = [item.manifest.spec for item in endpoints]
        audiences = dict(audiences_of(loaded, options))
        ids = {name: audience.tenant_id.lower() for name, audience in audiences.items()}
        desired = [each for each in loaded.wanted.desired if each.tenant in ids]
        return cls(
            routes=Routes(filter(None, map(notification_path, specs)), map(lifecycle_path, specs)),
            client_states=rings_of(endpoints, Secrets(loaded), list(ids.values())),
            inherited=list(inherited_in(loaded, ids, {item.name for item in endpoints})),
            validation_tokens=ValidationTokens(audiences.values(), now=lambda: dt.datetime.now(dt.UTC)),
            keys=private_keys(loaded),
            sources={ids[name]: f"{audience.cloud.graph}/tenants/{ids[name]}" for name, audience in audiences.items()},
            declared=[Declared(ids[each.tenant], each.tenant, each.name, silence_of(each)) for each in desired],
            sinks={(ids[each.tenant], name): each.sink for each in desired for name in each.names if each.sink},
        )

    def source(self, tenant_id: str) -> str:
        """A tenant that is declared no more may still have something in the inbox."""
        return self.sources.get(tenant_id, f"urn:reconciler:tenant:{tenant_id}")


def silence_of(desired: Desired) -> dt.timedelta | None:
    """What is delivered to Event Hubs or Event Grid, nobody hears here: that says nothing."""
    return desired.silent_after if desired.takes_query else None


def notification_path(spec: EndpointSpec) -> str | None:
    """None where notifications go to Event Hubs or Event Grid."""
    if not takes_query(spec.notification_url):
        return None
    return spec.paths.notification or path_of(spec.notification_url)


def lifecycle_path(spec: EndpointSpec) -> str:
    return spec.paths.lifecycle or path_of(spec.lifecycle)


def path_of(url: str) -> str:
    return unquote(urlsplit(url).path) or "/"


def audiences_of(loaded: Loaded, options: argparse.Namespace) -> Iterator[tuple[str, Audience]]:
    """By the tenant's name. Needs no credential: the ids and the cloud of each tenant will do."""
    keeper = Keeper(loaded.referenced, allowed_hosts(options))
    for item in chosen_tenants(loaded.wanted.tenants, options.tenants):
        application = keeper.application(item)
        yield item.name, Audience(application.tenant_id, application.client_id, keeper.cloud(item))


def rings_of(endpoints: Iterable[Item[Endpoint]], secrets: Secrets, tenants: list[str]) -> dict[str, list[Ring]]:
    """Of all tenants, also those without a subscription there now: one that is not yet pruned still delivers."""
    rings = defaultdict(list)
    for item in endpoints:
        spec = item.manifest.spec
        found = {key: secrets.secret(item.name, key) for key in spec.secrets}
        ring = Ring({key: secret for key, secret in found.items() if secret}, tenants)
        for path in filter(None, {notification_path(spec), lifecycle_path(spec)}):
            rings[path].append(ring)
    return dict(rings)


def inherited_in(loaded: Loaded, ids: Mapping[str, str], endpoints: Collection[str]) -> Iterator[Inherited]:
    """Of what was adopted, or is to be, with a ``clientState`` that the manifest refers to. Raises SecretError."""
    written = {item.source: item for item in loaded.wanted.manifests.subscriptions}
    for desired in loaded.wanted.desired:
        if desired.adopt and desired.adopt.verifiable and desired.endpoint in endpoints and desired.tenant in ids:
            item = written[desired.source]
            secret = inherited_secret(item, loaded.referenced)
            yield Inherited(ids[desired.tenant], frozenset(desired.names), secret)


def inherited_secret(item: Item[Subscription], referenced: Referenced) -> bytes:
    match item.manifest.spec.management.adopt:
        case AdoptSpec(client_state=SecretReference() as reference):
            try:
                secret = referenced.secret(reference, item.document.text.base)
            except SecretError as error:
                raise SecretError(f"adopt.clientState of Subscription {item.name!r}: {error}") from error
            if not secret:
                raise SecretError(
                    f"adopt.clientState of Subscription {item.name!r} is empty: anybody could sign with it"
                )
            return secret
    raise AssertionError("what is verifiable has a clientState")


def private_keys(loaded: Loaded) -> PrivateKeys:
    """Raises ManifestError with every key that cannot be used; of previous ones it only warns."""
    pairs = list(key_pairs(loaded))
    keys, problems = read_private_keys(read for pair in pairs for read in read_pair(pair, loaded.referenced))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ManifestError(problems)
    print_warnings(problems)
    return dataclasses.replace(keys, elsewhere=frozenset(thumbprints_without_key(pairs, loaded.referenced)))


def current_pairs(loaded: Loaded) -> list[KeyPairFiles]:
    """What is to be kept: the pair of each ``Certificate`` that has a private key, without the previous ones."""
    places = [place for place in key_pairs(loaded) if not place.previous]
    return [read for place in places for read in read_pair(place, loaded.referenced)]


def kept_keys(options: argparse.Namespace) -> KeptKeys:
    """In the store's folder, or, beside a database, in the user's: private keys never get into one."""
    location = state_location(options)
    folder = location if isinstance(location, Path) else Path(state_location(argparse.Namespace(state=None)))
    return KeptKeys(folder / "keys")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A pair as it stands in a Certificate's manifest."""

    name: str
    """Of the ``Certificate``."""

    pair: KeyPair
    source: Source
    base: str
    previous: bool


def key_pairs(loaded: Loaded) -> Iterator[Place]:
    for item in loaded.wanted.manifests.certificates:
        base, spec = item.document.text.base, item.manifest.spec
        places: list[tuple[KeyPair, tuple[str | int, ...]]] = [
            (spec, ()),
            *((pair, ("previous", position)) for position, pair in enumerate(spec.previous)),
        ]
        for pair, path in places:
            yield Place(item.name, pair, item.document.place("spec", *path, "privateKey"), base, previous=bool(path))


def thumbprints_without_key(places: Iterable[Place], referenced: Referenced) -> Iterator[str]:
    """Without a private key a certificate is for others to open."""
    for place in places:
        content = referenced.file(place.pair.certificate.file, place.base)
        if place.pair.private_key is None and isinstance(content, bytes):
            yield from thumbprint_in(content)


def read_pair(place: Place, referenced: Referenced) -> Iterator[KeyPairFiles]:
    if place.pair.private_key is None:
        return
    try:
        private_key: bytes | str = referenced.secret(place.pair.private_key, place.base)
    except SecretError as error:
        private_key = str(error)
    certificate = referenced.file(place.pair.certificate.file, place.base)
    yield KeyPairFiles(place.source, certificate, private_key, place.previous)
