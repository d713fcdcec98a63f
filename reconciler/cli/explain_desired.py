"""A case in, what the manifests want out: every default filled in, each with the place or the reason it comes from."""

from collections.abc import Iterator

from reconciler.cli.case import Case
from reconciler.cli.explained import Row
from reconciler.core.asked import DEFAULT_TLS
from reconciler.core.desired import Desired
from reconciler.core.manifest.kinds import Subscription
from reconciler.core.manifest.read import Item
from reconciler.core.redaction import redact
from reconciler.core.times import spell_duration

__all__ = ["desired_rows"]

DEFAULT = "the default"
ONLY_ONE = "the only one that there is"


class Origins:
    """Where each value of one subscription comes from."""

    def __init__(self, case: Case, desired: Desired) -> None:
        manifests = case.loaded.wanted.manifests
        self.item: Item[Subscription] | None = next(
            (item for item in manifests.subscriptions if item.source == desired.source), None
        )
        self.endpoint = next((item for item in manifests.endpoints if item.name == desired.endpoint), None)

    def of(self, *path: str, otherwise: str = DEFAULT) -> str:
        """The place in the manifest, or what fills in for it."""
        if self.item is None:
            return otherwise
        value = self.item.document.value
        for key in ("spec", *path):
            value = value.get(key) if isinstance(value, dict) else None
        return otherwise if value is None else str(self.item.document.place("spec", *path))

    def of_endpoint(self, *path: str, otherwise: str = DEFAULT) -> str:
        if self.endpoint is None:
            return otherwise
        spec = self.endpoint.document.value
        given = isinstance(spec, dict) and isinstance(spec.get("spec"), dict) and path[0] in spec["spec"]
        return str(self.endpoint.document.place("spec", *path)) if given else otherwise


def desired_rows(case: Case) -> Iterator[Row]:
    desired = case.desired
    if desired is None:
        yield Row("wanted", "no", "no manifest has a subscription of this name")
        return
    origins = Origins(case, desired)
    yield Row("manifest", str(desired.source), f"of the set {desired.template}" if desired.template else None)
    yield from subject(desired, origins)
    yield from delivery(desired, origins)
    yield from life(desired, origins)
    yield from management(desired, origins)


def subject(desired: Desired, origins: Origins) -> Iterator[Row]:
    asked, entry = desired.asked, desired.entry
    yield Row("resource", desired.resource.text, origins.of("resource"))
    if asked.resource != desired.resource.text.strip("/"):
        yield Row("canonical", asked.resource, "how it is compared")
    found = f"facts {', '.join(entry.facts)}" if entry else "the catalog does not know it"
    yield Row("catalog", entry.id if entry else None, found)
    yield Row("changeTypes", sorted(asked.change_types), origins.of("changeTypes"))
    thumbprint = desired.certificate.thumbprint if desired.certificate else None
    data = f"encrypted for {thumbprint or 'a certificate that cannot be read'}" if asked.rich else "none"
    yield Row("resource data", data, origins.of("certificate", otherwise="no certificate is named"))
    version = f"the catalog's first for {entry.id}" if entry else DEFAULT
    yield Row("graphVersion", asked.version, origins.of("graphVersion", otherwise=version))
    yield Row("latestSupportedTlsVersion", asked.tls or DEFAULT_TLS, origins.of("latestSupportedTlsVersion"))
    yield Row("notificationQueryOptions", asked.query_options, origins.of("notificationQueryOptions"))
    yield Row("digest", asked.digest, "over what Graph fixes at creation")


def delivery(desired: Desired, origins: Origins) -> Iterator[Row]:
    same = "as notificationUrl"
    yield Row("tenant", desired.tenant, origins.of("tenant", otherwise=origins.of("tenants", otherwise=ONLY_ONE)))
    yield Row("endpoint", desired.endpoint, origins.of("endpoint", otherwise=ONLY_ONE))
    yield Row("notificationUrl", redact(desired.notification_url), origins.of_endpoint("notificationUrl"))
    lifecycle = origins.of_endpoint("lifecycleNotificationUrl", otherwise=same)
    yield Row("lifecycleNotificationUrl", redact(desired.lifecycle_url), lifecycle)
    receiver = "external" if desired.external else "self"
    yield Row("receiver", receiver, origins.of_endpoint("receiver"))
    yield Row(
        "clientState keys", list(desired.key_ids), "the first one signs, each verifies" if desired.key_ids else None
    )
    nowhere = "another application receives" if desired.external else "no Sink is declared"
    yield Row("sink", desired.sink, origins.of("sink", otherwise="the default Sink" if desired.sink else nowhere))
    silence = spell_duration(desired.silent_after) if desired.silent_after else None
    yield Row("silentAfter", silence, origins.of("silentAfter"))


def life(desired: Desired, origins: Origins) -> Iterator[Row]:
    asked = spell_duration(desired.lifetime) if desired.lifetime else None
    yield Row("expiry.lifetime", asked, origins.of("expiry", "lifetime", otherwise="the ceiling less 5m, see lifetime"))
    before = spell_duration(desired.renew_before) if desired.renew_before else None
    yield Row("expiry.renewBefore", before, origins.of("expiry", "renewBefore", otherwise="at two thirds, see renewal"))


def management(desired: Desired, origins: Origins) -> Iterator[Row]:
    adopt = desired.adopt
    values = {
        "suspend": "yes" if desired.suspend else "no",
        "protect": "yes" if desired.protect else "no",
        "onRemoval": "leave" if desired.leave else "delete",
        "previously": sorted(desired.previously),
        "adopt": (adopt.id or "the only one about the same") if adopt else "no",
    }
    for key, value in values.items():
        yield Row(f"management.{key}", value or None, origins.of("management", key))
    yield Row("labels", [f"{key}={value}" for key, value in desired.labels] or None)
