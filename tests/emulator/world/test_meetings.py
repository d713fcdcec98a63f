"""Online meetings and the events of their calls (facts 2.5)."""

import urllib.parse

import pytest

from tests.emulator.world.conftest import USER, Scene

OTHER = "7d2c3a1f-0000-4000-8000-000000000002"


def calls(join_url: str) -> str:
    """The URL as found, escaped once more (facts 2.5)."""
    return f"communications/onlineMeetings(joinWebUrl='{urllib.parse.quote(join_url, safe='')}')/meetingCallEvents"


def test_the_meetings_of_a_user_are_those_the_user_organizes(scene: Scene) -> None:
    mine = scene.made("me/onlineMeetings", subject="Mine")
    theirs = scene.made(f"users/{OTHER}/onlineMeetings", subject="Theirs")
    assert [each["id"] for each in scene.write("GET", "communications/onlineMeetings")["value"]] == [mine, theirs]
    assert [each["id"] for each in scene.write("GET", f"users/{OTHER}/onlineMeetings")["value"]] == [theirs]
    assert scene.write("GET", f"users/{USER.upper()}/onlineMeetings/{mine}")["subject"] == "Mine"
    assert scene.ask("GET", f"/beta/users/{OTHER}/onlineMeetings/{mine}").status_code == 404


def test_an_organizer_may_be_named_in_capitals(scene: Scene) -> None:
    participants = {"organizer": {"identity": {"user": {"id": OTHER.upper()}}}}
    meeting = scene.made("communications/onlineMeetings", participants=participants)
    assert [each["id"] for each in scene.write("GET", f"users/{OTHER}/onlineMeetings")["value"]] == [meeting]


def test_a_meeting_is_found_by_its_join_url(scene: Scene) -> None:
    scene.made("communications/onlineMeetings", subject="Another")
    meeting = scene.write("POST", "communications/onlineMeetings", {"subject": "This"})
    condition = urllib.parse.quote(f"JoinWebUrl eq '{meeting['joinWebUrl']}'")
    found = scene.write("GET", f"communications/onlineMeetings?$filter={condition}")["value"]
    assert [each["subject"] for each in found] == ["This"]


@pytest.mark.facts("2.5")
def test_a_join_url_has_escapes_of_its_own(scene: Scene) -> None:
    url = scene.write("POST", "communications/onlineMeetings", {})["joinWebUrl"]
    assert "%3a" in url
    assert "%40" in url


@pytest.mark.facts("2.5")
def test_a_call_event_is_told_to_both_who_ask_for_its_join_url(scene: Scene) -> None:
    url = scene.write("POST", "communications/onlineMeetings", {})["joinWebUrl"]
    participants = [{"id": "p1", "removedState": {"reason": "Removed"}}]
    told = {"eventType": "rosterUpdated", "participants@delta": participants}
    answered = scene.write("POST", calls(url), told)
    change = scene.changes[-1]
    assert (change.change_type.value, change.kind, change.path) == ("updated", "call-event", calls(url))
    assert change.ids["joinWebUrl"] == url
    plain = urllib.parse.unquote(url)
    assert change.topics == (f"meeting-call-events:{plain}", f"draft-meeting-call-events:{plain}")
    assert change.body == answered
    assert {name: answered[name] for name in told} == told
    assert answered.keys() == {"id", "eventDateTime", *told}


def test_sessions_of_events_can_be_joined_too(scene: Scene) -> None:
    event = scene.made("solutions/virtualEvents/webinars", displayName="W")
    session = scene.write("POST", f"solutions/virtualEvents/webinars/{event}/sessions", {"subject": "I"})
    scene.write("POST", calls(session["joinWebUrl"]), {"eventType": "callStarted"})
    assert scene.changes[-1].kind == "call-event"


@pytest.mark.facts("2.5")
@pytest.mark.parametrize(
    ("method", "version", "body", "status"),
    [
        ("POST", "v1.0", {"eventType": "callStarted"}, 400),
        ("GET", "beta", None, 405),
        ("POST", "beta", {"eventType": "callPaused"}, 400),
        ("POST", "beta", {}, 400),
        ("POST", "beta", {"eventType": "callEnded", "mood": "good"}, 400),
        ("POST", "beta", {"eventType": "callEnded", "participants@delta": {}}, 400),
    ],
)
def test_call_events_that_are_refused(method: str, version: str, body: object, status: int, scene: Scene) -> None:
    url = scene.write("POST", "communications/onlineMeetings", {})["joinWebUrl"]
    assert scene.ask(method, f"/{version}/{calls(url)}", body).status_code == status


def test_nobody_calls_where_no_meeting_is(scene: Scene) -> None:
    refused = scene.ask("POST", f"/beta/{calls('https://teams.microsoft.com/x')}", {"eventType": "callStarted"})
    assert (refused.status_code, refused.json()["code"]) == (404, "itemNotFound")
