"""Manifests in, everything that a pass wants to know of them out: who, where, and which subscriptions.

The certificates' files are read by somebody else in between (``certificate_files``), so that this stays pure.
"""

import dataclasses
import datetime as dt
import sys
from collections.abc import Iterator, Mapping

from reconciler.core.asked import Asked
from reconciler.core.catalog import Version
from reconciler.core.certificate import PublicCertificate, outline, read_certificate
from reconciler.core.desired import Adopt, Desired
from reconciler.core.manifest.kinds import AdoptSpec, SecretReference, SettingsSpec, Tenant
from reconciler.core.manifest.read import Item, Manifests
from reconciler.core.manifest.resolved import Resolved, resolve
from reconciler.core.manifest.rules import (
    check_endpoints,
    check_names,
    check_sinks,
    check_subscription,
    check_tenants,
)
from reconciler.core.manifest.sets import Contents, SetFile, set_files
from reconciler.core.manifest.together import (
    check_adoptions,
    check_former_names,
    check_slots,
    check_subscription_names,
    check_urls,
)
from reconciler.core.source import Problem, Severity, Source

__all__ = ["CertificateFile", "Files", "SetFile", "Wanted", "certificate_files", "examine", "set_files"]


@dataclasses.dataclass(frozen=True, slots=True)
class CertificateFile:
    """A certificate's file, as its manifest names it; ``base`` is the folder that its path is relative to."""

    path: str
    base: str
    source: Source
    name: str
    """Of the ``Certificate``."""

    previous: bool = False
    """It is one that the receiver still opens with; nothing is encrypted for it any more."""


Files = Mapping[CertificateFile, bytes | str]
"""The content of each, or a sentence why there is none."""

NO_SETS: Contents = {}


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """All that the manifests come to."""

    manifests: Manifests
    desired: tuple[Desired, ...]
    problems: tuple[Problem, ...]
    known_thumbprints: frozenset[str]
    """Of every certificate that is declared, current or previous, in upper-case hexadecimal digits."""

    thumbprints_whole: bool
    """Whether every one could be read: if not, a thumbprint that is not known may be declared all the same."""

    beside: tuple[tuple[str, str], ...] = ()
    """The files that subscriptions refer to, each with the folder that its path is relative to before it."""

    @property
    def settings(self) -> SettingsSpec:
        return self.manifests.spec

    @property
    def tenants(self) -> tuple[Item[Tenant], ...]:
        return self.manifests.tenants

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)


def certificate_files(manifests: Manifests) -> Iterator[CertificateFile]:
    """The files that certificates stand in, each current one before its previous ones.

    Private keys are the receiver's business.
    """
    for item in manifests.certificates:
        spec, document = item.manifest.spec, item.document
        place = document.place("spec", "certificate", "file")
        yield CertificateFile(spec.certificate.file, document.text.base, place, item.name)
        for position, pair in enumerate(spec.previous):
            place = document.place("spec", "previous", position, "certificate", "file")
            yield CertificateFile(pair.certificate.file, document.text.base, place, item.name, previous=True)


def examine(
    manifests: Manifests, files: Files, *, owner: str | None, now: dt.datetime, sets: Contents = NO_SETS
) -> Wanted:
    """Check all rules and fill in every default.

    ``files`` has the content of each of ``certificate_files``, ``sets`` that of each of ``set_files``, or a sentence
    why there is none. Without an ``owner`` the length of the marked URLs is not checked. Problems are of all manifests,
    warnings among them; what is desired is only complete where none of them is an error.
    """
    resolution = resolve(manifests, sets)
    resolved = resolution.resolved
    certificates = [(file, read_file(file, files[file], now)) for file in certificate_files(manifests)]
    thumbprints = [thumbprint_in(files[file]) for file, _ in certificates]
    problems = [
        *manifests.problems,
        *check_names(manifests),
        *check_tenants(manifests.tenants),
        *check_endpoints(manifests.endpoints),
        *check_sinks(manifests.sinks),
        *(each for _, each in certificates if isinstance(each, Problem)),
        *resolution.problems,
        *(problem for each in resolution.subjects for problem in check_subscription(each)),
        *check_subscription_names(resolved),
        *check_former_names(resolved),
        *check_adoptions(resolved),
        *check_slots(resolved),
        *(check_urls(resolved, owner) if owner else ()),
    ]
    found = {file.name: each for file, each in certificates if isinstance(each, PublicCertificate)}
    desired = sorted((desire(each, found) for each in resolved), key=lambda each: (each.tenant, each.name))
    return Wanted(
        manifests,
        tuple(desired),
        tuple(sorted(set(problems))),
        known_thumbprints=frozenset(filter(None, thumbprints)),
        thumbprints_whole=None not in thumbprints,
        beside=tuple(files_beside(manifests)),
    )


def read_file(file: CertificateFile, content: bytes | str, now: dt.datetime) -> PublicCertificate | Problem | None:
    """What Graph is to encrypt with, or what is wrong with it. A previous one is nothing to Graph: it may only warn."""
    if isinstance(content, str):
        found: PublicCertificate | Problem = Problem(file.source, "unreadable-file", content)
    else:
        found = read_certificate(content, source=file.source, now=now)
    if not file.previous:
        return found
    if isinstance(found, PublicCertificate) or found.rule == "certificate-expired":
        return None
    return dataclasses.replace(found, severity=Severity.WARNING)


def thumbprint_in(content: bytes | str) -> str | None:
    found = None if isinstance(content, str) else outline(content)
    return found.thumbprint if found else None


def adoption(asked: bool | AdoptSpec) -> Adopt | None:
    match asked:
        case AdoptSpec(id=given, client_state=reference):
            return Adopt(given, verifiable=reference is not None)
        case True:
            return Adopt()
    return None


def files_beside(manifests: Manifests) -> Iterator[tuple[str, str]]:
    """CSV files, and those that the ``clientState`` of what is adopted stands in."""
    for file in set_files(manifests):
        yield file.base, file.path
    adopting = [item for item in manifests.subscriptions if item.manifest.spec.management.adopt]
    for item in adopting:
        match item.manifest.spec.management.adopt:
            case AdoptSpec(client_state=SecretReference(file=str(path))):
                yield item.document.text.base, path


def desire(each: Resolved, certificates: Mapping[str, PublicCertificate]) -> Desired:
    """Fill in the defaults of one subscription."""
    spec, endpoint = each.item.manifest.spec, each.endpoint.manifest.spec
    entry, labels = each.resource.entry, each.item.manifest.metadata.labels
    version = spec.graph_version or (entry.versions[0] if entry else Version.V1)
    asked = Asked(
        resource=each.resource.canonical,
        change_types=frozenset(spec.change_types),
        rich=spec.certificate is not None,
        lifecycle_url=endpoint.lifecycle,
        tls=spec.latest_supported_tls_version,
        query_options=each.made.query_options,
        version=version,
    )
    return Desired(
        name=sys.intern(each.name),  # as that of its mark
        tenant=each.tenant,
        resource=each.resource,
        asked=asked,
        notification_url=endpoint.notification_url,
        lifecycle_url=endpoint.lifecycle,
        endpoint=each.endpoint.name,
        key_ids=endpoint.key_ids,
        source=each.item.source,
        certificate=certificates.get(spec.certificate or ""),
        lifetime=spec.expiry.lifetime,
        renew_before=spec.expiry.renew_before,
        suspend=spec.management.suspend,
        protect=spec.management.protect,
        leave=spec.management.on_removal == "leave",
        sink=each.sink.name if each.sink else None,
        silent_after=spec.silent_after,
        external=endpoint.receiver == "external",
        previously=each.previously,
        adopt=adoption(spec.management.adopt) if spec.management.adopt else None,
        template=each.item.name if each.made.row else None,
        labels=tuple(sorted(labels.items())) if labels else (),
    )
