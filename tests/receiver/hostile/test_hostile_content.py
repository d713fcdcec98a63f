"""Encrypted content, damaged in each of its parts: a dead letter that tells nothing."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from reconciler.emulator.notifications.encryption import OAEP, encrypted, hide
from reconciler.emulator.notifications.encryption import spelled as base64_of
from tests.emulator.notifications.opening import reader
from tests.receiver.hostile.support import GOOD, HIDDEN, SAME, rich
from tests.receiver.hostile.whole import FORWARDED
from tests.receiver.sending import (
    item,
)


def flipped(text: str, at: int) -> str:
    content = bytearray(base64.b64decode(text))
    content[at % len(content)] ^= 1 << at % 8
    return base64_of(bytes(content))


def sealed(key: bytes, data: bytes, *, scheme: Any = OAEP, signature: bytes | None = None) -> dict[str, Any]:
    """Content by hand, rightly signed unless another signature is given."""
    holder = reader(2048)
    return {
        "data": base64_of(data),
        "dataSignature": base64_of(signature or hmac.digest(key, data, "sha256")),
        "dataKey": base64_of(holder.key.public_key().encrypt(key, scheme)),
        "encryptionCertificateId": "rich",
        "encryptionCertificateThumbprint": holder.thumbprint,
    }


def damaged_contents() -> dict[str, dict[str, Any]]:
    one, other = (rich()["encryptedContent"] for _ in range(2))
    key = hashlib.sha256(b"a key").digest()
    plain = json.dumps({"name": HIDDEN}).encode()
    whole_blocks = hide(plain, key)
    made = {
        f"{name} at {at}": one | {name: flipped(one[name], at)}
        for name, step in (("dataKey", 17), ("data", 7), ("dataSignature", 3))
        for at in range(0, len(base64.b64decode(one[name])), step)
    }
    for name in ("dataKey", "data", "dataSignature"):
        content = base64.b64decode(one[name])
        made |= {f"{name} cut to {size}": one | {name: base64_of(content[:size])} for size in (1, 16, len(content) - 1)}
        made |= {
            f"{name} longer": one | {name: base64_of(content + b"\0")},
            f"{name} of the other": one | {name: other[name]},
        }
    made |= {
        f"padding {value}": sealed(key, raw_hidden(plain[:15] + bytes([value]), key)) for value in (0, 2, 16, 17, 255)
    }
    made |= {f"a key of {size} bytes": sealed(key[:size], whole_blocks) for size in (0, 1, 16, 24, 31)}
    made |= {
        "a key of 33 bytes": sealed(key + b"\0", whole_blocks),
        "no whole blocks": sealed(key, whole_blocks[:-1]),
        "unsigned": sealed(key, whole_blocks, signature=b"\0" * 32),
        "signature of the plaintext": sealed(key, whole_blocks, signature=hmac.digest(key, plain, "sha256")),
        "signature cut": sealed(key, whole_blocks, signature=hmac.digest(key, whole_blocks, "sha256")[:16]),
        "signature of another hash": sealed(key, whole_blocks, signature=hmac.digest(key, whole_blocks, "sha512")),
        "PKCS1": sealed(key, whole_blocks, scheme=padding.PKCS1v15()),
        "OAEP of SHA-256": sealed(
            key, whole_blocks, scheme=padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        ),
        "OAEP with a label": sealed(
            key,
            whole_blocks,
            scheme=padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), b"x"),
        ),
        "a key that is known and wrong": one | {"encryptionCertificateThumbprint": reader(3072).thumbprint},
        "id of a key that is known and wrong": one
        | {"encryptionCertificateThumbprint": None, "encryptionCertificateId": reader(3072).thumbprint},
    }
    return made


def raw_hidden(padded: bytes, key: bytes) -> bytes:
    """Without padding of its own."""
    return hide(padded, key)[: len(padded)]


def test_damaged_content_tells_nothing_and_is_kept(whole):
    """Each with one message: from which step refused it, who alters copies could learn the plaintext."""
    contents = damaged_contents()
    items = [
        item(resource=f"teams('{number}')", encryptedContent=each) for number, each in enumerate(contents.values())
    ]
    assert whole.post(rich(), *items, rich(), tokens=[GOOD]) == 202
    fates = whole.account([FORWARDED, *["damaged"] * len(items), FORWARDED])
    letters = dict(zip(contents, fates[1:-1], strict=True))
    for name, letter in letters.items():
        assert (letter.state, letter.message) == ("dead", SAME), name
        assert json.loads(letter.body)["encryptedContent"] == contents[name]
    assert len(contents) > 70


def test_content_of_another_notification_whole(whole):
    """Nothing ties it to its notification; it opens, as it would for Graph's."""
    one, other = rich(resource="a"), rich(resource="b")
    swapped = one | {"encryptedContent": other["encryptedContent"]}
    assert whole.post(one, other, swapped, tokens=[GOOD]) == 202
    whole.account([FORWARDED] * 3)


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"encryptionCertificateId": None, "encryptionCertificateThumbprint": None}, "no-key", "''"),
        ({"encryptionCertificateId": "", "encryptionCertificateThumbprint": ""}, "no-key", "''"),
        ({"encryptionCertificateThumbprint": "0" * 40}, "no-key", "'0000"),
        ({"encryptionCertificateThumbprint": "\x1b\ud800" * 10_000}, "no-key", r"'\x1b\ud800"),
        ({"encryptionCertificateThumbprint": 7}, "damaged", "Thumbprint of encryptedContent is not"),
        ({"ENCRYPTIONCERTIFICATEID": "rich"}, "damaged", "encryptedContent has a property twice"),
        *(
            (change, "damaged", f"{name} of encryptedContent is not")
            for name in ("data", "dataKey", "dataSignature")
            for change in ({name: "AAAA "}, {name: "A"}, {name: "AB=="}, {name: ["AAAA"]}, {name: "é"}, {name: "\0"})
        ),
        *(
            ({name: value}, "damaged", f"encryptedContent has no {name}")
            for name in ("data", "dataKey", "dataSignature")
            for value in ("", None)
        ),
    ],
)
def test_content_in_another_shape(whole, change, reason, message):
    """What can be told without a key may be told."""
    content = rich()["encryptedContent"] | change
    assert whole.post(item(encryptedContent=content), rich(), tokens=[GOOD]) == 202
    letter, _ = whole.account([reason, FORWARDED])
    assert letter.state == "dead"
    assert message in letter.message
    assert letter.message.isascii()
    assert len(letter.message) < 500
    assert json.loads(letter.body)["encryptedContent"] == content


@pytest.mark.parametrize("value", [{}, [], "", 0, False, "text", {"data": {}}, [[1]]], ids=repr)
def test_content_that_is_none(whole, value):
    assert whole.post(item(encryptedContent=value), item(encryptedContent=value)) == 202
    assert whole.post(item(encryptedContent=value), rich(), tokens=[GOOD]) == 202
    whole.account(["no-token", "no-token", "damaged", FORWARDED])


@pytest.mark.parametrize("plain", [b"", b"[]", b"null", HIDDEN.encode(), b'{"a": NaN}', b"\xff", b'{"a":' * 50_000])
def test_content_that_is_rightly_sealed_and_no_object(whole, plain):
    content = encrypted(plain, reader(2048).sent, certificate_id="rich")
    assert whole.post(item(encryptedContent=content), tokens=[GOOD]) == 202
    (letter,) = whole.account(["not-json"])
    assert letter.message == "what was encrypted is not a JSON object"
    assert json.loads(letter.body)["encryptedContent"] == content
