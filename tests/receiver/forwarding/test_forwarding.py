"""From arrival to sink: everything once where nothing goes wrong, at least once where something does, and in order."""

import asyncio
import datetime as dt
import json
import zlib

import pytest

from reconciler.core.errors import StoreError
from reconciler.core.lifecycle import Kind, Wish
from reconciler.core.subject import subject_of
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.notifications.encryption import encrypted
from reconciler.engine.inbox import State
from reconciler.engine.sinks import Refused, Unreachable
from reconciler.receiver.destinations import Destinations
from reconciler.receiver.forwarding import Retry
from reconciler.receiver.forwarding.window import IN_A_LANE, LOW
from reconciler.receiver.private_keys import PrivateKeys
from reconciler.store import Store
from reconciler.store.letters import Choice
from tests.emulator.notifications.opening import reader
from tests.receiver.forwarding.support import NotingSink, Post, numbered
from tests.receiver.sending import FABRIKAM, NOW, TENANT, Served, item, signing_key, token
from tests.receiver.test_opening import keys

ETAG = {"@odata.type": "#Microsoft.Graph.Message", "@odata.id": "Users('a')/Messages('m')", "@odata.etag": 'W/"1"'}


async def test_what_a_sink_is_given(tmp_path):
    async with Post(tmp_path) as post:
        data = {"@odata.type": "#Microsoft.Graph.Teams", "id": "1612293113399"}
        await post.deliver(
            item(resource="Teams('FBE2BF47-16C8-47CF-B4A5-4B9B187C508B')", resourceData=data, later="kept")
        )
        await post.done()
    (event,) = post.sink.events
    assert (event.type, event.subject) == (
        "com.microsoft.graph.team.updated",
        "teams/fbe2bf47-16c8-47cf-b4a5-4b9b187c508b",
    )
    sent = json.loads(event.content)
    assert sent["id"] == event.id
    assert (sent["source"], sent["time"]) == (f"urn:{TENANT}", "2026-10-01T12:00:00Z")
    assert sent["data"] == {
        "changeType": "updated",
        "tenantId": TENANT,
        "subscriptionId": "s1",
        "subscription": "all-teams",
        "resource": "Teams('FBE2BF47-16C8-47CF-B4A5-4B9B187C508B')",
        "resourceData": data,
        "content": None,
        "properties": {"later": "kept"},
    }
    assert "clientState" not in event.content.decode()


async def test_what_was_encrypted_is_opened(tmp_path):
    team = {"displayName": "Sälës", "id": "t"}
    async with Post(tmp_path, keys=keys()) as post:
        content = encrypted(json.dumps(team).encode(), reader(2048).sent, certificate_id="rich")
        await post.deliver(item(encryptedContent=content), tokens=[token()])
        await post.done()
    (data,) = post.sink.data
    assert data["content"] == team
    assert "encryptedContent" not in json.dumps(data)


@pytest.mark.parametrize(
    ("items", "tokens", "reasons"),
    [
        ([item(rich=True)], None, ["no-token"]),
        ([item(rich=True)], ["x"], ["token"]),
        ([item(rich=True), item(), item(FABRIKAM, rich=True)], [token(), "x"], ["token", "token"]),
        ([item(rich=True)], [token(tenant=FABRIKAM, client="6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55")], ["no-token"]),
        ([item(clientState="x" * 43), item(clientState=None), 1, item()], None, ["client-state"] * 2 + ["malformed"]),
    ],
)
async def test_what_is_not_shown_to_be_graphs_is_set_aside(tmp_path, items, tokens, reasons):
    basic = sum(isinstance(each, dict) and "encryptedContent" not in each for each in items) - reasons.count(
        "client-state"
    )
    async with Post(tmp_path, keys=keys()) as post:
        await post.deliver(*items, tokens=tokens)
        await post.done()
        assert await post.states() == [("set-aside", reason) for reason in reasons]
    assert len(post.sink.events) == basic


async def test_without_a_key_it_is_a_dead_letter_until_the_key_is_there(tmp_path):
    content = encrypted(b'{"id": "t"}', reader(2048).sent, certificate_id="rich")
    async with Post(tmp_path) as post:
        await post.deliver(item(encryptedContent=content), tokens=[token()])
        await post.done()
        assert await post.states() == [("dead", "no-key")]
        (letter,) = await post.letters.list(Choice(), limit=10)
        assert json.loads(letter.body)["encryptedContent"] == content
        await post.letters.retry(Choice(), now=NOW)
        await post.done()
        assert await post.states() == [("dead", "no-key")], "nothing has changed"
    async with Post(tmp_path, keys=keys()) as post:
        await post.letters.retry(Choice(), now=NOW)
        await post.done()
    assert [data["content"] for data in post.sink.data] == [{"id": "t"}]


async def test_what_others_are_to_open_is_passed_on_as_it_came(tmp_path):
    """Its certificate is declared without a private key. That Graph has sent it is verified all the same."""
    content = encrypted(b'{"id": "t"}', reader(2048).sent, certificate_id="rich")
    elsewhere = PrivateKeys(elsewhere=frozenset({reader(2048).thumbprint.upper()}))
    async with Post(tmp_path, keys=elsewhere) as post:
        await post.deliver(item(encryptedContent=content), tokens=[token()])
        await post.deliver(item(encryptedContent=content), tokens=["forged"])
        await post.done()
        assert await post.states() == [("set-aside", "token")]
    (data,) = post.sink.data
    assert (data["encryptedContent"], data["content"]) == (content, None)


async def test_one_that_we_cannot_cope_with_does_not_keep_the_others(tmp_path, monkeypatch, caplog):
    async with Post(tmp_path) as post:
        one = post.preparing.one

        def failing(entry, **more):
            if entry.resource == "poison":
                raise RecursionError("a mistake of ours")
            return one(entry, **more)

        monkeypatch.setattr(post.preparing, "one", failing)
        await post.deliver(item(resource="poison"), item(resource="r"))
        await post.done()
        assert await post.states() == [("dead", "failed")]
    assert [data["resource"] for data in post.sink.data] == ["r"]
    assert "could not be prepared" in caplog.text


async def test_damaged_content_is_a_dead_letter(tmp_path):
    content = encrypted(b'{"id": "t"}', reader(2048).sent, certificate_id="rich") | {"dataSignature": "AAAA"}
    async with Post(tmp_path, keys=keys()) as post:
        await post.deliver(item(encryptedContent=content), tokens=[token()])
        await post.done()
        assert await post.states() == [("dead", "damaged")]


class TestWhenTheAuthorityIsAway:
    async def test_it_waits_and_others_go_on(self, tmp_path):
        served = Served(Keys(signing_key()))
        served.away = True
        content = encrypted(b'{"id": "t"}', reader(2048).sent, certificate_id="rich")
        async with Post(tmp_path, keys=keys(), served=served) as post:
            post.clock.held = asyncio.Event()
            await post.deliver(item(resource="a", encryptedContent=content), tokens=[token()])
            await post.deliver(item())
            await post.until(lambda: post.sink.events and post.clock.slept)
            assert ("waiting", None) in await post.states()
            served.away = False
            for keys_of in post.verifier.validation_tokens.authorities.values():
                keys_of.now = lambda: NOW + dt.timedelta(minutes=5)
            post.clock.held.set()
            await post.done()
        assert [data["content"] for data in post.sink.data] == [None, {"id": "t"}]

    async def test_but_not_for_ever(self, tmp_path):
        served = Served(Keys(signing_key()))
        served.away = True
        async with Post(tmp_path, served=served, retry=Retry(span=dt.timedelta(minutes=1))) as post:
            await post.deliver(item(rich=True), tokens=[token()])
            await post.done()
            assert await post.states() == [("set-aside", "keys-unavailable")]


class TestOrder:
    async def test_of_one_resource_it_is_kept_whatever_fails(self, tmp_path):
        failures = iter([True, True, False] * 200)

        async def react(event):
            if next(failures):
                raise Unreachable("no")

        async with Post(tmp_path, NotingSink(react)) as post:
            for number in range(100):
                await post.deliver(*numbered([number], item))
            await post.done()
        assert post.sink.ids == list(range(100))

    async def test_other_resources_go_on_meanwhile(self, tmp_path):
        held = asyncio.Event()

        async def react(event):
            if event.subject == "held":
                await held.wait()

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(item(resource="held"), *(item(resource=f"r{number}") for number in range(50)))
            await post.until(lambda: len(post.sink.events) > 40)
            held.set()
            await post.done()
        assert len(post.sink.events) == 51

    async def test_a_resource_that_is_stubborn_keeps_no_other_however_much_waits_for_it(self, tmp_path):
        """And all of it comes in order once it gives in."""
        held = asyncio.Event()

        async def react(event):
            if event.subject == "teams/one":
                await held.wait()

        async with Post(tmp_path, NotingSink(react)) as post:
            for start in range(0, 1500, 250):
                await post.deliver(*numbered(range(start, start + 250), item))
            others = [name for name in (f"r{number}" for number in range(100)) if lane(post, name) != lane(post, TEAM)]
            await post.deliver(*(item(resource=name, resourceData={"id": name}) for name in others))
            await post.until(lambda: len(post.sink.events) == len(others))
            held.set()
            await post.done()
        assert [number for number in post.sink.ids if isinstance(number, int)] == list(range(1500))
        assert post.telling.told_of.count(("forwarded", None)) == 1500 + len(others)

    async def test_however_a_resource_is_spelled(self, tmp_path):
        async def slow(event):
            await asyncio.sleep(0.01 if b"teams('" in event.content else 0)

        async with Post(tmp_path, NotingSink(slow)) as post:
            for number in range(40):
                spelled = ("teams('one')", "teams/one", "/Teams('one')")[number % 3]
                await post.deliver(item(resource=spelled, resourceData={"id": number}))
            await post.done()
        assert post.sink.ids == list(range(40))

    async def test_lanes_bound_what_is_under_way(self, tmp_path):
        async def react(event):
            await asyncio.sleep(0.001)

        async with Post(tmp_path, NotingSink(react), lanes=3) as post:
            await post.deliver(*(item(resource=f"r{number}") for number in range(60)))
            await post.done()
        assert post.sink.most_under_way == 3

    async def test_a_sink_that_is_away_holds_up_no_other(self, tmp_path):
        async def away(event):
            await asyncio.Event().wait()

        names = {(TENANT, "all-teams"): "b"}
        async with Post(tmp_path, NotingSink(away), NotingSink(), by_name=names) as post:
            await post.deliver(*(item(FABRIKAM, resource=f"r{number}") for number in range(2000)))
            await post.deliver(*numbered(range(10), item))
            await post.until(lambda: len(post.sinks[1].events) == 10)
            assert post.sinks[0].events == []

    async def test_what_a_stalled_sink_keeps_in_memory_is_bounded(self, tmp_path):
        async def away(event):
            await asyncio.Event().wait()

        async with Post(tmp_path, NotingSink(away)) as post:
            for _ in range(10):
                await post.deliver(*(item(resource=f"r{number}") for number in range(500)))
            window = post.office.forwarders["a"].window
            await post.until(lambda: all(each.held > LOW for each in window.lanes))
            await asyncio.sleep(0.2)
            assert len(window.held) <= 16 * IN_A_LANE
            assert (await post.inbox.depths())["a", State.WAITING].count == 5000


class TestRetries:
    async def test_with_longer_and_longer_pauses(self, tmp_path):
        attempts = 0

        async def react(event):
            nonlocal attempts
            attempts += 1
            if attempts < 8:
                raise Unreachable("no")

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(item())
            await post.done()
        assert [2**n <= pause <= 2**n + 1 for n, pause in enumerate(post.clock.slept)] == [True] * 7
        assert post.telling.told_of.count(("retried", None)) == 7

    async def test_as_the_sink_says(self, tmp_path):
        attempts = 0

        async def react(event):
            nonlocal attempts
            attempts += 1
            if attempts < 4:
                raise Unreachable("no", retry_after=attempts * 140)

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(item())
            await post.done()
        assert post.clock.slept == [140, 280, 300], "but never longer than the longest pause"

    async def test_a_sink_that_says_at_once_is_not_asked_in_a_circle(self, tmp_path):
        attempts = 0

        async def react(event):
            nonlocal attempts
            attempts += 1
            if attempts < 4:
                raise Unreachable("no", retry_after=0)

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(item())
            await post.done()
        assert post.clock.slept == [1, 1, 1]

    async def test_a_sink_that_cancels_itself_ends_nothing(self, tmp_path, caplog):
        failures = iter([asyncio.CancelledError(), None])

        async def react(event):
            if error := next(failures, None):
                raise error

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(*numbered(range(3), item))
            await post.done()
        assert post.sink.ids == [0, 1, 2]
        assert "CancelledError" in caplog.text

    async def test_a_sink_that_swallows_the_end_does_not_keep_the_process(self, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.receiver.forwarding.office.GRACE", 0.05)

        async def react(event):
            try:
                await asyncio.Event().wait()
            except BaseException as error:
                raise ValueError("somebody's own code") from error

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(item())
            await post.until(lambda: post.sink.under_way)
            async with asyncio.timeout(5):
                await post.stop()

    @pytest.mark.parametrize("odd", ["\ud800", "\0", "x" * 100_000])
    async def test_an_odd_message_of_a_sink_is_written_down_all_the_same(self, tmp_path, odd):
        async def react(event):
            raise Refused(f"no {odd}")

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(*numbered(range(3), item))
            await post.done()
            found = await post.letters.list(Choice(), limit=10)
        assert [letter.reason for letter in found] == ["refused"] * 3
        assert all((letter.message or "").startswith("no ") for letter in found)
        assert all(len(letter.message or "") <= 1000 for letter in found)

    async def test_for_so_long_and_then_it_is_a_dead_letter_that_can_be_retried(self, tmp_path):
        away = True

        async def react(event):
            if away:
                raise Unreachable("the sink 'a' is away")

        async with Post(tmp_path, NotingSink(react), retry=Retry(span=dt.timedelta(hours=1))) as post:
            await post.deliver(item())
            await post.done()
            assert post.clock.now() - NOW <= dt.timedelta(hours=1)
            (letter,) = await post.letters.list(Choice(), limit=10)
            assert (letter.state, letter.reason, letter.message) == (State.DEAD, "undelivered", "the sink 'a' is away")
            assert letter.attempts == len(post.clock.slept) + 1
            away = False
            await post.letters.retry(Choice(), now=post.clock.now())
            await post.done()
        assert [event.id for event in post.sink.events] == [letter.event_id]

    async def test_what_will_never_be_taken_is_a_dead_letter_at_once(self, tmp_path):
        async def react(event):
            if json.loads(event.content)["data"]["resourceData"]["id"] == 1:
                raise Refused("the sink 'a' refuses it")

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(*numbered(range(3), item))
            await post.done()
            assert await post.states() == [("dead", "refused")]
        assert post.sink.ids == [0, 2]
        assert post.clock.slept == []

    async def test_a_mistake_of_the_sinks_loses_nothing(self, tmp_path, caplog):
        failures = iter([RuntimeError("hidden"), None])

        async def react(event):
            if error := next(failures):
                raise error

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(item())
            await post.done()
        assert len(post.sink.events) == 1
        assert "The sink 'a' has failed in a way that it should not" in caplog.text


class TestDuplicates:
    @pytest.mark.parametrize("same", [{"id": "n1"}, {"resourceData": ETAG}], ids=["id", "etag"])
    async def test_the_same_notification_is_forwarded_once(self, tmp_path, same):
        async with Post(tmp_path) as post:
            await post.deliver(item(**same), item(**same))
            await post.deliver(item(**same))
            await post.done()
            await post.deliver(item(**same))
            await post.done()
        assert len(post.sink.events) == 1
        async with Post(tmp_path) as post:
            await post.deliver(item(**same))
            await post.done()
        assert post.sink.events == []
        assert ("duplicate", "duplicate") in post.telling.told_of

    @pytest.mark.parametrize(
        "other",
        [
            {"id": "n2"},
            {"id": "n1", "changeType": "deleted"},
            {"id": "n1", "subscriptionId": "s1", "tenant": FABRIKAM},
        ],
    )
    async def test_another_one_is_not(self, tmp_path, other):
        async with Post(tmp_path) as post:
            await post.deliver(item(id="n1"))
            await post.deliver(item(**other))
            await post.done()
        assert len(post.sink.events) == 2
        assert all("duplicate" not in data for data in post.sink.data)

    async def test_twins_and_replaced_ones_are_one(self, tmp_path):
        """Both have the name of the manifest, and an etag says that it is the same change."""
        async with Post(tmp_path) as post:
            await post.deliver(item(subscriptionId="old", resourceData=ETAG))
            await post.deliver(item(subscriptionId="new", resourceData=ETAG))
            await post.done()
        assert [data["subscriptionId"] for data in post.sink.data] == ["old"]

    async def test_what_only_looks_alike_is_forwarded_with_a_word(self, tmp_path):
        async with Post(tmp_path) as post:
            for _ in range(3):
                await post.deliver(item(resource="teams('t')/channels('c')", resourceData={"id": "c"}))
                await post.done()
            await post.deliver(item(resource="teams('t')/channels('d')", resourceData={"id": "d"}))
            await post.done()
        assert [data.get("duplicate") for data in post.sink.data] == [None, "possible", "possible", None]
        assert len({event.id for event in post.sink.events}) == 4

    async def test_a_copy_can_be_told_by_its_id(self, tmp_path):
        """By a consumer, also where our own memory of it is gone."""
        ids = set()
        for folder in ("one", "two"):
            async with Post(tmp_path / folder) as post:
                await post.deliver(item(id="n1"))
                await post.done()
            ids |= {event.id for event in post.sink.events}
        assert len(ids) == 1

    async def test_one_that_was_set_aside_is_no_reason_to_drop_the_real_one(self, tmp_path):
        content = encrypted(b'{"id": "t"}', reader(2048).sent, certificate_id="rich")
        async with Post(tmp_path, keys=keys()) as post:
            await post.deliver(item(id="n1", encryptedContent=content), tokens=["forged"])
            await post.deliver(item(id="n1", encryptedContent=content), tokens=[token()])
            await post.done()
        assert len(post.sink.events) == 1

    async def test_a_copy_that_was_dropped_is_no_reason_to_drop_the_first_after_a_crash(self, tmp_path):
        """The first was under way, its copies were dropped for it, and then the process was killed."""
        held = asyncio.Event()

        async def away(event):
            await held.wait()

        async with Post(tmp_path, NotingSink(away)) as post:
            await post.deliver(item(id="n1"))
            await post.until(lambda: post.sink.under_way)
            await post.deliver(item(id="n1"))
            await post.until(lambda: ("duplicate", "duplicate") in post.telling.told_of)
            await post.until(lambda: not post.means.settler.waiting)
            assert post.task
            post.office.forwarders.clear()  # a kill waits for nothing
        assert [each.reason for each in await letters(tmp_path)] == [None, "duplicate"]
        async with Post(tmp_path) as post:
            await post.done()
        assert len(post.sink.events) == 1

    async def test_a_copy_that_can_be_opened_is_not_dropped_for_one_that_cannot(self, tmp_path):
        closed = encrypted(b'{"id": "t"}', reader(3072).sent, certificate_id="other")
        content = encrypted(b'{"id": "t"}', reader(2048).sent, certificate_id="rich")
        async with Post(tmp_path, keys=keys()) as post:
            for each in (closed, content):
                await post.deliver(item(id="n1", encryptedContent=each), tokens=[token()])
                await post.done()
            assert await post.states() == [("dead", "no-key")]
        assert len(post.sink.events) == 1

    async def test_a_dead_letter_that_is_retried_is_not_dropped_for_its_copies(self, tmp_path):
        refuse = True

        async def react(event):
            if refuse:
                raise Refused("no")

        async with Post(tmp_path, NotingSink(react)) as post:
            await post.deliver(item(id="n1"))
            await post.deliver(item(id="n1"))
            await post.done()
            refuse = False
            await post.letters.retry(Choice(), now=NOW)
            await post.done()
        assert len(post.sink.events) == 1


class TestRestarts:
    async def test_what_was_not_forwarded_is_forwarded_by_the_next_process(self, tmp_path):
        async def away(event):
            await asyncio.Event().wait()

        async with Post(tmp_path, NotingSink(away)) as post:
            await post.deliver(*(item(resource=f"r{number}", resourceData={"id": number}) for number in range(700)))
            await post.until(lambda: post.sink.under_way)
        before = {each.event_id for each in await letters(tmp_path)}
        async with Post(tmp_path) as post:
            await post.done()
        assert {event.id for event in post.sink.events} == before
        assert sorted(post.sink.ids) == list(range(700))

    async def test_what_is_under_way_when_it_ends_is_not_sent_twice(self, tmp_path):
        async def slow(event):
            await asyncio.sleep(0.2)

        async with Post(tmp_path, NotingSink(slow)) as post:
            await post.deliver(*numbered(range(3), item))
            await post.until(lambda: post.sink.under_way)
        assert post.sink.ids == [0, 1, 2]
        assert {each.reason for each in await letters(tmp_path)} == {"forwarded"}

    async def test_a_sink_that_hangs_does_not_keep_the_process(self, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.receiver.forwarding.office.GRACE", 0.1)

        async def away(event):
            await asyncio.Event().wait()

        async with Post(tmp_path, NotingSink(away)) as post:
            await post.deliver(item())
            await post.until(lambda: post.sink.under_way)
        assert [each.state for each in await letters(tmp_path)] == [State.WAITING]

    async def test_only_one_of_two_processes_forwards(self, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.receiver.forwarding.office.RENEWAL", 0.05)
        async with Post(tmp_path) as first:
            await first.deliver(item(resource="r1"))
            await first.done()
            async with Post(tmp_path) as second:
                await second.deliver(item(resource="r2"))
                await first.until(lambda: len(first.sink.events) == 2)
                await first.stop()
                await second.deliver(item(resource="r3"))
                await second.until(lambda: len(second.sink.events) == 1)
        assert [data["resource"] for data in first.sink.data] == ["r1", "r2"]

    async def test_forwarding_begins_anew_after_a_mistake_of_ours(self, tmp_path, monkeypatch, caplog):
        monkeypatch.setattr("reconciler.receiver.forwarding.office.AGAIN", 0.01)
        async with Post(tmp_path) as post:
            prepare = post.preparing.prepare
            failures = iter([RuntimeError("a mistake")])

            async def failing(entries):
                for error in failures:
                    raise error
                return await prepare(entries)

            monkeypatch.setattr(post.preparing, "prepare", failing)
            await post.deliver(item())
            await post.done()
        assert len(post.sink.events) == 1
        assert "begins anew" in caplog.text


class TestAStoreThatFails:
    async def test_what_was_forwarded_is_written_down_later(self, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.receiver.forwarding.settling.PAUSE", 0.01)
        async with Post(tmp_path) as post:
            settle, failures = post.inbox.settle, iter([StoreError("full")] * 3)

            async def failing(settled):
                for error in failures:
                    raise error
                await settle(settled)

            monkeypatch.setattr(post.inbox, "settle", failing)
            await post.deliver(item())
            await post.done()
        assert len(post.sink.events) == 1

    async def test_one_that_cannot_be_written_down_keeps_no_other(self, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.receiver.forwarding.settling.PAUSE", 0.01)
        async with Post(tmp_path) as post:
            settle, faulty = post.inbox.settle, True

            async def failing(settled):
                if faulty and any(each.id == 2 for each in settled):
                    raise StoreError("the value is out of range")
                await settle(settled)

            monkeypatch.setattr(post.inbox, "settle", failing)
            await post.deliver(*numbered(range(6), item))
            await post.until(lambda: len(post.sink.events) == 6)

            async def only_that_one_is_left():
                return await post.states() == [("waiting", None)]

            await post.until(only_that_one_is_left)
            faulty = False
            await post.done()
        assert len(post.sink.events) == 6

    async def test_a_mistake_while_writing_down_is_said_and_tried_again(self, tmp_path, monkeypatch, caplog):
        monkeypatch.setattr("reconciler.receiver.forwarding.settling.PAUSE", 0.01)
        async with Post(tmp_path) as post:
            settle, failures = post.inbox.settle, iter([MemoryError()] * 2)

            async def failing(settled):
                for error in failures:
                    raise error
                await settle(settled)

            monkeypatch.setattr(post.inbox, "settle", failing)
            await post.deliver(item())
            await post.done()
        assert "by a mistake of ours" in caplog.text

    async def test_what_was_forwarded_is_written_down_before_it_is_read_again(self, tmp_path, monkeypatch):
        """The lease was lost for a moment, and the store was slow."""
        monkeypatch.setattr("reconciler.receiver.forwarding.office.RENEWAL", 0.02)
        monkeypatch.setattr("reconciler.receiver.forwarding.settling.PAUSE", 0.01)
        async with Post(tmp_path) as post:
            settle, held = post.inbox.settle, asyncio.Event()
            hold, losses = post.office.lease.hold, [True]

            async def slow(settled):
                await held.wait()
                await settle(settled)

            async def lost():
                return False if post.sink.events and losses and losses.pop() else await hold()

            monkeypatch.setattr(post.inbox, "settle", slow)
            monkeypatch.setattr(post.office.lease, "hold", lost)
            await post.deliver(*numbered(range(20), item))
            await post.until(lambda: not losses)
            await asyncio.sleep(0.2)
            held.set()
            await post.done()
        assert sorted(post.sink.ids) == list(range(20))

    async def test_it_is_read_again(self, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.receiver.forwarding.forwarder.POLL", 0.01)
        async with Post(tmp_path) as post:
            for name in ("page", "accepted"):
                failing_first(post.inbox, name, monkeypatch)
            await post.deliver(item())
            await post.done()
        assert len(post.sink.events) == 1

    async def test_what_is_not_stored_is_not_taken(self, tmp_path, monkeypatch):
        async with Post(tmp_path) as post:
            failing_first(post.inbox, "put", monkeypatch)
            with pytest.raises(StoreError):
                await post.deliver(item())
            await post.deliver(item())
            await post.done()
        assert len(post.sink.events) == 1


def failing_first(inbox, name, monkeypatch):
    real, failures = getattr(inbox, name), iter([StoreError("locked")])

    async def failing(*given, **more):
        for error in failures:
            raise error
        return await real(*given, **more)

    monkeypatch.setattr(inbox, name, failing)


class TestWithoutASink:
    @pytest.mark.parametrize(
        ("event", "kind"),
        [
            ("reauthorizationRequired", Kind.RENEW),
            ("REAUTHORIZATIONREQUIRED", Kind.RENEW),
            ("subscriptionRemoved", Kind.RECREATE),
            ("missed", Kind.RESYNC),
            ("somethingNew", Kind.LOOK),
        ],
    )
    async def test_a_lifecycle_notification_is_a_wish(self, tmp_path, event, kind):
        async with Post(tmp_path) as post:
            await post.deliver(item(lifecycleEvent=event, changeType=None))
            await post.done()
        assert Wish(kind, TENANT, "s1") in post.wishes
        assert post.sink.events == []

    async def test_a_subscription_that_nobody_has_heard_of_is_a_wish_and_forwarded(self, tmp_path):
        async with Post(tmp_path) as post:
            await post.deliver(item(subscriptionId="just-created-elsewhere"))
            await post.done()
        assert post.wishes == [Wish(Kind.LOOK, TENANT, "just-created-elsewhere")]
        assert len(post.sink.events) == 1

    async def test_what_was_set_aside_is_judged_again_once_the_key_is_in_the_ring(self, tmp_path):
        async with Post(tmp_path) as post:
            post.verifier.client_states.rings, rings = {}, post.verifier.client_states.rings
            await post.deliver(item(resource="r"))
            assert await post.states() == [("set-aside", "client-state")]
            await post.letters.retry(Choice(), now=NOW)
            await post.until(lambda: post.telling.told_of.count(("set-aside", "client-state")) == 2)
            post.verifier.client_states.rings = rings
            await post.letters.retry(Choice(), now=NOW)
            await post.done()
        assert [data["subscription"] for data in post.sink.data] == ["all-teams"]

    async def test_malformed_items_stay_set_aside(self, tmp_path):
        async with Post(tmp_path) as post:
            await post.deliver("text")
            await post.letters.retry(Choice(), now=NOW)
            await post.until(lambda: post.telling.told_of.count(("set-aside", "malformed")) == 2)
            assert await post.states() == [("set-aside", "malformed")]

    async def test_without_a_default_what_no_manifest_names_is_a_dead_letter(self, tmp_path):
        async with Post(tmp_path, by_name={(TENANT, "all-teams"): "a"}) as post:
            set_destinations(post, Destinations(by_name={(TENANT, "all-teams"): "a"}))
            await post.deliver(item(), item(FABRIKAM))
            await post.done()
            assert await post.states() == [("dead", "no-sink")]
            set_destinations(post, Destinations("a"))
            await post.letters.retry(Choice(), now=NOW)
            await post.done()
        assert len(post.sink.events) == 2

    async def test_a_sink_that_is_declared_no_more_loses_nothing(self, tmp_path, monkeypatch):
        """Nor the order, beside what comes later."""
        monkeypatch.setattr("reconciler.receiver.forwarding.office.GRACE", 0.05)

        async def away(event):
            await asyncio.Event().wait()

        names = {(TENANT, "all-teams"): "b"}
        async with Post(tmp_path, NotingSink(), NotingSink(away), by_name=names) as post:
            await post.deliver(*numbered(range(300), item))
            await post.until(lambda: post.sinks[1].under_way)
        async with Post(tmp_path) as post:
            await post.deliver(*numbered([300], item))
            await post.done()
        assert post.sink.ids == list(range(301))

    async def test_one_that_the_clerk_cannot_cope_with_keeps_no_other(self, tmp_path, monkeypatch, caplog):
        async with Post(tmp_path) as post:
            monkeypatch.setattr(post.office, "on_wish", None)
            await post.stop()
            await post.deliver(item(lifecycleEvent="missed"))
            post.office.ending = False
            post.start()
            await post.done()
            assert await post.states() == [("dead", "failed")]
        assert "could not be seen to" in caplog.text


async def test_strangers_do_not_fill_the_disk(tmp_path, caplog):
    async with Post(tmp_path, room=2000) as post:
        for _ in range(50):
            await post.deliver(item(clientState="x" * 43), item())
        await post.done()
        assert 0 < len(await post.states()) < 20
        assert await post.inbox.size(State.SET_ASIDE) <= 2000
    assert len(post.sink.events) == 50
    discarded = post.telling.told_of.count(("discarded", "client-state"))
    assert discarded + post.telling.told_of.count(("set-aside", "client-state")) == 50
    assert caplog.text.count("its room in the inbox is full") == 1


TEAM = "teams('one')"


def lane(post, resource):
    return zlib.crc32(f"{TENANT} {subject_of(resource)}".lower().encode()) % 16


def set_destinations(post, destinations):
    object.__setattr__(post.admission, "destinations", destinations)


async def letters(folder):
    async with Store.open(folder) as store:
        return await store.letters().list(Choice(states=frozenset(State)), limit=10_000)
