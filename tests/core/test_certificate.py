"""What a certificate must be for Graph to encrypt with it (facts 7.1)."""

import base64
import datetime as dt
import functools
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from reconciler.core.certificate import PublicCertificate, read_certificate
from reconciler.core.source import Source

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
SOURCE = Source("m.yaml", 3, 5)


@functools.cache
def key(kind: str):
    """Made anew in each run: no private key is kept in the repository."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind))


class LargeKey:
    """8192 bits take many seconds to make: a modulus of that length does for what is only looked at."""

    public = rsa.RSAPublicNumbers(65537, (1 << 8191) + 1).public_key


@functools.cache
def pem(kind: str, *, days: int = 30):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reconciler")])
    public = LargeKey.public() if kind == "8192" else key(kind).public_key()
    signer = key("2048") if kind == "8192" else key(kind)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=90))
        .not_valid_after(NOW + dt.timedelta(days=days))
    )
    made = builder.sign(signer, None if kind == "ed25519" else hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def private_pem(kind: str):
    return key(kind).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def said(content: bytes) -> str:
    return str(read_certificate(content, source=SOURCE, now=NOW))


@pytest.mark.parametrize("kind", ["2048", "3072", "4096"])
def test_what_graph_takes(kind):
    found = read_certificate(pem(kind), source=SOURCE, now=NOW)
    assert isinstance(found, PublicCertificate)
    der = base64.b64decode(found.base64)
    text = b"".join(line for line in pem(kind).splitlines() if not line.startswith(b"-----"))
    assert found.base64.encode() == text, "the PEM body with headers and line breaks stripped"
    assert found.thumbprint == hashlib.sha1(der).hexdigest().upper()
    assert found.base64 not in repr(found)


@pytest.mark.parametrize(
    ("kind", "shown"), [("1024", "RSA 1024"), ("8192", "RSA 8192"), ("ec", "EC"), ("ed25519", "Ed25519")]
)
def test_only_rsa_of_2048_to_4096_bits(kind, shown):
    assert said(pem(kind)) == (
        f"m.yaml:3:5: the certificate's key is {shown}, Graph encrypts with RSA keys of 2048 to 4096 bits only"
        " [certificate-key]"
    )


@pytest.mark.parametrize("order", [1, -1])
def test_a_private_key_is_refused_wherever_it_stands(order):
    content = b"".join([private_pem("2048"), pem("2048")][::order])
    assert said(content) == (
        "m.yaml:3:5: this file holds a private key: give the certificate alone, the key belongs under privateKey"
        " [private-key]"
    )


def test_expired():
    message = "m.yaml:3:5: the certificate has expired on 2026-11-20: make a new one [certificate-expired]"
    assert said(pem("2048", days=-1)) == message
    assert said(pem("2048", days=0)).endswith("[certificate-expired]")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    ],
)
def test_garbage(content):
    assert said(content).startswith("m.yaml:3:5: this is no PEM certificate: ")
    assert said(content).endswith("[certificate-invalid]")


def test_der_is_no_pem():
    found = read_certificate(pem("2048"), source=SOURCE, now=NOW)
    assert isinstance(found, PublicCertificate)
    assert said(found.der).endswith("[certificate-invalid]")
