"""Reading fails closed: what a list lacks is unknown until GET has been asked (facts 3.2, decision 2)."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import GraphError
from reconciler.engine.read import read_world
from reconciler.graph.listing import Caps
from reconciler.store import Store
from tests.support.world import HOUR, MAIL, MEETING, OWNER, TEAM, expiry_of, lines, planned, said

KNOWN = 4


def named(scene, *numbers):
    return [scene.want(f"mail-{number}", MAIL.format(number)) for number in numbers]


@pytest.fixture
async def known(scene):
    """Four that we made and remember; one page holds three of them."""
    desired = named(scene, *range(KNOWN))
    await scene.apply(*desired)
    scene.clock.advance(HOUR)
    return desired


@pytest.fixture
async def unknown(scene):
    """Four of ours that are in no store of ours."""
    desired = named(scene, *range(KNOWN))
    for each in desired:
        scene.put(each, hours=100)
    return desired


BROKEN = ["breaks-off", "foreign-next-link", "endless"]


@pytest.mark.parametrize("fault", BROKEN)
async def test_what_a_broken_list_lacks_is_asked_for_by_get(scene, known, fault):
    scene.caps = Caps(pages=6)
    scene.emulator.faults({"list": fault})
    report = await scene.look(*known)
    world = report.worlds["contoso"]
    assert world.incomplete is not None
    assert {each.id for each in world.live} == {each["id"] for each in scene.emulator.subscriptions()}
    assert planned(report) == []


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_list_of_what_we_do_not_know(scene, unknown, fault):
    """What is not seen is not made again, and nothing is taken away."""
    scene.caps = Caps(pages=6)
    scene.emulator.faults({"list": fault})
    before = scene.emulator.subscriptions()
    start = scene.requests()
    report = await scene.apply(*unknown, scene.want("new", MAIL.format(8)))
    changes = planned(report)
    assert "create new Missing Unsafe" in changes
    assert all(each.endswith("Missing Unsafe") for each in changes)
    assert [each.code for each in report.plan.violations] == ["incomplete"]
    assert scene.writes(start) == []
    assert scene.emulator.subscriptions() == before


async def test_fifty_empty_pages_are_a_whole_list(scene, known):
    scene.emulator.faults({"list": "empty-pages"})
    report = await scene.look(*known)
    assert report.worlds["contoso"].incomplete is None
    assert planned(report) == []


@pytest.mark.parametrize("fault", [{"empty_in_a_row": 10}, {"pages": 10}])
async def test_pages_over_the_cap(scene, unknown, fault):
    scene.caps = Caps(**fault)
    scene.emulator.faults({"list": "empty-pages"})
    report = await scene.look(*unknown)
    assert report.worlds["contoso"].incomplete is not None
    assert {each.split(" ", 2)[2] for each in planned(report)} == {"Missing Unsafe"}


async def test_an_empty_list_while_get_works(scene, known):
    """For days, in the field: whatever is to be deleted waits, and the rest goes on."""
    scene.emulator.faults({"list": "empty"})
    wanted = [*known[1:3], scene.want("new", MAIL.format(8))]
    moved = dataclasses.replace(known[3], notification_url=scene.receiver.url("/moved"))
    report = await scene.apply(*wanted, moved)
    assert planned(report) == [
        "delete mail-0 NotInManifests Unsafe",
        "update mail-3 NotificationUrlChanged",
        "create new Missing",
    ]
    assert [each.code for each in report.plan.violations] == ["list-shrank"]
    assert "still has 4 of those that we know" in report.plan.violations[0].message
    assert lines(report) == ["delete mail-0 withheld", "update mail-3 done", "create new done"]
    assert scene.held() == ["mail-0", "mail-1", "mail-2", "mail-3", "new"]
    assert set(await scene.remembered()) == {each["id"] for each in scene.emulator.subscriptions()}


async def test_an_empty_list_that_is_true(scene, known):
    for each in scene.emulator.subscriptions():
        scene.remove(each["id"])
    report = await scene.apply(*known)
    assert lines(report) == [f"create mail-{number} done" for number in range(KNOWN)]
    assert set(await scene.remembered()) == {each["id"] for each in scene.emulator.subscriptions()}


async def test_an_omitted_one_is_found_by_get(scene, known):
    omitted = scene.one("mail-0")["id"]
    scene.emulator.faults({"omit": [omitted]})
    start = scene.requests()
    report = await scene.apply(*known)
    assert planned(report) == []
    assert scene.writes(start) == []
    assert omitted in await scene.remembered()


async def test_an_omitted_one_that_is_gone(scene, known):
    gone = scene.one("mail-0")["id"]
    scene.remove(gone)
    assert lines(await scene.apply(*known)) == ["create mail-0 done"]
    assert gone not in await scene.remembered()


async def test_one_that_get_cannot_tell_of(scene, known):
    """Neither listed nor answered: unknown, not gone."""
    omitted = scene.one("mail-0")["id"]
    answer = {"method": "GET", "status": 500, "version": "v1.0", "count": 99}
    scene.emulator.faults({"omit": [omitted]})
    async with scene.entered() as parties:
        listing = await parties[0].reader.list()
        scene.emulator.faults({"answers": [answer]})
        parties[0] = dataclasses.replace(parties[0], reader=Listed(parties[0].reader, listing))
        report = await scene.run(parties, known)
    assert planned(report) == ["create mail-0 Missing Unsafe"]
    world = report.worlds["contoso"]
    assert world.incomplete
    assert f"{omitted} could not be read" in world.incomplete
    assert omitted in await scene.remembered()


class Listed:
    """A reader whose list stays as it was; GET asks Graph."""

    def __init__(self, reader, listing):
        self.reader, self.listing = reader, listing

    async def list(self):
        return self.listing

    async def get(self, subscription_id, version):
        return await self.reader.get(subscription_id, version)


@pytest.mark.parametrize("version", ["v1.0", "beta"])
async def test_one_version_that_fails(scene, version):
    """No delete and no replace, creates only where GET says gone; renewals and updates of what is seen go on."""
    names = ["deleted", "gone", "moved", "renewed", "replaced"]
    wanted = {name: scene.want(name, TEAM.format(number)) for number, name in enumerate(names)}
    await scene.apply(*wanted.values())
    scene.clock.advance(60 * HOUR)
    scene.remove(scene.one("gone")["id"])
    del wanted["deleted"]
    wanted["moved"] = dataclasses.replace(wanted["moved"], notification_url=scene.receiver.url("/moved"))
    asked = dataclasses.replace(wanted["replaced"].asked, lifecycle_url="https://elsewhere.invalid/")
    wanted["replaced"] = dataclasses.replace(wanted["replaced"], asked=asked)
    wanted["new"] = scene.want("new", MAIL.format(1))

    scene.emulator.faults({"answers": [{"method": "LIST", "status": 500, "version": version, "count": 99}]})
    report = await scene.apply(*wanted.values())
    assert lines(report) == [
        "renew deleted done",
        "delete deleted withheld",
        "create gone done",
        "update moved done",
        "create new withheld",
        "renew renewed done",
        "renew replaced done",
        "replace replaced withheld",
    ]
    assert version in (report.worlds["contoso"].incomplete or "")
    assert scene.held() == ["deleted", "gone", "moved", "renewed", "replaced"]
    assert min(map(expiry_of, scene.emulator.subscriptions())) > scene.clock.now() + dt.timedelta(hours=70)

    scene.emulator.faults({})
    wanted["replaced"] = scene.want("replaced", TEAM.format(4))
    await scene.apply(*wanted.values())
    assert scene.held() == ["gone", "moved", "new", "renewed", "replaced"]


async def test_both_versions_that_fail(scene, known):
    scene.emulator.faults({"answers": [{"method": "LIST", "status": 500, "count": 99}]})
    start = scene.requests()
    report = await scene.apply(*known)
    assert isinstance(report.unread["contoso"], GraphError)
    assert report.outcomes == ()
    assert report.worlds == {}
    assert scene.writes(start) == []


@pytest.mark.parametrize("seen", ["no", "yes"])
async def test_beta_is_changed_and_deleted_on_beta(scene, seen):
    scene.emulator.behave(beta_in_v1_list=seen)
    meeting, team = scene.want("meeting", MEETING.format(1)), scene.want("team", TEAM.format(1))
    await scene.apply(meeting, team)
    assert planned(await scene.look(meeting, team)) == []
    moved = dataclasses.replace(meeting, notification_url=scene.receiver.url("/moved"))
    scene.lose_store()
    start = len(scene.emulator.requests())
    assert lines(await scene.apply(moved, team)) == ["update meeting done"]
    assert lines(await scene.apply(team)) == ["delete meeting done"]
    written = {
        each["path"].split("/")[1]
        for each in scene.emulator.requests()[start:]
        if each["method"] in {"PATCH", "DELETE"}
    }
    assert written == {"beta"}
    assert scene.held() == ["team"]


async def test_an_item_that_is_not_understood(scene, known):
    """It may be anything, our own included: nothing is removed while it is there."""
    async with scene.entered() as parties:
        listing = await parties[0].reader.list()
        odd = dataclasses.replace(listing, bodies=(*listing.bodies, {"id": "odd", "resource": "/x"}))
        parties[0] = dataclasses.replace(parties[0], reader=Listed(parties[0].reader, odd))
        report = await scene.run(parties, [*known[1:], scene.want("new", MAIL.format(8))])
    assert planned(report) == ["delete mail-0 NotInManifests Unsafe", "create new Missing Unsafe"]
    assert "not understood" in (report.worlds["contoso"].incomplete or "")


# Our own writes of the last minutes


async def stale(scene, desired, change, **options):
    """A pass whose list was taken before ``change``."""
    async with scene.entered() as parties:
        listing = await parties[0].reader.list()
        await change()
        parties[0] = dataclasses.replace(parties[0], reader=Listed(parties[0].reader, listing))
        return await scene.run(parties, desired, **options)


async def test_a_renewal_counts_more_than_a_stale_list(scene):
    team = scene.want("team", TEAM.format(1))
    await scene.apply(team)
    scene.clock.advance(60 * HOUR)
    report = await stale(scene, [team], lambda: scene.apply(team))
    assert planned(report) == []


async def test_after_ten_minutes_the_list_is_believed(scene, known):
    """Somebody else may have changed it since."""
    async with scene.entered() as parties:
        identifier = scene.one("mail-0")["id"]
        expires = (scene.clock.now() + dt.timedelta(hours=1)).isoformat()
        scene.change(identifier, expirationDateTime=expires)
        start = scene.requests()
        read = await read_world(
            "contoso", owner=OWNER, reader=parties[0].reader, memory=parties[0].journal, now=scene.clock.now()
        )
    assert not any("subscriptions/" in each["path"] for each in scene.emulator.requests()[start:])
    (found,) = [each for each in read.world.live if each.id == identifier]
    assert found.granted is None
    assert planned(await scene.look(*known)) == ["renew mail-0 RenewalDue"]


async def test_what_get_says_is_gone_is_gone_though_it_is_listed(scene):
    """GET wins over LIST where the two disagree about what we have just written."""
    mail = scene.want("mail", MAIL.format(1))
    await scene.apply(mail)
    scene.clock.advance(5 * 24 * HOUR)

    async def renew_and_lose():
        await scene.apply(mail)
        scene.remove(scene.one("mail")["id"])

    report = await stale(scene, [mail], renew_and_lose)
    assert lines(report) == ["create mail done"]
    assert report.plan.changes[0].reason == "Missing"
    assert scene.held() == ["mail"]


async def test_a_tombstone_hides_what_a_stale_list_still_shows(scene, known):
    report = await stale(scene, known[1:], lambda: scene.apply(*known[1:]))
    assert planned(report) == []
    assert report.plan.summary.foreign == 0


async def test_a_tombstone_does_not_hide_for_ever(scene, known):
    """The DELETE may have had no effect: 10 minutes later it is seen again, and deleted again."""
    identifier = scene.one("mail-0")["id"]
    await scene.apply(*known[1:])
    memory = (await scene.remembered())[identifier]
    assert memory.deleted_at is not None
    again = scene.put(known[0], hours=100)
    async with Store.open(scene.state) as store:
        journal = store.journal(**scene.scope)
        await journal.remember([dataclasses.replace(memory, id=again)])
    assert planned(await scene.look(*known[1:])) == []
    scene.clock.advance(0.2 * HOUR)
    assert planned(await scene.look(*known[1:])) == ["delete mail-0 NotInManifests"]


async def test_a_listed_one_that_was_deleted_is_no_failure(scene, known):
    start = scene.requests()
    removed = scene.one("mail-0")["id"]

    async def remove():
        scene.remove(removed)

    report = await stale(scene, known[1:], remove)
    assert lines(report) == ["delete mail-0 done"]
    assert "gone already" in said(report, "mail-0")
    assert "DELETE 404" in scene.writes(start)


@pytest.mark.behaviour(twins="accept")
async def test_the_whole_world(scene, known):
    """Foreign ones are there to be counted; ids, marks and lifetimes are as they were made."""
    scene.put(scene.want("x", MAIL.format(9)), owner="them")
    scene.put(scene.want("x", MAIL.format(9)), owner=None)
    report = await scene.look(*known)
    world = report.worlds["contoso"]
    assert (len(world.live), len(world.owned(OWNER))) == (KNOWN + 2, KNOWN)
    assert report.plan.summary.foreign == 2
    assert report.plan.summary.unchanged == KNOWN
    assert {each.live.granted is not None for each in world.owned(OWNER)} == {True}
    assert {each.asked.version for each in world.live} == {Version.V1}
