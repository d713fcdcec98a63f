"""The applications that may ask for tokens: one from the start, others as tests register them."""

import dataclasses
import secrets
import uuid
from collections.abc import Iterator
from typing import Any

from reconciler.core.catalog import ENTRIES
from reconciler.emulator.errors import EmulatorError

ALL_ROLES = tuple(sorted({name for entry in ENTRIES for name in entry.permissions.application}))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One application in one tenant, with the permissions that an administrator granted it there."""

    tenant_id: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    roles: tuple[str, ...] = ALL_ROLES

    def as_json(self) -> dict[str, object]:
        return {
            "tenantId": self.tenant_id,
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "roles": list(self.roles),
        }


class Apps:
    def __init__(self, first: App) -> None:
        self.first = first
        self._apps: dict[tuple[str, str], App] = {}
        self.reset()

    def __iter__(self) -> Iterator[App]:
        return iter(self._apps.values())

    def find(self, tenant: str, client: str) -> App | None:
        return self._apps.get((tenant.lower(), client.lower()))

    def has_tenant(self, tenant: str) -> bool:
        return any(app.tenant_id.lower() == tenant.lower() for app in self)

    def register(self, data: dict[str, Any]) -> App:
        """Add one or replace it; what is not given is drawn, the roles are all that the catalog names."""
        unknown = data.keys() - {"tenantId", "clientId", "clientSecret", "roles"}
        roles = data.get("roles", list(ALL_ROLES))
        if unknown or not isinstance(roles, list) or not all(isinstance(each, str) for each in (*roles, *texts(data))):
            raise EmulatorError("an app has the keys tenantId, clientId, clientSecret (texts) and roles (texts) only")
        app = App(
            tenant_id=data.get("tenantId", self.first.tenant_id),
            client_id=data.get("clientId") or str(uuid.uuid4()),
            client_secret=data.get("clientSecret") or secrets.token_urlsafe(30),
            roles=tuple(roles),
        )
        self._apps[app.tenant_id.lower(), app.client_id.lower()] = app
        return app

    def reset(self) -> None:
        self._apps = {(self.first.tenant_id.lower(), self.first.client_id.lower()): self.first}


def texts(data: dict[str, Any]) -> list[object]:
    return [value for name, value in data.items() if name != "roles"]
