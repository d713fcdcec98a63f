"""From arrival to sink: what a sink is given, and what becomes of what it is not given."""

import asyncio
import datetime as dt
import json

import pytest

from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.notifications.encryption import encrypted
from reconciler.receiver.forwarding import Retry
from reconciler.receiver.private_keys import PrivateKeys
from reconciler.store.letters import Choice
from tests.emulator.notifications.opening import reader
from tests.receiver.forwarding.support import (
    Post,
)
from tests.receiver.sending import FABRIKAM, NOW, TENANT, Served, item, signing_key, token
from tests.receiver.test_opening import keys


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
