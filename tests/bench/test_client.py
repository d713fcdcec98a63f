"""What benches measure with: a client that takes no refusal for speed, a receiver that counts right."""

import sys
import urllib.parse

import pytest

from bench.support import processes
from bench.support.errors import BenchError
from bench.support.load import Ask, Client
from bench.support.processes import Process
from tests.support.emulator import RunningEmulator


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    with RunningEmulator(folder / "emulator") as emulator, processes.receiver(folder, emulator.info) as running:
        yield running, Client(running.origin, emulator.info["caFile"], server=running.process)


@pytest.fixture
def client(receiver):
    return receiver[1]


def counted(client):
    return client.one(Ask("GET", "/counts"))


def test_every_answer_belongs_to_its_request(client):
    load = client.load([Ask("POST", "/echo", {"number": number}) for number in range(100)], connections=7)
    assert [answer.json()["number"] for answer in load.answers] == list(range(100))
    assert load.per_second == pytest.approx(100 / load.seconds)


def test_another_answer_than_expected_is_an_error(client):
    load = client.load([Ask("POST", "/echo", {}), Ask("GET", "/nowhere")])
    with pytest.raises(BenchError, match="answered with 404 instead of 200: Not Found"):
        load.expect(200)


def test_a_server_that_does_not_start_is_an_error(tmp_path):
    ended = Process((sys.executable, "-c", "pass"), log=tmp_path / "log")
    with pytest.raises(BenchError, match="did not start"), ended:
        ended.wait_for(tmp_path / "never")


def test_an_answer_to_no_content_does_not_wait_for_one(client):
    assert client.load([Ask("POST", "/notifications/1")]).expect(202).answers[0].content == b""


def test_the_receiver_answers_validation_requests(client):
    token = "+ 100% a&b=c ?#/ é→"
    asked = Ask("POST", f"/notifications/1?validationToken={urllib.parse.quote(token, safe='')}")
    before = counted(client)
    assert client.load([asked]).expect(200).answers[0].content.decode() == token
    assert counted(client) == before


def test_the_receiver_counts_notifications_not_posts(client):
    before = counted(client)
    client.load([Ask("POST", "/notifications/1", {"value": [{"subscriptionId": "a"}, {"subscriptionId": "b"}]})] * 3)
    after = counted(client)
    assert (after["notifications"] - before["notifications"], after["posts"] - before["posts"]) == (6, 3)


def test_the_memory_of_a_server_is_seen(receiver):
    assert 5 < receiver[0].process.megabytes < 500


def test_the_work_of_a_server_is_seen(receiver, client):
    running, _ = receiver
    before = running.process.busy
    load = client.load([Ask("POST", "/echo", {"text": "x" * 1000})] * 2000)
    assert 0 < load.busy <= running.process.busy - before + 0.001
