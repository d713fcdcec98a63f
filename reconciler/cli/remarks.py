"""What a pass has to say besides its plan: about tenants that were not read, not whole, or are not there any more."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.loading import Loaded
from reconciler.core.desired import Desired
from reconciler.core.errors import ReconcilerError
from reconciler.core.manifest.kinds import Tenant
from reconciler.core.manifest.read import Item
from reconciler.core.matching import claimed_by
from reconciler.core.options import Options
from reconciler.core.plan import orphans_of
from reconciler.core.reasons import Action
from reconciler.core.snapshot import Snapshot
from reconciler.core.source import Problem, Severity, Source
from reconciler.core.world import World
from reconciler.engine.report import Report

if TYPE_CHECKING:
    from reconciler.cli.wiring import Opened

__all__ = ["Work", "lacking", "remarks_on", "removed_tenants"]


SHOWN = 3
"""Names in a message."""


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """What one pass is about."""

    loaded: Loaded
    tenants: Sequence[Item[Tenant]]
    desired: Sequence[Desired]
    options: Options

    @property
    def chosen(self) -> Sequence[Desired]:
        """All of ``desired``, but in a run over some of them."""
        selected = self.options.selected
        if selected is None:
            return self.desired
        return [each for each in self.desired if (each.tenant, each.name) in selected]

    @property
    def places(self) -> dict[str, Source]:
        """Where each tenant is declared."""
        return {item.name: item.source for item in self.tenants}


def lacking(work: Work, snapshot: Snapshot) -> list[Problem]:
    message = "the snapshot lacks this tenant, it is planned as if it had no subscription"
    missing = [item for item in work.tenants if snapshot.tenant(item.name) is None]
    return [warning(item, "tenant-not-in-snapshot", message) for item in missing]


def removed_tenants(work: Work, known: Mapping[str, int], opened: Collection["Opened"]) -> list[Problem]:
    """Tenants in which we have subscriptions and that no manifest names any more: nothing is done there."""
    if not work.options.prune or work.options.selected is not None or not work.loaded.wanted.manifests.settings:
        return []
    named = {each.tenant_id.lower() for each in opened}
    for item in work.loaded.wanted.tenants:
        if item.manifest.spec.tenant_id:
            named.add(item.manifest.spec.tenant_id.lower())
        elif item.name not in {each.name for each in opened}:
            return []  # one that could not be opened and does not say which it is: it may be any
    return list(left_behind(work, {tenant: count for tenant, count in known.items() if tenant not in named}))


def left_behind(work: Work, tenants: Mapping[str, int]) -> Iterator[Problem]:
    settings = work.loaded.wanted.manifests.settings[0]
    for tenant, count in sorted(tenants.items()):
        message = (
            f"no Tenant has the tenantId {tenant} any more, where {count} of our subscriptions are: they are neither"
            " renewed nor deleted (to delete them, put the Tenant back without its subscriptions)"
        )
        yield Problem(settings.source, "tenant-removed", message, Severity.WARNING)


def remarks_on(report: Report, work: Work) -> list[Problem]:
    """What the pass itself has to say about tenants."""
    problems = []
    for item in work.tenants:
        if error := report.unread.get(item.name):
            problems.append(unread(item, error))
        elif world := report.worlds.get(item.name):
            problems += doubts(item, world, work, report)
    return problems


def unread(item: Item[Tenant], error: ReconcilerError) -> Problem:
    message = f"this tenant could not be read, nothing is done there: {error}"
    return Problem(item.source, "tenant-unread", message, Severity.ERROR, item.name)


def doubts(item: Item[Tenant], world: World, work: Work, report: Report) -> list[Problem]:
    found = []
    if world.incomplete:
        message = f"the list is not whole, so nothing is removed or replaced: {world.incomplete}"
        found.append(warning(item, "list-incomplete", message))
    if kept := unmarked_lifecycles(item.name, report):
        message = (
            f"{len(kept)} of the subscriptions to be adopted keep a lifecycle URL without our mark, which nobody can"
            f" patch ({', '.join(kept[:SHOWN])}{', …' if len(kept) > SHOWN else ''}): should somebody overwrite their"
            " notificationUrl, only the store knows that they are ours"
        )
        found.append(warning(item, "lifecycle-unmarked", message))
    if rest := left_over(world, work):
        message = (
            f"adopted already, and still there beside what stands in its place: {', '.join(rest)}; delete it where it"
            " is managed, if nobody needs what it delivers"
        )
        found.append(warning(item, "adopted-left-over", message))
    pruned = work.options.prune or work.options.selected is not None
    if left := [] if pruned else unwanted(world, work):
        message = (
            f"{len(left)} of our subscriptions have no manifest here and are left alone ({', '.join(left)}):"
            " a run prunes only if it reads a Settings document, and folders or - instead of single files"
        )
        found.append(warning(item, "not-pruned", message))
    return found


def unmarked_lifecycles(tenant: str, report: Report) -> list[str]:
    return [
        change.name
        for change in report.plan.of(Action.ADOPT)
        if change.tenant == tenant and not change.withheld and change.live and change.live.lifecycle_mark is None
    ]


def left_over(world: World, work: Work) -> list[str]:
    """Ids that a manifest adopts and that are nobody's although its own stands: what a replacement has not deleted."""
    adopting = {
        each.adopt.id.lower(): each.name
        for each in work.desired
        if each.tenant == world.tenant and each.adopt and each.adopt.id
    }
    if not adopting:
        return []
    standing = {each.name for each in world.owned(work.options.owner)}
    there = (live.id for live in world.live if world.mark_of(live) is None and live.id.lower() in adopting)
    return sorted(each for each in there if adopting[each.lower()] in standing)


def unwanted(world: World, work: Work) -> list[str]:
    """What a run over everything would remove."""
    wanted = claimed_by(each for each in work.desired if each.tenant == world.tenant)
    return sorted({each.name for each in orphans_of(world.owned(work.options.owner), wanted)})


def warning(item: Item[Tenant], rule: str, message: str) -> Problem:
    return Problem(item.source, rule, message, Severity.WARNING, item.name)
