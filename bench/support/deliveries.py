"""Deliveries as Graph sends them, in bytes that are ready to be sent, each with a number of its own."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from bench.support.listening import NAME, OWNER, PATH, SECRET, TENANT
from reconciler.core.client_state import client_state
from reconciler.core.mark import Mark

BIRTH = "0123456789"
MARK = Mark(OWNER, NAME, BIRTH, "k1", "abcdef0123")
SUBSCRIPTION = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
DIGITS = 12
NUMBER = "000000000000"
TEAM = f"0a1b2c3d-0000-4000-8000-{NUMBER}"
QUERY = f"{PATH}?reconciler={MARK}"
VALIDATION = (
    f"POST {PATH}?validationToken=Validation%3A+Testing HTTP/1.1\r\n"
    "Host: hooks.contoso.com\r\nContent-Length: 0\r\n\r\n"
).encode()


def notification(*, tenant: str = TENANT) -> dict[str, Any]:
    """A team was changed, without resource data."""
    return {
        "subscriptionId": SUBSCRIPTION,
        "clientState": client_state(SECRET, key=MARK.key, tenant_id=tenant, birth=BIRTH),
        "changeType": "updated",
        "resource": f"teams('{TEAM}')",
        "subscriptionExpirationDateTime": "2026-12-01T11:00:00.0000000-08:00",
        "resourceData": {"id": TEAM, "@odata.type": "#Microsoft.Graph.Teams", "@odata.id": f"teams('{TEAM}')"},
        "tenantId": tenant,
    }


def requests(numbers: Sequence[int], *, size: int, path: str = QUERY) -> Iterator[bytes]:
    """POSTs of one notification each, with a body of so many bytes."""
    item = notification()
    item["resourceData"]["padding"] = "x" * (size - len(spelled(item)) - len(',"padding":""'))
    body = spelled(item)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: hooks.contoso.com\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    parts = (head.encode() + body).split(NUMBER.encode())
    for number in numbers:
        yield (b"%0*d" % (DIGITS, number)).join(parts)


def spelled(item: dict[str, Any]) -> bytes:
    return json.dumps({"value": [item]}, separators=(",", ":")).encode()
