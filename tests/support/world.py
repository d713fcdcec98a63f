"""A tenant on the emulator, and passes of the engine over it: real client, real store, the test's own clock.

scene = Scene(emulator, receiver, others, folder)
mail = scene.want("mail", MAIL)
report = await scene.apply(mail)
assert lines(report) == ["create mail done"]
assert scene.held() == ["mail"]
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import hashlib
import inspect
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from reconciler.core.asked import Asked
from reconciler.core.bodies import creation
from reconciler.core.catalog import Version
from reconciler.core.certificate import PublicCertificate
from reconciler.core.change import Plan
from reconciler.core.client_state import client_state
from reconciler.core.clouds import Cloud
from reconciler.core.desired import Desired
from reconciler.core.gap import Gap
from reconciler.core.mark import Mark, mark_of
from reconciler.core.options import Options
from reconciler.core.resource import read_resource
from reconciler.core.source import Source
from reconciler.engine.hands import Party, never
from reconciler.engine.outcome import Outcome
from reconciler.engine.ports import Intent, Remembered
from reconciler.engine.read import Named
from reconciler.engine.report import Report
from reconciler.engine.run import Task, View, dry_run, run, run_one
from reconciler.graph.authentication import Access, SecretCredential
from reconciler.graph.client import Graph, TenantClient
from reconciler.graph.listing import Caps
from reconciler.graph.pacing import Kind, Limits
from reconciler.store import Store
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

__all__ = [
    "DAY",
    "HOUR",
    "MAIL",
    "MEETING",
    "OWNER",
    "RING",
    "TEAM",
    "USERS",
    "Scene",
    "certificate",
    "due",
    "expiry_of",
    "lines",
    "mark_in",
    "name_of",
    "planned",
    "said",
    "until",
]

OWNER = "us"
RING = MappingProxyType({"k1": b"the first key", "k2": b"the second key"})
HOUR, DAY = 3600.0, 86400.0

MAIL = "users/0b0e6a3c-0000-4000-8000-00000000000{}/messages"
TEAM = "teams/0a1b2c3d-0000-4000-8000-00000000000{}"
USERS = "users"
MEETING = (
    "communications/onlineMeetings(joinWebUrl='https%3A%2F%2Fteams.microsoft.com%2Fl%2F19%253ameeting_{}')"
    "/meetingCallEvents"
)

WIDE = 1_000_000
"""Nothing here is about pacing."""
UNPACED = Limits(per_tenant=dict.fromkeys(Kind, WIDE), per_app=dict.fromkeys(Kind, WIDE))


class TurnedClock:
    """The emulator's time: it goes on by itself, and whoever sleeps turns it instead of waiting."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.offset = dt.timedelta()
        self.slept: list[float] = []
        self.before_sleep: Callable[[], object] | None = None
        """What happens while the engine waits."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.offset

    async def sleep(self, seconds: float) -> None:
        if self.before_sleep:
            self.before_sleep()
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.offset += dt.timedelta(seconds=seconds)
        self.emulator.advance(seconds)


class Told:
    """A watcher that writes down what it hears."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.outcomes: list[Outcome] = []

    def planned(self, plan: Plan) -> None:
        self.plans.append(plan)

    def told(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Ring:
    """The ``clientState`` keys of every endpoint; an error in place of one is raised."""

    def __init__(self, keys: Mapping[str, bytes | Exception]) -> None:
        self.keys = keys

    def secret(self, endpoint: str, key: str) -> bytes | None:
        del endpoint
        found = self.keys.get(key)
        if isinstance(found, Exception):
            raise found
        return found


class Scene:
    def __init__(
        self, emulator: RunningEmulator, receiver: ValidationReceiver, others: httpx.Client, folder: Path
    ) -> None:
        """``others`` is how other hands than the engine's reach the emulator."""
        self.emulator, self.receiver, self.others, self.folder = emulator, receiver, others, folder
        self.clock = TurnedClock(emulator)
        self.watcher = Told()
        self.caps = Caps()
        self.ring: Mapping[str, bytes | Exception] = RING
        self.tenants: dict[str, Mapping[str, Any]] = {"contoso": emulator.info}

    def beside(self, name: str) -> "Scene":
        """Another installation with the same owner and no store in common."""
        other = Scene(self.emulator, self.receiver, self.others, self.folder / name)
        other.clock = self.clock
        return other

    # What is wanted

    def want(self, name: str, resource: str, **changes: Any) -> Desired:
        """Desired as manifests with little in them come to; ``changes`` are of Desired's and Asked's own fields."""
        read = read_resource(resource)
        assert read.entry is not None
        certificate = changes.get("certificate")
        asked = {
            "resource": read.canonical,
            "change_types": read.entry.change_types,
            "rich": certificate is not None,
            "lifecycle_url": changes.get("lifecycle_url") or self.receiver.url("/lifecycle"),
            "version": read.entry.versions[0],
        }
        fields = {
            "tenant": "contoso",
            "notification_url": self.receiver.url(),
            "lifecycle_url": asked["lifecycle_url"],
            "endpoint": "public",
            "key_ids": ("k1",),
            "source": Source("manifests/all.yaml"),
        }
        of_asked = {field.name for field in dataclasses.fields(Asked)} - {"resource", "lifecycle_url"}
        for field, value in changes.items():
            (asked if field in of_asked else fields)[field] = value
        return Desired(name=name, resource=read, asked=Asked(**asked), **fields)  # type: ignore[arg-type]

    # Passes

    async def apply(self, *desired: Desired, **options: Any) -> Report:
        """One pass, as a process of its own would make it."""
        async with self.entered() as parties:
            return await self.run(parties, desired, **options)

    async def run(self, parties: Iterable[Party], desired: Sequence[Desired], **options: Any) -> Report:
        self.watcher = Told()
        return await run(
            parties,
            desired,
            clock=self.clock,
            options=Options(**({"owner": OWNER} | options)),
            client_states=Ring(self.ring),
            watcher=self.watcher,
        )

    async def once(
        self,
        *desired: Desired,
        named: Named | None = None,
        alive_at: Mapping[str, dt.datetime] = MappingProxyType({}),
        stopping: Callable[[], bool] = never,
        parties: Sequence[Party] = (),
        **options: Any,
    ) -> Report:
        """A pass as a long-running process makes it: over everything, or over what is ``named``."""
        if not parties:
            async with self.entered() as opened:
                return await self.once(
                    *desired, named=named, alive_at=alive_at, stopping=stopping, parties=opened, **options
                )
        self.watcher = Told()
        task = Task(
            desired=desired,
            clock=self.clock,
            options=Options(**({"owner": OWNER} | options)),
            client_states=Ring(self.ring),
            watcher=self.watcher,
            named=named,
            alive_at=alive_at,
            stopping=stopping,
        )
        return await run_one(parties[0], task)

    async def look(self, *desired: Desired, **options: Any) -> Report:
        """A dry run."""
        store = Store.read(self.state)
        async with self.graph() as graph:
            views = [
                View(
                    name,
                    self.client(graph, info),
                    store.memory(**scope_of(info)),
                )
                for name, info in self.tenants.items()
            ]
            chosen = Options(**({"owner": OWNER} | options))
            return await dry_run(views, desired, now=self.clock.now(), options=chosen)

    @contextlib.asynccontextmanager
    async def entered(self) -> AsyncIterator[list[Party]]:
        async with self.graph() as graph, Store.open(self.state, now=self.clock.now) as store:
            yield [self.party(name, self.client(graph, info), store, info) for name, info in self.tenants.items()]

    def party(self, name: str, client: TenantClient, store: Store, info: Mapping[str, Any]) -> Party:
        journal = store.journal(**scope_of(info))
        return Party(name, info["tenantId"], reader=client, writer=client, journal=journal)

    def graph(self) -> Graph:
        return Graph(clock=self.clock, limits=UNPACED, caps=self.caps)

    def client(self, graph: Graph, info: Mapping[str, Any]) -> TenantClient:
        own = self.emulator.info
        authority = info.get("authority", own["authority"])
        cloud = Cloud("emulator", info.get("graph", own["graph"]), authority, ca_file=own["caFile"])
        return graph.tenant(Access(info["tenantId"], info["clientId"], cloud, SecretCredential(info["clientSecret"])))

    # What Graph holds

    def held(self) -> list[str]:
        """The names of ours that live, sorted; foreign ones as a dash."""
        return sorted(name_of(each) for each in self.emulator.subscriptions())

    def one(self, name: str) -> dict[str, Any]:
        """The only subscription of that name."""
        (found,) = self.all(name)
        return found

    def all(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.emulator.subscriptions() if name_of(each) == name]

    def put(self, desired: Desired, *, owner: str | None = OWNER, hours: float = 48.0, **changes: Any) -> str:
        """Create one by other hands, with our mark unless ``owner`` is None; ``changes`` are of the body."""
        birth = changes.pop("birth", None) or secrets.token_hex(5)
        mark = dataclasses.replace(desired.mark(owner or OWNER, birth=birth, key=desired.key_ids[0]))
        expires_at = self.clock.now().replace(microsecond=0) + dt.timedelta(hours=hours)
        state = client_state(RING[mark.key], key=mark.key, tenant_id=self.emulator.info["tenantId"], birth=birth)
        body = creation(desired, mark, expires_at=expires_at, client_state=state)
        if owner is None:
            body |= {"notificationUrl": desired.notification_url, "lifecycleNotificationUrl": desired.lifecycle_url}
        body |= changes.pop("body", {})
        assert not changes
        return str(self.ask("POST", f"/{desired.version.value}/subscriptions", body)["id"])

    def change(self, identifier: str, version: Version = Version.V1, **body: Any) -> None:
        """PATCH by other hands."""
        self.ask("PATCH", f"/{version.value}/subscriptions/{identifier}", body)

    def remove(self, identifier: str, version: Version = Version.V1) -> None:
        """DELETE by other hands."""
        self.ask("DELETE", f"/{version.value}/subscriptions/{identifier}", None)

    def ask(self, method: str, path: str, body: object) -> Any:
        headers = {"Authorization": f"Bearer {self.emulator.token()}"}
        answer = self.others.request(method, path, headers=headers, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    # What was asked of it

    def requests(self) -> int:
        """So many so far: for ``since``."""
        return len(self.emulator.requests())

    def since(self, start: int) -> list[str]:
        """Requests to Graph since then, as ``POST 201``; tokens left out."""
        return [
            f"{each['method']} {each['status']}"
            for each in self.emulator.requests()[start:]
            if "/subscriptions" in each["path"]
        ]

    def writes(self, start: int) -> list[str]:
        return [each for each in self.since(start) if not each.startswith("GET")]

    # What the store holds

    @property
    def scope(self) -> dict[str, str]:
        return scope_of(self.emulator.info)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def store_file(self) -> Path:
        return self.state / "reconciler.db"

    def lose_store(self) -> None:
        for file in self.state.iterdir():
            file.unlink()

    async def remembered(self) -> Mapping[str, Remembered]:
        return await Store.read(self.state).memory(**self.scope).remembered()

    async def intents(self) -> Mapping[str, Intent]:
        return await Store.read(self.state).memory(**self.scope).intents()

    async def ceilings(self) -> Mapping[str, dt.timedelta]:
        return await Store.read(self.state).memory(**self.scope).ceilings()

    async def gaps(self) -> Sequence[Gap]:
        """The ledger, in the order in which they were noted."""
        return await Store.read(self.state).chronicle(OWNER).gaps()

    def forbid(self, table: str, deed: str) -> None:
        """From now on the store fails at each ``deed`` (INSERT, UPDATE, DELETE) on that table, as on a full disk."""
        self.execute(
            f"CREATE TRIGGER no_{table}_{deed} BEFORE {deed} ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )

    def permit(self, table: str, deed: str) -> None:
        self.execute(f"DROP TRIGGER no_{table}_{deed}")

    def execute(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.store_file)) as connection, connection:
            connection.execute(statement)


async def until(condition: Callable[[], Any]) -> None:
    """Let the others go on until it holds; an awaitable answer is awaited."""
    for _ in range(2000):
        answer = condition()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        await asyncio.sleep(0.001)
    raise TimeoutError("it never came true")


def scope_of(info: Mapping[str, Any]) -> dict[str, str]:
    """Whose memory it is, in which tenant."""
    return {"owner": OWNER, "tenant_id": info["tenantId"], "client_id": info["clientId"]}


def name_of(body: Mapping[str, Any]) -> str:
    """By the mark in its URLs; a dash for a foreign one."""
    mark = mark_of(body["notificationUrl"]) or mark_of(body["lifecycleNotificationUrl"])
    return mark.name if isinstance(mark, Mark) and mark.owner == OWNER else "-"


def mark_in(body: Mapping[str, Any], key: str = "notificationUrl") -> Mark:
    mark = mark_of(body[key])
    assert isinstance(mark, Mark)
    return mark


def lines(report: Report) -> list[str]:
    """Outcomes, one a line."""
    return [f"{each.action} {each.name} {each.result}" for each in report.outcomes or ()]


def planned(report: Report) -> list[str]:
    """Changes, one a line; what is withheld with the word why."""
    return [
        f"{each.action} {each.name} {each.reason}{f' {each.withheld}' if each.withheld else ''}"
        for each in report.plan.changes
    ]


def due(report: Report) -> list[str]:
    return [f"{each.action} {each.name} {each.reason}" for each in report.plan.due]


def said(report: Report, name: str) -> str:
    """The message of the only outcome of that name."""
    (found,) = [each.message for each in report.outcomes or () if each.name == name]
    return found


def certificate(name: str) -> PublicCertificate:
    """A self-signed one, another at each call."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    der = signed.public_bytes(serialization.Encoding.DER)
    return PublicCertificate(hashlib.sha1(der, usedforsecurity=False).hexdigest().upper(), der)


def expiry_of(body: Mapping[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(body["expirationDateTime"])
