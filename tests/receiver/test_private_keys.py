"""Every key that cannot be used is told at the start, with its place, and nothing of the key with it."""

import dataclasses

import pytest

from reconciler.core.encrypted import EncryptedContent
from reconciler.core.source import Severity, Source
from reconciler.receiver.private_keys import KeyPairFiles, PrivateKeys, read_private_keys
from tests.support.key_pairs import pair, pem_of

PLACE = Source("m.yaml", 8, 17)
NEW, OLD = pair("new"), pair("old", days=-5)


def files(made=NEW, **changes) -> KeyPairFiles:
    return dataclasses.replace(KeyPairFiles(PLACE, made.pem, made.key_pem), **changes)


def naming(thumbprint: str | None, certificate_id: str | None = None) -> EncryptedContent:
    return EncryptedContent(b"", b"", b"", certificate_id, thumbprint)


def key_named(found: PrivateKeys, *names: str | None) -> object:
    """Private keys do not compare, their public ones do."""
    key = found.key_for(naming(*names))
    return key and key.public_key()


def keys(*pairs: KeyPairFiles) -> PrivateKeys:
    found, problems = read_private_keys(pairs)
    assert problems == ()
    return found


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title])
def test_by_thumbprint_or_certificate_id_in_any_letter_case(spell):
    found = keys(files())
    assert key_named(found, spell(NEW.thumbprint)) == NEW.key.public_key()
    assert key_named(found, None, spell(NEW.thumbprint)) == NEW.key.public_key()
    assert key_named(found, "somebody else's", spell(NEW.thumbprint)) == NEW.key.public_key()


def test_the_thumbprint_comes_before_the_certificate_id():
    found = keys(files(), files(OLD, previous=True))
    assert key_named(found, OLD.thumbprint, NEW.thumbprint) == OLD.key.public_key()


@pytest.mark.parametrize("content", [naming(None), naming("", ""), naming("0" * 40, "rich"), naming("ß", "İ")])
def test_nobody_has_that_key(content):
    assert keys(files()).key_for(content) is None
    assert PrivateKeys().key_for(content) is None


def test_an_expired_certificate_still_opens():
    assert key_named(keys(files(OLD)), OLD.thumbprint) == OLD.key.public_key()


LOST = "the file rich.key cannot be read: No such file or directory"

WRONG = {
    "absent": (
        {"private_key": LOST},
        f"{LOST}: without the private key nothing that was encrypted for its certificate is opened",
    ),
    "certificate-absent": (
        {"certificate": LOST},
        f"{LOST}: without the certificate nobody can tell what its private key opens",
    ),
    "encrypted": (
        {"private_key": pem_of(NEW.key, b"password")},
        "the private key is encrypted: give it without a passphrase, in a file that only the receiver can read",
    ),
    "another's": (
        {"private_key": OLD.key_pem},
        "the private key does not belong to the certificate beside it: give the key it was made with",
    ),
    "elliptic": (
        {"private_key": pair("ec", kind="ec").key_pem},
        "the private key is not RSA, and Graph encrypts for RSA alone: make an RSA key and a certificate for it",
    ),
    "elliptic-certificate": (
        {"certificate": pair("ec", kind="ec").pem},
        "the private key does not belong to the certificate beside it: give the key it was made with",
    ),
} | {
    f"no-key-{number}": (
        {"private_key": content},
        "the private key is no PEM private key: give the one that the certificate was made with",
    )
    for number, content in enumerate(
        [b"", b"\0\xff", NEW.pem, NEW.key_pem[:400], NEW.key_pem.replace(b"A", b"B"), b"-----BEGIN PRIVATE KEY-----\n"]
    )
} | {
    f"no-certificate-{number}": (
        {"certificate": content},
        "the private key's certificate is no PEM certificate: give the one Graph encrypts for",
    )
    for number, content in enumerate([b"", b"\0\xff", NEW.key_pem, NEW.pem[:300]])
}  # fmt: skip


@pytest.mark.parametrize("previous", [False, True])
@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_with_a_pair(changes, message, previous):
    found, (problem,) = read_private_keys([files(**changes, previous=previous)])
    severity = Severity.WARNING if previous else Severity.ERROR
    assert (problem.source, problem.rule, problem.severity) == (PLACE, "private-key-unusable", severity)
    assert problem.message == message
    assert found.by_thumbprint == {}


def test_all_problems_are_told_and_the_good_ones_kept():
    pairs = [files(private_key=b""), files(OLD), files(private_key=LOST, source=Source("m.yaml", 2))]
    found, problems = read_private_keys(pairs)
    assert [str(problem.source) for problem in problems] == ["m.yaml:2:1", "m.yaml:8:17"]
    assert list(found.by_thumbprint) == [OLD.thumbprint]


def test_no_key_in_a_repr():
    shown = repr(files()) + repr(keys(files()))
    assert "PRIVATE" not in shown
    assert "RSAPrivateKey" not in shown
