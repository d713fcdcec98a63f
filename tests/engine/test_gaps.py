"""When notifications may have been missed: the ledger of gaps, open before Graph is asked and closed after."""

import asyncio
import dataclasses
import datetime as dt

import pytest

from reconciler.core.gap import Cause
from reconciler.engine.gaps import LONGEST_LIFE, gap_id
from reconciler.store import Store
from tests.support.world import HOUR, MAIL, TEAM, USERS, expiry_of, lines, planned, said, until

MINUTE = dt.timedelta(minutes=1)


def ledger(gaps):
    return [f"{each.name} {each.cause} {'open' if each.until is None else 'closed'}" for each in gaps]


def moved(desired, scene):
    """The same with another lifecycle URL, which Graph fixes at creation."""
    url = scene.receiver.url("/moved")
    return dataclasses.replace(desired, lifecycle_url=url, asked=dataclasses.replace(desired.asked, lifecycle_url=url))


@pytest.fixture
async def team(scene):
    """A team's subscription, an hour old."""
    desired = scene.want("it", TEAM.format(1))
    await scene.apply(desired)
    scene.clock.advance(HOUR)
    return desired


def refuse(scene, count=1):
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403, "code": "accessDenied", "count": count}]})


async def test_what_never_was_leaves_no_gap(scene):
    await scene.apply(scene.want("mail", MAIL.format(1)))
    assert await scene.gaps() == []


async def test_it_has_ended(scene, team):
    before = scene.one("it")
    scene.clock.advance(80 * HOUR)
    began = scene.clock.now()
    assert lines(await scene.apply(team)) == ["create it done"]
    (gap,) = await scene.gaps()
    assert (gap.cause, gap.since) == (Cause.EXPIRED, expiry_of(before))
    assert began < gap.until <= scene.clock.now()
    assert (gap.tenant, gap.tenant_id, gap.name) == ("contoso", scene.emulator.info["tenantId"], "it")
    assert (gap.subscription_id, gap.resource) == (before["id"], TEAM.format(1))
    assert gap.id == gap_id(gap.tenant_id, before["id"])
    assert (began < gap.noted_at <= gap.until, gap.announced_at) == (True, None)


async def test_somebody_has_removed_it(scene, team):
    """Then all was certainly well when we last wrote it, as far as the store knows."""
    before = scene.one("it")["id"]
    written = (await scene.remembered())[before].written_at
    scene.remove(before)
    await scene.apply(team)
    (gap,) = await scene.gaps()
    assert (gap.cause, gap.since, gap.subscription_id) == (Cause.REMOVED, written, before)
    assert gap.until is not None


@pytest.mark.parametrize(
    ("seen", "since"),
    [
        pytest.param(-10 * MINUTE, -10 * MINUTE, id="when-it-was-last-seen"),
        pytest.param(10 * MINUTE, 0 * MINUTE, id="never-in-the-future"),
    ],
)
async def test_who_looks_all_the_time_knows_better(scene, team, seen, since):
    identifier = scene.one("it")["id"]
    scene.remove(identifier)
    now = scene.clock.now()
    await scene.once(team, alive_at={identifier: now + seen})
    (gap,) = await scene.gaps()
    assert abs(gap.since - now - since) < MINUTE


async def test_one_of_which_the_store_knows_nothing_more_than_that_it_was_there(scene, team):
    """As an earlier version wrote it down."""
    identifier = scene.one("it")["id"]
    memory = (await scene.remembered())[identifier]
    async with Store.open(scene.state) as store:
        bare = dataclasses.replace(memory, created_at=None, written_at=None, noted_at=None)
        await store.journal(**scene.scope).remember([bare])
    scene.remove(identifier)
    await scene.apply(team)
    (gap,) = await scene.gaps()
    assert gap.cause is Cause.REMOVED
    assert abs(gap.since - scene.clock.now() + LONGEST_LIFE) < MINUTE


async def test_it_is_found_gone_when_it_is_renewed(scene, team):
    scene.clock.advance(60 * HOUR)
    identifier = scene.one("it")["id"]
    async with scene.entered() as parties:
        parties[0] = dataclasses.replace(parties[0], reader=Behind(parties[0].reader, lambda: scene.remove(identifier)))
        report = await scene.run(parties, [team])
    assert lines(report) == ["renew it done"]
    (gap,) = await scene.gaps()
    assert (gap.cause, gap.subscription_id, gap.until is None) == (Cause.REMOVED, identifier, False)


class Behind:
    """A reader; after its first LIST something happens behind its back."""

    def __init__(self, reader, then):
        self.reader, self.then = reader, then

    async def list(self):
        listing = await self.reader.list()
        self.then()
        return listing

    async def get(self, subscription_id, version):
        return await self.reader.get(subscription_id, version)


async def test_it_had_to_be_deleted_before_its_successor_could_be_created(scene, team):
    before, began = scene.one("it")["id"], scene.clock.now()
    assert lines(await scene.apply(moved(team, scene))) == ["replace it done"]
    (gap,) = await scene.gaps()
    assert (gap.cause, gap.subscription_id) == (Cause.REPLACED, before)
    assert began <= gap.since <= gap.until <= scene.clock.now()
    deleted_at = (await scene.remembered())[before].deleted_at
    assert gap.since <= deleted_at <= gap.until


@pytest.mark.parametrize("resource", [MAIL, USERS], ids=["mail", "users"])
@pytest.mark.behaviour(twins="accept")
async def test_created_before_the_old_one_goes_leaves_no_gap(scene, resource):
    desired = scene.want("it", resource.format(1))
    await scene.apply(desired)
    scene.clock.advance(HOUR)
    assert lines(await scene.apply(moved(desired, scene))) == ["replace it done"]
    assert await scene.gaps() == []


@pytest.mark.behaviour(twins="conflict")
async def test_deleted_first_after_all(scene):
    desired = scene.want("it", MAIL.format(1))
    await scene.apply(desired)
    scene.clock.advance(HOUR)
    assert lines(await scene.apply(moved(desired, scene))) == ["replace it done"]
    assert ledger(await scene.gaps()) == ["it replaced closed"]


async def test_a_deletion_that_is_wanted_leaves_none(scene, team):
    """Nor does it when the same is wanted again a day later."""
    other = scene.want("other", MAIL.format(2))
    await scene.apply(other)
    scene.clock.advance(24 * HOUR)
    await scene.apply(other, team)
    assert await scene.gaps() == []


# Open before, closed after


@pytest.mark.parametrize("lose", ["removed", "expired"])
async def test_while_nothing_comes_of_it_one_gap_is_open(scene, team, lose):
    if lose == "removed":
        scene.remove(scene.one("it")["id"])
    else:
        scene.clock.advance(80 * HOUR)
    refuse(scene, 2)
    found = []
    for _ in range(2):
        assert lines(await scene.apply(team)) == ["create it failed"]
        scene.clock.advance(600)
        found += await scene.gaps()
    assert ledger(found) == [f"it {lose} open"] * 2
    assert len({(gap.id, gap.since) for gap in found}) == 1

    assert lines(await scene.apply(team)) == ["create it done"]
    assert ledger(await scene.gaps()) == [f"it {lose} closed"]
    (closed,) = await scene.gaps()
    assert (closed.id, closed.since) == (found[0].id, found[0].since)


async def test_who_knows_less_later_does_not_make_the_gap_another_one(scene, team):
    """It was seen ten minutes ago, by a process that has ended since; by now it would have expired, too."""
    identifier = scene.one("it")["id"]
    scene.remove(identifier)
    refuse(scene, 2)
    seen = scene.clock.now() - 10 * MINUTE
    await scene.once(team, alive_at={identifier: seen})
    (first,) = await scene.gaps()
    assert (first.cause, first.since) == (Cause.REMOVED, seen)
    scene.clock.advance(600)
    await scene.once(team)
    assert await scene.gaps() == [first]
    scene.clock.advance(80 * HOUR)
    await scene.once(team)
    (closed,) = await scene.gaps()
    assert dataclasses.replace(closed, until=None) == first
    assert closed.until is not None


async def test_interrupted_between_delete_and_post_it_is_found_again(scene, team):
    before = scene.one("it")["id"]
    refuse(scene)
    assert lines(await scene.apply(moved(team, scene))) == ["replace it failed"]
    (left,) = await scene.gaps()
    assert (left.cause, left.until, left.subscription_id) == (Cause.REPLACED, None, before)
    scene.clock.advance(600)
    assert lines(await scene.apply(moved(team, scene))) == ["create it done"]
    (closed,) = await scene.gaps()
    assert (closed.id, closed.cause) == (left.id, Cause.REPLACED)
    assert abs(closed.since - left.since) < MINUTE
    assert closed.until - closed.since > 10 * MINUTE


async def test_killed_between_delete_and_post_it_is_on_record(scene, team):
    async with scene.entered() as parties:
        task = asyncio.create_task(scene.run(parties, [moved(team, scene)]))
        await until(lambda: not scene.held())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ledger(await scene.gaps()) == ["it replaced open"]


@pytest.mark.parametrize("change", ["create", "replace", "two swap"])
async def test_what_cannot_be_put_on_record_is_not_done(scene, team, change):
    """A ledger that lacks a gap is worse than a subscription that comes a little later."""
    wanted = [team]
    if change == "create":
        scene.remove(scene.one("it")["id"])
    elif change == "replace":
        wanted = [moved(team, scene)]
    else:
        await scene.apply(team, scene.want("other", TEAM.format(2)))
        scene.clock.advance(HOUR)
        wanted = [scene.want("it", TEAM.format(2)), scene.want("other", TEAM.format(1))]
    scene.forbid("gaps", "INSERT")
    held, start = scene.held(), scene.requests()
    report = await scene.apply(*wanted)
    assert "the store" in said(report, "it")
    assert scene.held() == held
    assert not [line for line in scene.writes(start) if line.startswith(("POST", "DELETE"))]


async def test_what_stands_and_could_not_be_closed_stays_open(scene, team):
    """The subscription is there, its gap is not closed: whoever keeps the ledger sees to that."""
    scene.remove(scene.one("it")["id"])
    refuse(scene)
    await scene.apply(team)
    scene.execute(
        "CREATE TRIGGER no_closing BEFORE UPDATE ON gaps WHEN NEW.until IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    assert lines(await scene.apply(team)) == ["create it failed"]
    assert scene.held() == ["it"]
    assert ledger(await scene.gaps()) == ["it removed open"]
    scene.execute("DROP TRIGGER no_closing")
    assert planned(await scene.apply(team)) == []


# Places that change hands


async def test_of_two_that_swap_both_have_a_gap_of_their_own_deletion(scene):
    """One is evicted first and settles last: its gap begins when it was deleted, not when it was last written."""
    await scene.apply(scene.want("a", TEAM.format(1)), scene.want("b", TEAM.format(2)))
    before = {name: scene.one(name)["id"] for name in "ab"}
    scene.clock.advance(24 * HOUR)
    began = scene.clock.now()
    async with scene.entered() as parties:
        noted = Noted(parties[0].journal)
        parties = [dataclasses.replace(parties[0], journal=noted)]
        report = await scene.run(parties, [scene.want("a", TEAM.format(2)), scene.want("b", TEAM.format(1))])
    assert lines(report) == ["replace a done", "replace b done"]
    assert {(gap.cause, gap.since >= began) for gap in noted.gaps} == {(Cause.REPLACED, True)}
    gaps = await scene.gaps()
    assert sorted(ledger(gaps)) == ["a replaced closed", "b replaced closed"]
    for gap in gaps:
        assert gap.subscription_id == before[gap.name]
        assert began <= gap.since <= gap.until <= scene.clock.now()


class Noted:
    """A journal; what is noted in the ledger is kept as it was said, whatever stood there before."""

    def __init__(self, journal):
        self.journal, self.gaps = journal, []

    def __getattr__(self, name):
        return getattr(self.journal, name)

    async def note_gap(self, gap):
        self.gaps.append(gap)
        await self.journal.note_gap(gap)


async def test_one_that_was_evicted_and_has_no_new_place_yet_has_an_open_gap(scene):
    await scene.apply(scene.want("a", TEAM.format(1)), scene.want("b", TEAM.format(2)))
    scene.clock.advance(HOUR)
    refuse(scene, 2)
    wanted = [scene.want("a", TEAM.format(2)), scene.want("b", TEAM.format(1))]
    assert "replace a failed" in lines(await scene.apply(*wanted))
    assert ledger(await scene.gaps()) == ["a replaced open", "b replaced open"]
    scene.emulator.faults({})
    await scene.apply(*wanted)
    assert ledger(await scene.gaps()) == ["a replaced closed", "b replaced closed"]


# Ids


def test_the_id_of_a_gap():
    """Of one that is lost there is one, however the tenant is spelled; of what Graph says, one for each time."""
    one = gap_id("AB-1", "s1")
    assert one == gap_id("ab-1", "s1")
    others = {gap_id("ab-2", "s1"), gap_id("ab-1", "s2"), gap_id("ab-1", "s1", "t1"), gap_id("ab-1", "s1", "t2")}
    assert len(others | {one}) == 5
