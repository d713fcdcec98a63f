"""Certificates and private keys as they were read in, the key for each encrypted content out.

Every problem of every pair is told at once, with its place: a key that turns out wrong when the first notification
comes would be noticed too late.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reconciler.core.certificate import thumbprint_of
from reconciler.core.encrypted import EncryptedContent
from reconciler.core.source import Problem, Severity, Source

__all__ = ["KeyPairFiles", "PrivateKeys", "read_private_keys", "thumbprint_in"]

RULE = "private-key-unusable"


class Unusable(Exception):
    """The pair opens nothing; the text says why, and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class KeyPairFiles:
    """A certificate and its private key: the content of both, or a sentence why there is none."""

    source: Source
    """Where the private key stands in its manifest."""

    certificate: bytes | str
    private_key: bytes | str = dataclasses.field(repr=False)
    previous: bool = False
    """Kept for what is still on its way; without it the rest is opened all the same."""


@dataclasses.dataclass(frozen=True, slots=True)
class PrivateKeys:
    """By the thumbprint of their certificate, in upper-case hexadecimal digits."""

    by_thumbprint: Mapping[str, rsa.RSAPrivateKey] = dataclasses.field(default_factory=dict, repr=False)
    elsewhere: frozenset[str] = frozenset()
    """Of certificates that are declared without a private key: whoever gets the notification opens it."""

    def key_for(self, content: EncryptedContent) -> rsa.RSAPrivateKey | None:
        found = (self.by_thumbprint.get(name) for name in names_in(content))
        return next((key for key in found if key), None)

    def opens_elsewhere(self, content: EncryptedContent) -> bool:
        return any(name in self.elsewhere for name in names_in(content))


def names_in(content: EncryptedContent) -> Iterator[str]:
    """The thumbprint in the content, and the certificate id, which is the same where we set it.

    Letter case does not count (facts 7.1).
    """
    return (name.upper() for name in (content.thumbprint, content.certificate_id) if name)


def read_private_keys(pairs: Iterable[KeyPairFiles]) -> tuple[PrivateKeys, tuple[Problem, ...]]:
    """The keys that can be used, and a problem for each that cannot: a warning where it is a previous one."""
    keys: dict[str, rsa.RSAPrivateKey] = {}
    problems = []
    for pair in pairs:
        try:
            thumbprint, key = read_pair(pair)
        except Unusable as error:
            severity = Severity.WARNING if pair.previous else Severity.ERROR
            problems.append(Problem(pair.source, RULE, str(error), severity))
        else:
            keys[thumbprint] = key
    return PrivateKeys(MappingProxyType(keys)), tuple(sorted(problems))


def read_pair(pair: KeyPairFiles) -> tuple[str, rsa.RSAPrivateKey]:
    """An expired certificate will do: what was encrypted for it before is still to be opened."""
    certificate, key = read_certificate(pair.certificate), read_key(pair.private_key)
    if certificate.public_key() != key.public_key():
        raise Unusable("the private key does not belong to the certificate beside it: give the key it was made with")
    return thumbprint_of(certificate), key


def thumbprint_in(content: bytes) -> Iterator[str]:
    """Of a certificate's file; none where it holds no certificate, which is found wrong elsewhere."""
    try:
        yield thumbprint_of(read_certificate(content))
    except Unusable:
        return


def read_certificate(content: bytes | str) -> x509.Certificate:
    if isinstance(content, str):
        raise Unusable(f"{content}: without the certificate nobody can tell what its private key opens")
    try:
        certificate = x509.load_pem_x509_certificate(content)
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unusable(
            "the private key's certificate is no PEM certificate: give the one Graph encrypts for"
        ) from error
    return certificate


def read_key(content: bytes | str) -> rsa.RSAPrivateKey:
    if isinstance(content, str):
        raise Unusable(f"{content}: without the private key nothing that was encrypted for its certificate is opened")
    key = parsed_key(content)
    if isinstance(key, str):
        raise Unusable(key)
    return key


def parsed_key(pem: bytes) -> rsa.RSAPrivateKey | str:
    """A sentence where it is none. What the parser says is left out: it may repeat what it was given."""
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        return "the private key is encrypted: give it without a passphrase, in a file that only the receiver can read"
    except (ValueError, UnsupportedAlgorithm):
        return "the private key is no PEM private key: give the one that the certificate was made with"
    if not isinstance(key, rsa.RSAPrivateKey):
        return "the private key is not RSA, and Graph encrypts for RSA alone: make an RSA key and a certificate for it"
    return key
