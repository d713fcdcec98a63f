"""A validation request to a URL, and what is said of each way in which it may go wrong (facts 4)."""

import ssl
import time
from typing import Any
from urllib.parse import quote

import pytest

from reconciler.daemon.asking import OPENING, Stage, fetch, handshake
from tests.daemon.checks.support import Authority, OddEndpoint, Silent
from tests.support.receiver import answer


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def files(authority):
    return authority.leaf()


async def asked(endpoint, authority, **more) -> Any:
    return await ask(endpoint.url, authority.file, **more)


async def ask(url, ca_file, **more) -> Any:
    return await handshake(url, ca_file=ca_file, **more)


async def test_a_good_answer(authority, files):
    async with OddEndpoint(files) as endpoint:
        found = await asked(endpoint, authority)
    assert found.problem is None
    assert found.reply.answer.status == 200
    assert found.reply.failure is None
    assert 0 < found.seconds < 10
    assert found.reply.tls.version == "TLSv1.3"
    assert found.reply.tls.ends_at is not None


async def test_it_is_asked_as_graph_asks(authority, files):
    async with OddEndpoint(files) as endpoint:
        await ask(f"{endpoint.url}?code=a%2Fb", authority.file)
    (received,) = endpoint.received
    assert (received.method, received.body) == ("POST", b"")
    assert received.headers["content-type"] == "text/plain; charset=utf-8"
    assert received.path.startswith("/notifications?code=a%2Fb&validationToken=Validation%3A%20Testing")
    assert str(received.token).startswith(OPENING)


async def test_each_token_is_another(authority, files):
    async with OddEndpoint(files) as endpoint:
        assert (await asked(endpoint, authority)).token != (await asked(endpoint, authority)).token


WRONG = {
    "status": (lambda each: answer("202 Accepted", each.token.encode()), "it answered 202 instead of 200"),
    "no such path": (lambda _: answer("404 Not Found", b""), "it answered 404 instead of 200"),
    "redirect": (lambda _: answer("301 Moved", b""), "it answered 301 instead of 200"),
    "html": (
        lambda each: answer("200 OK", each.token.encode(), media_type="text/html"),
        "its answer is text/html instead of text/plain",
    ),
    "escaped": (
        lambda each: answer("200 OK", quote(each.token, safe="").encode()),
        "its answer is the token as it stood in the URL, still escaped",
    ),
    "json": (lambda each: answer("200 OK", f'"{each.token}"'.encode()), "its answer is the token in quotes, as JSON"),
    "line end": (
        lambda each: answer("200 OK", f"{each.token}\n".encode()),
        "its answer is the token with a line end, a space or a byte order mark too many",
    ),
    "empty": (lambda _: answer("200 OK", b""), "its answer is empty"),
    "another": (lambda _: answer("200 OK", b"hunter2"), "its answer is another text of 7 bytes, not the token"),
    "plus for space": (
        lambda each: answer("200 OK", each.token.replace(" ", "+").encode()),
        "its answer is another text of",
    ),
}


@pytest.mark.parametrize(("answering", "expected"), WRONG.values(), ids=list(WRONG))
async def test_a_wrong_answer(authority, files, answering, expected):
    async with OddEndpoint(files, answering) as endpoint:
        assert (await asked(endpoint, authority)).problem.startswith(expected)


async def test_no_answer_in_time(authority, files):
    async with OddEndpoint(files, lambda _: Silent()) as endpoint:
        began = time.monotonic()
        found = await asked(endpoint, authority, within=0.2)
    assert time.monotonic() - began < 10
    assert (found.reply.failure.stage, found.reply.failure.late) == (Stage.ANSWER, True)
    assert found.problem == "there was no answer within 0.2 s"


async def test_a_connection_that_is_dropped(authority, files):
    async with OddEndpoint(files, lambda _: None) as endpoint:
        failure = (await asked(endpoint, authority)).reply.failure
    assert (failure.stage, failure.late) == (Stage.ANSWER, False)


async def test_an_answer_without_end(authority, files):
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n" + b"x" * (5 * 2**20)
    async with OddEndpoint(files, lambda _: endless) as endpoint:
        assert str((await asked(endpoint, authority)).reply.failure) == "the answer is larger than 4 MiB"


async def test_nobody_listens(authority, files):
    async with OddEndpoint(files) as endpoint:
        pass
    found = await asked(endpoint, authority)
    assert found.reply.failure.stage is Stage.CONNECTION
    assert found.reply.tls is None


async def test_no_tls_there(authority):
    async with OddEndpoint(None) as endpoint:
        assert (await asked(endpoint, authority)).reply.failure.stage is Stage.TLS


async def test_who_is_not_trusted(authority, files, tmp_path):
    other = Authority(tmp_path, name="Other")
    async with OddEndpoint(files) as endpoint:
        failure = (await asked(endpoint, other)).reply.failure
        machine = (await ask(endpoint.url, None)).reply.failure
    assert failure.stage is machine.stage is Stage.TRUST
    assert "issuer" in str(failure)


async def test_an_authority_that_cannot_be_read(authority, files, tmp_path):
    async with OddEndpoint(files) as endpoint:
        failure = (await ask(endpoint.url, str(tmp_path / "none.pem"))).reply.failure
    assert failure.stage is Stage.TRUST
    assert "none.pem, check caFile" in str(failure)


async def test_no_newer_version_than_was_asked_for(authority, files):
    async with OddEndpoint(files) as endpoint:
        found = await asked(endpoint, authority, newest=ssl.TLSVersion.TLSv1_2)
    assert found.reply.tls.version == "TLSv1.2"
    async with OddEndpoint(files, oldest=ssl.TLSVersion.TLSv1_3) as endpoint:
        found = await asked(endpoint, authority, newest=ssl.TLSVersion.TLSv1_2)
    assert found.reply.failure.stage is Stage.TLS


async def test_a_query_is_in_no_text(authority):
    found = await ask("https://localhost:1/hook?code=hunter2", authority.file)
    assert "hunter2" not in repr(found)
    assert "hunter2" not in found.problem


async def test_what_is_fetched(authority, files):
    async with OddEndpoint(files, lambda _: answer("401 Unauthorized", b"no")) as endpoint:
        answered = (await fetch(endpoint.url, ca_file=authority.file)).answer
    assert answered is not None
    assert (answered.status, answered.content) == (401, b"no")
    assert endpoint.received[0].method == "GET"
    assert "authorization" not in endpoint.received[0].headers
