"""Foreign subscriptions in, manifests that would take them over out, with remarks for whoever reviews them."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.core.catalog import ChangeType, Version
from reconciler.core.external import External, external, unwritable
from reconciler.core.live import Live
from reconciler.core.manifest.common import API_VERSION
from reconciler.core.manifest.read import Manifests
from reconciler.core.mark import Mark
from reconciler.core.renewal import FALLBACK
from reconciler.core.times import LONGEST, spell_duration
from reconciler.core.wanted import Files, certificate_files, thumbprint_in
from reconciler.core.world import World

__all__ = ["Draft", "Known", "Sifted", "draft", "known_in", "name_of", "sift"]

Urls = tuple[str, str]
"""The notification URL and the lifecycle URL, which is the same where none is given."""

DEFAULT_TLS = "v1_2"


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What the manifests have already that a new one can refer to."""

    endpoints: Mapping[Urls, str]
    """Names of those that another application serves."""

    certificates: Mapping[str, str]
    """Names by thumbprint, of what is encrypted for now."""

    previous: Mapping[str, str]
    """The same of what was encrypted for before."""

    several_tenants: bool
    ring: Mapping[tuple[Urls, str], str] = dataclasses.field(default_factory=dict)
    """Names of endpoints that have a key of that id, whoever serves them: what another owner signed goes on there."""

    own_urls: frozenset[str] = frozenset()
    """Notification URLs that our own receiver serves."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sifted:
    """The live subscriptions of one tenant, by what an import has to do with them."""

    new: tuple[Live, ...] = ()
    ours: int = 0
    in_manifests: int = 0
    commented_out: int = 0
    ended: int = 0
    of_others: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Ids of those that another owner has marked, by owner."""


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """A manifest for one foreign subscription."""

    tenant: str
    live: Live
    document: Mapping[str, Any]
    endpoint: External | None
    """None where the manifests have it already."""

    remarks: tuple[str, ...] = ()
    refused: str | None = None
    """Why it would be no valid manifest, or no adoption."""

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])


def known_in(manifests: Manifests, files: Files) -> Known:
    found = [(file, thumbprint_in(files[file])) for file in certificate_files(manifests)]
    endpoints = [(item.name, item.manifest.spec) for item in reversed(manifests.endpoints)]
    return Known(
        endpoints={
            (spec.notification_url, spec.lifecycle): name for name, spec in endpoints if spec.receiver == "external"
        },
        certificates={thumbprint: file.name for file, thumbprint in found if thumbprint and not file.previous},
        previous={thumbprint: file.name for file, thumbprint in found if thumbprint and file.previous},
        several_tenants=len(manifests.tenants) > 1,
        ring={((spec.notification_url, spec.lifecycle), key): name for name, spec in endpoints for key in spec.secrets},
        own_urls=frozenset(spec.notification_url for _, spec in endpoints if spec.receiver == "self"),
    )


def sift(
    world: World,
    *,
    owner: str,
    previous_owners: Collection[str],
    adopted: Collection[str],
    commented: Collection[str],
    now: dt.datetime,
) -> Sifted:
    """``adopted`` are the ids that manifests take over, ``commented`` those in comments; both in lower case."""
    new, counts, others = [], {"ours": 0, "in_manifests": 0, "commented_out": 0, "ended": 0}, dict[str, list[str]]()
    for live in sorted(world.live, key=lambda each: each.id):
        mark, subscription_id = world.mark_of(live), live.id.lower()
        if mark and mark.owner == owner:
            counts["ours"] += 1
        elif subscription_id in adopted:
            counts["in_manifests"] += 1
        elif subscription_id in commented:
            counts["commented_out"] += 1
        elif live.expires_at <= now:
            counts["ended"] += 1
        elif mark and mark.owner not in previous_owners:
            others.setdefault(mark.owner, []).append(live.id)
        else:
            new.append(live)
    return Sifted(tuple(new), **counts, of_others={each: tuple(ids) for each, ids in sorted(others.items())})


def name_of(live: Live) -> str:
    """The same for the same subscription, whenever it is imported."""
    kind = live.entry.id if live.entry else "subscription"
    return f"{kind}-{hashlib.sha256(live.id.lower().encode(errors='surrogatepass')).hexdigest()[:8]}"


def draft(live: Live, known: Known, *, tenant: str, now: dt.datetime, on_beta: bool = False) -> Draft:
    """``on_beta``: Graph shows it on its beta version only."""
    urls = (live.notification_url, live.asked.lifecycle_url or live.notification_url)
    name = known.ring.get((urls, live.mark.key)) if isinstance(live.mark, Mark) else None
    name = name or known.endpoints.get(urls)
    made = None if name else external(urls[0], urls[1] if urls[1] != urls[0] else None)
    version = Version.BETA if on_beta else version_of(live)
    spec = {
        "resource": live.resource_text,
        "changeTypes": [str(each) for each in ChangeType if each in live.asked.change_types],
        **certificate(live, known),
        **({"tenant": tenant} if known.several_tenants else {}),
        "endpoint": made.name if made else name,
        **({"graphVersion": str(version)} if version else {}),
        **fixed_options(live),
        **({} if live.entry else {"uncatalogued": True, "expiry": {"lifetime": guess(live, now)}}),
        "management": {"adopt": {"id": live.id}},
    }
    document = {"apiVersion": API_VERSION, "kind": "Subscription", "metadata": {"name": name_of(live)}, "spec": spec}
    return Draft(
        tenant,
        live,
        document,
        made,
        tuple(remarks(live, known, on_beta=on_beta)),
        obstacle(live, known, document, made),
    )


def version_of(live: Live) -> Version | None:
    """What another owner's mark tells, where it is not what the manifest comes to anyway."""
    if not isinstance(live.mark, Mark):
        return None
    default = live.entry.versions[0] if live.entry else Version.V1
    return live.mark.version if live.mark.version is not default else None


def certificate(live: Live, known: Known) -> dict[str, str]:
    if not live.asked.rich or not live.certificate_id:
        return {}
    thumbprint = live.certificate_id.upper()
    name = known.certificates.get(thumbprint) or known.previous.get(thumbprint)
    return {"certificate": name} if name else {}


def fixed_options(live: Live) -> dict[str, str]:
    """What a manifest need not say where it is Graph's default."""
    found = {}
    if live.asked.tls and live.asked.tls != DEFAULT_TLS:
        found["latestSupportedTlsVersion"] = live.asked.tls
    if live.asked.query_options:
        found["notificationQueryOptions"] = live.asked.query_options
    return found


def guess(live: Live, now: dt.datetime) -> str:
    """What is left of its lifetime, in whole hours: so much at least was granted."""
    left = min(live.expires_at - now, LONGEST)
    whole = dt.timedelta(hours=left // dt.timedelta(hours=1))
    return spell_duration(max(whole, FALLBACK)).replace(" ", "")


def remarks(live: Live, known: Known, *, on_beta: bool) -> Iterator[str]:
    yield f"It ends {live.expires_at:%Y-%m-%d %H:%M} UTC if nobody renews it."
    if mark := live.mark:
        yield f"It is {mark.name!r} of the owner {mark.owner!r}: --previous-owner {mark.owner} lets it through."
    if on_beta:
        yield "Only the beta version of Graph lists it."
    if not live.entry:
        yield "The catalog does not know the resource: the lifetime is a guess, what was left of it in whole hours."
    if live.asked.rich and (name := known.previous.get((live.certificate_id or "").upper())):
        yield f"It is encrypted for a previous certificate of {name}: once adopted, it is moved to the current one."
    if live.notification_url in known.own_urls:
        yield "Our own receiver serves this URL: if you have its clientState, give adopt.clientState and that endpoint."


def obstacle(live: Live, known: Known, document: Mapping[str, Any], made: External | None) -> str | None:
    """What can be said better here than by whoever reads the manifest."""
    for why in (made.obstacle if made else None, *map(unwritable, texts(document))):
        if why:
            return why
    if live.asked.rich and not certificate(live, known):
        which = f"for the certificate {live.certificate_id!r}" if live.certificate_id else "for an unknown certificate"
        return (
            f"its resource data is encrypted {which}, and no Certificate here has that thumbprint: declare it, and add"
            " certificate: NAME"
        )
    return None


def texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)
        case str():
            yield value
