"""Narrow passes: what is named is read with GET alone, nothing is taken away, and only what is gone is created."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import Gone, Transient
from reconciler.core.gap import Cause
from reconciler.engine.ports import Remembered
from reconciler.engine.read import NARROW, Named, ask
from reconciler.store import Store
from tests.support.world import DAY, HOUR, MAIL, MEETING, OWNER, TEAM, expiry_of, lines, planned, said

KNOWN = 4


def names(*given):
    return Named(names=frozenset(given))


def ids(*given):
    return Named(ids=frozenset(given))


@pytest.fixture
async def mails(scene):
    """Four that we made, by name, an hour old."""
    desired = {f"mail-{number}": scene.want(f"mail-{number}", MAIL.format(number)) for number in range(KNOWN)}
    await scene.apply(*desired.values())
    scene.clock.advance(HOUR)
    return desired


# What is read


@pytest.mark.parametrize("by", ["name", "id"])
async def test_what_is_named_is_read_and_nothing_else(scene, mails, by):
    identifier = scene.one("mail-1")["id"]
    start = scene.requests()
    report = await scene.once(*mails.values(), named=names("mail-1") if by == "name" else ids(identifier))
    assert [each["path"] for each in scene.emulator.requests()[start:] if "/subscriptions" in each["path"]] == [
        f"/v1.0/subscriptions/{identifier}"
    ]
    world = report.worlds["contoso"]
    assert [each.id for each in world.live] == [identifier]
    assert world.incomplete == NARROW
    assert planned(report) == []
    assert (report.plan.summary.unchanged, report.plan.summary.unselected) == (1, KNOWN - 1)


async def test_nothing_is_named(scene, mails):
    start = scene.requests()
    report = await scene.once(*mails.values(), named=Named())
    assert scene.since(start) == []
    assert planned(report) == []


async def test_beta_is_read_on_beta(scene):
    await scene.apply(scene.want("meeting", MEETING.format(1)))
    start = scene.requests()
    report = await scene.once(scene.want("meeting", MEETING.format(1)), named=names("meeting"))
    assert [each["path"].split("/")[1] for each in scene.emulator.requests()[start:]][-1:] == ["beta"]
    assert planned(report) == []


async def test_what_is_remembered_of_it_counts_as_in_a_whole_pass(scene, mails):
    report = await scene.once(*mails.values(), named=names("mail-1"))
    whole = await scene.look(*mails.values())
    (live,) = report.worlds["contoso"].live
    assert live in whole.worlds["contoso"].live
    assert live.granted is not None


# What is done


async def test_renewals_and_updates_go_on(scene, mails):
    scene.clock.advance(6 * DAY)
    mails["mail-2"] = dataclasses.replace(mails["mail-2"], notification_url=scene.receiver.url("/moved"))
    start = scene.requests()
    report = await scene.once(*mails.values(), named=names("mail-1", "mail-2"))
    assert lines(report) == ["renew mail-1 done", "update mail-2 done"]
    assert scene.writes(start) == ["PATCH 200", "PATCH 200"]
    assert expiry_of(scene.one("mail-1")) > scene.clock.now() + dt.timedelta(days=6)
    assert expiry_of(scene.one("mail-0")) < scene.clock.now() + dt.timedelta(days=1)


@pytest.mark.parametrize("by", ["name", "id"])
async def test_what_get_says_is_gone_is_created_anew(scene, mails, by):
    gone = scene.one("mail-1")["id"]
    scene.remove(gone)
    report = await scene.once(*mails.values(), named=names("mail-1") if by == "name" else ids(gone))
    assert lines(report) == ["create mail-1 done"]
    assert scene.held() == sorted(mails)
    (gap,) = await scene.gaps()
    assert (gap.cause, gap.subscription_id) == (Cause.REMOVED, gone)
    assert gone not in await scene.remembered()


async def test_what_has_ended_is_created_anew(scene, mails):
    scene.clock.advance(8 * DAY)
    assert lines(await scene.once(*mails.values(), named=names("mail-1"))) == ["create mail-1 done"]
    assert scene.held() == ["mail-1"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param(names("new"), ["create new Missing Unsafe"], id="unknown-is-not-gone"),
        pytest.param(
            Named(names=frozenset({"new"}), absent=frozenset({"new"})),
            ["create new Missing"],
            id="a-whole-list-has-shown-that-it-is-not-there",
        ),
        pytest.param(Named(absent=frozenset({"new"})), [], id="nobody-has-named-it"),
    ],
)
async def test_one_that_the_store_does_not_know(scene, mails, named, expected):
    report = await scene.once(*mails.values(), scene.want("new", MAIL.format(8)), named=named)
    assert planned(report) == expected


async def test_absent_is_not_believed_against_what_get_finds(scene, mails):
    named = Named(names=frozenset({"mail-1"}), absent=frozenset({"mail-1"}))
    assert planned(await scene.once(*mails.values(), named=named)) == []


@pytest.mark.behaviour(twins="accept")
async def test_nothing_is_pruned_replaced_or_thinned_out(scene, mails):
    twin = scene.put(mails["mail-1"], hours=160)
    await scene.look(*mails.values())
    async with Store.open(scene.state) as store:
        memory = (await scene.remembered())[scene.one("mail-2")["id"]]
        await store.journal(**scene.scope).remember([dataclasses.replace(memory, id=twin, name="mail-1")])
    orphan = scene.one("mail-3")["id"]
    url = scene.receiver.url("/moved")
    asked = dataclasses.replace(mails["mail-2"].asked, lifecycle_url=url)
    mails["mail-2"] = dataclasses.replace(mails["mail-2"], lifecycle_url=url, asked=asked)
    del mails["mail-3"]
    start = scene.requests()
    named = Named(names=frozenset({"mail-1", "mail-2"}), ids=frozenset({orphan}))
    report = await scene.once(*mails.values(), named=named)
    assert planned(report) == [
        "delete mail-1 Duplicate Unsafe",
        "replace mail-2 ImmutableFieldChanged Unsafe",
    ]
    assert scene.writes(start) == []
    assert len(scene.held()) == KNOWN + 1


async def test_what_is_withheld_is_kept_alive(scene):
    desired = scene.want("team", TEAM.format(1))
    await scene.apply(desired)
    scene.clock.advance(60 * HOUR)
    url = scene.receiver.url("/moved")
    wanted = dataclasses.replace(
        desired, lifecycle_url=url, asked=dataclasses.replace(desired.asked, lifecycle_url=url)
    )
    report = await scene.once(wanted, named=names("team"))
    assert lines(report) == ["renew team done", "replace team withheld"]


async def test_a_narrow_pass_forgets_nothing(scene, mails):
    """What it has not read is unknown, not gone; the intents of others stay, too."""
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403, "code": "accessDenied"}]})
    await scene.apply(*mails.values(), scene.want("new", MAIL.format(8)))
    before, intents = await scene.remembered(), await scene.intents()
    assert set(intents) == {"new"}
    del mails["mail-3"]
    await scene.once(*mails.values(), named=names("mail-1"))
    assert await scene.remembered() == before
    assert await scene.intents() == intents


# Ids that nobody here has heard of


@pytest.mark.parametrize("resource", [MAIL, MEETING], ids=["v1.0", "beta"])
async def test_an_unknown_one_of_ours_is_found(scene, resource):
    """Whichever version it was made on; its name is looked after in the same pass."""
    desired = scene.want("it", resource.format(1))
    identifier = scene.put(desired, hours=1)
    report = await scene.once(desired, scene.want("other", MAIL.format(2)), named=ids(identifier))
    assert lines(report) == ["renew it done"]
    assert identifier in await scene.remembered()


@pytest.mark.parametrize("owner", [None, "them"])
async def test_an_unknown_one_that_is_foreign_is_left_alone(scene, owner):
    desired = scene.want("mail", MAIL.format(1))
    identifier = scene.put(desired, owner=owner, hours=1)
    start = scene.requests()
    report = await scene.once(desired, named=ids(identifier))
    assert planned(report) == []
    assert report.plan.summary.foreign == 1
    assert scene.writes(start) == []


async def test_an_unknown_one_that_is_nowhere(scene, mails):
    start = scene.requests()
    report = await scene.once(*mails.values(), named=ids("5f1b1f5c-0000-4000-8000-000000000000"))
    assert sorted(set(scene.since(start))) == ["GET 404"]
    assert planned(report) == []
    assert report.worlds["contoso"].incomplete == NARROW


# Where GET does not tell


async def test_what_get_cannot_tell_of_is_in_doubt(scene, mails):
    """Unknown, not gone; the others go on."""
    doubtful, gone = scene.one("mail-1")["id"], scene.one("mail-2")["id"]
    scene.remove(gone)
    async with scene.entered() as parties:
        parties = [dataclasses.replace(parties[0], reader=Failing(parties[0].reader, doubtful))]
        named = Named(names=frozenset({"mail-1", "mail-2"}), absent=frozenset({"mail-1"}))
        report = await scene.once(*mails.values(), named=named, parties=parties)
    assert planned(report) == ["create mail-1 Missing Unsafe", "create mail-2 Missing"]
    assert f"{doubtful} could not be read" in report.worlds["contoso"].incomplete
    assert "Unsafe: incomplete" in said(report, "mail-1")
    assert scene.held() == sorted(mails)


class Failing:
    """A reader; Graph does not tell of one certain subscription."""

    def __init__(self, reader, doubtful):
        self.reader, self.doubtful = reader, doubtful

    async def list(self):
        return await self.reader.list()

    async def get(self, subscription_id, version):
        if subscription_id == self.doubtful:
            raise Transient("GET subscription: Graph answered 500")
        return await self.reader.get(subscription_id, version)


async def test_graph_that_is_away_is_not_asked_for_all_of_them():
    """What was not asked for is in doubt as well."""
    known = [Remembered(f"id-{number:03}", f"name-{number}", Version.V1, "b", "k1") for number in range(200)]
    reader = Away()
    asked = await ask(known, reader)
    assert len(reader.asked) == 25
    assert asked.in_doubt == tuple(each.id for each in known)
    assert (asked.found, asked.gone) == ({}, ())
    reader.knows = "id-024"
    assert len((await ask(known, reader)).in_doubt) == 199
    assert len(reader.asked) == 25 + 50, "one answer is a reason to go on"


class Away:
    """A reader; Graph tells of none, but for one that is gone."""

    def __init__(self):
        self.asked, self.knows = [], None

    async def list(self):
        raise Transient("GET subscriptions: Graph answered 503")

    async def get(self, subscription_id, version):
        assert version is Version.V1
        self.asked.append(subscription_id)
        if subscription_id == self.knows:
            raise Gone("GET subscription: Graph answered 404")
        raise Transient("GET subscription: Graph answered 503")


@pytest.mark.behaviour(twins="accept")
async def test_of_two_of_one_name_one_gone_and_one_in_doubt_no_third_is_made(scene, mails):
    """In a whole pass neither, where the list lacks both."""
    first = scene.one("mail-1")["id"]
    second = scene.put(mails["mail-1"], hours=100)
    async with Store.open(scene.state) as store:
        memory = (await scene.remembered())[first]
        await store.journal(**scene.scope).remember([dataclasses.replace(memory, id=second)])
    scene.remove(first)
    scene.emulator.faults({"omit": [second]})
    async with scene.entered() as parties:
        listing = await parties[0].reader.list()
        reader = Failing(parties[0].reader, second)
        narrow = [dataclasses.replace(parties[0], reader=reader)]
        assert planned(await scene.once(*mails.values(), named=names("mail-1"), parties=narrow)) == [
            "create mail-1 Missing Unsafe"
        ]
        whole = [dataclasses.replace(parties[0], reader=Listed(reader, listing))]
        assert planned(await scene.once(*mails.values(), parties=whole)) == ["create mail-1 Missing Unsafe"]


class Listed:
    """A reader whose list stays as it was; GET asks Graph."""

    def __init__(self, reader, listing):
        self.reader, self.listing = reader, listing

    async def list(self):
        return self.listing

    async def get(self, subscription_id, version):
        return await self.reader.get(subscription_id, version)


# More than one id of a name


@pytest.mark.behaviour(twins="accept")
async def test_the_other_one_of_its_name_is_read_as_well(scene, mails):
    """Graph tells of a twin that it has removed: what stands in its place is not made once more."""
    kept = scene.one("mail-1")["id"]
    gone = scene.put(mails["mail-1"], hours=100)
    async with Store.open(scene.state) as store:
        memory = (await scene.remembered())[kept]
        await store.journal(**scene.scope).remember([dataclasses.replace(memory, id=gone)])
    scene.remove(gone)
    start = scene.requests()
    assert planned(await scene.once(*mails.values(), named=ids(gone))) == []
    assert sorted(scene.since(start)) == ["GET 200", "GET 404"]
    assert {each["id"] for each in scene.all("mail-1")} == {kept}


async def test_one_that_we_have_deleted_ourselves(scene):
    """Graph may well tell of that: its successor stands."""
    desired = scene.want("it", TEAM.format(1))
    await scene.apply(desired)
    scene.clock.advance(HOUR)
    old = scene.one("it")["id"]
    url = scene.receiver.url("/moved")
    wanted = dataclasses.replace(
        desired, lifecycle_url=url, asked=dataclasses.replace(desired.asked, lifecycle_url=url)
    )
    await scene.apply(wanted)
    start = scene.requests()
    assert planned(await scene.once(wanted, named=ids(old))) == []
    assert scene.since(start) == ["GET 200"]
    assert scene.held() == ["it"]


async def test_a_replacement_that_was_interrupted_is_finished(scene):
    """We deleted the old one and GET says that it is gone: that needs no whole list."""
    desired = scene.want("it", TEAM.format(1))
    await scene.apply(desired)
    scene.clock.advance(HOUR)
    url = scene.receiver.url("/moved")
    wanted = dataclasses.replace(
        desired, lifecycle_url=url, asked=dataclasses.replace(desired.asked, lifecycle_url=url)
    )
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403, "code": "accessDenied"}]})
    assert lines(await scene.apply(wanted)) == ["replace it failed"]
    birth = (await scene.intents())["it"].birth
    assert lines(await scene.once(wanted, named=names("it"))) == ["create it done"]
    assert f".{birth}." in scene.one("it")["notificationUrl"]
    assert [gap.until is None for gap in await scene.gaps()] == [False]


async def test_the_owner_decides_as_ever(scene, mails):
    report = await scene.once(*mails.values(), named=names("mail-1"))
    assert [each.name for each in report.worlds["contoso"].owned(OWNER)] == ["mail-1"]
    assert report.worlds["contoso"].owned("somebody") == ()
