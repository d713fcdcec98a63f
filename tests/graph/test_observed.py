"""Who watches Graph's answers: what is told of each, and that no call depends on it."""

import asyncio
import dataclasses
import datetime as dt
import logging
import uuid

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import AnswerLost, Gone, Transient
from reconciler.core.skew import Sample, Skew
from reconciler.graph.answers import instant, retry_after
from reconciler.graph.authentication import SecretCredential
from reconciler.graph.client import Graph
from reconciler.graph.pacing import Kind
from tests.graph.support import START, answer

ID = str(uuid.uuid4())
V1 = Version.V1


@pytest.fixture
def told():
    return []


@pytest.fixture
async def graph(clock, told):
    async with Graph(clock=clock, on_answer=told.append) as graph:
        yield graph


async def test_each_answer_is_told_and_nothing_of_the_token_endpoint(client, access, told, emulator, clock, body):
    created = await client.create(body, V1)
    await client.list()
    with pytest.raises(Gone):
        await client.get(ID, V1)
    await client.delete(created["id"], V1)
    assert [(each.kind, each.status) for each in told] == [
        (Kind.WRITE, 201),
        (Kind.LIST, 200),
        (Kind.LIST, 200),
        (Kind.GET, 404),
        (Kind.WRITE, 204),
    ]
    assert {each.tenant_id for each in told} == {access.tenant_id}
    assert {(each.sent_at, each.received_at) for each in told} == {(START, START)}
    assert all(abs(each.date - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1) for each in told)


async def test_each_try_is_told(client, told, emulator):
    emulator.faults({"answers": [{"method": "GET", "status": 503}, {"method": "GET", "status": 429, "retryAfter": 7}]})
    with pytest.raises(Gone):
        await client.get(ID, V1)
    assert [each.status for each in told] == [503, 429, 404]
    assert told[0].sent_at == START
    assert told[2].sent_at - told[1].sent_at == dt.timedelta(seconds=7)


async def test_a_refused_token_is_told_too(client, told, emulator):
    with pytest.raises(Gone):
        await client.get(ID, V1)
    emulator.advance(2 * 3600)
    with pytest.raises(Gone):
        await client.get(ID, V1)
    assert [each.status for each in told] == [404, 401, 404]


async def test_waiting_for_a_turn_is_not_part_of_the_round_trip(odd, told, scripted, clock):
    """Nor is waiting for the token; the answer is three seconds under way."""

    def script(asked):
        if "/subscriptions" in asked.path:
            clock.time += dt.timedelta(seconds=3)
            return answer(404)
        return scripted.usual(asked)

    scripted.script = script
    odd._calls._pacer.throttled(Kind.GET, retry_after=40)
    for _ in range(2):
        with pytest.raises(Gone):
            await odd.get(ID, V1)
    times = [((each.sent_at - START).total_seconds(), (each.received_at - START).total_seconds()) for each in told]
    assert times == [(40, 43), (43, 46)]


async def test_what_is_not_answered_is_not_told(odd, told, scripted):
    scripted.script = lambda asked: None if "/subscriptions" in asked.path else scripted.usual(asked)
    with pytest.raises((AnswerLost, Transient)):
        await odd.get(ID, V1)
    assert told == []


@pytest.mark.parametrize("date", ["Mon, 99999999999999999999 May 2026 12:00:00 GMT", "tomorrow", "", "\x7f"])
async def test_a_date_that_is_none(odd, told, scripted, date):
    headers = {"Date": date} if date else {}
    scripted.script = lambda asked: (
        answer(404, b"", **headers) if "/subscriptions" in asked.path else scripted.usual(asked)
    )
    with pytest.raises(Gone):
        await odd.get(ID, V1)
    assert [each.date for each in told] == [None]


async def test_who_fails_at_it_fails_no_call(access, clock, caplog, emulator):
    def fail(observed):
        raise ZeroDivisionError

    async with Graph(clock=clock, on_answer=fail) as graph:
        with caplog.at_level(logging.ERROR):
            assert (await graph.tenant(access).list()).incomplete is None
    assert sorted(record.message for record in caplog.records) == [
        f"GET {version} subscriptions was answered, and who watches the answers failed at it"
        for version in ("beta", "v1.0")
    ]
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


async def test_each_tenant_under_its_own_name(graph, access, told, emulator):
    app = emulator.register(tenantId="fabrikam")
    credential = SecretCredential(app["clientSecret"])
    other = dataclasses.replace(access, tenant_id="fabrikam", client_id=app["clientId"], credential=credential)
    await asyncio.gather(graph.tenant(access).list(), graph.tenant(other).list())
    assert sorted(each.tenant_id for each in told) == sorted([access.tenant_id, "fabrikam"] * 2)


@pytest.mark.parametrize("off", [-90, 0, 1, 3600])
async def test_a_clock_that_is_wrong_shows(client, told, emulator, clock, off):
    """Half a second is lost in whole ones; the emulator's clock is the machine's."""
    clock.time = dt.datetime.now(dt.UTC)
    emulator.faults({"date": off})
    for _ in range(5):
        await client.list()
        clock.time = dt.datetime.now(dt.UTC)
    skew = Skew()
    for each in told:
        skew = skew.seen(Sample(each.date, each.sent_at, each.received_at))
    assert abs(skew.correction.total_seconds() - (off if abs(off) > 5 else 0)) < 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 04 May 2026 12:00:00 GMT", START),
        ("Mon, 04 May 2026 12:00:00 -0000", START),
        ("Mon, 04 May 2026 14:00:00 +0200", START),
        ("Monday, 04-May-26 12:00:00 GMT", START),
        ("Mon, 04 May 2026", None),
        ("Mon, 32 May 2026 12:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Mon, 04 May 99999999999999999999 12:00:00 GMT", None),
        ("2026-05-04T12:00:00Z", None),
        (" ", None),
        ("", None),
    ],
)
def test_an_instant_as_http_spells_it(text, expected):
    assert instant(text) == expected


@pytest.mark.parametrize(
    "odd", ["Mon, 04 May 99999999999999999999 12:00:00 GMT", "Mon, 04 May 2026 12:00:00 +9999999999"]
)
def test_a_pause_that_ends_at_no_date_is_none(odd):
    assert retry_after({"date": "Mon, 04 May 2026 12:00:00 GMT", "retry-after": odd}) is None
    assert retry_after({"date": odd, "retry-after": "Mon, 04 May 2026 12:00:00 GMT"}) is None
