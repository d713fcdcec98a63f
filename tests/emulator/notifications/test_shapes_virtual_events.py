"""Virtual events against Microsoft's page as shipped (facts 2.4) and against the seed, letter by letter."""

import json
from typing import Any

import pytest

from reconciler.core.catalog import Version
from tests.emulator.notifications.telling import FIXED, MIDNIGHT, change, item, subscription

EVENT = "fb8f5b2e-7e2f-4e08-9d0c-1d3f1e3fa7d3@f5b076c8-b508-4ba3-a1a7-19d1c0bcef03"
IDS = {"event": EVENT, "session": "s1", "registration": "r1", "report": "a1"}
USER = "722effaf-0433-4272-9ac4-d5ec11c3cd77"


def expected(text: str) -> Any:
    """The example with its placeholders filled in."""
    return json.loads(text.replace("{eventId}", EVENT).replace("{webinarId}", EVENT).replace("{townhallId}", EVENT))


def shipped(resource: str, kind: str, path: str, *, change_type: str = "updated") -> dict[str, Any]:
    follower = subscription(resource, id=FIXED, expires_at=MIDNIGHT, version=Version.V1)
    return item(follower, change(kind, path, change_type=change_type, ids=IDS))


ROOT = "solutions/virtualEvents"
SHIPPED = {
    "event-created": (
        ("solutions/virtualEvents/events", "webinar", f"{ROOT}/webinars/{EVENT}", "created"),
        """
        {
          "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
          "clientState": "secret client state",
          "changeType": "created",
          "tenantId": "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03",
          "resource": "solutions/virtualEvents/events/",
          "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/webinars/{webinarId}/",
            "@odata.type": "#microsoft.graph.virtualEvent",
            "id": "solutions/virtualEvents/webinars/{webinarId}/"
          }
        }
        """,
    ),
    "webinar-updated": (
        (f"{ROOT}/webinars/{EVENT}", "webinar", f"{ROOT}/webinars/{EVENT}", "updated"),
        """
        {
          "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
          "clientState": "secret client state",
          "changeType": "updated",
          "tenantId": "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03",
          "resource": "solutions/virtualEvents/webinars/{webinarId}/",
          "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/webinars/{webinarId}/",
            "@odata.type": "#microsoft.graph.virtualEvent",
            "id": "solutions/virtualEvents/webinars/{webinarId}/"
          }
        }
        """,
    ),
    "session-created": (
        (f"{ROOT}/webinars/{EVENT}/sessions", "session", f"{ROOT}/webinars/{EVENT}/sessions/s1", "created"),
        """
        {
          "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
          "clientState": "secret client state",
          "changeType": "created",
          "tenantId": "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03",
          "resource": "solutions/virtualEvents/webinars/{webinarId}/sessions",
          "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/webinars/{webinarId}/sessions/s1",
            "@odata.type": "#microsoft.graph.virtualEventSession",
            "id": "solutions/virtualEvents/webinars/{webinarId}/sessions/s1"
          }
        }
        """,
    ),
    "video-on-demand": (
        (
            f"{ROOT}/townhalls/{EVENT}/getVideoOnDemandPublication",
            "video-on-demand",
            f"{ROOT}/townhalls/{EVENT}/sessions/s1",
            "updated",
        ),
        """
        {
          "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
          "clientState": "secret client state",
          "changeType": "updated",
          "tenantId": "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03",
          "resource": "solutions/virtualEvents/townhalls/{eventId}/getVideoOnDemandPublication",
          "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/townhalls/{eventId}/sessions/s1",
            "@odata.type": "#microsoft.graph.virtualeventsession",
            "id": "solutions/virtualEvents/townhalls/{eventId}/sessions/s1"
          }
        }
        """,
    ),
    "registration-created": (
        (
            f"{ROOT}/webinars/{EVENT}/registrations",
            "registration",
            f"{ROOT}/webinars/{EVENT}/registrations/r1",
            "created",
        ),
        """
        {
          "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
          "clientState": "secret client state",
          "changeType": "created",
          "tenantId": "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03",
          "resource": "solutions/virtualEvents/webinars/{webinarId}/registrations",
          "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/webinars/{webinarId}/registrations/r1",
            "@odata.type": "#microsoft.graph.virtualEventRegistration",
            "id": "solutions/virtualEvents/webinars/{webinarId}/registrations/r1"
          }
        }
        """,
    ),
    "attendance-report-created": (
        (
            f"{ROOT}/webinars/{EVENT}/getAttendanceReports",
            "attendance-report",
            f"{ROOT}/webinars/{EVENT}/sessions/s1/attendanceReports/a1",
            "created",
        ),
        """
        {
          "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
          "clientState": "secret client state",
          "changeType": "created",
          "tenantId": "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03",
          "resource": "solutions/virtualEvents/webinars/{webinarId}/getAttendanceReports",
          "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/webinars/{webinarId}/sessions/s1/attendanceReports/a1",
            "@odata.type": "#microsoft.graph.meetingAttendanceReport",
            "id": "a1"
          }
        }
        """,
    ),
    "townhall-created": (
        ("solutions/virtualEvents/events", "townhall", f"{ROOT}/townhalls/{EVENT}", "created"),
        """
        {
          "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
          "clientState": "secret client state",
          "changeType": "created",
          "resource": "solutions/virtualevents/townhalls/{townhallId}",
          "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
          "resourceData": {
            "@odata.type": "#microsoft.graph.virtualEventTownhall",
            "@odata.id": "solutions/virtualevents/townhalls/{townhallId}",
            "id": "solutions/virtualevents/townhalls/{townhallId}"
          }
        }
        """,
    ),
}


@pytest.mark.facts("2.4")
@pytest.mark.parametrize(("given", "text"), SHIPPED.values(), ids=SHIPPED.keys())
def test_virtual_events_as_shipped(given: tuple[str, str, str, str], text: str) -> None:
    resource, kind, path, change_type = given
    assert shipped(resource, kind, path, change_type=change_type) == expected(text)


@pytest.mark.facts("2.4")
def test_the_events_of_organizers_name_what_was_subscribed_to() -> None:
    """Facts 2.4: ``resource`` is the subscribed path."""
    resource = f"solutions/virtualEvents/events/getEventsFromOrganizers(organizerIds=['{USER}'])"
    told_of = shipped(f"/{resource}/", "webinar", f"{ROOT}/webinars/{EVENT}", change_type="created")
    assert told_of["resource"] == resource
    assert told_of["resourceData"]["id"] == f"solutions/virtualEvents/webinars/{EVENT}/"


# The draft: the seed, which fills {eventId} as it is.


def drafted(resource: str, kind: str, change_type: str) -> dict[str, Any]:
    follower = subscription(resource, id=FIXED, expires_at=MIDNIGHT)
    return item(follower, change(kind, "is not looked at", change_type=change_type, ids=IDS))


DRAFTS = {
    "event": (
        f"{ROOT}/events/{EVENT}",
        "webinar",
        """
        {
          "resource": "solutions/virtualEvents/events/{eventId}/",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/events/{eventId}/",
            "@odata.type": "#microsoft.graph.virtualEvent",
            "id": "solutions/virtualEvents/events/{eventId}/"
          }
        }
        """,
    ),
    "session": (
        f"{ROOT}/events/{EVENT}/sessions",
        "session",
        """
        {
          "resource": "solutions/virtualEvents/events/{eventId}/sessions",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/events/{eventId}/sessions/s1",
            "@odata.type": "#microsoft.graph.virtualEvent",
            "id": "solutions/virtualEvents/events/{eventId}/sessions/s1"
          }
        }
        """,
    ),
    "registrant": (
        f"{ROOT}/events/{EVENT}/registration/registrants",
        "registration",
        """
        {
          "resource": "solutions/virtualEvents/events/{eventId}/registration/registrants",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/events/{eventId}/virtualEventWebinar/registration/registrants/r1",
            "@odata.type": "#microsoft.graph.virtualEvent",
            "id": "solutions/virtualEvents/events/{eventId}/virtualEventWebinar/registration/registrants/r1"
          }
        }
        """,
    ),
    "attendance-report": (
        f"{ROOT}/events/{EVENT}/sessions/s1/attendanceReports",
        "attendance-report",
        """
        {
          "resource": "solutions/virtualEvents/events/{eventId}/sessions/s1/attendanceReports",
          "resourceData": {
            "@odata.id": "solutions/virtualEvents/events/{eventId}/sessions/s1/attendanceReports/a1",
            "@odata.type": "#microsoft.graph.virtualEvent",
            "id": "solutions/virtualEvents/events/{eventId}/sessions/s1/attendanceReports/a1"
          }
        }
        """,
    ),
}


@pytest.mark.facts("11.2")
@pytest.mark.parametrize("change_type", ["created", "updated", "deleted"])
@pytest.mark.parametrize(("resource", "kind", "text"), DRAFTS.values(), ids=DRAFTS.keys())
def test_virtual_events_as_drafted(resource: str, kind: str, text: str, change_type: str) -> None:
    assert drafted(resource, kind, change_type) == expected(text) | {
        "subscriptionId": "7015b436-a8b8-4260-af80-5af8cba32e62",
        "clientState": "secret client state",
        "changeType": change_type,
        "tenantId": "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03",
        "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
    }


@pytest.mark.facts("11.2")
def test_the_draft_filter_names_what_was_subscribed_to() -> None:
    resource = f"solutions/virtualEvents/events/?$filter=organizerid eq '{USER}' and coorganizerid in ('u2', 'u3')"
    told_of = drafted(resource, "townhall", "created")
    assert told_of["resource"] == resource
    assert told_of["resourceData"]["id"] == f"solutions/virtualEvents/events/{EVENT}/"
