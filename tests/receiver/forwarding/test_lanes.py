"""In order for each resource, and nobody waits for another; what is not taken is sent again."""

import asyncio
import datetime as dt
import json

import pytest

from reconciler.engine.inbox import State
from reconciler.engine.sinks import Refused, Unreachable
from reconciler.receiver.forwarding import Retry
from reconciler.receiver.forwarding.window import IN_A_LANE, LOW
from reconciler.store.letters import Choice
from tests.receiver.forwarding.support import (
    TEAM,
    NotingSink,
    Post,
    lane_of,
    numbered,
)
from tests.receiver.sending import FABRIKAM, NOW, TENANT, item


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
            others = [name for name in (f"r{number}" for number in range(100)) if lane_of(name) != lane_of(TEAM)]
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
