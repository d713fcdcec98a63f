"""The lean client: that it counts what was answered, keeps a pace, and takes no other answer for one."""

import itertools

import pytest

from bench.support import processes
from bench.support.deliveries import NUMBER, requests
from bench.support.errors import BenchError
from bench.support.processes import Process
from bench.support.rush import Beside, Server, rush

NOWHERE = b"POST /nowhere HTTP/1.1\r\nHost: bare\r\nContent-Length: 0\r\n\r\n"
WRONG = "answered otherwise than with 202: b'HTTP/1.1 404"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    command = (processes.program("python"), "-m", "bench.support.bare", str(folder / "bodies.db"))
    with Process(command, log=folder / "bare.log") as process:
        yield Server(int(process.wait_for_line()))


def prepared(count, path="/group"):
    return requests(range(count), size=600, path=path)


@pytest.mark.parametrize("path", ["/group", "/nothing"])
def test_every_request_is_answered(server, path):
    found = rush(server, prepared(200, path), connections=7)
    assert len(found.waits) == 200
    assert 0 < found.median <= found.slow
    assert found.per_second == pytest.approx(200 / found.seconds)


def test_a_pace_is_kept(server):
    assert rush(server, prepared(50), per_second=200).per_second == pytest.approx(200, rel=0.2)


def test_what_is_asked_beside(server):
    beside = Beside(next(iter(prepared(1))), status=202, per_second=100)
    found = rush(server, prepared(40), per_second=100, beside=beside)
    assert len(found.waits) == 40
    assert 10 < len(found.beside) < 60


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"requests": [NOWHERE]}, id="by-the-load"),
        pytest.param({"requests": prepared(20), "per_second": 100, "beside": Beside(NOWHERE, 202)}, id="beside"),
    ],
)
def test_another_answer_than_expected_is_an_error(server, asked):
    with pytest.raises(BenchError, match=WRONG):
        rush(server, **asked)


def test_a_server_that_hangs_up_is_an_error(server):
    with pytest.raises(BenchError, match="a connection was closed"):
        rush(server, itertools.repeat(b"NONSENSE\r\n\r\n" * 2), connections=1, status=400)


def test_a_delivery_has_the_size_and_the_number_that_were_asked_for():
    first, second = requests([7, 12], size=3300)
    head, _, body = second.partition(b"\r\n\r\n")
    assert (len(body), b"Content-Length: 3300" in head) == (3300, True)
    assert (body.count(b"000000000012"), NUMBER.encode() in body) == (3, False)
    assert first.replace(b"000000000007", b"000000000012") == second
