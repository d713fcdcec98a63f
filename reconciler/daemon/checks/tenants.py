"""Tenants in, the checks of them out: the way in, the token, what it may do, and what Graph shows of the tenant."""

import dataclasses
import datetime as dt
import functools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from reconciler.core.desired import Desired
from reconciler.core.errors import GraphError
from reconciler.daemon.asking import Reply, fetch
from reconciler.daemon.checks import clocks, marks, principals, quotas, tokens
from reconciler.daemon.checks.credentials import credential_days, key_fits
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped
from reconciler.daemon.checks.names import behind_proxy, resolves
from reconciler.daemon.checks.permissions import by_resource, permitted
from reconciler.daemon.checks.running import Ask, Check, Once, said
from reconciler.engine.ports import Remembered
from reconciler.graph.authentication import Access, CertificateCredential
from reconciler.graph.client import TenantClient

__all__ = ["Tenant", "Way", "tenant_checks"]

LIST_SECONDS = 300.0
"""Of many thousand subscriptions there are many pages, and few LISTs may be made in 20 s (facts 8.1)."""

TOKEN_SECONDS = 60.0
ASKED = ("token-endpoint", "token", "permissions", "subscriptions-listed", "marks-readable", "quota", "places-free")

Remember = Callable[[], Awaitable[Mapping[str, Remembered]]]


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """Into a tenant."""

    access: Access
    client: TenantClient


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    name: str
    way: Way | str
    """Or why there is none."""

    desired: Sequence[Desired]
    owner: str
    remembered: Remember

    @property
    def subject(self) -> str:
        return f"Tenant {self.name}"


def tenant_checks(
    tenants: Iterable[Tenant], *, now: Callable[[], dt.datetime], store: Check | None = None
) -> Iterator[Check]:
    """What is needed comes first. ``store`` is the check whether what was remembered can be read."""
    known: dict[str, Check] = {}
    for tenant in tenants:
        if isinstance(tenant.way, str):
            yield from shut(tenant, tenant.way)
        else:
            yield from Visit(tenant, tenant.way, now).checks(known, store)


def shut(tenant: Tenant, why: str) -> Iterator[Check]:
    """There is nobody to ask."""
    verdict = failed(
        why,
        cause="the manifest's credential, cloud or ids lead nowhere from here",
        remedy="see to what the message names; where it is a secret, it must be readable by this user on this machine",
    )
    access = Check(id="tenant-access", subject=tenant.subject, ask=said(verdict))
    yield access
    for each in ASKED:
        yield Check(id=each, subject=tenant.subject, ask=said(skipped("not checked")), needs=(access,))


class Visit:
    """One tenant that there is a way into, and what its checks tell one another."""

    def __init__(self, tenant: Tenant, way: Way, now: Callable[[], dt.datetime]) -> None:
        self.tenant, self.way, self.now = tenant, way, now
        self.roles = Once(self.ask_roles)
        self.seen = Once(self.list)

    def checks(self, known: dict[str, Check], store: Check | None) -> Iterator[Check]:
        described = self.way.access.credential.described
        access = self.make("tenant-access", said(fine(f"there is a way in, with {described}")))
        yield access
        yield from self.cloud(known)
        graph, authority = self.way.access.cloud.graph, self.way.access.cloud.authority
        yield from self.credential()
        endpoint = self.make("token-endpoint", self.endpoint, access, known[authority], seconds=TOKEN_SECONDS)
        token = self.make("token", self.token, endpoint, seconds=TOKEN_SECONDS)
        yield from (endpoint, token)
        yield from self.permissions(token)
        yield from self.listed(token, known[graph], store)
        yield from self.principal(token, known[graph])

    def make(self, id_: str, ask: Ask, *needs: Check, seconds: float = 30, about: str = "") -> Check:
        return Check(id=id_, subject=f"{self.tenant.subject}{about}", ask=ask, needs=needs, seconds=seconds)

    def cloud(self, known: dict[str, Check]) -> Iterator[Check]:
        """Once for each origin, however many tenants are there."""
        graph, authority = self.way.access.cloud.graph, self.way.access.cloud.authority
        if graph not in known:
            known[graph] = self.name_of(graph)
            yield known[graph]
            yield Check(id="clock-offset", subject=host_of(graph), ask=self.clock, needs=(known[graph],))
        if authority not in known:
            known[authority] = self.name_of(authority)
            yield known[authority]

    def name_of(self, origin: str) -> Check:
        host = host_of(origin)
        proxy = self.way.access.cloud.known and behind_proxy(host)
        return Check(id="cloud-name", subject=host, ask=functools.partial(resolves, host, public=False, proxy=proxy))

    async def clock(self) -> Verdict:
        """Any answer has a date, also the one to a request without a token."""
        cloud, asked_at = self.way.access.cloud, self.now()
        reply = await fetch(f"{cloud.graph}/v1.0/subscriptions", ca_file=cloud.ca_file, proxies=cloud.known)
        return clock_of(reply, asked_at)

    def credential(self) -> Iterator[Check]:
        credential = self.way.access.credential
        yield self.make("credential-days", said(credential_days(credential, self.now())))
        if isinstance(credential, CertificateCredential):
            yield self.make("credential-key", said(key_fits(credential)))

    async def ask_roles(self) -> frozenset[str] | GraphError:
        try:
            return await self.way.client.roles()
        except GraphError as error:
            return error

    async def endpoint(self) -> Verdict:
        return tokens.endpoint_answered(await self.roles())

    async def token(self) -> Verdict:
        return tokens.token_given(await self.roles())

    def permissions(self, token: Check) -> Iterator[Check]:
        for path, desired in by_resource(self.tenant.desired).items():
            ask = functools.partial(self.permission, desired)
            yield self.make("permissions", ask, token, about=f", {path}")

    async def permission(self, desired: Sequence[Desired]) -> Verdict:
        roles = await self.roles()
        held = frozenset[str]() if isinstance(roles, GraphError) else roles
        return permitted(desired[0].entry, [each.name for each in desired], held)

    async def list(self) -> marks.Seen:
        return marks.see(await self.way.client.list())

    def listed(self, token: Check, graph: Check, store: Check | None) -> Iterator[Check]:
        listed = self.make("subscriptions-listed", self.list_verdict, token, graph, seconds=LIST_SECONDS)
        yield listed
        needs = (listed, store) if store else (listed,)
        yield self.make("marks-readable", self.marks_verdict, *needs)
        yield self.make("quota", self.room, listed)
        yield self.make("places-free", self.places, listed)

    async def list_verdict(self) -> Verdict:
        try:
            return marks.listed(await self.seen())
        except GraphError as error:
            return failed(
                str(error),
                cause="Graph, or something on the way to it, says no",
                remedy="see to what the message names; what is live cannot be told until then",
            )

    async def marks_verdict(self) -> Verdict:
        live = (await self.seen()).live
        return marks.marks_readable(live, await self.tenant.remembered(), owner=self.tenant.owner)

    async def room(self) -> Verdict:
        return quotas.room((await self.seen()).live, self.tenant.desired, owner=self.tenant.owner)

    async def places(self) -> Verdict:
        return quotas.places_free((await self.seen()).live, self.tenant.desired, owner=self.tenant.owner)

    def principal(self, token: Check, graph: Check) -> Iterator[Check]:
        """Only resource data is withheld (facts 7.1)."""
        if any(each.asked.rich for each in self.tenant.desired):
            yield self.make("app-role-assignment", self.principal_verdict, token, graph)

    async def principal_verdict(self) -> Verdict:
        try:
            found = await self.way.client.service_principal(self.way.access.client_id)
        except GraphError as error:
            return principals.unread(error)
        return principals.assignment_not_required(found.get("appRoleAssignmentRequired"))


def clock_of(reply: Reply, asked_at: dt.datetime) -> Verdict:
    if reply.answer is None:
        return failed(
            f"Graph does not answer: {reply.failure}",
            cause="a firewall or a proxy is in the way, or its certificate is not trusted here",
            remedy="open the way to it from this machine",
        )
    ahead = clocks.offset(reply.answer.headers.get("date", ""), asked_at=asked_at, seconds=reply.seconds)
    return clocks.clock_agrees(ahead)


def host_of(origin: str) -> str:
    return urlsplit(origin).hostname or origin
