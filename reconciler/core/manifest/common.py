"""What all kinds of manifests have in common."""

from typing import Literal

from pydantic import Field

from reconciler.core.manifest.fields import Model, Name

__all__ = ["API_VERSION", "Manifest", "Metadata"]

API_VERSION = "reconciler/v1"


class Metadata(Model):
    name: Name
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    """Nothing reads them; tools such as kustomize write them."""


class Manifest(Model):
    """What all kinds have in common."""

    api_version: Literal["reconciler/v1"]
    kind: str
    metadata: Metadata

    @property
    def name(self) -> str:
        return self.metadata.name
