"""Manifests in, what the receiver needs of them out: paths, secrets, tenants, private keys.

Each is read before anything listens: what is missing is said at the start, not when the first notification is lost.
"""

import argparse
import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from reconciler.cli.access import Keeper
from reconciler.cli.loading import Loaded
from reconciler.cli.problems import print_warnings
from reconciler.cli.selecting import chosen_tenants
from reconciler.cli.wiring import ClientStates as Secrets
from reconciler.cli.wiring import allowed_hosts
from reconciler.core.errors import ManifestError, SecretError, UsageError
from reconciler.core.manifest.kinds import Endpoint, EndpointSpec, KeyPair
from reconciler.core.manifest.read import Item
from reconciler.core.source import Severity, Source
from reconciler.receiver import Audience, ClientStates, Ring, Routes, ValidationTokens, Verifier
from reconciler.receiver.private_keys import KeyPairFiles, PrivateKeys, read_private_keys
from reconciler.sources.referenced import Referenced

__all__ = ["Receiving"]


@dataclasses.dataclass(frozen=True, slots=True)
class Receiving:
    """What is served, and what its deliveries are verified and opened with."""

    routes: Routes
    verifier: Verifier
    keys: PrivateKeys

    @classmethod
    def of(cls, loaded: Loaded, options: argparse.Namespace) -> "Receiving":
        """Raises ReconcilerError for the first secret or cloud that cannot be had, ManifestError for private keys."""
        endpoints = [item for item in loaded.wanted.manifests.endpoints if item.manifest.spec.receiver == "self"]
        if not endpoints:
            raise UsageError("no Endpoint has receiver: self, there is nothing to listen for")
        specs = [item.manifest.spec for item in endpoints]
        audiences = list(audiences_of(loaded, options))
        rings = rings_of(endpoints, Secrets(loaded), [each.tenant_id for each in audiences])
        tokens = ValidationTokens(audiences, now=lambda: dt.datetime.now(dt.UTC))
        return cls(
            Routes(map(notification_path, specs), map(lifecycle_path, specs)),
            Verifier(ClientStates(rings), tokens),
            private_keys(loaded),
        )


def notification_path(spec: EndpointSpec) -> str:
    return spec.paths.notification or path_of(spec.notification_url)


def lifecycle_path(spec: EndpointSpec) -> str:
    return spec.paths.lifecycle or path_of(spec.lifecycle)


def path_of(url: str) -> str:
    return unquote(urlsplit(url).path) or "/"


def audiences_of(loaded: Loaded, options: argparse.Namespace) -> Iterator[Audience]:
    """Needs no credential: the ids and the cloud of each tenant will do."""
    keeper = Keeper(loaded.referenced, allowed_hosts(options))
    for item in chosen_tenants(loaded.wanted.tenants, options.tenants):
        application = keeper.application(item)
        yield Audience(application.tenant_id, application.client_id, keeper.cloud(item))


def rings_of(endpoints: Iterable[Item[Endpoint]], secrets: Secrets, tenants: list[str]) -> dict[str, list[Ring]]:
    """Of all tenants, also those without a subscription there now: one that is not yet pruned still delivers."""
    rings = defaultdict(list)
    for item in endpoints:
        spec = item.manifest.spec
        found = {key: secrets.secret(item.name, key) for key in spec.secrets}
        ring = Ring({key: secret for key, secret in found.items() if secret}, tenants)
        for path in {notification_path(spec), lifecycle_path(spec)}:
            rings[path].append(ring)
    return dict(rings)


def private_keys(loaded: Loaded) -> PrivateKeys:
    """Raises ManifestError with every key that cannot be used; of previous ones it only warns."""
    keys, problems = read_private_keys(key_pairs(loaded))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ManifestError(problems)
    print_warnings(problems)
    return keys


def key_pairs(loaded: Loaded) -> Iterator[KeyPairFiles]:
    """Those with a private key: without one a certificate is for others to open."""
    for item in loaded.wanted.manifests.certificates:
        base, spec = item.document.text.base, item.manifest.spec
        places: list[tuple[KeyPair, tuple[str | int, ...]]] = [
            (spec, ()),
            *((pair, ("previous", position)) for position, pair in enumerate(spec.previous)),
        ]
        for pair, path in places:
            place = item.document.place("spec", *path, "privateKey")
            yield from read_pair(pair, place, loaded.referenced, base=base, previous=bool(path))


def read_pair(
    pair: KeyPair, place: Source, referenced: Referenced, *, base: str, previous: bool
) -> Iterator[KeyPairFiles]:
    if pair.private_key is None:
        return
    try:
        private_key: bytes | str = referenced.secret(pair.private_key, base)
    except SecretError as error:
        private_key = str(error)
    yield KeyPairFiles(place, referenced.file(pair.certificate.file, base), private_key, previous)
