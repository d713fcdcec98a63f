"""Manifests and snapshots as a user has them, in few words."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.core.asked import Asked
from reconciler.core.catalog import ChangeType, Version
from reconciler.core.mark import Mark, marked
from reconciler.core.resource import read_resource

OWNER = "contoso-test"
TENANT_ID = "0f2e8f59-862a-483b-9ca8-82a10665e17d"
CLIENT_ID = "6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55"
HOOK, LIFECYCLE = "https://hooks.contoso.com/notifications", "https://hooks.contoso.com/lifecycle"
NOW = "2026-03-01T12:00:00Z"
SOON, LATER = "2026-03-01T14:00:00Z", "2026-03-04T11:00:00Z"
"""Two hours and almost three days after NOW: a renewal is due, and it is not."""

EXAMPLE = Path(__file__).parents[2] / "manifests"


@dataclasses.dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def actions(self) -> list[tuple[str, str, str | None]]:
        """Of a plan in JSON: action, name, and why it is withheld."""
        return [(each["action"], each["name"], each["withheld"]) for each in self.json["changes"]]

    @property
    def rules(self) -> list[str]:
        return [each["rule"] for each in self.json["problems"]]


def manifest(kind: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": dict(spec)}


def settings(**spec: Any) -> dict[str, Any]:
    return manifest("Settings", "settings", {"owner": OWNER} | spec)


def tenant(name: str = "contoso", **spec: Any) -> dict[str, Any]:
    ids = {"tenantId": TENANT_ID, "clientId": CLIENT_ID, "credential": {"secret": {"env": "AZURE_CLIENT_SECRET"}}}
    return manifest("Tenant", name, ids | spec)


def local_tenant(name: str = "contoso", **spec: Any) -> dict[str, Any]:
    return manifest("Tenant", name, {"cloud": "emulator"} | spec)


def endpoint(name: str = "public", **spec: Any) -> dict[str, Any]:
    urls = {"notificationUrl": HOOK, "lifecycleNotificationUrl": LIFECYCLE}
    key = {} if spec.get("receiver") == "external" else {"clientStateKey": {"env": "RECONCILER_CLIENT_STATE_KEY"}}
    return manifest("Endpoint", name, urls | key | spec)


def team(number: int) -> str:
    return f"/teams/0a1b2c3d-0000-4000-8000-{number:012}"


def subscription(name: str = "hr", number: int = 1, labels: Mapping[str, str] | None = None, **spec: Any) -> Any:
    return manifest(
        "Subscription", name, {"resource": team(number), "changeTypes": ["updated"]} | spec, labels=labels or {}
    )


def write(file: Path, *documents: Mapping[str, Any]) -> Path:
    """JSON is YAML."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n---\n".join(json.dumps(each, indent=2) for each in documents) + "\n", encoding="utf-8")
    return file


def live(name: str | None = "hr", number: Any = 1, **changes: Any) -> dict[str, Any]:
    """A subscription as Graph lists it: as ``subscription(name, number)`` wants it, foreign without a name."""
    mark: dict[str, Any] = changes.pop("mark", {})
    body = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "resource": team(number),
        "changeType": "updated",
        "notificationUrl": HOOK,
        "lifecycleNotificationUrl": LIFECYCLE,
        "expirationDateTime": LATER,
        "clientState": None,
        "includeResourceData": False,
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "latestSupportedTlsVersion": "v1_2",
        "applicationId": CLIENT_ID,
    } | changes
    if name is None:
        return body
    asked = Asked(
        resource=read_resource(body["resource"]).canonical,
        change_types=frozenset(map(ChangeType, body["changeType"].split(","))),
        lifecycle_url=LIFECYCLE,
        version=Version.V1,
    )
    written = Mark(OWNER, name, f"{number:010}", "k1", asked.digest, Version.V1)
    written = dataclasses.replace(written, **mark)
    body["notificationUrl"] = marked(body["notificationUrl"], written)
    body["lifecycleNotificationUrl"] = marked(
        body["lifecycleNotificationUrl"], dataclasses.replace(written, digest=None, protected=False, left=False)
    )
    return body


def taken(*subscriptions: Mapping[str, Any], name: str = "contoso", **changes: Any) -> dict[str, Any]:
    remembered = {each["id"]: {"granted": "PT71H55M"} for each in subscriptions}
    found = {"name": name, "tenantId": TENANT_ID, "complete": True, "subscriptions": list(subscriptions)}
    return found | {"remembered": remembered} | changes


def snapshot(*tenants: Mapping[str, Any], **changes: Any) -> str:
    return json.dumps({"kind": "Snapshot", "schemaVersion": 1, "takenAt": NOW, "tenants": list(tenants)} | changes)
