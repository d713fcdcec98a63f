"""``reconcile certificates new``: a name in, a private key and a certificate in files out, and how they are used."""

import argparse
import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reconciler.cli.exits import Exit
from reconciler.cli.plain import plain
from reconciler.core.certificate import thumbprint_of
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.manifest.common import API_VERSION
from reconciler.core.mark import NAME, NAME_LENGTH
from reconciler.core.times import spell_time

__all__ = ["new"]

BACKDATED = dt.timedelta(minutes=5)
"""For a clock elsewhere that is late."""


def new(options: argparse.Namespace) -> int:
    """Raises UsageError, and ReconcilerError where a file cannot be made; then neither is there."""
    if len(options.name) > NAME_LENGTH or not NAME.fullmatch(options.name):
        raise UsageError(f"the name {options.name!r} is not made of a-z, 0-9 and -, at most {NAME_LENGTH} characters")
    folder, now = Path(options.out), dt.datetime.now(dt.UTC).replace(microsecond=0)
    certificate_file, key_file = folder / f"{options.name}.pem", folder / f"{options.name}.key"
    if not folder.is_dir():
        raise ReconcilerError(f"the folder {folder} does not exist: make it, or name another with --out")
    refuse_present(certificate_file, key_file)
    key = rsa.generate_private_key(public_exponent=65537, key_size=options.bits)
    certificate = signed(options.name, key, now, now + dt.timedelta(days=options.days))
    create(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    try:
        create(certificate_file, certificate.public_bytes(Encoding.PEM), mode=0o644)
    except ReconcilerError:
        key_file.unlink()  # nobody has used it
        raise
    told = document(options.name, certificate, certificate_file, key_file, options.bits)
    if options.format == "json":
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print("\n".join(map(plain, lines(told))))
    return Exit.OK


def refuse_present(*files: Path) -> None:
    """Before a key is made, which takes a while; ``create`` makes certain of it."""
    for file in files:
        if os.path.lexists(file):
            raise ReconcilerError(f"{file} exists already and is not overwritten: take another name or another --out")


def signed(name: str, key: rsa.RSAPrivateKey, now: dt.datetime, end: dt.datetime) -> x509.Certificate:
    """By itself: Graph does not ask who has issued it (facts 7.1)."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now - BACKDATED).not_valid_after(end).sign(key, hashes.SHA256())


def create(file: Path, content: bytes, *, mode: int) -> None:
    """Never in place of another; on the disk when it returns, or not there."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError as error:
        raise ReconcilerError(f"{file} exists already and is not overwritten: take another name") from error
    except OSError as error:
        raise cannot_write(file, error) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
    except OSError as error:
        file.unlink()
        raise cannot_write(file, error) from error


def cannot_write(file: Path, error: OSError) -> ReconcilerError:
    return ReconcilerError(f"{file} cannot be written: {error.strerror}: check the folder of --out, and the disk")


def document(name: str, certificate: x509.Certificate, file: Path, key_file: Path, bits: int) -> dict[str, Any]:
    spec = {"certificate": {"file": str(file)}, "privateKey": {"file": str(key_file)}}
    return {
        "schemaVersion": 1,
        "certificate": str(file),
        "privateKey": str(key_file),
        "thumbprint": thumbprint_of(certificate),
        "notAfter": spell_time(certificate.not_valid_after_utc),
        "bits": bits,
        "manifest": {"apiVersion": API_VERSION, "kind": "Certificate", "metadata": {"name": name}, "spec": spec},
    }


def lines(told: dict[str, Any]) -> Iterator[str]:
    """All of it is YAML: what is no manifest is a comment."""
    manifest = told["manifest"]
    files = [json.dumps(told[each]) for each in ("certificate", "privateKey")]
    yield f"# Made: RSA of {told['bits']} bits, good until {told['notAfter'][:10]}, thumbprint {told['thumbprint']}."
    yield "# Paths are relative to the file that this is written into. Whoever has the private key reads what Graph"
    yield "# sends: only the receiver needs it, and it belongs into no repository."
    yield f"apiVersion: {manifest['apiVersion']}"
    yield "kind: Certificate"
    yield f"metadata: {{name: {json.dumps(manifest['metadata']['name'])}}}"
    yield "spec:"
    yield f"  certificate: {{file: {files[0]}}}"
    yield f"  privateKey: {{file: {files[1]}}}"
    yield "  previous: []"
    yield "# To take the place of a certificate that is in use:"
    yield "# 1. In its Certificate, keep the name, write the two files above in place of the old ones, and put the old"
    yield "#    pair first under previous:"
    yield "#      previous:"
    yield "#        - {certificate: {file: OLD.pem}, privateKey: {file: OLD.key}}"
    yield "# 2. Give every receiver the new private key, and let it read the manifests, before anything changes at"
    yield "#    Graph. A daemon then moves the subscriptions by itself; where none runs, the next `reconcile` does."
    yield "# 3. Leave the old pair there until `reconcile certificates` says that it is safe to retire."
