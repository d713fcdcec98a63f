"""Throw-away certificates: names in, PEM out. They also pass the strict checks of Python 3.13 (RFC 5280).

The authority's own key is never stored: whoever could read it could sign for any host that a client trusts it for.
"""

import dataclasses
import datetime as dt
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY = "Emulator throw-away authority"
LIFETIME = dt.timedelta(days=397)
"""The longest that strict clients take for a server."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    certificate: x509.Certificate
    key: Key = dataclasses.field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return private_pem(self.key)


def private_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def authority(now: dt.datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        named(AUTHORITY, now)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(certificates=True), critical=True)
    )
    return signed(builder, key, issuer=None)


def server(issuer: Pair, now: dt.datetime) -> Pair:
    """For ``localhost``, ``127.0.0.1`` and ``::1``."""
    key = ec.generate_private_key(ec.SECP256R1())
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    builder = (
        named("localhost", now)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False)
    )
    return signed(builder, key, issuer=issuer)


def client(issuer: Pair, now: dt.datetime) -> Pair:
    """An application's credential; RSA, because msal signs its assertions with RS256 or PS256 (facts 9.1)."""
    key = rsa_key()
    builder = (
        named("Emulator client credential", now)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    return signed(builder, key, issuer=issuer)


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def name_of(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def named(common_name: str, now: dt.datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name_of(common_name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
    )


def usage(*, certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def signed(builder: x509.CertificateBuilder, key: Key, *, issuer: Pair | None) -> Pair:
    signing_key = issuer.key if issuer else key
    certificate = (
        builder.issuer_name(issuer.certificate.subject if issuer else name_of(AUTHORITY))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .sign(signing_key, hashes.SHA256())
    )
    return Pair(certificate, key)
