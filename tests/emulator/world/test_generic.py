"""Collections that follow from the catalog: any properties, topics of every path and function that sees them."""

import dataclasses

import pytest

from reconciler.core.catalog import ENTRIES, Entry, Version
from reconciler.emulator.model import resources
from reconciler.emulator.world import layout
from tests.emulator.world.conftest import USER, Scene

CHAT = "19:abc@thread.v2"


def test_anything_goes(scene: Scene) -> None:
    message = {"body": {"content": "hi"}, "importance": 7, "mentions": [None]}
    identifier = scene.made(f"chats/{CHAT}/messages", **message)
    path = f"chats('{CHAT}')/messages('{identifier}')"
    assert message.items() <= scene.write("GET", path).items()
    assert scene.write("PATCH", path, {"importance": 8, "body": {"contentType": "text"}})["body"] == {
        "content": "hi",
        "contentType": "text",
    }
    scene.write("DELETE", path)
    assert scene.ask("GET", f"/v1.0/{path}").status_code == 404
    told = [(each.change_type.value, each.kind, each.path, dict(each.ids)) for each in scene.changes]
    assert told == [
        (change_type, "thing", f"chats/{CHAT}/messages/{identifier}", {"id": identifier})
        for change_type in ("created", "updated", "deleted")
    ]


def test_ids_may_have_any_letters(scene: Scene) -> None:
    created = scene.ask("POST", "/v1.0/users", {"id": "jürgen-蛙"})
    assert created.headers["Location"] == "https://localhost/v1.0/users/j%C3%BCrgen-%E8%9B%99"
    assert scene.ask("GET", created.headers["Location"]).json()["id"] == "jürgen-蛙"


@pytest.mark.facts("5.4")
@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ("users/o%27neil@contoso.example", "users/o%27neil@contoso.example"),
        ("users('o''neil@contoso.example')", "users/o%27neil@contoso.example"),
        ("users('a%2Fb')", "users/a%2Fb"),
        ("users/50%25%3F", "users/50%25%3F"),
        ("users('19%3Ax%40thread.v2')", "users/19:x@thread.v2"),
    ],
)
def test_what_is_told_and_saved_leads_back(owner: str, told: str, scene: Scene) -> None:
    """Whatever letters an id has, and however it is written."""
    identifier = scene.made(f"{owner}/messages", subject="Hi")
    follower = resources.parse(f"{owner}/messages", version=Version.V1)
    assert set(follower.topics) <= set(scene.changes[0].topics)
    assert scene.changes[0].path == f"{told}/messages/{identifier}"
    created = scene.ask("POST", f"/beta/{owner}/messages", {"subject": "Ho"})
    assert scene.ask("GET", created.headers["Location"]).json()["subject"] == "Ho"
    saved = scene.world.as_json()
    scene.world.load(saved)
    assert scene.world.as_json() == saved
    assert scene.write("GET", f"{told}/messages/{identifier}")["subject"] == "Hi"


def test_an_id_may_be_given_once(scene: Scene) -> None:
    scene.made("communications/presences", id=USER.upper(), availability="Away")
    again = scene.ask("POST", "/v1.0/communications/presences", {"id": USER})
    assert (again.status_code, again.json()["code"]) == (409, "nameAlreadyExists")
    assert scene.write("GET", f"communications/presences/{USER}")["availability"] == "Away"


@pytest.mark.facts("2.5", "10.2")
def test_presence_is_read_at_its_user_too(scene: Scene) -> None:
    scene.made("communications/presences", id=USER, availability="Away")
    assert scene.write("GET", f"users/{USER}/presence")["availability"] == "Away"
    assert scene.ask("PATCH", f"/beta/users/{USER}/presence", {"availability": "Busy"}).status_code == 405


@pytest.mark.facts("5.4")
def test_both_spellings_of_mail_in_notifications_can_be_read(scene: Scene) -> None:
    identifier = scene.made(f"users/{USER}/messages", subject="Hi")
    for path in (
        f"Users('{USER}')/messages('{identifier}')",
        f"users/{USER}@{scene.caller.tenant}/messages/{identifier}",
    ):
        assert scene.write("GET", path)["subject"] == "Hi", path


@pytest.mark.facts("5.4")
def test_mail_has_an_etag_that_changes_with_it(scene: Scene) -> None:
    path = f"me/messages/{scene.made('me/messages', subject='Hi')}"
    first = scene.write("GET", path)["@odata.etag"]
    assert scene.write("PATCH", path, {"subject": "Ho"})["@odata.etag"] != first
    assert [each.etag for each in scene.changes] == [first, scene.write("GET", path)["@odata.etag"]]
    assert all("@odata.etag" not in each.body for each in scene.changes)


def test_me_needs_a_user(scene: Scene) -> None:
    assert scene.ask("GET", "/v1.0/me/messages").json()["value"] == []
    scene.caller = dataclasses.replace(scene.caller, delegated=False)
    refused = scene.ask("GET", "/v1.0/me/messages")
    assert (refused.status_code, refused.json()["code"]) == (400, "BadRequest")


def entry(path: str, **changes: object) -> Entry:
    like = next(each for each in ENTRIES if each.id == "chat-messages")
    return dataclasses.replace(like, id=path, path=path, **changes)  # type: ignore[arg-type]  # the tests' own changes


@pytest.mark.facts("2.2")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("groups/{group-id}", {"groups"}),
        ("groups/{group-id}/members", {"groups", "groups/*/members"}),
        ("security/alerts?$filter=severity eq '{severity}'", {"security/alerts"}),
        ("teams/{team-id}/schedule/shifts", {"teams/*/schedule/shifts"}),
        ("teams/getAllMessages", {"teams/*/channels/*/messages", "teams/*/channels/*/messages/*/replies"}),
        ("users/{user-id}/chats/getAllMessages", {"users/*/chats", "users/*/chats/*/messages"}),
        ("users/{user-id}/onlineMeetings/getAllRecordings", {"communications/onlinemeetings/*/recordings"}),
        ("things/getAllOfThem", {"things/getallofthem"}),
    ],
)
def test_collections_follow_from_paths(path: str, expected: set[str]) -> None:
    always = layout.all_collections(()).keys()
    assert layout.all_collections([entry(path)]).keys() - always - {"users"} == expected


def test_a_collection_is_in_the_versions_of_its_entries() -> None:
    beta, both = entry("groups/{group-id}/x", versions=(Version.BETA,)), entry("groups/{group-id}/x")
    key = "groups/*/x"
    assert layout.all_collections([beta])[key].versions == {Version.BETA}
    assert layout.all_collections([beta])["groups"].versions == set(Version)
    assert layout.all_collections([beta, both])[key].versions == set(Version)


def test_every_function_looks_at_what_begins_with_its_own_ids() -> None:
    for function, collections in layout.FUNCTIONS.items():
        for each in collections:
            assert each.count("*") >= function.count("*"), function
