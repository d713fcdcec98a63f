"""Presence, mail and the directory against what Microsoft's pages show (facts 2.5, 5.4), letter by letter."""

import dataclasses
from typing import Any

import pytest

from reconciler.core.catalog import Version
from reconciler.emulator.notifications.shapes import Told, other
from reconciler.emulator.world.changes import Change
from tests.emulator.notifications.telling import FIXED, MIDNIGHT, NOW, TENANT, change, item, plain, subscription

USER = "722effaf-0433-4272-9ac4-d5ec11c3cd77"


@pytest.mark.facts("2.5")
def test_presence() -> None:
    """The resource is not where it is read."""
    body = {"id": USER, "availability": "Busy", "activity": "InACall", "statusMessage": None}
    happened = change("thing", f"communications/presences/{USER}", ids={"id": USER}, body=body)
    follower = subscription(f"/communications/presences/{USER}", id=FIXED, expires_at=MIDNIGHT, version=Version.V1)
    data = {"@odata.id": f"users/{USER}/presence", "@odata.type": "#microsoft.graph.presence", "id": USER}
    assert item(follower, happened, rich=True) == {
        "subscriptionId": FIXED,
        "clientState": "secret client state",
        "changeType": "updated",
        "tenantId": TENANT,
        "resource": f"communications/presences/{USER}",
        "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
        "resourceData": data,
        "organizationId": TENANT,
    }
    assert plain(follower, happened) == data | {"availability": "Busy", "activity": "InACall"}


ETAG = 'W/"CQAAABYAAACQ2fKdhq8oSKEDSVrdi3lRAAGDUR8n"'
MAIL = f"users/{USER}/messages/AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA="
MAIL_BODY = {"id": "AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA=", "subject": "Hello", "isRead": False, "importance": "normal"}


def mail(**more: Any) -> Change:
    return change("thing", MAIL, ids={"id": "AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA="}, body=MAIL_BODY, etag=ETAG, **more)


@pytest.mark.facts("5.4")
def test_mail_without_data() -> None:
    """Facts 5.4: one of Outlook's spellings, with the etag."""
    made = item(subscription(f"users/{USER}/messages", id=FIXED, version=Version.V1), mail(change_type="created"))
    assert made == {
        "subscriptionId": FIXED,
        "subscriptionExpirationDateTime": "2021-02-03T00:00:34.9097560+05:30",
        "clientState": "secret client state",
        "changeType": "created",
        "resource": f"users/{USER}@{TENANT}/messages/AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA=",
        "tenantId": TENANT,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message",
            "@odata.id": f"Users/{USER}@{TENANT}/Messages/AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA=",
            "@odata.etag": ETAG,
            "id": "AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA=",
        },
    }


@pytest.mark.facts("2.2", "5.4")
def test_mail_with_data() -> None:
    """Facts 5.4: the other spelling; the data are what was selected, whatever its case (facts 2.2)."""
    follower = subscription(f"users/{USER}/messages?$select=Subject,importance", version=Version.V1)
    made = item(follower, mail(), rich=True)
    path = f"Users('{USER}')/messages('AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA=')"
    assert made["resource"] == path
    assert made["resourceData"] == {
        "@odata.type": "#microsoft.graph.message",
        "@odata.id": path,
        "@odata.etag": ETAG,
        "id": "AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA=",
    }
    assert plain(follower, mail()) == {"subject": "Hello", "importance": "normal"}


def test_deleted_mail_has_its_id_even_if_that_was_not_selected() -> None:
    follower = subscription(f"users/{USER}/messages?$select=subject", version=Version.V1)
    assert plain(follower, mail(change_type="deleted")) == {"id": "AAMkAGUwNjQ4ZjIxLTQ3Y2Y8AAA="}


def test_a_user() -> None:
    """As Microsoft shows one that comes through Event Grid."""
    follower = subscription("/users", version=Version.V1)
    made = item(follower, change("thing", f"users/{USER}", ids={"id": USER}))
    assert made["resource"] == f"Users/{USER}"
    assert made["subscriptionExpirationDateTime"] == "2021-02-02T18:30:34.9097560+00:00"
    assert made["resourceData"] == {
        "@odata.type": "#Microsoft.Graph.User",
        "@odata.id": f"Users/{USER}",
        "id": USER,
        "organizationId": TENANT,
        "eventTime": "2021-02-02T18:16:05.9490000Z",
        "sequenceNumber": 637478865659490000,
    }


@pytest.mark.facts("5.4")
def test_a_drive_says_only_that_something_has_changed() -> None:
    """Neither which file nor what: as an entry of the catalog for drives will have it."""
    users = subscription("/users", version=Version.V1)
    drive = f"users/{USER}/drive/root"
    entry = dataclasses.replace(users.resource.entry, path="users/{user-id}/drive/root")
    follower = dataclasses.replace(users, resource=dataclasses.replace(users.resource, text=f"/{drive}", entry=entry))
    told = Told(change=change("thing", f"{drive}/children/1"), subscription=follower, rich=False, now=NOW)
    shown = other.shape(told)
    assert (shown.resource, shown.data) == (drive, None)


@pytest.mark.facts("1.3", "2.2")
@pytest.mark.parametrize(
    ("resource", "path", "odata_type"),
    [
        ("drives/d/root", "drives/d/root/1", None),
        ("communications/callRecords", "communications/callRecords/1", "callRecord"),
        (
            "communications/onlineMeetings/getAllRecordings",
            "communications/onlineMeetings/m/recordings/1",
            "callRecording",
        ),
        (
            "communications/onlineMeetings/getAllTranscripts",
            "communications/onlineMeetings/m/transcripts/1",
            "callTranscript",
        ),
        (
            "copilot/interactionHistory/getAllEnterpriseInteractions",
            f"copilot/users/{USER}/interactionHistory/getAllEnterpriseInteractions/1",
            "aiInteraction",
        ),
        (f"users/{USER}/todo/lists/l/tasks", f"users/{USER}/todo/lists/l/tasks/1", "todoTask"),
        ("print/printers/p/jobs", "print/printers/p/jobs/1", "printJob"),
        ("print/taskDefinitions/p/tasks", "print/taskDefinitions/p/tasks/1", "printTask"),
        ("teams/t/schedule/shifts", "teams/t/schedule/shifts/1", "shift"),
        ("appCatalogs/teamsApps/a/installations", "appCatalogs/teamsApps/a/installations/1", "teamsAppInstallation"),
    ],
)
def test_the_types_of_what_no_source_shows(resource: str, path: str, odata_type: str | None) -> None:
    """Its own guess: the collection's name in the singular, unless the facts have another name."""
    happened = change("thing", path, ids={"id": "1"}, body={"id": "1"})
    told = item(subscription(resource), happened)
    if odata_type is None:
        assert "resourceData" not in told
    else:
        assert told["resourceData"]["@odata.type"] == f"#microsoft.graph.{odata_type}"
        assert told["resourceData"]["id"] == "1"
