"""What carrying out one tenant's changes takes: the way to Graph, the journal, and the steps that all changes share."""

import dataclasses
import datetime as dt
import functools
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from reconciler.core.bodies import creation, expiry_body
from reconciler.core.client_state import client_state
from reconciler.core.desired import Desired
from reconciler.core.errors import LifetimeRefused, Unsorted
from reconciler.core.live import Live, LiveError, read_live
from reconciler.core.mark import Mark
from reconciler.core.renewal import MARGIN, Kind, asked_lifetime
from reconciler.engine.looking import SharedListing
from reconciler.engine.ports import Body, Clock, Intent, Journal, Reader, Remembered, Writer

__all__ = ["ClientStates", "Hands", "NotExtended", "Party", "answered", "never"]


SAME_MOMENT = dt.timedelta(seconds=1)


def never() -> bool:
    return False


class NotExtended(Unsorted):
    """Graph took a PATCH of the expiration and extended nothing (facts 11.4)."""


class ClientStates(Protocol):
    """The secrets that ``clientState`` is made with."""

    def secret(self, endpoint: str, key: str) -> bytes | None:
        """None where the endpoint goes without one. Raises SecretError where it cannot be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Party:
    """One tenant, and what it takes to read and to write it."""

    name: str
    tenant_id: str
    reader: Reader
    writer: Writer
    journal: Journal


@dataclasses.dataclass
class Hands:
    """One tenant's changes are carried out with these; nothing here decides what is to be done."""

    party: Party
    owner: str
    clock: Clock
    client_states: ClientStates
    remembered: Mapping[str, Remembered]
    intents: dict[str, Intent]
    """Those that were not carried to their end; grows with each that is made."""

    learned: dict[str, dt.timedelta]
    """Grows when Graph refuses a lifetime."""

    renew_within: dt.timedelta | None = None
    alive_at: Mapping[str, dt.datetime] = dataclasses.field(default_factory=dict)
    """When each was last seen to be there, by id."""

    stopping: Callable[[], bool] = never
    """Whether the process is about to end: what has not begun is left to the next one."""

    looking: SharedListing = dataclasses.field(init=False)
    buried: dict[str, dt.datetime] = dataclasses.field(init=False, default_factory=dict)
    """When each was deleted that this pass has deleted, by id."""

    def __post_init__(self) -> None:
        self.looking = SharedListing(self.party.reader)

    @functools.cached_property
    def known(self) -> Mapping[str, Sequence[str]]:
        """The ids that were remembered before this pass, by name. A renewal does not ask, and there are thousands."""
        known: dict[str, list[str]] = defaultdict(list)
        for each in self.remembered.values():
            if each.deleted_at is None:
                known[each.name].append(each.id)
        return known

    def known_of(self, desired: Desired) -> list[str]:
        """The ids of any of its names, former ones included."""
        return [each for name in desired.names for each in self.known.get(name, ())]

    async def intend(self, desired: Desired, *, replaces: str | None = None, birth: str | None = None) -> Mark:
        """Write down what is about to be POSTed; a retry uses the same birth, so that its twin is recognized.

        ``birth`` is that of one which is there already, and to be taken over.
        """
        earlier = self.intents.get(desired.name)
        birth = birth or (earlier.birth if earlier else secrets.token_hex(5))
        deleted = replaces or (earlier.replaces if earlier else None)
        intent = Intent(desired.name, birth, self.clock.now(), deleted)
        await self.party.journal.intend(intent)
        self.intents[desired.name] = intent
        return desired.mark(self.owner, birth=birth, key=desired.key_ids[0])

    async def settle(self, name: str) -> None:
        """What was intended stands."""
        await self.party.journal.settle(name)
        self.intents.pop(name, None)

    def creation(self, desired: Desired, mark: Mark) -> Body:
        secret = self.client_states.secret(desired.endpoint, mark.key)
        state = None
        if secret is not None:
            state = client_state(secret, key=mark.key, tenant_id=self.party.tenant_id, birth=mark.birth)
        expires_at = self.expiry(desired.kind, desired.lifetime)
        return creation(desired, mark, expires_at=expires_at, client_state=state)

    def expiry(self, kind: Kind, wanted: dt.timedelta | None) -> dt.datetime:
        """The expiration to ask for now, to the second."""
        moment = self.clock.now() + asked_lifetime(kind.longest(self.learned), wanted)
        return moment.replace(microsecond=0)

    async def learn(self, kind: Kind, refusal: LifetimeRefused, *, known: dt.timedelta | None) -> None:
        """Remember a lower ceiling that Graph names; ``known`` is the one that the refused request was made with.

        If it names the one that we knew, our clock is ahead of Graph's, or exactly the ceiling was asked for: then a
        little less is asked for, in this run only. Of several refused side by side, the first one teaches.
        """
        longest = kind.longest(self.learned)
        if longest is None or refusal.ceiling < longest:
            self.learned[kind.key] = refusal.ceiling
            await self.party.journal.learn(kind.key, refusal.ceiling)
        elif longest == known:
            self.learned[kind.key] = longest - MARGIN

    async def prolong(self, live: Live, wanted: dt.timedelta | None, more: Body) -> Live:
        """PATCH a later expiration and ``more``, for less where Graph names a lower ceiling. Raises NotExtended."""
        known = live.kind.longest(self.learned)
        try:
            return await self.patch(live, {**self.later(live, wanted), **more})
        except LifetimeRefused as refusal:
            await self.learn(live.kind, refusal, known=known)
            return await self.patch(live, {**self.later(live, wanted), **more})

    def later(self, live: Live, wanted: dt.timedelta | None) -> Body:
        """The expiration to ask for; nothing where it lives as long already, so that no PATCH shortens its life."""
        moment = self.expiry(live.kind, wanted)
        return expiry_body(moment) if moment > live.expires_at else {}

    async def patch(self, live: Live, body: Body) -> Live:
        if not body:
            return live
        patched = answered(await self.party.writer.patch(live.id, body, live.asked.version))
        if "expirationDateTime" in body and patched.expires_at <= live.expires_at:
            raise NotExtended(
                f"Graph took the PATCH of {live.id} and extended nothing (NotExtended), it will be tried again"
            )
        return patched

    async def remember(self, live: Live, mark: Mark, *, created: bool = False, certificate_fixed: bool = False) -> None:
        """Write down what Graph has just given us and will not tell again; ``mark`` is for where its URL bears none."""
        now = self.clock.now()
        mark = live.mark if isinstance(live.mark, Mark) else mark
        earlier = self.remembered.get(live.id)
        kept = earlier if certificate_fixed and earlier and earlier.certificate_fixed else None
        certificate_id = kept.certificate_id if kept else live.certificate_id
        memory = Remembered(
            id=live.id,
            name=mark.name,
            version=mark.version,
            birth=mark.birth,
            key=mark.key,
            created_at=now if created else earlier.created_at if earlier else None,
            written_at=now,
            expires_at=live.expires_at,
            granted=earlier.granted if earlier and same(earlier.expires_at, live) else live.expires_at - now,
            certificate_fixed=certificate_fixed,
            certificate_id=certificate_id,
            certified_at=earlier.certified_at if earlier and earlier.certificate_id == certificate_id else now,
            noted_at=earlier.noted_at if earlier else now,
            stranger=earlier.stranger if earlier else False,
        )
        await self.party.journal.remember([memory])

    async def fix_certificate(self, live: Live, mark: Mark) -> None:
        """Write down that a PATCH of its certificate was refused; nothing else about it has changed (facts 1.4)."""
        new = Remembered(live.id, mark.name, mark.version, mark.birth, mark.key, expires_at=live.expires_at)
        memory = self.remembered.get(live.id, new)
        await self.party.journal.remember([dataclasses.replace(memory, certificate_fixed=True)])

    async def bury(self, live: Live, mark: Mark) -> None:
        """Write down that it is deleted: LIST may show it for a while."""
        self.buried[live.id] = now = self.clock.now()
        memory = Remembered(live.id, mark.name, mark.version, mark.birth, mark.key, written_at=now, deleted_at=now)
        await self.party.journal.remember([memory])

    def deleted_at(self, subscription_id: str) -> dt.datetime | None:
        """When we did that, in this pass or lately; None where we did not."""
        memory = self.remembered.get(subscription_id)
        return self.buried.get(subscription_id) or (memory.deleted_at if memory else None)


def same(moment: dt.datetime | None, live: Live) -> bool:
    """Whether nothing has been granted since: then what was granted before is still what counts."""
    return moment is not None and abs(moment - live.expires_at) <= SAME_MOMENT


def answered(body: Body) -> Live:
    """Read an answer of Graph; one that is not understood must not be taken for a success."""
    try:
        return read_live(body)
    except LiveError as error:
        raise Unsorted(str(error)) from error
