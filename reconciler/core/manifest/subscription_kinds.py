"""``kind: Subscription``: what is subscribed to, for which tenants, and how it is looked after."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from reconciler.core.catalog import ChangeType, Version
from reconciler.core.manifest.common import Manifest
from reconciler.core.manifest.fields import Duration, Filled, Model, Name, Positive, SecretRef

__all__ = [
    "FORMER_NAME",
    "SUBSCRIPTION_ID",
    "AdoptSpec",
    "ForEach",
    "Management",
    "Subscription",
    "SubscriptionSpec",
    "TenantLabels",
]

SUBSCRIPTION_ID = r"^[0-9A-Za-z][0-9A-Za-z_-]{7,127}$"
"""Graph gives GUIDs, and promises no form."""


FORMER_NAME = r"^[a-z0-9{](?:[A-Za-z0-9_{}-]*[a-z0-9}])?$"
"""A name, or with ``forEach`` a text with blanks that makes one."""

FormerName = Annotated[str, StringConstraints(pattern=FORMER_NAME, max_length=200)]


class Expiry(Model):
    lifetime: Duration | None = None
    renew_before: Duration | None = None


class AdoptSpec(Model):
    """Which foreign subscription to take over, and where its ``clientState`` stands."""

    id: Annotated[str, StringConstraints(pattern=SUBSCRIPTION_ID)] | None = None
    client_state: SecretRef | None = None

    @model_validator(mode="before")
    @classmethod
    def no_empty_id(cls, value: object) -> object:
        """An id that was forgotten would let any that is alike be taken."""
        if isinstance(value, dict) and value.get("id", "") is None:
            raise PydanticCustomError("adopt", "id is empty: give one, or leave the key out")
        return value


Adopt = Annotated[
    Annotated[bool, Tag("adopt-any")] | Annotated[AdoptSpec, Tag("adopt-one")],
    Discriminator(lambda value: "adopt-one" if isinstance(value, dict | AdoptSpec) else "adopt-any"),
]


class Management(Model):
    suspend: bool = False
    protect: bool = False
    on_removal: Literal["delete", "leave"] = "delete"
    previously: list[FormerName] = Field(default_factory=list)
    adopt: Adopt = False


class ForEach(Model):
    """What one subscription each is made for: values by their keys, or the rows of a CSV file."""

    values: dict[Name, Filled] | None = None
    file: Filled | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if (self.values is None) == (self.file is None):
            raise PydanticCustomError("for-each", "give one of values and file")
        return self


class TenantLabels(Model):
    labels: dict[str, str] = Field(min_length=1)


Tenants = Annotated[
    Annotated[list[Name], Field(min_length=1), Tag("tenant-names")] | Annotated[TenantLabels, Tag("tenant-labels")],
    Discriminator(lambda value: "tenant-labels" if isinstance(value, dict | TenantLabels) else "tenant-names"),
]


class SubscriptionSpec(Model):
    resource: Filled
    change_types: list[Annotated[ChangeType, Field(strict=False)]] = Field(min_length=1)
    certificate: Name | None = None
    tenant: Name | None = None
    tenants: Tenants | None = None
    for_each: ForEach | None = None
    endpoint: Name | None = None
    sink: Name | None = None
    silent_after: Positive | None = None
    graph_version: Annotated[Version, Field(strict=False)] | None = None
    expiry: Expiry = Expiry()
    management: Management = Management()
    draft: bool = False
    uncatalogued: bool = False
    latest_supported_tls_version: Literal["v1_0", "v1_1", "v1_2", "v1_3"] | None = None
    notification_query_options: Filled | None = None


class Subscription(Manifest):
    kind: Literal["Subscription"]
    spec: SubscriptionSpec
