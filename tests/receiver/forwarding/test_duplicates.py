"""One notification is forwarded once where that is certain, and two that look alike twice."""

import asyncio

import pytest

from reconciler.emulator.notifications.encryption import encrypted
from reconciler.engine.sinks import Refused
from reconciler.store.letters import Choice
from tests.emulator.notifications.opening import reader
from tests.receiver.forwarding.support import (
    NotingSink,
    Post,
    letters,
)
from tests.receiver.sending import FABRIKAM, NOW, item, token
from tests.receiver.test_opening import keys

ETAG = {"@odata.type": "#Microsoft.Graph.Message", "@odata.id": "Users('a')/Messages('m')", "@odata.etag": 'W/"1"'}


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
