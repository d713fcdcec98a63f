"""Resource data in, opened, or a reason that repeats nothing of it."""

import functools
import json
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.source import Source
from reconciler.emulator.notifications.encryption import encrypted
from reconciler.receiver.opening import NotOpened, Opener, WhyNotOpened
from reconciler.receiver.private_keys import KeyPairFiles, PrivateKeys, read_private_keys
from tests.emulator.notifications.opening import reader

TEAM = {"displayName": "Sälës 🎉", "id": "0a1b2c3d", "nested": {"list": [1, None, True]}}
NAME = "hidden-name"


@functools.cache
def keys() -> PrivateKeys:
    holder = reader(2048)
    files = KeyPairFiles(Source("m.yaml"), holder.pem.encode(), holder.key_pem.encode())
    found, problems = read_private_keys([files])
    assert not problems
    return found


@pytest.fixture
def opener():
    return Opener(keys())


def content(text: bytes = json.dumps(TEAM).encode(), *, bits: int = 2048, **changes: Any) -> dict[str, object]:
    return {**encrypted(text, reader(bits).sent, certificate_id="rich"), **changes}


def refused(opener: Opener, value: object) -> NotOpened:
    with pytest.raises(NotOpened) as caught:
        opener.open(value)
    return caught.value


def test_opened(opener):
    assert opener.open(content()) == TEAM


def test_without_a_thumbprint_the_certificate_id_names_the_key(opener):
    named: dict[str, Any] = {
        "encryptionCertificateThumbprint": None,
        "encryptionCertificateId": reader(2048).thumbprint.lower(),
    }
    assert opener.open(content(**named)) == TEAM


def test_no_key(opener):
    error = refused(opener, content(bits=3072))
    assert error.reason is WhyNotOpened.NO_KEY
    assert str(error) == (
        f"no Certificate with a privateKey has the thumbprint '{reader(3072).thumbprint}': add the pair,"
        " under previous if it is old"
    )


def test_a_name_of_the_key_that_somebody_made_up(opener):
    error = refused(opener, content(encryptionCertificateThumbprint="\x1b[2Jü" + "x" * 10_000))
    assert error.reason is WhyNotOpened.NO_KEY
    assert str(error).isascii()
    assert str(error).isprintable()
    assert len(str(error)) < 250


@pytest.mark.parametrize("value", [7, "text", [], {}, True])
def test_no_content(opener, value):
    assert refused(opener, value).reason is WhyNotOpened.DAMAGED


@pytest.mark.parametrize("name", ["data", "dataKey", "dataSignature"])
def test_damaged(opener, name):
    error = refused(opener, content() | {name: "AAAA"})
    assert error.reason is WhyNotOpened.DAMAGED
    assert str(error) == "the encrypted content is damaged, or was encrypted for another certificate"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'"text"',
        b"7",
        b"null",
        b'{"a": NaN}',
        b'{"a": 1',
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' * 100_000,
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_what_is_no_json_object(opener, text):
    error = refused(opener, content(text))
    assert (error.reason, str(error)) == (WhyNotOpened.NOT_JSON, "what was encrypted is not a JSON object")


def test_nothing_that_was_decrypted_is_in_an_error(opener, caplog):
    for text in (f'{{"name": "{NAME}"', f'["{NAME}"]', f'{{"{NAME}": Infinity}}'):
        error = refused(opener, content(text.encode()))
        assert (error.__cause__, error.__context__) == (None, None), "a parser's error holds what it was given"
        assert NAME not in "".join(traceback.format_exception(error))
    assert NAME not in caplog.text


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(
    ["data", "dataKey", "dataSignature", "encryptionCertificateId", "encryptionCertificateThumbprint", "DATA"]
)


@settings(deadline=None)
@given(st.dictionaries(fields, anything, min_size=1))
def test_whatever_is_in_it_opened_whole_or_not_at_all(changes):
    try:
        assert Opener(keys()).open(content() | changes) == TEAM
    except NotOpened:
        assert changes
    else:
        assert not changes.keys() & {"data", "dataKey", "dataSignature", "DATA"}
