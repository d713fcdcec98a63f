"""A credential as a manifest refers to it in, the credential itself out, or why it is not there.

What is read here is confined as all that a manifest refers to: in a dry run a file outside of the manifests' folder
counts as absent. What the environment names was not written by whoever wrote the manifests, and is not confined.
"""

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.core.clouds import Cloud
from reconciler.core.errors import SecretError
from reconciler.core.manifest import credential_kinds as kinds
from reconciler.core.manifest.fields import SecretReference
from reconciler.graph.credentials import (
    CertificateCredential,
    Credential,
    GithubCredential,
    ManagedIdentityCredential,
    SecretCredential,
    TokenFileCredential,
)
from reconciler.sources.referenced import Referenced

__all__ = ["Finder"]

log = logging.getLogger(__name__)

TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - the name of a variable
REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


@dataclasses.dataclass(frozen=True, slots=True)
class Finder:
    """Finds credentials among the files and variables of this machine."""

    referenced: Referenced
    environ: Mapping[str, str]

    def first(self, credentials: Sequence[kinds.Credential], base: str, cloud: Cloud) -> Credential:
        """The first whose inputs are present. Raises SecretError with what is missing of each."""
        absent = []
        for credential in credentials:
            try:
                return self.present(credential, base, cloud)
            except SecretError as error:
                log.debug("a credential is not present: %s", error)
                absent.append(str(error))
        raise SecretError("; ".join(absent))

    def present(self, credential: kinds.Credential, base: str, cloud: Cloud) -> Credential:
        if credential.secret:
            return SecretCredential(self.text(credential.secret, base), place=str(credential.secret))
        if credential.certificate:
            return self.certificate(credential.certificate, base)
        if credential.workload_identity:
            return self.workload_identity(credential.workload_identity, base, cloud)
        if credential.managed_identity:
            spec = credential.managed_identity
            return ManagedIdentityCredential(spec.client_id, spec.resource_id, spec.object_id)
        raise SecretError("the credential is empty")

    def certificate(self, spec: kinds.CertificateCredential, base: str) -> CertificateCredential:
        certificate = self.referenced.file(spec.certificate.file, base)
        if isinstance(certificate, str):
            raise SecretError(certificate)
        return CertificateCredential(
            certificate.decode(errors="replace"),
            self.text(spec.private_key, base),
            self.text(spec.passphrase, base) if spec.passphrase else None,
            place=f"file {spec.certificate.file}",
        )

    def text(self, reference: SecretReference, base: str) -> str:
        try:
            return self.referenced.secret(reference, base).decode()
        except UnicodeDecodeError as error:
            raise SecretError(f"the {reference} is not UTF-8 text") from error

    def workload_identity(
        self, spec: kinds.WorkloadIdentity, base: str, cloud: Cloud
    ) -> TokenFileCredential | GithubCredential:
        """The file is not read for good here: its content is renewed, and so is what its symlinks lead to."""
        if spec.token_file:
            content = self.referenced.file(spec.token_file, base)
            if isinstance(content, str):
                raise SecretError(content)
            return TokenFileCredential(str(Path(base, spec.token_file)), place=f"file {spec.token_file}")
        named = self.environ.get(TOKEN_FILE)
        if named and Path(named).is_file():
            return TokenFileCredential(named, place=f"file {named}, which {TOKEN_FILE} names")
        url, token = self.environ.get(REQUEST_URL), self.environ.get(REQUEST_TOKEN)
        if url and token:
            return GithubCredential(url, token, spec.audience or cloud.audience)
        raise SecretError("; ".join(self.no_workload_identity(named)))

    def no_workload_identity(self, named: str | None) -> Iterator[str]:
        yield (
            f"the file {named}, which {TOKEN_FILE} names, does not exist"
            if named
            else f"the environment variable {TOKEN_FILE} is not set"
        )
        yield (
            "this job may not ask GitHub for a token, give it `permissions: {id-token: write}`"
            if self.environ.get("GITHUB_ACTIONS")
            else f"neither are {REQUEST_URL} and {REQUEST_TOKEN}, as this is no job of GitHub Actions"
        )
