"""Keys are fetched when one is needed, not when a forger likes, and kept while the authority is away (facts 7.3)."""

import asyncio
import contextlib
import datetime as dt
import json
import ssl

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.emulator.entra.keys import Keys
from reconciler.receiver.authority import Authority
from reconciler.receiver.signing_keys import DOCUMENTS, FetchFailed, KeysUnavailable, SigningKey, SigningKeys, keys_in
from tests.receiver.sending import NOW, TENANT, Served, forgers_key, keys_of, signing_key
from tests.support.emulator import RunningEmulator

V2, V1 = DOCUMENTS


class Shelf:
    """Signing keys, the authority that they come from, and a clock that is moved by hand."""

    def __init__(self, *keys: Keys) -> None:
        self.ring = keys[0] if keys else Keys(signing_key())
        self.served = Served(*(keys or (self.ring,)))
        self.now = NOW
        self.keys = SigningKeys(self.served.fetch, now=lambda: self.now)

    async def find(self, key_id=None, *, since=None):
        return await self.keys.find(key_id or self.ring.current[0], since=since or self.now)

    def later(self, **span):
        self.now += dt.timedelta(**span)


@pytest.fixture
def shelf():
    return Shelf()


async def test_a_key_is_fetched_once(shelf):
    first = await shelf.find()
    assert first.public == signing_key().public_key()
    assert await shelf.find() is first
    assert shelf.served.asked == [V2]


async def test_one_that_is_only_in_the_older_document():
    older = Keys(forgers_key())
    shelf = Shelf(Keys(signing_key()), older)
    assert (await shelf.find(older.current[0])).public == forgers_key().public_key()
    assert shelf.served.asked == [V2, V1]


async def test_a_new_key(shelf):
    await shelf.find()
    shelf.later(minutes=2)
    shelf.ring.rotate()
    assert await shelf.find()
    assert shelf.served.asked == [V2, V2]


async def test_an_unknown_key_is_asked_for_once_a_minute(shelf):
    for _ in range(100):
        assert await shelf.find("invented") is None
    assert shelf.served.asked == [V2, V1]
    shelf.later(minutes=1)
    assert await shelf.find("another") is None
    assert shelf.served.asked == [V2, V1] * 2


async def test_what_came_after_the_last_fetch_is_judged_after_the_next(shelf):
    """A key that is new since then must not be taken for a forger's."""
    await shelf.find("invented")
    shelf.later(seconds=30)
    shelf.ring.rotate()
    with pytest.raises(KeysUnavailable, match="a moment ago"):
        await shelf.find()
    came = shelf.now
    shelf.later(seconds=30)
    assert await shelf.find(since=came)


async def test_one_fetch_for_many_at_once(shelf):
    found = await asyncio.gather(*[shelf.find() for _ in range(50)], *[shelf.find("invented") for _ in range(50)])
    assert all(found[:50])
    assert not any(found[50:])
    assert shelf.served.asked == [V2, V1]


async def test_a_clock_that_was_set_back_does_not_keep_us_from_fetching(shelf):
    await shelf.find("invented")
    shelf.later(days=-1)
    assert await shelf.find("invented") is None
    assert len(shelf.served.asked) == 4


async def test_nobody_can_tell_while_the_authority_is_away(shelf):
    shelf.served.away = True
    for _ in range(3):
        with pytest.raises(KeysUnavailable, match=r"not at hand: login\.example\.com cannot be read$"):
            await shelf.find()
    assert shelf.served.asked == [V2, V1]
    shelf.served.away = False
    shelf.later(minutes=1)
    assert await shelf.find()


async def test_a_daily_refresh_that_nobody_waits_for(shelf):
    await shelf.find()
    shelf.later(hours=25)
    assert await shelf.find()
    assert shelf.served.asked == [V2]
    await shelf.keys.refreshing
    assert shelf.served.asked == [V2, V2, V1]
    await shelf.find()
    assert len(shelf.served.asked) == 3


async def test_stale_keys_are_used_while_the_authority_is_away(shelf, caplog):
    await shelf.find()
    shelf.served.away = True
    for _ in range(29):
        shelf.later(days=1)
        assert await shelf.find()
        await shelf.keys.refreshing
    assert "those at hand stay in use" in caplog.text
    shelf.later(days=2)
    with pytest.raises(KeysUnavailable):
        await shelf.find()


async def test_a_key_is_kept_for_30_days_after_it_was_last_served(shelf):
    old = shelf.ring.current[0]
    await shelf.find()
    shelf.ring.rotate(keep=False)
    for _ in range(30):
        shelf.later(days=1)
        await shelf.find()
        if shelf.keys.refreshing:
            await shelf.keys.refreshing
        assert await shelf.find(old)
    shelf.later(days=1)
    assert await shelf.find(old) is None


# What a document holds.


def jwk(**changes):
    return {name: value for name, value in (keys_of(Keys(signing_key()))[0] | changes).items() if value}


def document(*keys):
    return json.dumps({"keys": keys}).encode()


def test_what_a_document_need_not_say():
    assert len(keys_in(document(jwk(use=None, alg=None, x5c=None, x5t=None)))) == 1


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "key",
        jwk(kid=None),
        jwk(kid=["a"]),
        jwk(kty="oct", k="c2VjcmV0"),
        jwk(kty="EC"),
        jwk(use="enc"),
        jwk(alg="RS512"),
        jwk(alg="HS256"),
        jwk(n=None),
        jwk(n=7),
        jwk(n="ünï"),
        jwk(n="a"),
        jwk(e="AA"),
        jwk(e="AQ"),
        keys_of(Keys(rsa.generate_private_key(public_exponent=65537, key_size=1024)))[0],
    ],
    ids=lambda odd: str(odd)[:40],
)
def test_keys_that_are_not_for_signatures_are_left_out(odd):
    assert list(keys_in(document(jwk(kid="good"), odd))) == ["good"]
    with pytest.raises(FetchFailed):
        keys_in(document(odd))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"keys": 1}', b'{"keys": {}}', b"\xff", b"[" * 100_000])
def test_what_is_no_set_of_keys(content):
    with pytest.raises(FetchFailed):
        keys_in(content)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["keys", "kid", "kty", "n", "e", "use", "alg"]), inner | st.just("RSA"))
        ),
    )
)
def test_any_document_is_read_or_refused(content):
    with pytest.raises(FetchFailed):
        keys_in(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("issuer", "speaks"),
    [
        (None, True),
        ("https://login.microsoftonline.com/{tenantid}/v2.0", True),
        (f"https://login.microsoftonline.com/{TENANT.upper()}/v2.0", True),
        ("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", False),
    ],
)
def test_keys_of_single_tenants(issuer, speaks):
    assert SigningKey(signing_key().public_key(), issuer).speaks_for(TENANT) is speaks


# The way to the authority, over TLS.


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with RunningEmulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


def authority_of(emulator, **changes):
    values = {"origin": emulator.info["authority"], "ca_file": emulator.info["caFile"]}
    return Authority(**values | changes)


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_the_emulators_keys(emulator, path):
    found = keys_in(await authority_of(emulator).fetch(path))
    assert list(found) == [emulator.control("GET", "keys")["current"]]


async def test_a_turn_of_the_emulators_keys(emulator):
    now = NOW
    keys = SigningKeys(authority_of(emulator).fetch, now=lambda: now)
    assert await keys.find(emulator.control("GET", "keys")["current"], since=now)
    turned = emulator.control("POST", "keys/rotate", {"keep": False})["current"]
    now += dt.timedelta(minutes=1)
    assert await keys.find(turned, since=now)


async def test_the_machines_trust_is_no_good_for_the_emulator(emulator, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(FetchFailed, match=r"cannot be read: .*certificate"):
        await authority_of(emulator, ca_file=None).fetch(V2)
    monkeypatch.setenv("SSL_CERT_FILE", emulator.info["caFile"])
    assert await authority_of(emulator, ca_file=None).fetch(V2)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ca_file": "/nowhere.pem"}, r"cannot be read \(No such file or directory\) from /nowhere.pem, check caFile"),
        ({"origin": "https://127.0.0.1:1"}, r"^127\.0\.0\.1:1 cannot be read: "),
        ({"seconds": 0.0}, "did not finish its answer within 0 seconds"),
    ],
)
async def test_what_keeps_us_from_the_keys(emulator, changes, says):
    with pytest.raises(FetchFailed, match=says):
        await authority_of(emulator, **changes).fetch(V2)


async def test_an_answer_that_is_no_success(emulator):
    with pytest.raises(FetchFailed, match="answered 400 instead of its keys"):
        await authority_of(emulator).fetch("/common/nothing")


async def test_a_proxy_that_cannot_be_used(emulator, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hidden@127.0.0.1:1")
    assert await authority_of(emulator).fetch(V2)
    with pytest.raises(FetchFailed) as raised:
        await authority_of(emulator, proxies=True, origin="https://login.example.com").fetch(V2)
    assert "hidden" not in str(raised.value)


@contextlib.asynccontextmanager
async def odd_authority(info, *chunks):
    """Answers each request with the chunks, and then says no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(info["receiverCertificate"], info["receiverKey"])

    async def speak(reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
            await reader.read()
        writer.transport.abort()

    server = await asyncio.start_server(speak, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"


@pytest.mark.parametrize(
    ("chunks", "says"),
    [
        ([b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"], "answered 302"),
        ([OK, *[b"x" * 100_000] * 20], "larger than 1 MiB"),
        ([OK, b"{"], "did not finish its answer within 2 seconds"),
        ([b"nonsense\r\n\r\n"], "cannot be read"),
    ],
    ids=["redirect", "endless", "slow", "nonsense"],
)
async def test_an_authority_that_answers_oddly(emulator, chunks, says):
    async with odd_authority(emulator.info, *chunks) as origin:
        with pytest.raises(FetchFailed, match=says):
            await authority_of(emulator, origin=origin, seconds=2.0).fetch(V2)
