"""LIST over both versions: whole, or unknown and why (facts 3.2)."""

import asyncio

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import Denied, Transient
from reconciler.graph.client import Graph
from reconciler.graph.listing import Caps
from reconciler.graph.pacing import Kind, Limits
from tests.graph.support import answer

NO_LIMITS = Limits(per_tenant=dict.fromkeys(Kind, 10**6), per_app=dict.fromkeys(Kind, 10**6))


@pytest.fixture
async def graph(clock):
    """Without pacing: walks here have hundreds of pages."""
    async with Graph(clock=clock, limits=NO_LIMITS, caps=Caps(pages=120, empty_in_a_row=60)) as graph:
        yield graph


@pytest.fixture
async def five(client, emulator, body):
    """Five subscriptions on v1.0, in pages of two."""
    emulator.behave(validate_on_patch="never")
    resources = [f"/users/{number}/messages" for number in range(5)]
    bodies = [{**body, "resource": resource, "changeType": "updated"} for resource in resources]
    created = await asyncio.gather(*(client.create(each, Version.V1) for each in bodies))
    return {each["id"] for each in created}


def ids(listing):
    return [body["id"] for body in listing.bodies]


async def test_all_pages(client, five):
    listing = await client.list()
    assert (set(ids(listing)), len(ids(listing)), listing.incomplete) == (five, 5, None)


async def test_an_empty_list_is_whole(client, emulator):
    listing = await client.list()
    assert (listing.bodies, listing.incomplete) == ((), None)


async def test_both_versions_are_merged_by_id_v1_first(client, emulator, body, five):
    beta = await client.create(body, Version.BETA)
    listing = await client.list()
    assert set(ids(listing)) == five | {beta["id"]}
    assert ids(listing)[-1] == beta["id"]
    assert len(ids(listing)) == 6


async def test_fifty_empty_pages_come_before_everything(client, emulator, five):
    emulator.faults({"list": "empty-pages"})
    listing = await client.list()
    assert (set(ids(listing)), listing.incomplete) == (five, None)


@pytest.mark.parametrize(
    ("fault", "versions", "reason"),
    [
        ("breaks-off", ["v1.0"], "v1.0 after page 1: GET v1.0 subscriptions: Graph answered 500"),
        ("breaks-off", ["v1.0", "beta"], "beta after page 1"),
        ("endless", ["v1.0"], "60 pages in a row were empty"),
        ("foreign-next-link", ["v1.0"], "to another origin, https://graph.another-host.invalid"),
    ],
)
async def test_a_walk_that_does_not_end_well_is_incomplete(client, emulator, five, fault, versions, reason):
    emulator.faults({"list": fault, "versions": versions})
    listing = await client.list()
    assert reason in (listing.incomplete or "")
    assert set(ids(listing)) <= five
    assert ids(listing)


async def test_one_version_that_cannot_be_read_makes_the_list_incomplete(client, emulator, five):
    emulator.faults(
        {"answers": [{"method": "LIST", "status": 403, "code": "Forbidden", "version": "beta", "count": 9}]}
    )
    listing = await client.list()
    assert set(ids(listing)) == five
    assert listing.incomplete is not None
    assert listing.incomplete.startswith("beta after page 0: GET beta subscriptions: Graph answered 403")


@pytest.mark.parametrize(("status", "kind"), [(500, Transient), (403, Denied)])
async def test_where_nothing_can_be_read_there_is_no_list(client, emulator, status, kind):
    emulator.faults({"answers": [{"method": "LIST", "status": status, "count": 99}]})
    with pytest.raises(kind, match=r"GET v1\.0 subscriptions"):
        await client.list()


async def test_the_walk_goes_on_at_the_page_that_failed(client, emulator, five, clock):
    before = len(emulator.requests())
    emulator.faults({"answers": [{"method": "LIST", "status": 503, "version": "v1.0", "count": 1}]})
    listing = await client.list()
    assert (set(ids(listing)), listing.incomplete) == (five, None)
    walked = [line for line in emulator.requests()[before:] if line["method"] == "GET" and "v1.0/sub" in line["path"]]
    assert len(walked) == 4
    assert len(clock.slept) == 1


def pages(scripted, page):
    """Ask ``page`` for each page of v1.0; beta is empty."""

    def script(asked):
        return page(asked.path) if asked.path.startswith("/v1.0/") else scripted.usual(asked)

    scripted.script = script


async def test_only_the_failed_page_is_asked_for_again(odd, scripted):
    """Page 2 fails once: page 1 is not read twice."""
    failing = [answer(500)]

    def page(path):
        if path.endswith("p=2"):
            return failing.pop() if failing else answer(200, {"value": [{"id": "b"}]})
        return answer(200, {"value": [{"id": "a"}], "@odata.nextLink": f"{scripted.origin}/v1.0/subscriptions?p=2"})

    pages(scripted, page)
    listing = await odd.list()
    assert (ids(listing), listing.incomplete) == (["a", "b"], None)
    asked = [each.path for each in scripted.asked if each.path.startswith("/v1.0/")]
    assert asked == ["/v1.0/subscriptions", "/v1.0/subscriptions?p=2", "/v1.0/subscriptions?p=2"]


async def test_a_next_link_is_followed_verbatim(odd, scripted):
    link = "/v1.0/subscriptions/?$skiptoken=a%2Bb%3D%3d&x='1'"

    def page(path):
        more = {} if "skiptoken" in path else {"@odata.nextLink": f"{scripted.origin}{link}"}
        return answer(200, {"value": [{"id": path}], **more})

    pages(scripted, page)
    await odd.list()
    assert link in [each.path for each in scripted.asked]


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("{origin}/v1.0/subscriptions?again", "Graph repeats a nextLink"),
        ("https://localhost/v1.0/subscriptions", "another origin"),
        ("{origin}@elsewhere.invalid/", "another origin"),
        ("https://user@{host}/v1.0/subscriptions", "another origin"),
        ("{origin}\\@elsewhere.invalid/", ""),
        ("http://{host}/v1.0/subscriptions", "another origin"),
        ("/v1.0/subscriptions?relative", "another origin"),
        ("https://[", "another origin"),
        ("https://localhost:abc/", "is no URL"),
    ],
)
async def test_a_next_link_that_is_not_followed(odd, scripted, link, reason):
    full = link.format(origin=scripted.origin, host=scripted.origin.removeprefix("https://"))
    pages(scripted, lambda _: answer(200, {"value": [{"id": "a"}], "@odata.nextLink": full}))
    listing = await odd.list()
    assert set(ids(listing)) == {"a"}
    assert listing.incomplete is not None
    assert reason in listing.incomplete


async def test_a_list_that_grows_for_ever_is_cut(odd, scripted):
    def page(path):
        number = int(path.partition("p=")[2] or 0)
        link = f"{scripted.origin}/v1.0/subscriptions?p={number + 1}"
        return answer(200, {"value": [{"id": str(number)}], "@odata.nextLink": link})

    pages(scripted, page)
    listing = await odd.list()
    assert len(ids(listing)) == 120
    assert listing.incomplete == "v1.0 after page 120: the list goes on after 120 pages"


@pytest.mark.parametrize("said", [{}, {"value": {}}, {"value": [1]}, {"value": [{"id": None}]}, [], "x", None])
async def test_what_is_no_page(odd, scripted, said):
    pages(scripted, lambda _: answer(200, said))
    listing = await odd.list()
    assert listing.bodies == ()
    assert "something other than a page of subscriptions" in (listing.incomplete or "")
