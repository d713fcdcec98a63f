"""Who takes whose place (facts 2.1, 2.4, 3.5)."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import Ask, Create, soon
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

GUID = "0a1b2c3d-0000-4000-8000-00000000000a"
EVENTS = "solutions/virtualEvents/events"
MEETING = "communications/onlineMeetings(joinWebUrl='https%253a%252f%252fx')/meetingCallEvents"


def limit(emulator: RunningEmulator, path: str) -> str:
    return (
        f"Operation: Create; Exception: [Status Code: Forbidden; Reason: App '{emulator.info['clientId']}' has reached "
        f"its limit of '1' '{path}' subscription on tenant '{emulator.info['tenantId']}'.]"
    )


@pytest.mark.facts("3.5", "2.1")
@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        pytest.param("teams", "/teams/", "TEAMS", id="slashes"),
        pytest.param("teams/getAllChannels", "Teams/GETALLCHANNELS", "TEAMS/GETALLCHANNELS", id="letter-case"),
        pytest.param(f"teams/{GUID}", f"/teams('{GUID.upper()}')", "TEAMS/{ID}", id="key-syntax-and-case-of-guid"),
        pytest.param(f"teams/{GUID}/channels", f"teams('{GUID}')/channels", "TEAMS/{ID}/CHANNELS", id="channels"),
        pytest.param("chats/19:x@y/messages", "chats/19%3Ax@y/messages", "CHATS/{ID}/MESSAGES", id="escapes"),
        pytest.param("chats/c/messages", "chats/c/messages?$search=x", "CHATS/{ID}/MESSAGES", id="query-does-not-help"),
        pytest.param("teams", "teams?model=B", "TEAMS", id="dead-parameter"),
        pytest.param(EVENTS, EVENTS, "SOLUTIONS/VIRTUALEVENTS/EVENTS", id="tenant-level"),
        pytest.param(
            f"{EVENTS}/getEventsFromOrganizers(organizerIds=['a','b'])",
            EVENTS,
            "SOLUTIONS/VIRTUALEVENTS/EVENTS",
            id="organizers-then-all",
        ),
        pytest.param(
            f"{EVENTS}/getEventsFromOrganizers(organizerIds=['a'])",
            f"{EVENTS}/getEventsFromOrganizers(organizerIds=['b'])",
            "SOLUTIONS/VIRTUALEVENTS/EVENTS/GETEVENTSFROMORGANIZERS(ORGANIZERIDS=['{ID}'])",
            id="organizers-then-others",
        ),
        pytest.param(
            EVENTS,
            f"{EVENTS}/?$filter=organizerid eq 'a' and coorganizerid in ('b')",
            "SOLUTIONS/VIRTUALEVENTS/EVENTS",
            id="all-then-the-draft-filter",
        ),
        pytest.param(
            MEETING, MEETING, "COMMUNICATIONS/ONLINEMEETINGS(JOINWEBURL='{ID}')/MEETINGCALLEVENTS", id="meeting"
        ),
    ],
)
def test_a_slot_is_taken_once(
    create: Create, emulator: RunningEmulator, receiver: ValidationReceiver, first: str, second: str, path: str
) -> None:
    """Facts 3.5: the exact text; another change type or URL does not help (facts 2.1)."""
    kind = "created" if "virtualEvents" in first else "updated"
    assert create(version="beta", resource=first, changeType=kind).status_code == 201
    answer = create(version="beta", resource=second, changeType=kind, notificationUrl=receiver.url("/other"))
    assert error(answer) == (403, "ExtensionError", limit(emulator, path))
    assert len(emulator.subscriptions()) == 1


def test_other_ids_have_their_own_slots(create: Create) -> None:
    resources = ("teams", "teams/getAllChannels", "teams/a", "teams/b", "teams/a/channels", "teams/A")
    assert {create(resource=resource).status_code for resource in resources} == {201}


@pytest.mark.facts("2.1")
def test_other_apps_have_their_own_slots(create: Create, client: httpx.Client, emulator: RunningEmulator) -> None:
    """Facts 2.1: per app and tenant."""
    assert create(resource="teams").status_code == 201
    for more in ({}, {"tenantId": "fabrikam"}):
        app = emulator.register(**more)
        token = emulator.token(clientId=app["clientId"], tenantId=app["tenantId"])
        client.headers["Authorization"] = f"Bearer {token}"
        assert create(resource="teams").status_code == 201
    assert len({(each["tenantId"], each["applicationId"]) for each in emulator.subscriptions()}) == 3


@pytest.mark.facts("3.5")
def test_presence_says_it_in_its_own_way(create: Create, client: httpx.Client, emulator: RunningEmulator) -> None:
    """Facts 3.5: 409, the typos are Graph's."""
    client.headers["Authorization"] = f"Bearer {emulator.token(scopes=['Presence.Read.All'])}"
    pem = base64.b64encode(Path(emulator.info["clientCertificate"]).read_bytes()).decode()
    presence: dict[str, Any] = {
        "resource": "communications/presences/u1",
        "expirationDateTime": soon(minutes=55),
        "includeResourceData": True,
        "encryptionCertificate": pem,
        "encryptionCertificateId": "1",
    }
    assert create(**presence).status_code == 201
    message = (
        "Operation: Create; Exception: [Status Code: Conflict; "
        "Reason: A subscripton already exists. It must be deleted before a another can be made.]"
    )
    assert error(create(**presence | {"resource": "communications/presences/u2"})) == (409, "ExtensionError", message)


TWINS: dict[str, Any] = {"resource": "users/u1/messages", "changeType": "created,updated"}
SAME: dict[str, Any] = {"resource": "/Users('u1')/messages/", "changeType": "updated, Created"}


@pytest.mark.facts("2.1", "3.5")
@pytest.mark.parametrize(
    ("behaviour", "changes", "status"),
    [
        pytest.param("accept", SAME, 201, id="accept"),
        pytest.param("conflict", SAME, 409, id="conflict"),
        pytest.param("conflict", {**SAME, "changeType": "created"}, 201, id="other-change-types"),
        pytest.param("conflict", {**SAME, "resource": "users/u2/messages"}, 201, id="other-resource"),
        pytest.param("conflict", {**SAME, "resource": "users/u1/messages?$filter=a eq 'b'"}, 201, id="other-query"),
    ],
)
def test_twins(create: Create, emulator: RunningEmulator, behaviour: str, changes: dict[str, Any], status: int) -> None:
    """Facts 2.1: documented as refused, in practice often accepted."""
    emulator.behave(twins=behaviour)
    first = create(**TWINS).json()["id"]
    answer = create(**changes)
    assert answer.status_code == status
    if status == 409:
        message = f"Subscription Id {first} already exists for the requested combination"
        assert error(answer) == (409, "ObjectIdentifierInUse", message)


@pytest.mark.facts("4")
def test_a_taken_slot_shows_after_validation(create: Create, receiver: ValidationReceiver) -> None:
    """Facts 4.5."""
    create(resource="teams")
    receiver.received.clear()
    assert create(resource="teams").status_code == 403
    assert len(receiver.received) == 2


async def test_two_at_once_cannot_both_win(
    emulator: RunningEmulator, receiver: ValidationReceiver, ask: Ask, client: httpx.Client
) -> None:
    """Both have passed validation when the first takes the slot."""
    receiver.mode, receiver.delay = "slow", 0.1
    async with emulator.async_client(headers={"Authorization": client.headers["Authorization"]}) as both:
        requests = [both.post("/v1.0/subscriptions", json=ask(resource="teams")) for _ in range(3)]
        statuses = [answer.status_code for answer in await asyncio.gather(*requests)]
    assert sorted(statuses) == [201, 403, 403]
