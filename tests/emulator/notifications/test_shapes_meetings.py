"""The calls of online meetings against Microsoft's pages of 2024 and 2023 (facts 2.5), letter by letter."""

import urllib.parse
from typing import Any

import pytest

from reconciler.emulator.world.changes import Change
from tests.emulator.notifications.telling import FIXED, MIDNIGHT, TENANT, change, item, plain, subscription

JOIN_URL = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d"
ENCODED = (
    "https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F19%253ameeting_x%2540thread.v2%2F0%3Fcontext%3D%257b%257d"
)
CALLS = f"communications/onlineMeetings(joinWebUrl='{ENCODED}')/meetingCallEvents"
OLD_CALLS = f"communications/onlineMeetings/?$filter=JoinWebUrl eq '{JOIN_URL}'"
JOINED = {
    "info": {"identity": {"user": {"id": "u1", "displayName": "A user", "tenantId": "t1"}}},
    "isInLobby": False,
    "id": "p1",
}
LEFT = JOINED | {"id": "p2", "removedState": {"reason": "Participant has left the meeting call."}}
ROSTER = {
    "id": "n1",
    "eventType": "rosterUpdated",
    "eventDateTime": "2022-02-28T00:00:00.0000000Z",
    "participants@delta": [JOINED, LEFT],
}


def call(*, url: str = JOIN_URL, **body: Any) -> Change:
    return change("call-event", "is not looked at", ids={"joinWebUrl": url}, body=ROSTER | body)


@pytest.mark.facts("2.5")
@pytest.mark.parametrize("rich", [True, False])
@pytest.mark.parametrize("url", [JOIN_URL, ENCODED, urllib.parse.quote(ENCODED)], ids=["as-found", "once", "twice"])
def test_a_call(*, rich: bool, url: str) -> None:
    """The join URL is escaped once more, ``organizationId`` beside the tenant, nothing of the call outside."""
    made = item(subscription(CALLS, id=FIXED, expires_at=MIDNIGHT), call(url=url), rich=rich)
    assert made == {
        "subscriptionId": FIXED,
        "clientState": "secret client state",
        "changeType": "updated",
        "tenantId": TENANT,
        "resource": CALLS,
        "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
        "resourceData": {"@odata.id": CALLS, "@odata.type": "#microsoft.graph.callevent", "id": "n1"},
        "organizationId": TENANT,
    }


@pytest.mark.facts("2.5")
def test_the_data_of_a_call() -> None:
    assert plain(subscription(CALLS), call()) == {
        "@odata.type": "#microsoft.graph.callevent",
        "@odata.id": CALLS,
        "id": "n1",
        "eventType": "rosterUpdated",
        "eventDateTime": "2022-02-28T00:00:00.0000000Z",
        "participants@delta": [JOINED, LEFT],
    }


OLD_ID = f"communications/onlineMeetings?$filter=joinWebUrl+eq+'{JOIN_URL}'"
OLD_USER = {"User": {"Id": "u1", "DisplayName": "A user", "TenantId": "t1"}}


@pytest.mark.facts("2.5")
def test_a_call_in_older_texts() -> None:
    made = item(subscription(OLD_CALLS, id=FIXED, expires_at=MIDNIGHT), call(), rich=True)
    assert made == {
        "subscriptionId": FIXED,
        "clientState": "secret client state",
        "changeType": "updated",
        "tenantId": TENANT,
        "resource": OLD_ID,
        "subscriptionExpirationDateTime": "2023-01-28T00:00:00.0000000Z",
        "resourceData": {"@odata.id": OLD_ID, "@odata.type": "#microsoft.graph.onlineMeeting", "id": OLD_ID},
        "organizationId": TENANT,
    }


@pytest.mark.facts("2.5")
def test_the_data_of_a_call_in_older_texts() -> None:
    assert plain(subscription(OLD_CALLS), call()) == {
        "@odata.type": "#Microsoft.Graph.onlineMeeting",
        "@odata.id": OLD_ID,
        "id": OLD_ID,
        "eventType": "Microsoft.Communication.CallRosterUpdate",
        "eventDateTime": "2022-02-28T00:00:00.0000000Z",
        "state": "active",
        "activeParticipants@joined": [{"id": "p1", "identity": OLD_USER}],
        "activeParticipants@exited": [{"id": "p2", "identity": OLD_USER}],
    }


@pytest.mark.facts("2.5")
@pytest.mark.parametrize(
    ("event", "old"),
    [
        ("callStarted", "Microsoft.Communication.CallStarted"),
        ("callEnded", "Microsoft.Communication.CallEnded"),
    ],
)
def test_without_encryption_older_texts_show_everything(event: str, old: str) -> None:
    data = item(subscription(OLD_CALLS), call(eventType=event))["resourceData"]
    assert data == {
        "@odata.type": "#microsoft.graph.onlineMeeting",
        "@odata.id": OLD_ID,
        "id": OLD_ID,
        "eventType": old,
        "eventDateTime": "2022-02-28T00:00:00.0000000Z",
        "state": "active",
    }
