"""A tenant's credential in, verdicts out: how long it is good for, and whether its two halves belong together. Pure."""

import datetime as dt

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reconciler.core.certificate import outline
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned
from reconciler.graph.credentials import CertificateCredential, Credential, SecretCredential

__all__ = ["credential_days", "key_fits"]

SOON = dt.timedelta(days=30)

PEM = "give the certificate that the application is registered with, and its own private key, both as PEM"
NEW = "make a new one, register it with the application (Entra admin center, Certificates & secrets), and give it here"


def credential_days(credential: Credential, now: dt.datetime) -> Verdict:
    if isinstance(credential, SecretCredential):
        return skipped(
            "when a client secret ends cannot be seen from here",
            cause="a secret does not say, and reading the application's registration takes a permission of its own",
            remedy="look it up in the Entra admin center (App registrations, Certificates & secrets) and note the day",
        )
    if not isinstance(credential, CertificateCredential):
        return fine("the credential is no secret of ours that ends: whoever issues it renews it")
    found = outline(credential.certificate.encode())
    if found is None:
        return failed("the credential's certificate cannot be read", cause="it is no PEM certificate", remedy=PEM)
    left, when = found.not_after - now, f"{found.not_after:%Y-%m-%d}"
    if left <= dt.timedelta():
        return failed(
            f"the credential's certificate has ended on {when}", cause="it was not replaced in time", remedy=NEW
        )
    good = f"the credential's certificate is good for {left.days} days, until {when}"
    if left < SOON:
        return warned(good, cause="its end is near, and without it there is no token", remedy=NEW)
    return fine(good)


def key_fits(credential: CertificateCredential) -> Verdict:
    passphrase = credential.passphrase.encode() if credential.passphrase else None
    try:
        certificate = x509.load_pem_x509_certificate(credential.certificate.encode()).public_key()
        key = load_pem_private_key(credential.private_key.encode(), passphrase).public_key()
    except (TypeError, ValueError, UnsupportedAlgorithm):
        # What the parser says is left out: it may repeat what it was given.
        return failed(
            "the credential's certificate or its private key cannot be read",
            cause="one of them is no PEM text, or the passphrase is missing or wrong",
            remedy=PEM,
        )
    if key != certificate:
        return failed(
            "the credential's private key is not that of its certificate",
            cause="one of the two was replaced without the other",
            remedy=PEM,
        )
    return fine("the credential's certificate and private key belong together")
