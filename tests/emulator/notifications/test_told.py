"""From a write over HTTP to what the receiver has: Graph's paths in, Graph's spelling out (facts 2.3 to 2.5)."""

import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.conftest import Create, soon
from tests.emulator.notifications.opening import reader
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

LONGEST = 5.0
EVENTS = "solutions/virtualEvents"
Follow = Callable[..., None]


@pytest.fixture
def follow(create: Create) -> Follow:
    """Subscribe to a resource."""

    def follow(resource: str, changes: str, *, version: str = "v1.0", rich: bool = False) -> None:
        data = {
            "includeResourceData": True,
            "encryptionCertificate": reader().sent,
            "encryptionCertificateId": "mine",
        }
        made = create(
            version=version,
            resource=resource,
            changeType=changes,
            expirationDateTime=soon(minutes=60),
            **data if rich else {},
        )
        assert made.status_code == 201, made.text

    return follow


def arrived(receiver: ValidationReceiver) -> dict[str, Any]:
    """The first notification."""
    ends = time.monotonic() + LONGEST
    while not receiver.items():
        assert time.monotonic() < ends, "nothing has come"
        time.sleep(0.005)
    return receiver.items()[0]


@pytest.mark.facts("2.3", "7.2")
def test_a_new_team(emulator: RunningEmulator, receiver: ValidationReceiver, follow: Follow) -> None:
    follow("/teams", "created", rich=True)
    emulator.write("POST", "/v1.0/teams", {"displayName": "Sales"})
    item = arrived(receiver)
    content = reader().open(item["encryptedContent"])
    assert item["resource"] == f"teams('{content['id']}')"
    assert content["displayName"] == "Sales"
    assert "discoverySettings" not in content
    assert content["memberSettings"]["allowDeleteChannels"] is True


@pytest.mark.facts("2.3", "7.2")
def test_a_renamed_channel(emulator: RunningEmulator, receiver: ValidationReceiver, follow: Follow) -> None:
    emulator.write("POST", "/v1.0/teams", {"displayName": "Sales"})
    team = emulator.write("GET", "/v1.0/teams")["value"][0]["id"]
    channel = emulator.write("POST", f"/v1.0/teams/{team}/channels", {"displayName": "Leads"})["id"]
    follow(f"/teams/{team}/channels", "updated", rich=True)
    emulator.write("PATCH", f"/v1.0/teams/{team}/channels/{channel}", {"displayName": "Won"})
    item = arrived(receiver)
    assert item["resource"] == f"teams('{team}')/channels('{channel}')"
    assert item["resourceData"]["id"] == channel
    content = reader().open(item["encryptedContent"])
    assert (content["displayName"], content["email"], content["moderationSettings"]) == ("Won", "", None)


@pytest.mark.facts("2.4")
@pytest.mark.parametrize(
    ("kind", "root", "end"), [("webinars", EVENTS, "/"), ("townhalls", "solutions/virtualevents", "")]
)
def test_a_new_event(
    emulator: RunningEmulator, receiver: ValidationReceiver, follow: Follow, kind: str, root: str, end: str
) -> None:
    follow("solutions/virtualEvents/events", "created")
    event = emulator.write("POST", f"/v1.0/{EVENTS}/{kind}", {"displayName": "Launch"})["id"]
    item = arrived(receiver)
    assert item["resourceData"]["id"] == f"{root}/{kind}/{event}{end}"
    assert ("tenantId" in item) is (kind == "webinars")


@pytest.mark.facts("2.4")
@pytest.mark.parametrize(
    ("followed", "written", "body", "told"),
    [
        ("sessions", "sessions", {"subject": "One"}, "{event}/sessions/{id}"),
        ("registrations", "registrations", {"email": "a@b.example"}, "{event}/registrations/{id}"),
        ("getAttendanceReports", "sessions/{session}/attendanceReports", {}, "{id}"),
    ],
    ids=["session", "registration", "report"],
)
def test_what_belongs_to_a_webinar(
    emulator: RunningEmulator,
    receiver: ValidationReceiver,
    follow: Follow,
    followed: str,
    written: str,
    body: dict[str, Any],
    told: str,
) -> None:
    event = f"{EVENTS}/webinars/" + emulator.write("POST", f"/v1.0/{EVENTS}/webinars", {"displayName": "L"})["id"]
    session = emulator.write("POST", f"/v1.0/{event}/sessions", {"subject": "Zero"})["id"]
    follow(f"{event}/{followed}", "created")
    made = emulator.write("POST", f"/v1.0/{event}/{written.format(session=session)}", body)["id"]
    item = arrived(receiver)
    assert item["resource"] == f"{event}/{followed}"
    assert item["resourceData"]["id"] == told.format(event=event, id=made)


@pytest.mark.facts("2.4")
def test_a_published_recording(emulator: RunningEmulator, receiver: ValidationReceiver, follow: Follow) -> None:
    event = f"{EVENTS}/townhalls/" + emulator.write("POST", f"/v1.0/{EVENTS}/townhalls", {"displayName": "L"})["id"]
    session = emulator.write("POST", f"/v1.0/{event}/sessions", {"subject": "One"})["id"]
    follow(f"{event}/getVideoOnDemandPublication", "updated")
    video = {"videoOnDemandWebUrl": "https://videos.example/1"}
    emulator.write("PATCH", f"/v1.0/{event}/sessions/{session}", video)
    item = arrived(receiver)
    assert item["resource"] == f"{event}/getVideoOnDemandPublication"
    assert item["resourceData"]["@odata.type"] == "#microsoft.graph.virtualeventsession"
    assert item["resourceData"]["id"] == f"{event}/sessions/{session}"


@pytest.mark.facts("11.2")
def test_a_registrant_of_the_draft(emulator: RunningEmulator, receiver: ValidationReceiver, follow: Follow) -> None:
    event = emulator.write("POST", f"/beta/{EVENTS}/events", {"displayName": "Launch"})["id"]
    resource = f"{EVENTS}/events/{event}/registration/registrants"
    follow(resource, "created", version="beta")
    made = emulator.write("POST", f"/beta/{resource}", {"email": "a@b.example"})["id"]
    item = arrived(receiver)
    assert item["resource"] == resource
    data = item["resourceData"]
    assert data["id"] == f"{EVENTS}/events/{event}/virtualEventWebinar/registration/registrants/{made}"


@pytest.mark.facts("2.5", "7.2")
def test_a_call(emulator: RunningEmulator, receiver: ValidationReceiver, follow: Follow) -> None:
    url = emulator.write("POST", "/v1.0/users/u1/onlineMeetings", {"subject": "Daily"})["joinWebUrl"]
    path = f"communications/onlineMeetings(joinWebUrl='{urllib.parse.quote(url, safe='')}')/meetingCallEvents"
    follow(path, "updated", version="beta", rich=True)
    emulator.write("POST", f"/beta/{path}", {"eventType": "callStarted"})
    item = arrived(receiver)
    assert item["resource"] == item["resourceData"]["@odata.id"] == path
    assert item["organizationId"] == item["tenantId"]
    content = reader().open(item["encryptedContent"])
    assert content["eventType"] == "callStarted"
    assert content["id"] == item["resourceData"]["id"]
