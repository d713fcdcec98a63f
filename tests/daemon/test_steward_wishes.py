"""What Graph says of a subscription itself, and what a person orders: done once, soon, and noted in the ledger."""

import collections
import datetime as dt
import json

import pytest

from reconciler.core.lifecycle import Kind
from reconciler.core.policy import Policy
from reconciler.core.reasons import Reason
from reconciler.daemon.announcing import Announcing
from tests.daemon.household import Household, Street

MINUTE = dt.timedelta(minutes=1)


async def test_challenges_by_the_hundred(home: Household) -> None:
    """Once in ten minutes and subscription, however often Graph asks."""
    await home.settle(home.team("a"), home.team("b", 2), hours=1)
    for _ in range(60):
        for name in ("a", "b"):
            await home.wish(Kind.RENEW, home.id_of(name))
        await home.live(seconds=9)
    assert home.writes() == ["PATCH 200", "PATCH 200"]
    assert len(home.said("done renew")) == 2
    await home.live(minutes=2)
    await home.wish(Kind.RENEW, home.id_of("a"))
    await home.live(seconds=5)
    assert home.writes() == ["PATCH 200"], "later on, it is another challenge"


async def test_a_challenge_that_comes_just_after_a_renewal(home: Household) -> None:
    """Then Graph has what it wants; renewing and reauthorizing within ten minutes contradict each other (facts 3.1)."""
    await home.settle(home.team("a"))
    await home.wish(Kind.RENEW, home.id_of("a"))
    await home.live(minutes=5)
    assert home.writes() == []


async def test_challenges_of_one_that_lives_longer_than_we_would_ask_for(home: Household) -> None:
    """There is nothing to extend, so it is reauthorized: as seldom, and it is renewed in its time."""
    await home.settle(home.team("a"), hours=1)
    short = home.team("a", lifetime=dt.timedelta(hours=4))
    home.want(short)
    await home.live(minutes=1)
    for _ in range(30):
        await home.wish(Kind.RENEW, home.id_of("a"))
        await home.live(seconds=15)
    assert home.writes() == ["POST 204"]
    await home.live(minutes=6)
    await home.wish(Kind.RENEW, home.id_of("a"))
    await home.live(seconds=15)
    assert home.writes() == ["POST 204"]
    await home.live(days=6)
    assert home.held() == ["a"]
    assert await home.gaps() == []


async def test_a_challenge_while_graph_is_away(home: Household) -> None:
    await home.settle(home.team("a"), hours=1)
    home.away()
    await home.wish(Kind.RENEW, home.id_of("a"))
    await home.live(minutes=10)
    home.back()
    home.begin_afresh()
    await home.live(minutes=20)
    assert home.writes() == ["PATCH 200"]


async def test_removed(home: Household) -> None:
    """Created anew within seconds, with the gap since it was seen last."""
    await home.settle(home.team("a"), home.team("b", 2), hours=3)
    lost = home.id_of("a")
    await home.live(minutes=20)
    home.scene.remove(lost)
    home.begin_afresh()
    await home.wish(Kind.RECREATE, lost)
    await home.live(seconds=6)
    assert home.held() == ["a", "b"]
    assert home.asked() == ["GET 404", "POST 201"], "nothing else was looked at"
    (gap,) = await home.chronicle.gaps()
    assert (gap.name, gap.subscription_id, gap.cause.value) == ("a", lost, "removed")
    assert gap.until is not None
    assert MINUTE < gap.until - gap.since < 61 * MINUTE
    assert len(home.said("a of contoso may have missed notifications", "(removed)")) == 1
    assert await home.chronicle.wishes() == []


async def test_removed_is_said_of_one_that_stands(home: Household) -> None:
    """A wish never acts by itself."""
    await home.settle(home.team("a"))
    await home.wish(Kind.RECREATE, home.id_of("a"))
    await home.live(minutes=1)
    assert home.asked() == ["GET 200"]
    assert await home.gaps() == []


async def test_removed_while_graph_is_away(home: Household) -> None:
    """The wish is kept until something could be done about it, also over a restart."""
    await home.settle(home.team("a"))
    lost = home.id_of("a")
    home.scene.remove(lost)
    home.away()
    await home.wish(Kind.RECREATE, lost)
    await home.live(minutes=10)
    assert len(await home.chronicle.wishes()) == 1
    home.back()
    await home.live(minutes=11)
    assert home.held() == ["a"]
    assert await home.chronicle.wishes() == []


async def test_a_wish_outlives_the_process(street: Street) -> None:
    async with street.open("home") as home:
        await home.settle(home.team("a"))
        home.scene.remove(home.id_of("a"))
        await home.wish(Kind.RECREATE, "whoever")
        state = home.scene.state
    async with street.open("again", state=state) as again:
        again.want(again.team("a"))
        await again.live(minutes=1)
        assert again.held() == ["a"]
        assert await again.chronicle.wishes() == []


async def test_missed(home: Household) -> None:
    """A gap of as long as Graph tries, and one event for the sink, however often it is announced."""
    await home.settle(home.mail("inbox"), hours=24)
    it = home.id_of("inbox")
    for _ in range(3):
        await home.wish(Kind.RESYNC, it)
    await home.live(seconds=10)
    assert await home.gaps() == ["inbox missed 4h"]
    inbox = home.store.inbox()
    announcing = Announcing(
        home.chronicle, inbox, home.clock, sink=lambda _tenant, _name: "events", wake=lambda _: None
    )
    for _ in range(3):
        await announcing.announce()
    (entry,) = await inbox.page("events", after=0, limit=10)
    (gap,) = await home.chronicle.gaps()
    event = json.loads(entry.body)
    assert (entry.event_id, entry.change) == (gap.id, "resync")
    assert event["subscriptionId"] == it
    assert event["resource"] == home.mail("inbox").resource.text
    told = {key: event["resourceData"][key] for key in ("cause", "from", "to")}
    assert told["cause"] == "missed"
    assert dt.datetime.fromisoformat(told["to"]) - dt.datetime.fromisoformat(told["from"]) == dt.timedelta(hours=4)
    await home.live(days=1)
    assert len(await home.chronicle.gaps()) == 1
    await home.wish(Kind.RESYNC, it)
    await home.live(seconds=10)
    assert len(await home.chronicle.gaps()) == 2, "another one is another gap"


async def test_of_a_subscription_that_nobody_knows(home: Household) -> None:
    """A forger with the right key would at most make us look."""
    await home.settle(home.team("a"))
    for number in range(50):
        for kind in (Kind.RECREATE, Kind.RESYNC, Kind.RENEW):
            await home.wish(kind, f"00000000-0000-4000-8000-{number:012}")
    await home.live(minutes=1)
    assert set(home.asked()) == {"GET 404"}
    assert home.held() == ["a"]
    assert await home.gaps() == []
    assert await home.chronicle.wishes() == []


async def test_suspended_is_only_renewed(home: Household) -> None:
    await home.settle(home.team("a"))
    home.want(home.team("a", suspend=True, notification_url=home.street.receiver.url("/elsewhere")))
    await home.live(days=4)
    assert set(home.writes()) == {"PATCH 200"}
    assert home.one("a")["notificationUrl"].startswith(home.street.receiver.url())
    home.scene.remove(home.id_of("a"))
    await home.live(days=1)
    assert home.held() == [], "it is not created while it is suspended"


async def test_observe_writes_nothing(home: Household) -> None:
    home.policy = Policy.OBSERVE
    home.scene.put(home.team("a"))
    home.scene.put(home.team("b", 2))
    home.begin_afresh()
    home.want(home.team("a"), home.team("c", 3))
    await home.live(hours=47)
    await home.wish(Kind.RENEW, home.id_of("a"))
    await home.live(hours=2)
    assert home.writes() == []
    assert home.conditions() == {"a": "pending", "c": "pending"}


async def test_a_tenant_that_is_removed(home: Household) -> None:
    """Nothing is deleted there, and nothing else is done."""
    await home.settle(home.team("a"))
    home.house.want({})
    await home.live(hours=80)
    assert home.asked() == []
    assert len(home.said("contoso: no Tenant of this name is declared any more, nothing is done there")) == 1


async def test_too_many_removals_until_a_person_allows_them(home: Household) -> None:
    await home.settle(*(home.mail(f"m{number}", number) for number in range(8)))
    home.want(*(home.mail(f"m{number}", number) for number in range(3)))
    await home.live(hours=5)
    assert home.writes() == []
    assert len(home.said("WARNING removals: contoso: removes 5 of 8")) == 1
    home.house.wish("POST /reconcile", frozenset({"removals"}))
    await home.live(seconds=5)
    assert home.writes() == ["DELETE 204"] * 5
    home.want(home.mail("m0", 0))
    await home.live(hours=1)
    assert home.held() == ["m0"], "two of three are under the floor"


async def test_an_allowance_is_for_one_pass(home: Household) -> None:
    await home.settle(*(home.mail(f"m{number}", number) for number in range(8)))
    home.house.wish("POST /reconcile", frozenset({"removals"}))
    await home.live(minutes=1)
    home.want(home.mail("m0", 0))
    await home.live(hours=1)
    assert home.writes() == []


async def test_client_states_are_rotated_in_waves(home: Household) -> None:
    """A tenth in each pass; each is created before its predecessor is deleted, where Graph takes both."""
    ring = {"key_ids": ("k2", "k1")}
    await home.settle(*(home.mail(f"m{number:02}", number) for number in range(20)))
    home.want(*(home.mail(f"m{number:02}", number, **ring) for number in range(20)))
    await home.live(hours=2)
    assert home.writes() == [], "the old key is in the ring still"
    home.rotating = True
    home.house.wish("rotate client-state")
    waves: list[int] = []
    for _ in range(10):
        await home.live(minutes=1 if not waves else 60)
        waves.append(collections.Counter(home.writes())["POST 201"])
    assert waves == [2] * 10
    await home.live(hours=1)
    assert home.held() == [f"m{number:02}" for number in range(20)]
    assert {key_of(each["notificationUrl"]) for each in home.emulator.subscriptions()} == {"k2"}
    assert home.house.has_rotated(Reason.KEY_ROTATED)


def key_of(url: str) -> str:
    return url.partition("reconciler=1.")[2].split(".")[3]


@pytest.mark.behaviour(validate_on_patch="always")
async def test_an_endpoint_that_fails_now_and_then(home: Household) -> None:
    """Creations are tried again from 30 s to 15 min; renewals, too, and at short intervals when the end is near."""
    receiver = home.street.receiver
    receiver.mode = "refuse"
    home.want(home.team("a"))
    await home.live(hours=2)
    tries = [each for each in home.writes() if each == "POST 400"]
    assert 10 <= len(tries) <= 16
    assert home.rests("a") <= 15 * MINUTE
    assert home.troubles()["a"][:2] == ("create", "EndpointRefused")
    assert "this is our own endpoint" in home.document["subscriptions"][0]["message"]
    receiver.mode = "ok"
    await home.live(minutes=16)
    assert home.held() == ["a"]
    await home.live(hours=40)
    home.begin_afresh()
    receiver.mode = "refuse"
    await home.live(hours=31, minutes=20)
    assert home.left("a") < 35 * MINUTE
    home.begin_afresh()
    await home.live(minutes=10)
    assert len(home.writes()) >= 6
    receiver.mode = "ok"
    await home.live(minutes=2)
    assert home.left("a") > dt.timedelta(hours=70)
    assert await home.gaps() == []


async def test_what_keeps_failing_is_tried_at_once_when_its_manifest_changes(home: Household) -> None:
    """What Graph will not have is tried daily; a change of another manifest does not hurry it."""
    home.emulator.faults({"answers": [home.fail("POST", 400, code="InvalidRequest", message="No.")]})
    home.want(home.team("bad"))
    await home.live(days=3)
    assert 3 <= len(home.writes()) <= 4
    home.want(home.team("bad"), home.team("other", 2, suspend=True))
    await home.live(hours=1)
    assert home.writes() == []
    home.back()
    home.want(home.team("bad", 3), home.team("other", 2, suspend=True))
    await home.live(seconds=8)
    assert home.held() == ["bad"]
    assert home.troubles() == {}
