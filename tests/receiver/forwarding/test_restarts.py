"""Whatever ends the process, or keeps the store from answering: everything at least once."""

import asyncio

import pytest

from reconciler.core.errors import StoreError
from reconciler.engine.inbox import State
from tests.receiver.forwarding.support import (
    NotingSink,
    Post,
    failing_first,
    letters,
    numbered,
)
from tests.receiver.sending import item


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
