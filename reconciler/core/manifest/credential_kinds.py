"""What a Tenant may be entered with, key by key; ``docs/credentials.md`` says which is for where."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from reconciler.core.manifest.fields import FileReference, Filled, Guid, Model, SecretRef

__all__ = ["CertificateCredential", "Credential", "ManagedIdentity", "WorkloadIdentity"]


class CertificateCredential(Model):
    """What the app registration knows a certificate of: the certificate and its private key, both PEM."""

    certificate: FileReference
    private_key: SecretRef
    passphrase: SecretRef | None = None


class ManagedIdentity(Model):
    """The identity of the machine in Azure: its own, or the one that an id names."""

    client_id: Guid | None = None
    resource_id: Filled | None = None
    object_id: Guid | None = None

    @model_validator(mode="after")
    def one_id(self) -> Self:
        if sum(map(bool, (self.client_id, self.resource_id, self.object_id))) > 1:
            raise PydanticCustomError(
                "credential", "a managed identity is named by one of clientId, resourceId and objectId, not by several"
            )
        return self


class WorkloadIdentity(Model):
    """A token of another issuer: from a file, or as the environment says."""

    token_file: Filled | None = None
    audience: Filled | None = None

    @model_validator(mode="after")
    def whoever_issues_it(self) -> Self:
        if self.token_file and self.audience:
            raise PydanticCustomError(
                "credential", "audience is what GitHub is asked for, the token of a tokenFile has its own: give one"
            )
        return self


class Credential(Model):
    """One way to get a token."""

    secret: SecretRef | None = None
    certificate: CertificateCredential | None = None
    workload_identity: WorkloadIdentity | None = None
    managed_identity: ManagedIdentity | None = None

    @model_validator(mode="after")
    def one_way(self) -> Self:
        ways = (self.secret, self.certificate, self.workload_identity, self.managed_identity)
        if sum(way is not None for way in ways) != 1:
            raise PydanticCustomError(
                "credential",
                "a credential is exactly one of secret:, certificate:, workloadIdentity: and managedIdentity:,"
                " the last two with {} where there is nothing to say",
            )
        return self
