"""The applications that may ask for tokens: one from the start, others as tests register them."""

import dataclasses
import secrets
import uuid
from collections.abc import Iterator
from typing import Any

from reconciler.core.catalog import ENTRIES
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.reading import Keys, flag, read, text

TOKEN_VERSION = 2
"""Of validation tokens where an app does not say: the one that more receivers get wrong (facts 7.3)."""
ALL_ROLES = tuple(sorted({name for entry in ENTRIES for name in entry.permissions.application}))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One application in one tenant, with the permissions that an administrator granted it there."""

    tenant_id: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    roles: tuple[str, ...] = ALL_ROLES
    token_version: int = TOKEN_VERSION
    """Of the validation tokens that it gets: its ``requestedAccessTokenVersion`` (facts 7.3)."""
    assignment_required: bool = False
    """Its service principal's ``appRoleAssignmentRequired``: then Graph sends no data and no tokens (facts 7.1)."""

    def as_json(self) -> dict[str, object]:
        return {
            "tenantId": self.tenant_id,
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "roles": list(self.roles),
            "requestedAccessTokenVersion": self.token_version,
            "appRoleAssignmentRequired": self.assignment_required,
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
        """Add one or replace it; raises ``EmulatorError``."""
        app = self._read(data)
        self._apps[key(app)] = app
        return app

    def reset(self) -> None:
        self._apps = {key(self.first): self.first}

    def as_json(self) -> list[dict[str, object]]:
        return [app.as_json() for app in self]

    def load(self, data: Any) -> None:
        """What ``as_json`` gave, beside the first; raises ``EmulatorError`` and changes nothing for anything else."""
        if not isinstance(data, list):
            raise EmulatorError("apps: a list is needed")
        apps = [self.first, *(self._read(each) for each in data)]
        self._apps = {key(app): app for app in apps}

    def _read(self, data: object) -> App:
        """What is not given is drawn, the roles are all that the catalog names."""
        given = read(data, KEYS, "app")
        drawn: dict[str, Any] = {"client_id": str(uuid.uuid4()), "client_secret": secrets.token_urlsafe(30)}
        return App(**{"tenant_id": self.first.tenant_id} | drawn | given)


def key(app: App) -> tuple[str, str]:
    return app.tenant_id.lower(), app.client_id.lower()


def roles(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list is needed")
    return tuple(text(each) for each in value)


def name(value: Any) -> str:
    if not text(value):
        raise ValueError("it is empty")
    return text(value)


def token_version(value: Any) -> int:
    """Null is 1, as in Entra's own manifests."""
    if value is None:
        return 1
    if isinstance(value, bool) or value not in (1, 2):
        raise ValueError("1, 2 or null is needed")
    return int(value)


KEYS: Keys = {
    "appRoleAssignmentRequired": ("assignment_required", flag),
    "clientId": ("client_id", name),
    "clientSecret": ("client_secret", name),
    "requestedAccessTokenVersion": ("token_version", token_version),
    "roles": ("roles", roles),
    "tenantId": ("tenant_id", name),
}
