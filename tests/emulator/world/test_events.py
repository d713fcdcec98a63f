"""Virtual events as shipped and as the draft had them: the same events on two paths (facts 2.4, 11.2)."""

import pytest

from reconciler.emulator.world.meetings import call_events_path
from tests.emulator.world.conftest import TENANT, USER, Scene

EVENTS = "solutions/virtualEvents"
OTHER = "7d2c3a1f-0000-4000-8000-000000000002"
VIDEO = "https://contoso.example/video"


@pytest.mark.facts("2.4")
def test_ids_have_the_tenant_behind_them(scene: Scene) -> None:
    assert scene.made(f"{EVENTS}/webinars", displayName="W").endswith(f"@{TENANT}")


def test_an_event_is_that_of_who_creates_it(scene: Scene) -> None:
    created = scene.write("POST", f"{EVENTS}/webinars", {"displayName": "W", "coOrganizers": [{"id": OTHER}]})
    assert created["createdBy"]["user"] == {"id": USER, "displayName": None, "tenantId": TENANT}
    assert (created["status"], created["audience"]) == ("draft", "everyone")


@pytest.mark.facts("2.4")
def test_a_new_event_is_told_to_the_tenant_and_its_organizers(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/townhalls", displayName="T", coOrganizers=[{"id": OTHER.upper()}])
    [change] = scene.changes
    assert (change.kind, change.path, dict(change.ids)) == (
        "townhall",
        f"{EVENTS}/townhalls/{event}",
        {"event": event},
    )
    assert set(change.topics) == {
        "solutions/virtualevents/townhalls",
        f"solutions/virtualevents/townhalls/{event}",
        "solutions/virtualevents/events",
        f"solutions/virtualevents/events/{event}",
        *(
            f"{entry}:{user}"
            for entry in ("virtual-events-of-organizers", "draft-virtual-events-filtered")
            for user in (USER, OTHER)
        ),
    }


@pytest.mark.facts("11.2")
def test_the_draft_path_shows_the_same_events(scene: Scene) -> None:
    webinar = scene.made(f"{EVENTS}/events", displayName="Through the draft")
    town_hall = scene.made(f"{EVENTS}/townhalls", displayName="T")
    assert scene.write("GET", f"{EVENTS}/webinars/{webinar}")["displayName"] == "Through the draft"
    assert [each["id"] for each in scene.write("GET", f"{EVENTS}/events/")["value"]] == [webinar, town_hall]
    assert scene.write("GET", f"{EVENTS}/events/{town_hall}/")["displayName"] == "T"
    scene.write("PATCH", f"{EVENTS}/events/{webinar}", {"displayName": "Changed"})
    assert scene.write("GET", f"{EVENTS}/webinars/{webinar}")["displayName"] == "Changed"


@pytest.mark.facts("11.2")
def test_the_draft_path_is_on_beta_only(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/events", displayName="E")
    assert scene.ask("GET", f"/v1.0/{EVENTS}/webinars/{event}").status_code == 200
    for path in (f"{EVENTS}/events", f"{EVENTS}/events/{event}", f"{EVENTS}/events/{event}/sessions"):
        assert scene.ask("GET", f"/v1.0/{path}").status_code == 400


@pytest.mark.facts("11.2")
def test_draft_registrants_are_the_registrations(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/webinars", displayName="W")
    registrant = scene.made(f"{EVENTS}/events/{event}/registration/registrants", email="a@contoso.example")
    assert scene.changes[-1].kind == "registration"
    assert scene.changes[-1].path == f"{EVENTS}/webinars/{event}/registrations/{registrant}"
    for path in (
        f"webinars/{event}/registrations/{registrant}",
        f"events/{event}/registration/registrants/{registrant}",
        f"events/{event}/virtualEventWebinar/registration/registrants/{registrant}",
    ):
        assert scene.write("GET", f"{EVENTS}/{path}")["email"] == "a@contoso.example", path


@pytest.mark.facts("2.4")
def test_town_halls_have_no_registrations(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/townhalls", displayName="T")
    for path in (f"townhalls/{event}/registrations", f"events/{event}/registration/registrants"):
        assert scene.ask("POST", f"/beta/{EVENTS}/{path}", {"email": "a@contoso.example"}).status_code == 400


@pytest.mark.facts("2.4", "2.6")
def test_an_attendance_report_is_told_to_its_event_and_its_session(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/webinars", displayName="W")
    session = scene.made(f"{EVENTS}/webinars/{event}/sessions", subject="I")
    reports = f"{EVENTS}/webinars/{event}/sessions/{session}/attendanceReports"
    report = scene.made(reports, totalParticipantCount=3)
    change = scene.changes[-1]
    assert (change.kind, dict(change.ids)) == (
        "attendance-report",
        {"event": event, "session": session, "report": report},
    )
    assert f"solutions/virtualevents/webinars/{event}/getattendancereports" in change.topics
    assert f"solutions/virtualevents/events/{event}/sessions/{session}/attendancereports" in change.topics
    assert scene.write("GET", f"{reports}/{report}")["totalParticipantCount"] == 3


@pytest.mark.facts("2.4")
def test_a_session_may_be_published_from_its_beginning(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/webinars", displayName="W")
    scene.changes.clear()
    scene.made(f"{EVENTS}/webinars/{event}/sessions", subject="I", videoOnDemandWebUrl=VIDEO)
    assert [each.kind for each in scene.changes] == ["session", "video-on-demand"]


@pytest.mark.facts("2.4")
def test_a_recording_is_published_by_its_address(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/townhalls", displayName="T")
    path = f"{EVENTS}/townhalls/{event}/sessions"
    session = scene.made(path, subject="I")
    scene.changes.clear()
    scene.write("PATCH", f"{path}/{session}", {"videoOnDemandWebUrl": VIDEO})
    scene.write("PATCH", f"{path}/{session}", {"videoOnDemandWebUrl": VIDEO, "subject": "II"})
    scene.write("PATCH", f"{path}/{session}", {"videoOnDemandWebUrl": None})
    assert [each.kind for each in scene.changes] == ["session", "video-on-demand", "session", "session"]
    video = scene.changes[1]
    assert video.topics == (f"solutions/virtualevents/townhalls/{event}/getvideoondemandpublication",)
    assert (video.path, dict(video.ids)) == (f"{path}/{session}", {"event": event, "session": session})
    assert video.body["videoOnDemandWebUrl"] == VIDEO


def test_deleting_an_event_ends_what_belongs_to_it(scene: Scene) -> None:
    event = scene.made(f"{EVENTS}/webinars", displayName="W")
    session = scene.write("POST", f"{EVENTS}/webinars/{event}/sessions", {"subject": "I"})
    calls = call_events_path(session["joinWebUrl"])
    scene.write("POST", calls, {"eventType": "callStarted"})
    scene.changes.clear()
    scene.write("DELETE", f"{EVENTS}/events/{event}")
    assert [each.kind for each in scene.changes] == ["webinar"]
    assert scene.ask("POST", f"/beta/{calls}", {"eventType": "callEnded"}).status_code == 404
    assert scene.ask("GET", f"/beta/{EVENTS}/webinars/{event}/sessions").status_code == 404
