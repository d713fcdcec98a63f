"""Opening what Graph has encrypted, step by step as its guide says (facts 7.2), and a certificate to encrypt for."""

import base64
import dataclasses
import datetime as dt
import functools
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID


@dataclasses.dataclass(frozen=True)
class Reader:
    """Who can read rich notifications: a private key and its self-signed certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> str:
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, form, serialization.NoEncryption()).decode()

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def sent(self) -> str:
        """As it is sent in a subscription."""
        return base64.b64encode(self.der).decode()

    @property
    def thumbprint(self) -> str:
        return hashlib.sha1(self.der).hexdigest().upper()

    def open(self, content: Mapping[str, Any]) -> Any:
        """The JSON inside; AssertionError if the signature is not right."""
        key, data = self.key_of(content), base64.b64decode(content["data"], validate=True)
        signature = hmac.new(key, data, hashlib.sha256).digest()
        assert base64.b64encode(signature).decode() == content["dataSignature"]
        decryptor = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(data) + decryptor.finalize()
        assert padded[-padded[-1] :] == bytes([padded[-1]]) * padded[-1]
        return json.loads(padded[: -padded[-1]].decode())

    def key_of(self, content: Mapping[str, Any]) -> bytes:
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        return self.key.decrypt(base64.b64decode(content["dataKey"], validate=True), oaep)


@functools.cache
def reader(bits: int = 2048) -> Reader:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reader")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=2)).not_valid_after(now - dt.timedelta(days=1))
    return Reader(key, builder.sign(key, hashes.SHA256()))
