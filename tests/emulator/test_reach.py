"""Every resource of the catalog, from the subscription to the delivery, over TLS: each change type and version."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.core.catalog import ENTRIES, ChangeType, Entry, Rich, Version, Workload
from tests.emulator.conftest import Ask, soon
from tests.emulator.notifications.opening import reader
from tests.emulator.world.test_reach import Ids, carry_out
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

BESIDE = "/beside"


class Wire:
    """What ``Ids`` and ``carry_out`` need, over HTTP."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.client.request(method, path, json=body)

    def write(self, method: str, path: str, body: object = None) -> Any:
        response = self.ask(method, f"/beta/{path}", body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def made(self, path: str, **body: object) -> str:
        return str(self.write("POST", path, body)["id"])


def cases() -> Iterator[object]:
    for entry in ENTRIES:
        for change_type in sorted(entry.change_types):
            for version in entry.versions:
                for rich in (False, True):
                    if entry.rich is not (Rich.NEVER if rich else Rich.REQUIRED):
                        name = f"{entry.id}-{change_type}-{version}{'-rich' if rich else ''}"
                        yield pytest.param(entry, change_type, version, rich, id=name)


def asked(entry: Entry, resource: str, change_type: ChangeType, *, rich: bool) -> dict[str, Any]:
    """What a subscription is created with."""
    select = "?$select=id,subject" if rich and entry.rich_needs_select else ""
    data = {"includeResourceData": True, "encryptionCertificate": reader().sent, "encryptionCertificateId": "mine"}
    body = {"resource": resource + select, "changeType": change_type, "expirationDateTime": soon(minutes=58)}
    return body | (data if rich else {})


@pytest.mark.facts("2.2", "2.3", "2.4", "2.5", "5.4", "7.1", "7.2", "11.2")
@pytest.mark.parametrize(("entry", "change_type", "version", "rich"), list(cases()))
def test_a_change_is_delivered(
    entry: Entry,
    change_type: ChangeType,
    version: Version,
    rich: bool,
    emulator: RunningEmulator,
    client: httpx.Client,
    ask: Ask,
    receiver: ValidationReceiver,
) -> None:
    wire, delegated = Wire(client), entry.permissions.delegated_only
    ids = Ids(wire)  # type: ignore[arg-type]  # it is all that is used of a scene
    token = emulator.token(scopes=[*entry.permissions.delegated]) if delegated else emulator.token()
    path = f"/{version}/subscriptions"
    bearer = {"Authorization": f"Bearer {token}"}
    body = ask(**asked(entry, ids.filled(entry.path), change_type, rich=rich))
    made = client.post(path, json=body, headers=bearer)
    assert made.status_code == 201, made.text
    scopes = entry.permissions.delegated if delegated else ()
    follow_elsewhere(emulator, client, path, body | {"notificationUrl": receiver.url(BESIDE)}, scopes=scopes)
    carry_out(wire, ids, entry, change_type)  # type: ignore[arg-type]
    emulator.settle()
    *before, told = [item for item in receiver.items("/notifications") if item["changeType"] == change_type]
    in_directory = entry.workload is Workload.DIRECTORY
    assert bool(before) is (in_directory and change_type is ChangeType.UPDATED)  # told of its creation, too
    assert told["subscriptionId"] == made.json()["id"]
    assert receiver.items(BESIDE) == []
    assert ("encryptedContent" in told) is rich
    if rich:
        assert reader().open(told["encryptedContent"])["id"]


def follow_elsewhere(
    emulator: RunningEmulator, client: httpx.Client, path: str, body: dict[str, Any], *, scopes: tuple[str, ...]
) -> None:
    """The same subscription in another tenant, which hears nothing of it."""
    other = emulator.register(tenantId="0f2e8f59-0000-4000-8000-0000000000ff")
    whose = {"scopes": [*scopes]} if scopes else {}
    token = emulator.token(tenantId=other["tenantId"], clientId=other["clientId"], **whose)
    made = client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
    assert made.status_code == 201, made.text
