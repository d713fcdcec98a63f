"""A certificate or a federated credential in, what msal needs to prove with it who the application is out (facts 9.1).

msal's ``client_credential`` has a form for each; an assertion of somebody else is given as a callable, which msal calls
each time that it asks for a token, so that one renewed meanwhile is used.
"""

from collections.abc import Callable

from reconciler.core.errors import CredentialRefused
from reconciler.graph.credentials import (
    ApplicationCredential,
    CertificateCredential,
    GithubCredential,
    SecretCredential,
    TokenFileCredential,
)
from reconciler.graph.workload_identity import from_file, from_github

__all__ = ["client_credential"]


def client_credential(
    credential: ApplicationCredential, operation: str
) -> str | dict[str, str] | dict[str, Callable[[], str]]:
    """Given the certificate and no thumbprint, msal signs with PS256 and names it by SHA-256."""
    match credential:
        case SecretCredential(secret):
            return secret
        case CertificateCredential(certificate):
            return {"private_key": usable_key(credential, operation), "public_certificate": certificate}
        case TokenFileCredential():
            return {"client_assertion": lambda: from_file(credential, operation)}
        case GithubCredential():
            return {"client_assertion": lambda: from_github(credential, operation)}


def usable_key(credential: CertificateCredential, operation: str) -> str:
    """The private key without its passphrase, after a look whether it is the certificate's."""
    # Slow to import, and a client secret needs none of it.
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    passphrase = credential.passphrase.encode() if credential.passphrase else None
    try:
        certificate = x509.load_pem_x509_certificate(credential.certificate.encode())
        key = serialization.load_pem_private_key(credential.private_key.encode(), passphrase)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        # Not "from error": the library's texts can quote what they were given.
        raise CredentialRefused(
            f"{operation}: the certificate, its private key or the passphrase cannot be read; give both as PEM texts"
        ) from None
    if key.public_key() != certificate.public_key():
        raise CredentialRefused(
            f"{operation}: the private key is not that of the certificate; give the two that belong together"
        )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
