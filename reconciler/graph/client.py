"""The engine's Reader and Writer on Graph.

``Graph`` is opened once for a process and gives one ``TenantClient`` for each way into a tenant; they share what Graph
counts together: the windows of an app registration, the connections to a cloud.
"""

import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from reconciler.core.catalog import Version
from reconciler.core.clouds import Cloud
from reconciler.engine.ports import Body, Clock, Listing
from reconciler.graph.answers import Answer, Observed
from reconciler.graph.authentication import Access, Tokens
from reconciler.graph.calls import Calls, OnAnswer, Patience, Request, Watch
from reconciler.graph.listing import Caps, body_of, subscription_of, walk_both
from reconciler.graph.pacing import AppPacer, Kind, Limits
from reconciler.graph.transport import Timeouts, TokenHttp, Transport

__all__ = ["Graph", "Observed", "TenantClient"]


class TenantClient:
    """One tenant's subscriptions. Every call raises GraphError, sorted by what to do next."""

    def __init__(self, *, root: str, tokens: Tokens, calls: Calls, caps: Caps) -> None:
        self._root = root
        self._tokens = tokens
        self._calls = calls
        self._caps = caps

    async def list(self) -> Listing:
        return await walk_both(self._calls, self._root, self._caps)

    async def get(self, subscription_id: str, version: Version) -> Body:
        return await self._calls.call(self.request("GET", Kind.GET, version, subscription_id), subscription_of)

    async def create(self, body: Body, version: Version) -> Body:
        """POST once, unless Graph said 429 or was never reached. Raises AnswerLost where there may be one now."""
        request = Request(
            method="POST",
            url=self.url(version),
            kind=Kind.WRITE,
            operation="POST subscriptions",
            body=body,
            repeatable=False,
        )
        return await self._calls.call(request, subscription_of)

    async def patch(self, subscription_id: str, body: Body, version: Version) -> Body:
        request = self.request("PATCH", Kind.WRITE, version, subscription_id, body=body)
        return await self._calls.call(request, subscription_of)

    async def delete(self, subscription_id: str, version: Version) -> None:
        """Raises Gone where there was nothing to delete, also where a first try's answer was lost."""
        await self._calls.call(self.request("DELETE", Kind.WRITE, version, subscription_id), nothing)

    async def reauthorize(self, subscription_id: str, version: Version) -> None:
        """Answer a challenge without renewing; never within 10 minutes of a PATCH (facts 3.1)."""
        request = self.request("POST", Kind.REAUTHORIZE, version, subscription_id, action="/reauthorize")
        await self._calls.call(request, nothing)

    async def roles(self) -> frozenset[str]:
        """The permissions that the token carries, by its own account."""
        return await self._tokens.roles()

    async def service_principal(self, client_id: str) -> Body:
        """Whether an application's own needs an app role of whoever sends it data (facts 7.1)."""
        request = Request(
            method="GET",
            url=f"{self._root}/v1.0/servicePrincipals(appId='{quote(client_id, safe='')}')"
            "?$select=appRoleAssignmentRequired",
            kind=Kind.GET,
            operation="GET service principal",
        )
        return await self._calls.call(request, object_of)

    def request(
        self,
        method: str,
        kind: Kind,
        version: Version,
        subscription_id: str,
        *,
        body: Body | None = None,
        action: str = "",
    ) -> Request:
        what = f"{action.strip('/')} subscription {subscription_id}".strip()
        return Request(
            method=method,
            url=f"{self.url(version)}/{quote(subscription_id, safe='')}{action}",
            kind=kind,
            operation=f"{method} {what}",
            subscription_id=subscription_id,
            body=body,
        )

    def url(self, version: Version) -> str:
        return f"{self._root}/{version.value}/subscriptions"


class Graph:
    """Where clients come from; close it, or use it as an asynchronous context."""

    def __init__(
        self,
        *,
        clock: Clock,
        limits: Limits | None = None,
        patience: Patience | None = None,
        timeouts: Timeouts | None = None,
        caps: Caps | None = None,
        on_answer: OnAnswer | None = None,
    ) -> None:
        """``on_answer`` hears of each answer of Graph, whatever its status, in the middle of a call: be quick there."""
        self._clock = clock
        self._limits = limits or Limits()
        self._patience = patience or Patience()
        self._timeouts = timeouts or Timeouts()
        self._caps = caps or Caps()
        self._on_answer = on_answer
        self._opening = threading.Lock()
        self._clients: dict[Access, TenantClient] = {}
        self._pacers: dict[tuple[str, str], AppPacer] = {}
        self._token_https: list[TokenHttp] = []
        self._transports: dict[Cloud, Transport] = {}

    def tenant(self, access: Access) -> TenantClient:
        """The client for this access, always the same one. Opens no connection."""
        with self._opening:  # it may be called on several threads, as it comes after secrets are read
            if access not in self._clients:
                self._clients[access] = self.open(access)
            return self._clients[access]

    def open(self, access: Access) -> TenantClient:
        http = TokenHttp(access.cloud, timeouts=self._timeouts)
        self._token_https.append(http)
        tokens = Tokens(access, http)
        calls = Calls(
            tokens=tokens,
            transport=self.transport(access.cloud),
            pacer=self.pacer(access).tenant(access.tenant_id),
            clock=self._clock,
            patience=self._patience,
            watch=Watch(access.tenant_id, self._on_answer) if self._on_answer else None,
        )
        return TenantClient(root=access.cloud.graph, tokens=tokens, calls=calls, caps=self._caps)

    def pacer(self, access: Access) -> AppPacer:
        """Graph counts by app registration, whatever the credential is."""
        key = (access.cloud.graph, access.client_id.lower())
        if key not in self._pacers:
            self._pacers[key] = AppPacer(limits=self._limits, clock=self._clock)
        return self._pacers[key]

    def transport(self, cloud: Cloud) -> Transport:
        if cloud not in self._transports:
            self._transports[cloud] = Transport(cloud, timeouts=self._timeouts)
        return self._transports[cloud]

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        for http in self._token_https:
            http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def nothing(_: Answer) -> None:
    """204 has no body."""


def object_of(answer: Answer) -> Body:
    """Raises ValueError, with what is wrong."""
    body: Any = body_of(answer)
    if not isinstance(body, dict):
        raise ValueError("something other than an object")  # noqa: TRY004  whoever reads it sees one kind of error
    return body
