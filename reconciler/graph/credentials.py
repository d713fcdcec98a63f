"""What a tenant is entered with: the kinds of credentials, and the way in that one of them belongs to.

Secrets come in as values, and no ``repr`` shows them. ``described`` says which credential it is, for logs and the
doctor: its kind and where it stands, a variable's name or a file's path, never its value.
"""

import dataclasses

from reconciler.core.clouds import Cloud

__all__ = [
    "Access",
    "ApplicationCredential",
    "CertificateCredential",
    "Credential",
    "GithubCredential",
    "ManagedIdentityCredential",
    "SecretCredential",
    "TokenFileCredential",
]


@dataclasses.dataclass(frozen=True, slots=True)
class SecretCredential:
    """A client secret's value; ``place`` is where it was found."""

    secret: str = dataclasses.field(repr=False)
    place: str = dataclasses.field(default="", compare=False)

    @property
    def described(self) -> str:
        return of("the client secret", self.place)


@dataclasses.dataclass(frozen=True, slots=True)
class CertificateCredential:
    """A certificate that the application is registered with, and its private key, both as PEM texts."""

    certificate: str = dataclasses.field(repr=False)
    private_key: str = dataclasses.field(repr=False)
    passphrase: str | None = dataclasses.field(default=None, repr=False)
    place: str = dataclasses.field(default="", compare=False)

    @property
    def described(self) -> str:
        return of("the certificate", self.place)


@dataclasses.dataclass(frozen=True, slots=True)
class TokenFileCredential:
    """A federated credential: somebody else issues the token, writes it to a file, and renews it there."""

    path: str
    place: str = dataclasses.field(default="", compare=False)

    @property
    def described(self) -> str:
        return of("the workload identity", self.place or f"file {self.path}")


@dataclasses.dataclass(frozen=True, slots=True)
class GithubCredential:
    """A federated credential: a job of GitHub Actions asks GitHub for a token at ``url``, with the job's own."""

    url: str
    request_token: str = dataclasses.field(repr=False)
    audience: str

    @property
    def described(self) -> str:
        return f"the workload identity of this GitHub job, for the audience {self.audience}"


@dataclasses.dataclass(frozen=True, slots=True)
class ManagedIdentityCredential:
    """The identity that Azure gave to the machine: its own, or one of those assigned to it by one of three ids."""

    client_id: str | None = None
    resource_id: str | None = None
    object_id: str | None = None

    @property
    def described(self) -> str:
        given = {"clientId": self.client_id, "resourceId": self.resource_id, "objectId": self.object_id}
        chosen = [f"with {name} {value}" for name, value in given.items() if value]
        return " ".join(("this machine's managed identity", *chosen))


ApplicationCredential = SecretCredential | CertificateCredential | TokenFileCredential | GithubCredential
"""What an application proves itself with to the token endpoint of its cloud."""

Credential = ApplicationCredential | ManagedIdentityCredential


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    """As whom, where and with what one tenant is entered."""

    tenant_id: str
    client_id: str
    cloud: Cloud
    credential: Credential

    @property
    def operation(self) -> str:
        """What messages call the request for a token."""
        return f"the token for application {self.client_id} in tenant {self.tenant_id}"


def of(what: str, place: str) -> str:
    return f"{what} of {place}" if place else what
