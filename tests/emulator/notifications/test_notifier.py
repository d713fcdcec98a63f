"""Who is told of a change, and what stands in every notification (facts 2.2, 5.4)."""

import datetime as dt
import re
from typing import Any

import pytest

from reconciler.core.catalog import ENTRIES, ChangeType, Status, Version
from tests.emulator.notifications.telling import TENANT, Scene

TEAM = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b"
CHANNEL = "19:a3f841d969cd4ae0a7cbe847fc10b371@thread.tacv2"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def team_updated(scene: Scene, **more: Any) -> list[dict[str, Any]]:
    return scene.told("team", f"teams/{TEAM}", ids={"team": TEAM}, topics=(f"teams/{TEAM}", "teams"), **more)


@pytest.mark.facts("2.2")
def test_all_that_follow_are_told_once_each(scene: Scene) -> None:
    followers = [scene.add("/teams"), scene.add(f"/teams/{TEAM}"), scene.add("teams", app="another")]
    scene.add("/teams/getAllChannels")
    scene.add("/teams/another")
    told = team_updated(scene)
    assert [each["subscriptionId"] for each in told] == [followers[1].id, followers[0].id, followers[2].id]


@pytest.mark.facts("2.4", "11.2")
def test_each_is_told_in_the_words_of_what_it_follows(scene: Scene) -> None:
    """One change, many spellings: as shipped, as drafted, with a slash in front."""
    event, person = f"6c7e9d5a-1111-4222-8333-444455556666@{TENANT}", "4cc2cccd-f9b3-4551-8bb9-f134d0366e1a"
    condition = f"organizerid eq '{person}'"
    followers = [
        scene.add("solutions/virtualEvents/events"),
        scene.add(f"solutions/virtualEvents/events?$filter={condition}"),
        scene.add(f"/solutions/virtualEvents/events/?$filter={condition}"),
    ]
    topics = tuple(dict.fromkeys(each for follower in followers for each in follower.resource.topics))
    path = f"solutions/virtualEvents/webinars/{event}"
    told = scene.told("webinar", path, change_type="created", ids={"event": event}, topics=topics)
    assert {each["subscriptionId"]: each["resource"] for each in told} == {
        followers[0].id: "solutions/virtualEvents/events/",
        followers[1].id: f"solutions/virtualEvents/events?$filter={condition}",
        followers[2].id: f"solutions/virtualEvents/events/?$filter={condition}",
    }


@pytest.mark.facts("2.2")
def test_only_the_change_types_that_were_asked_for(scene: Scene) -> None:
    scene.add("/teams", change_types=frozenset({ChangeType.CREATED}))
    assert team_updated(scene) == []
    assert [each["changeType"] for each in team_updated(scene, change_type="created")] == ["created"]


def test_other_tenants_hear_nothing(scene: Scene) -> None:
    scene.add("/teams", tenant="fabrikam")
    assert team_updated(scene) == []


def test_what_has_expired_hears_nothing(scene: Scene) -> None:
    scene.add("/teams", expires_at=dt.datetime.now(dt.UTC))
    assert team_updated(scene) == []


@pytest.mark.facts("1.1")
def test_a_new_user_is_an_updated_one(scene: Scene) -> None:
    """Facts 1.1: there is no ``created`` for the directory."""
    scene.add("/users")
    told = scene.told("thing", "users/1", change_type="created", ids={"id": "1"}, topics=("users",))
    assert [each["changeType"] for each in told] == ["updated"]


@pytest.mark.facts("1.1")
@pytest.mark.parametrize("asked", [{"updated"}, {"deleted"}, {"updated", "deleted"}])
def test_a_user_is_deleted_softly_first(scene: Scene, asked: set[str]) -> None:
    """Facts 1.1: the soft deletion is an update, ``deleted`` is the permanent one."""
    scene.add("/users", change_types=frozenset(map(ChangeType, asked)))
    told = scene.told("thing", "users/1", change_type="deleted", ids={"id": "1"}, topics=("users",))
    assert [each["changeType"] for each in told] == [name for name in ("updated", "deleted") if name in asked]


@pytest.mark.facts("2.2")
@pytest.mark.parametrize("membership", ["standard", "private", "shared"])
@pytest.mark.parametrize(
    ("delegated", "version", "resource", "told"),
    [
        pytest.param(True, Version.V1, f"teams/{TEAM}/channels", {"standard"}, id="user-v1"),
        pytest.param(True, Version.BETA, f"teams/{TEAM}/channels", {"standard", "private", "shared"}, id="user-beta"),
        pytest.param(False, Version.V1, f"teams/{TEAM}/channels", {"standard", "private", "shared"}, id="app"),
        pytest.param(False, Version.V1, "teams/getAllChannels", {"standard", "private", "shared"}, id="app-all"),
    ],
)
def test_users_hear_of_standard_channels_only(
    scene: Scene, *, delegated: bool, version: Version, resource: str, told: set[str], membership: str
) -> None:
    """Facts 2.2 and the seed: in v1.0, with a user's token."""
    follower = scene.add(resource, version=version, delegated=delegated)
    ids = {"team": TEAM, "channel": CHANNEL}
    body = {"id": CHANNEL, "membershipType": membership}
    path = f"teams/{TEAM}/channels/{CHANNEL}"
    items = scene.told("channel", path, ids=ids, body=body, follower=follower)
    assert len(items) == (membership in told)


@pytest.mark.facts("5.4")
def test_the_client_state_is_only_there_where_one_was_given(scene: Scene) -> None:
    scene.add("/teams", client_state=None)
    assert "clientState" not in team_updated(scene)[0]


@pytest.mark.facts("5.4")
@pytest.mark.parametrize("behaviour", ["absent", "present"])
def test_the_id_of_a_notification(behaviour: str) -> None:
    scene = Scene(notification_id=behaviour)
    scene.add("/teams")
    scene.add("teams", app="another")
    ids = [each.get("id") for each in team_updated(scene)]
    if behaviour == "absent":
        assert ids == [None, None]
    else:
        assert len(set(ids)) == 2
        assert all(re.fullmatch(r"[0-9a-f-]{36}", str(each)) for each in ids)


def concrete(path: str) -> str:
    return re.sub(r"\{[^{}]+\}", "11111111-1111-4111-8111-111111111111", path)


@pytest.mark.facts("5.4")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_whatever_can_be_subscribed_to_has_a_notification(entry: Any) -> None:
    """Facts 5.4: what is required is there, also for resources that no source shows."""
    scene = Scene()
    version = Version.BETA if entry.status is Status.DRAFT else entry.versions[0]
    follower = scene.add(concrete(entry.path), version=version)
    path = follower.resource.path if entry.path.endswith("}") else f"{follower.resource.path}/x1"
    for change_type in entry.change_types:
        scene.told("thing", path, change_type=str(change_type), ids={"id": "x1"}, follower=follower)
    for each in scene.gathered.items:
        assert each["subscriptionId"] == follower.id
        assert each["tenantId"] == TENANT
        assert each["resource"]
        assert dt.datetime.fromisoformat(each["subscriptionExpirationDateTime"]).tzinfo is not None
    assert {each["changeType"] for each in scene.gathered.items} == {str(each) for each in entry.change_types}
