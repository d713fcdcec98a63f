"""The kinds of manifests: what a user may write, key by key. Anything else is an error.

The models check what one manifest can tell by itself; what takes more than one is in ``rules``.
"""

import functools
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from reconciler.core.manifest.common import API_VERSION, Manifest
from reconciler.core.manifest.credential_kinds import Credential
from reconciler.core.manifest.fields import (
    Destination,
    FileReference,
    Filled,
    Guid,
    KeyId,
    Model,
    Origin,
    SecretRef,
    SecretReference,
    Url,
    UrlPath,
    not_literal,
)
from reconciler.core.manifest.settings_kinds import Pacing, PacingOfApp, Settings, SettingsSpec
from reconciler.core.manifest.sink_kinds import Sink
from reconciler.core.manifest.subscription_kinds import AdoptSpec, ForEach, Subscription, TenantLabels
from reconciler.core.mark import takes_query

__all__ = [
    "API_VERSION",
    "KINDS",
    "AdoptSpec",
    "Certificate",
    "Credential",
    "CustomCloud",
    "Endpoint",
    "ForEach",
    "Manifest",
    "Pacing",
    "PacingOfApp",
    "SecretReference",
    "Settings",
    "SettingsSpec",
    "Sink",
    "Subscription",
    "Tenant",
    "TenantLabels",
]

RESERVED_KEYS = frozenset({"k1", "fixed"})
"""The ids of a lone ``clientStateKey`` and of a ``clientState`` that is given as it is."""


class CustomCloud(Model):
    """A Graph of one's own; only talked to where --allow-cloud names its hosts."""

    graph: Origin
    authority: Origin
    ca_file: Filled | None = None


CloudName = Literal["global", "usgov", "usgov-dod", "china", "emulator"]


Cloud = Annotated[
    Annotated[CloudName, Tag("cloud-name")] | Annotated[CustomCloud, Tag("custom-cloud")],
    Discriminator(lambda value: "custom-cloud" if isinstance(value, dict | CustomCloud) else "cloud-name"),
]


def as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


class TenantSpec(Model):
    tenant_id: Guid | None = None
    client_id: Guid | None = None
    cloud: Cloud = "global"
    credential: Annotated[
        list[Credential], BeforeValidator(as_list, json_schema_input_type=Credential | list[Credential])
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def complete(self) -> Self:
        if self.cloud == "emulator":
            return self
        lacking = [key for key, value in self.required() if not value]
        if lacking:
            raise PydanticCustomError("missing-key", "these keys are missing: {keys}", {"keys": ", ".join(lacking)})
        return self

    def required(self) -> Iterator[tuple[str, Any]]:
        yield "tenantId", self.tenant_id
        yield "clientId", self.client_id
        yield "credential", self.credential


class Tenant(Manifest):
    kind: Literal["Tenant"]
    spec: TenantSpec


class ClientStateKey(SecretReference):
    """One key of the ring: ``id`` is written into the mark, the secret signs."""

    id: KeyId


class Paths(Model):
    """What our receiver is asked for, where an ingress rewrites the paths of the URLs."""

    notification: UrlPath | None = None
    lifecycle: UrlPath | None = None


class EndpointSpec(Model):
    notification_url: Destination
    lifecycle_notification_url: Url | None = None
    receiver: Literal["self", "external"] = "self"
    client_state_key: SecretRef | None = None
    client_state_keys: list[Annotated[ClientStateKey, BeforeValidator(not_literal)]] = Field(default_factory=list)
    client_state: SecretRef | None = None
    paths: Paths = Paths()

    @model_validator(mode="after")
    def one_kind_of_client_state(self) -> Self:
        given = [self.client_state_key, self.client_state_keys, self.client_state]
        if sum(map(bool, given)) > 1:
            raise PydanticCustomError(
                "client-state", "give one of clientStateKey, clientStateKeys and clientState, not several"
            )
        if self.receiver == "self" and self.client_state:
            raise PydanticCustomError(
                "client-state", "a fixed clientState is for receiver: external, our own derives it from clientStateKey"
            )
        if self.receiver == "self" and not any(given):
            raise PydanticCustomError(
                "client-state", "receiver: self needs clientStateKey or clientStateKeys to tell Graph from forgers"
            )
        return self

    @model_validator(mode="after")
    def keys_differ(self) -> Self:
        ids = [key.id for key in self.client_state_keys]
        if reserved := RESERVED_KEYS.intersection(ids):
            raise PydanticCustomError("client-state", "the key id {id} is reserved", {"id": min(reserved)})
        if len(set(ids)) < len(ids):
            raise PydanticCustomError("client-state", "two keys of clientStateKeys have the same id")
        return self

    @model_validator(mode="after")
    def room_for_the_mark(self) -> Self:
        """An event hub or a partner topic bears none, so the lifecycle URL does, and our receiver serves only that."""
        if takes_query(self.notification_url):
            return self
        if not self.lifecycle_notification_url:
            raise PydanticCustomError(
                "destination",
                "Event Hubs and Event Grid leave no room for a mark: give a lifecycleNotificationUrl, https://,"
                " where ownership can be written",
            )
        if self.paths.notification:
            raise PydanticCustomError(
                "destination",
                "nothing asks our receiver for paths.notification: notifications go to Azure, leave it out",
            )
        return self

    @property
    def lifecycle(self) -> str:
        return self.lifecycle_notification_url or self.notification_url

    @functools.cached_property
    def key_ids(self) -> tuple[str, ...]:
        """The ids that ``clientState`` may have been made with; the first is the one for new subscriptions."""
        return tuple(self.secrets) or ("fixed",)

    @property
    def secrets(self) -> dict[str, SecretReference]:
        if self.client_state_key:
            return {"k1": self.client_state_key}
        if self.client_state:
            return {"fixed": self.client_state}
        return {key.id: key for key in self.client_state_keys}


class Endpoint(Manifest):
    kind: Literal["Endpoint"]
    spec: EndpointSpec


class KeyPair(Model):
    certificate: FileReference
    private_key: SecretRef | None = None


class CertificateSpec(KeyPair):
    previous: list[KeyPair] = Field(default_factory=list)


class Certificate(Manifest):
    kind: Literal["Certificate"]
    spec: CertificateSpec


KINDS: dict[str, type[Settings | Tenant | Endpoint | Certificate | Sink | Subscription]] = {
    "Certificate": Certificate,
    "Endpoint": Endpoint,
    "Settings": Settings,
    "Sink": Sink,
    "Subscription": Subscription,
    "Tenant": Tenant,
}
