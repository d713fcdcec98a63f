"""What has no sink: wishes, what is judged once more, what has lost its sink; and the room for strangers."""

import asyncio

import pytest

from reconciler.core.lifecycle import Kind, Wish
from reconciler.engine.inbox import State
from reconciler.receiver.destinations import Destinations
from reconciler.store.letters import Choice
from tests.receiver.forwarding.support import (
    NotingSink,
    Post,
    numbered,
    set_destinations,
)
from tests.receiver.sending import FABRIKAM, NOW, TENANT, item


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
