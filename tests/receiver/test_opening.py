"""Resource data in, opened on threads, or a reason that repeats nothing of it."""

import asyncio
import functools
import json
import threading
import time
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.source import Source
from reconciler.emulator.notifications.encryption import encrypted
from reconciler.receiver.delivery import Notification
from reconciler.receiver.opening import NotOpened, Opener, WhyNotOpened
from reconciler.receiver.parsing import parse_body
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
    with Opener(keys()) as made:
        yield made


def content(text: bytes = json.dumps(TEAM).encode(), *, bits: int = 2048, **changes: Any) -> dict[str, object]:
    return {**encrypted(text, reader(bits).sent, certificate_id="rich"), **changes}


def notification(value: object, name: str = "encryptedContent") -> Notification:
    """As it comes out of a body."""
    body = parse_body(json.dumps({"value": [{"subscriptionId": "s1", name: value}]}).encode())
    (item,) = body.items
    assert isinstance(item, Notification)
    return item


async def refused(opener: Opener, value: object) -> NotOpened:
    with pytest.raises(NotOpened) as caught:
        await opener.open(notification(value))
    return caught.value


@pytest.mark.parametrize("name", ["encryptedContent", "EncryptedContent", "ENCRYPTEDCONTENT"])
async def test_opened(opener, name):
    assert await opener.open(notification(content(), name)) == TEAM


async def test_without_a_thumbprint_the_certificate_id_names_the_key(opener):
    named: dict[str, Any] = {
        "encryptionCertificateThumbprint": None,
        "encryptionCertificateId": reader(2048).thumbprint.lower(),
    }
    assert await opener.open(notification(content(**named))) == TEAM


async def test_nothing_to_open(opener):
    assert await opener.open(notification(None)) is None
    assert await opener.open(Notification("s1")) is None


async def test_no_key(opener):
    error = await refused(opener, content(bits=3072))
    assert error.reason is WhyNotOpened.NO_KEY
    assert str(error) == (
        f"no Certificate with a privateKey has the thumbprint '{reader(3072).thumbprint}': add the pair,"
        " under previous if it is old"
    )


async def test_a_name_of_the_key_that_somebody_made_up(opener):
    error = await refused(opener, content(encryptionCertificateThumbprint="\x1b[2Jü" + "x" * 10_000))
    assert error.reason is WhyNotOpened.NO_KEY
    assert str(error).isascii()
    assert str(error).isprintable()
    assert len(str(error)) < 250


@pytest.mark.parametrize("value", [7, "text", [], {}, True])
async def test_no_content(opener, value):
    assert (await refused(opener, value)).reason is WhyNotOpened.DAMAGED


@pytest.mark.parametrize("name", ["data", "dataKey", "dataSignature"])
async def test_damaged(opener, name):
    error = await refused(opener, content() | {name: "AAAA"})
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
async def test_what_is_no_json_object(opener, text):
    error = await refused(opener, content(text))
    assert (error.reason, str(error)) == (WhyNotOpened.NOT_JSON, "what was encrypted is not a JSON object")


async def test_nothing_that_was_decrypted_is_in_an_error(opener, caplog):
    for text in (f'{{"name": "{NAME}"', f'["{NAME}"]', f'{{"{NAME}": Infinity}}'):
        error = await refused(opener, content(text.encode()))
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
    async def main() -> None:
        with Opener(keys(), threads=1) as opener:
            try:
                assert await opener.open(notification(content() | changes)) == TEAM
            except NotOpened:
                assert changes
            else:
                assert not changes.keys() & {"data", "dataKey", "dataSignature", "DATA"}

    asyncio.run(main())


async def test_many_at_once_each_to_its_own(opener):
    teams = [{"id": number} for number in range(200)]
    items = [notification(content(json.dumps(team).encode())) for team in teams]
    assert await asyncio.gather(*map(opener.open, items)) == teams


async def test_no_more_than_so_many_are_in_hand(monkeypatch):
    release = threading.Event()
    with Opener(keys(), threads=2) as opener:
        opening = opener._open
        begun = []

        def held(item: Notification) -> object:
            begun.append(item)
            release.wait(10)
            return opening(item)

        monkeypatch.setattr(opener, "_open", held)
        item = notification(content())
        tasks = [asyncio.create_task(opener.open(item)) for _ in range(50)]
        await asyncio.sleep(0.1)
        assert len(begun) == 2
        assert opener._threads._work_queue.qsize() == 6
        release.set()
        assert await asyncio.gather(*tasks) == [TEAM] * 50


async def test_the_event_loop_goes_on(opener):
    """Validations are answered meanwhile: none waits for an RSA operation, let alone for all of them."""
    item = notification(content())
    opening = asyncio.gather(*(opener.open(item) for _ in range(300)))
    longest, last = 0.0, time.perf_counter()
    while not opening.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    await opening
    assert longest < 0.5
