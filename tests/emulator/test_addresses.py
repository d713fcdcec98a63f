"""Event Hubs and Event Grid (facts 1.1, 4.8): taken and returned as Graph does, asked nothing, and sent to nobody."""

from typing import Any

import httpx
import pytest

from reconciler.emulator.notifications.endpoints import endpoint_of
from tests.emulator.conftest import Create
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

HUB = "EventHub:https://contoso.servicebus.windows.net/eventhubname/graph?tenantId=contoso.com"
VAULT = "EventHub:https://contoso.vault.azure.net/secrets/graph?tenantId=contoso.com"
GRID = "EventGrid:?azuresubscriptionid=8A8A&resourcegroup=Graph&partnertopic=Users&location=westeurope"
RETURNED = GRID.removesuffix("&location=westeurope")
USER_MAIL = "/users/0b0e6a3c-0000-4000-8000-00000000000A/mailFolders/inbox/messages"

Body = dict[str, Any]


def said(body: Body) -> tuple[str, str, str]:
    return body["notificationUrl"], body["resource"], body["changeType"]


@pytest.mark.facts("1.1")
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(HUB, (HUB, USER_MAIL, "Created,Updated"), id="hub"),
        pytest.param(VAULT, (VAULT, USER_MAIL, "Created,Updated"), id="vault"),
        pytest.param(GRID, (RETURNED, USER_MAIL.lower(), "created,updated"), id="grid"),
        pytest.param(RETURNED, (RETURNED, USER_MAIL.lower(), "created,updated"), id="grid-without-location"),
    ],
)
def test_what_comes_back(client: httpx.Client, create: Create, url: str, expected: tuple[str, str, str]) -> None:
    answer = create(notificationUrl=url, resource=USER_MAIL, changeType="Created,Updated")
    assert answer.status_code == 201, answer.text
    (listed,) = client.get("/v1.0/subscriptions").json()["value"]
    found = client.get(f"/v1.0/subscriptions/{answer.json()['id']}").json()
    assert said(answer.json()) == said(listed) == said(found) == expected


@pytest.mark.parametrize("url", [HUB, GRID], ids=["hub", "grid"])
def test_only_the_lifecycle_url_is_asked(
    client: httpx.Client, create: Create, receiver: ValidationReceiver, url: str
) -> None:
    made = create(notificationUrl=url).json()
    client.patch(f"/v1.0/subscriptions/{made['id']}", json={"notificationUrl": VAULT})
    assert {each.path.partition("?")[0] for each in receiver.received} == {"/lifecycle"}


@pytest.mark.parametrize(
    "url",
    [
        "EventHub:http://contoso.servicebus.windows.net/eventhubname/graph?tenantId=contoso.com",
        "EventHub:https://contoso.servicebus.windows.net/eventhubname/graph",
        "EventHub:?tenantId=contoso.com",
        "EventGrid:?azuresubscriptionid=8A8A&resourcegroup=Graph",
        "EventGrid:?azuresubscriptionid=8A8A&resourcegroup=Graph&partnertopic=",
        "EventGrid:https://contoso.com/?azuresubscriptionid=8A8A&resourcegroup=Graph&partnertopic=a",
        "ServiceBus:https://contoso.com/",
    ],
    ids=["no-tls", "no-tenant", "no-hub", "no-topic", "empty-topic", "a-host", "another-scheme"],
)
def test_what_is_refused(create: Create, url: str) -> None:
    assert error(create(notificationUrl=url)) == (
        400,
        "InvalidRequest",
        f"Invalid 'notificationUrl' attribute: '{url}'.",
    )


def test_what_is_sent_there_is_counted_and_dropped(
    emulator: RunningEmulator, create: Create, receiver: ValidationReceiver
) -> None:
    made = create(notificationUrl=HUB, lifecycleNotificationUrl=receiver.url("/lifecycle")).json()
    team = made["resource"].rpartition("/")[2]
    emulator.control("POST", "world", {"teams": [{"id": team, "displayName": "Sales"}]})
    emulator.write("PATCH", f"/v1.0/teams/{team}", {"displayName": "Renamed"})
    emulator.tell(made["id"], "reauthorizationRequired")
    emulator.settle()
    dropped, delivered = emulator.deliveries(made["id"])
    assert (dropped["url"], dropped["state"], dropped["attempts"]) == (HUB, "dropped", [])
    assert (delivered["kind"], delivered["state"]) == ("lifecycle", "delivered")
    assert [each["lifecycleEvent"] for each in receiver.items("/lifecycle")] == ["reauthorizationRequired"]


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (HUB, "EventHub:https://contoso.servicebus.windows.net/eventhubname/graph"),
        (GRID, "EventGrid:"),
        ("https://LOCALHOST:1/n?a=b", "https://localhost:1/n"),
    ],
    ids=["hub", "grid", "https"],
)
def test_how_an_endpoint_is_named(url: str, endpoint: str) -> None:
    assert endpoint_of(url) == endpoint
