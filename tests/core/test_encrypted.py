"""Encrypted content is opened as Graph made it, and in no other form (facts 7.1, 7.2)."""

import base64
import functools
import hmac
import json
import os
import traceback

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.encrypted import Damaged, EncryptedContent, opened
from reconciler.emulator.notifications.encryption import encrypted
from tests.emulator.notifications.opening import reader

TEXT = json.dumps({"displayName": "Sälës 🎉", "id": "0a1b2c3d"}).encode()
CLOSED = "the encrypted content is damaged, or was encrypted for another certificate"
SECRETS = ("data", "dataSignature", "dataKey")
OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)


@functools.cache
def sample() -> dict[str, str]:
    return {name: str(value) for name, value in encrypted(TEXT, reader(2048).sent, certificate_id="rich").items()}


def open_it(content: object, bits: int = 2048) -> bytes:
    return opened(EncryptedContent.read(content), reader(bits).key)


def refused(content: object) -> str:
    with pytest.raises(Damaged) as caught:
        open_it(content)
    return str(caught.value)


def spelled(content: bytes) -> str:
    return base64.b64encode(content).decode()


def made(padded: bytes, *, key: bytes = b"k" * 32, vector: bytes | None = None) -> dict[str, str]:
    """Rightly signed, whatever is in it."""
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector or key[:16])).encryptor()
    data = cipher.update(padded) + cipher.finalize() if len(padded) % 16 == 0 else padded
    locked = reader(2048).key.public_key().encrypt(key, OAEP)
    return {
        "data": spelled(data),
        "dataSignature": spelled(hmac.digest(key, data, "sha256")),
        "dataKey": spelled(locked),
    }


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("text", [TEXT, b"", b"x" * 15, b"x" * 16, os.urandom(300_000)])
def test_what_graph_encrypts_is_opened(bits, text):
    content = encrypted(text, reader(bits).sent, certificate_id="rich")
    assert open_it(content, bits) == text


def test_what_names_the_key():
    content = EncryptedContent.read(sample())
    assert (content.thumbprint, content.certificate_id) == (reader(2048).thumbprint, "rich")


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_names_in_any_letter_case(change):
    assert open_it({change(name): value for name, value in sample().items()}) == TEXT


def test_unknown_properties_and_absent_names_of_the_key_do_no_harm():
    content = {name: sample()[name] for name in SECRETS} | {"@odata.type": "#microsoft.graph.x", "more": [1]}
    assert open_it(content) == TEXT
    assert EncryptedContent.read(content).thumbprint is None


def test_nothing_of_the_content_is_shown():
    content = EncryptedContent.read(sample())
    assert repr(content) == f"EncryptedContent(certificate_id='rich', thumbprint={reader(2048).thumbprint!r})"


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "encryptedContent has no {}"),
        ("", "encryptedContent has no {}"),
        (7, "{} of encryptedContent is not a text"),
        (["YQ=="], "{} of encryptedContent is not a text"),
        ("ü", "{} of encryptedContent is not base64"),
        ("\ud800", "{} of encryptedContent is not base64"),
        ("YQ", "{} of encryptedContent is not base64"),
        ("YR==", "{} of encryptedContent is not base64"),
        (" YQ==", "{} of encryptedContent is not base64"),
        ("YQ==\n", "{} of encryptedContent is not base64"),
        ("-_-_", "{} of encryptedContent is not base64"),
    ],
)
def test_what_cannot_be_read_is_said(name, value, said):
    assert refused(sample() | {name: value}) == said.format(name)
    assert refused({key: each for key, each in sample().items() if key != name}) == f"encryptedContent has no {name}"


@pytest.mark.parametrize("content", [None, "text", [], 7, True])
def test_no_object(content):
    assert refused(content) == "encryptedContent is not an object"


def test_a_property_twice():
    content = sample() | {"DATA": sample()["data"]}
    assert refused(content) == "encryptedContent has a property twice, in different letter case"


@pytest.mark.parametrize("name", ["encryptionCertificateId", "encryptionCertificateThumbprint"])
def test_a_name_of_the_key_that_is_no_text(name):
    assert refused(sample() | {name: {}}) == f"{name} of encryptedContent is not a text"


def pkcs7(text: bytes) -> bytes:
    missing = 16 - len(text) % 16
    return text + bytes([missing]) * missing


def test_the_hand_made_is_as_graphs_own():
    assert open_it(made(pkcs7(TEXT))) == TEXT


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: made(b"x" * 16), id="padding"),
        pytest.param(lambda: made(b"x" * 15 + b"\0"), id="padding-of-nothing"),
        pytest.param(lambda: made(b"x" * 15 + b"\x11"), id="padding-over-a-block"),
        pytest.param(lambda: made(b"x" * 17), id="half-a-block"),
        pytest.param(lambda: made(pkcs7(TEXT), key=b"k" * 16), id="aes-128"),
        pytest.param(lambda: made(pkcs7(TEXT), key=b"k" * 24), id="aes-192"),
        pytest.param(lambda: sample() | {"dataKey": spelled(b"x")}, id="short-key"),
        pytest.param(lambda: sample() | {"dataKey": spelled(b"\xff" * 256)}, id="over-the-modulus"),
        pytest.param(lambda: sample() | {"dataKey": spelled(b"x" * 3_000_000)}, id="huge-key"),
        pytest.param(lambda: sample() | {"data": spelled(b"x" * 3_000_000)}, id="huge-data"),
        pytest.param(lambda: sample() | {"dataSignature": spelled(b"x" * 3_000_000)}, id="huge-signature"),
        pytest.param(lambda: encrypted(TEXT, reader(3072).sent, certificate_id=None), id="another-certificate"),
    ],
)
def test_whatever_is_wrong_with_it_sounds_the_same(content):
    with pytest.raises(Damaged) as caught:
        open_it(content())
    assert str(caught.value) == CLOSED
    assert caught.value.__context__ is None, "what a step said would tell which step it was"


def test_oaep_with_sha_256_is_not_taken():
    sha256 = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    locked = reader(2048).key.public_key().encrypt(b"k" * 32, sha256)
    assert refused(made(pkcs7(TEXT)) | {"dataKey": spelled(locked)}) == CLOSED


def flipped(content: bytes, place: int, bit: int) -> bytes:
    place %= len(content)
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


places = st.integers(min_value=0, max_value=100_000)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary().map(spelled),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(SECRETS), places, st.integers(min_value=0, max_value=7))
def test_a_flipped_bit_opens_nothing(name, place, bit):
    assert refused(sample() | {name: spelled(flipped(base64.b64decode(sample()[name]), place, bit))}) == CLOSED


@given(st.sampled_from(SECRETS), places, st.characters())
def test_a_changed_character_opens_nothing(name, place, character):
    text = sample()[name]
    place %= len(text)
    changed = text[:place] + character + text[place + 1 :]
    if changed != text:
        refused(sample() | {name: changed})


@given(st.sampled_from(SECRETS), places, st.binary(max_size=40), st.booleans())
def test_a_shortened_or_lengthened_one_opens_nothing(name, place, more, front):
    whole = base64.b64decode(sample()[name])
    cut = whole[: place % len(whole)]
    refused(sample() | {name: spelled(cut)})
    if more:
        refused(sample() | {name: spelled(more + whole if front else whole + more)})


@given(st.permutations(SECRETS))
def test_swapped_ones_open_nothing(order):
    if tuple(order) != SECRETS:
        content = dict(zip(SECRETS, (sample()[name] for name in order), strict=True))
        assert refused(content) == CLOSED


@given(st.sampled_from(SECRETS))
def test_one_of_another_item_opens_nothing(name):
    other = encrypted(b'{"displayName": "Other"}', reader(2048).sent, certificate_id=None)
    assert refused(sample() | {name: other[name]}) == CLOSED


@given(st.sampled_from(SECRETS), anything)
def test_something_else_opens_nothing(name, value):
    refused(sample() | {name: value})


@given(anything)
def test_anything_at_all_opens_nothing(content):
    refused(content)


def test_no_traceback_tells_of_the_content():
    damaged = sample() | {"dataSignature": spelled(b"x" * 32)}
    try:
        open_it(damaged)
    except Damaged:
        told = traceback.format_exc()
    assert not [name for name in SECRETS if damaged[name] in told]
    assert "Sälës" not in told
