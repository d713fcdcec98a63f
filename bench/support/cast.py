"""Who and what takes part: three applications of one tenant, the teams of the large world, two mailboxes."""

import dataclasses
import datetime as dt
import itertools
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.support.load import Ask, Client

APPS = 3
FOLLOWED = 500
"""So many of the teams are followed, each by all of the apps; nobody follows the others."""
LIFETIME = dt.timedelta(minutes=50)
"""More than the least that Graph grants, less than a token lives: nobody is challenged meanwhile (facts 1.3, 6)."""
URLS = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Cast:
    receiver: str
    tokens: Sequence[str]
    """One for each app."""
    teams: Sequence[str]
    """Their ids, the followed ones first."""
    plain_mailbox: str
    rich_mailbox: str
    _numbers: Iterator[int] = dataclasses.field(default_factory=itertools.count)

    @property
    def followed(self) -> Sequence[str]:
        return self.teams[:FOLLOWED]

    @property
    def unfollowed(self) -> Sequence[str]:
        return self.teams[FOLLOWED:]

    def ask(self, method: str, path: str, body: object = None, *, app: int = 0) -> Ask:
        """One of Graph v1.0, by one of the apps."""
        return Ask(method, f"/v1.0/{path}", body, self.tokens[app])

    def subscription(self, resource: str, *, app: int = 0, **more: Any) -> Ask:
        """Its creation, with both URLs: two validation requests."""
        url = f"{self.receiver}/notifications/{next(self._numbers) % URLS}"
        body = {
            "changeType": "created,updated" if resource.startswith("users/") else "updated",
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": resource,
            "expirationDateTime": soon(),
            "clientState": "as agreed",
        }
        return self.ask("POST", "subscriptions", body | more, app=app)


def assembled(graph: Client, info: Mapping[str, Any], receiver: str) -> Cast:
    """``info`` is the emulator's."""
    others = [registered(graph, info["tenantId"]) for _ in range(APPS - 1)]
    tokens = [token(graph, info["tenantId"], client_id) for client_id in (info["clientId"], *others)]
    return Cast(
        receiver=receiver,
        tokens=tokens,
        teams=ids(graph, Ask("GET", "/v1.0/teams", token=tokens[0])),
        plain_mailbox=str(uuid.uuid4()),
        rich_mailbox=str(uuid.uuid4()),
    )


def registered(graph: Client, tenant: str) -> str:
    return str(graph.one(Ask("POST", "/emulator/apps", {"tenantId": tenant}), status=201)["clientId"])


def token(graph: Client, tenant: str, client: str) -> str:
    asked = {"tenantId": tenant, "clientId": client}
    return str(graph.one(Ask("POST", "/emulator/tokens", asked), status=201)["access_token"])


def ids(graph: Client, first: Ask) -> list[str]:
    """Of a whole collection, page by page."""
    found: list[str] = []
    page: Ask | None = first
    while page is not None:
        answer = graph.one(page)
        found += [each["id"] for each in answer["value"]]
        following = answer.get("@odata.nextLink")
        page = dataclasses.replace(first, path=below(following)) if following else None
    return found


def below(url: str) -> str:
    """What comes after the host: its path and query."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


def soon() -> str:
    """When a subscription that is asked for now is to end."""
    return (dt.datetime.now(dt.UTC) + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
