"""One subscription of one tenant, wanted or live or both, with all that is known of it."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterator, Sequence

from reconciler.cli.loading import Loaded
from reconciler.cli.remarks import Work
from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.due import Clockwork
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.live import Live
from reconciler.core.manifest.complaints import did_you_mean
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.world import World
from reconciler.engine.chronicle import Trouble
from reconciler.engine.report import Report
from reconciler.engine.standing import best, decisive

__all__ = ["Case", "Seen", "cases"]


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What was read: tenants, and what the store has to tell where one is at hand."""

    report: Report
    now: dt.datetime
    troubles: dict[tuple[str, str], Trouble] = dataclasses.field(default_factory=dict)
    """By tenant and name."""

    heard: dict[tuple[str, str], dt.datetime] = dataclasses.field(default_factory=dict)
    """When the last notification came, by tenant and name."""

    store: bool = False
    """Whether one was looked into."""


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    tenant: str
    desired: Desired | None
    live: Live | None
    world: World | None
    """None where the tenant could not be read; ``unread`` says why."""

    unread: str | None
    changes: Sequence[Change]
    owner: str
    loaded: Loaded
    seen: Seen

    @property
    def name(self) -> str:
        if self.desired:
            return self.desired.name
        return self.mark.name if self.mark else self.live.id if self.live else ""

    @property
    def mark(self) -> Mark | UnknownMark | None:
        return self.world.mark_of(self.live) if self.world and self.live else None

    @property
    def ours(self) -> bool:
        return self.mark is not None and self.mark.owner == self.owner

    @property
    def now(self) -> dt.datetime:
        return self.seen.now

    @property
    def clockwork(self) -> Clockwork:
        return Clockwork(self.now, learned=self.world.learned if self.world else {})

    @property
    def trouble(self) -> Trouble | None:
        return self.seen.troubles.get((self.tenant, self.name))


def cases(name: str, work: Work, seen: Seen) -> list[Case]:
    """All that bear the name, or the id, in any tenant. Raises UsageError where there is none."""
    found = [case for item in work.tenants for case in cases_in(item.name, name, work, seen)]
    if not found:
        raise unknown(name, work, seen)
    return found


def cases_in(tenant: str, name: str, work: Work, seen: Seen) -> Iterator[Case]:
    world = seen.report.worlds.get(tenant)
    wanted = [each for each in work.desired if each.tenant == tenant]
    named = [each for each in wanted if name == each.name or name in each.previously]
    for desired in named:
        yield case(desired, live_of(desired, world, work, seen), tenant, work, seen)
    if named or world is None:
        return
    names = {each.live.id: each.name for each in world.owned(work.options.owner)}
    for live in world.live:
        if name in {live.id, names.get(live.id)}:
            owner = next((each for each in wanted if each.name == names.get(live.id)), None)
            yield case(owner, live, tenant, work, seen)


def live_of(desired: Desired, world: World | None, work: Work, seen: Seen) -> Live | None:
    """The one that a plan is about, else the one that it would keep."""
    if world is None:
        return None
    change = decisive(seen.report.plan, desired.tenant).get(desired.name)
    if change:
        return change.live
    names = {desired.name, *desired.previously}
    mine = [each for each in world.owned(work.options.owner) if each.name in names]
    return best(mine, desired, seen.now)


def case(desired: Desired | None, live: Live | None, tenant: str, work: Work, seen: Seen) -> Case:
    unread: ReconcilerError | None = seen.report.unread.get(tenant)
    changes = [
        change
        for change in seen.report.plan.changes
        if change.tenant == tenant
        and ((desired and change.name == desired.name) or (live and change.live and change.live.id == live.id))
    ]
    return Case(
        tenant=tenant,
        desired=desired,
        live=live,
        world=seen.report.worlds.get(tenant),
        unread=str(unread) if unread else None,
        changes=changes,
        owner=work.options.owner,
        loaded=work.loaded,
        seen=seen,
    )


def unknown(name: str, work: Work, seen: Seen) -> ReconcilerError:
    members = sorted(each.name for each in work.desired if each.template == name)
    if members:
        return UsageError(f"{name} is a set of {len(members)}: name one of them, as {members[0]}")
    if seen.report.unread:
        unread = ", ".join(sorted(seen.report.unread))
        return ReconcilerError(
            f"no manifest has {name!r}, and whether it is live is not known: {unread} could not be read"
        )
    hint = did_you_mean(name, known(work, seen))
    return UsageError(f"{name!r} is neither wanted by the manifests nor live{hint}")


def known(work: Work, seen: Seen) -> Collection[str]:
    owned = (each for world in seen.report.worlds.values() for each in world.owned(work.options.owner))
    return {each.name for each in work.desired} | {each.name for each in owned}
