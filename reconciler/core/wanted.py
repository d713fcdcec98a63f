"""Manifests in, everything that a pass wants to know of them out: who, where, and which subscriptions.

The certificates' files are read by somebody else in between (``certificate_files``), so that this stays pure.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from reconciler.core.asked import Asked
from reconciler.core.catalog import Version
from reconciler.core.certificate import PublicCertificate, read_certificate
from reconciler.core.desired import Desired
from reconciler.core.manifest.kinds import SettingsSpec, Tenant
from reconciler.core.manifest.read import Item, Manifests
from reconciler.core.manifest.resolved import Resolved, resolve
from reconciler.core.manifest.rules import (
    check_endpoints,
    check_names,
    check_sinks,
    check_slots,
    check_subscription,
    check_subscription_names,
    check_tenants,
    check_urls,
)
from reconciler.core.source import Problem, Severity, Source

__all__ = ["CertificateFile", "Wanted", "certificate_files", "examine"]


@dataclasses.dataclass(frozen=True, slots=True)
class CertificateFile:
    """A certificate's file, as its manifest names it; ``base`` is the folder that its path is relative to."""

    path: str
    base: str
    source: Source


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """All that the manifests come to."""

    manifests: Manifests
    desired: tuple[Desired, ...]
    problems: tuple[Problem, ...]

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
    """The files that certificates stand in; private keys are the receiver's business."""
    for item in manifests.certificates:
        place = item.document.place("spec", "certificate", "file")
        yield CertificateFile(item.manifest.spec.certificate.file, item.document.text.base, place)


def examine(
    manifests: Manifests, files: Mapping[CertificateFile, bytes | str], *, owner: str | None, now: dt.datetime
) -> Wanted:
    """Check all rules and fill in every default.

    ``files`` has the content of each of ``certificate_files``, or a sentence why there is none. Without an ``owner``
    the length of the marked URLs is not checked. Problems are of all manifests, warnings among them; what is desired is
    only complete where none of them is an error.
    """
    resolution = resolve(manifests)
    resolved = resolution.resolved
    certificates = dict(read_certificates(manifests, files, now))
    problems = [
        *manifests.problems,
        *check_names(manifests),
        *check_tenants(manifests.tenants),
        *check_endpoints(manifests.endpoints),
        *check_sinks(manifests.sinks),
        *(each for each in certificates.values() if isinstance(each, Problem)),
        *resolution.problems,
        *(problem for each in resolution.subjects for problem in check_subscription(each)),
        *check_subscription_names(resolved),
        *check_slots(resolved),
        *(check_urls(resolved, owner) if owner else ()),
    ]
    found = {name: each for name, each in certificates.items() if isinstance(each, PublicCertificate)}
    desired = sorted((desire(each, found) for each in resolved), key=lambda each: (each.tenant, each.name))
    return Wanted(manifests, tuple(desired), tuple(sorted(problems)))


def read_certificates(
    manifests: Manifests, files: Mapping[CertificateFile, bytes | str], now: dt.datetime
) -> Iterable[tuple[str, PublicCertificate | Problem]]:
    for item, reference in zip(manifests.certificates, certificate_files(manifests), strict=True):
        content = files[reference]
        if isinstance(content, str):
            yield item.name, Problem(reference.source, "unreadable-file", content)
        else:
            yield item.name, read_certificate(content, source=reference.source, now=now)


def desire(each: Resolved, certificates: Mapping[str, PublicCertificate]) -> Desired:
    """Fill in the defaults of one subscription."""
    spec, endpoint = each.item.manifest.spec, each.endpoint.manifest.spec
    entry = each.resource.entry
    version = spec.graph_version or (entry.versions[0] if entry else Version.V1)
    asked = Asked(
        resource=each.resource.canonical,
        change_types=frozenset(spec.change_types),
        rich=spec.certificate is not None,
        lifecycle_url=endpoint.lifecycle,
        tls=spec.latest_supported_tls_version,
        query_options=spec.notification_query_options,
        version=version,
    )
    return Desired(
        name=each.item.name,
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
        labels=tuple(sorted(each.item.manifest.metadata.labels.items())),
    )
