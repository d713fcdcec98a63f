"""Without a command: one pass. A dry run shows the plan, an apply carries it out."""

import argparse
import datetime as dt
import gc
import sys
from pathlib import Path

from reconciler.cli.carrying import Carried, carry_out
from reconciler.cli.exits import after
from reconciler.cli.loading import Loaded, load
from reconciler.cli.printing import publish, table_of
from reconciler.cli.remarks import Work, lacking, removed_tenants
from reconciler.cli.selecting import chosen_tenants, refuse_sets, refuse_unknown, selection
from reconciler.core.errors import ManifestError, UsageError
from reconciler.core.manifest.kinds import Tenant
from reconciler.core.manifest.read import Item
from reconciler.core.mark import NAME, OWNER_LENGTH
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.core.policy import Policy
from reconciler.core.safety import Limits
from reconciler.core.snapshot import Snapshot, SnapshotError, read_snapshot, world_of
from reconciler.core.source import Problem, Severity, Source
from reconciler.core.world import World
from reconciler.engine.report import Report
from reconciler.sources.texts import STDIN, reason

__all__ = ["look", "main", "owner_missing", "pass_options", "plan_offline", "prepare", "take_up", "thumbprints_of"]


def main(options: argparse.Namespace) -> int:
    snapshot = take_up(options.live) if options.live else None
    now = options.now or (snapshot.taken_at if snapshot else dt.datetime.now(dt.UTC))
    work = prepare(options, now)
    if snapshot:
        made = Carried(plan_offline(work, snapshot, now), lacking(work, snapshot), frozenset())
    else:
        import asyncio  # a plan from a snapshot does without

        gc.enable()  # requests to Graph may go on for long, and errors among them leave rings
        made = asyncio.run(look(work, options, now) if options.dry_run else carry_out(work, options))
    table = table_of(made, work, options, taken_at=snapshot.taken_at if snapshot else None)
    publish(table, options)
    if options.save_to:
        from reconciler.cli.saved_plan import save_plan

        save_plan(table, options)
    return after(made.report, detailed=options.detailed_exitcode)


def take_up(path: str) -> Snapshot:
    """Raises ManifestError where the file is no snapshot: exit 4, as for all that is read."""
    try:
        return read_snapshot(sys.stdin.read() if path == STDIN else Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, SnapshotError) as error:
        said = str(error) if isinstance(error, SnapshotError) else f"the snapshot cannot be read: {reason(error)}"
        raise ManifestError([Problem(Source(path), "snapshot", said)]) from error


def prepare(options: argparse.Namespace, now: dt.datetime) -> Work:
    """Read the manifests and find out what the run is about. Raises ManifestError and UsageError."""
    loaded = load(options, confined=options.dry_run, now=now)
    loaded.must_be_valid()
    tenants = chosen_tenants(loaded.wanted.tenants, options.tenants)
    names = {item.name for item in tenants}
    desired = [each for each in loaded.wanted.desired if each.tenant in names]
    selected = selection(options, desired)
    chosen = [each for each in desired if selected is None or (each.tenant, each.name) in selected]
    refuse_sets(options.replace or (), {each.template for each in chosen})
    refuse_unknown("--replace", options.replace or (), {each.name for each in chosen})
    if loaded.owner is None:
        raise ManifestError([*loaded.wanted.problems, owner_missing(loaded)])
    return Work(loaded, tenants, desired, pass_options(options, loaded, selected, loaded.owner))


def owner_missing(loaded: Loaded) -> Problem:
    manifests = loaded.wanted.manifests
    first = (
        *manifests.settings, *manifests.tenants, *manifests.endpoints, *manifests.certificates, *manifests.sinks
    )[0]  # fmt: skip
    message = "nobody says whose subscriptions these are: give spec.owner in the Settings, RECONCILER_OWNER or --owner"
    return Problem(first.source, "owner-missing", message)


def previous_owners(options: argparse.Namespace, owner: str) -> frozenset[str]:
    """Raises UsageError for what can be no other owner."""
    for name in options.previous_owner or ():
        if name == owner or len(name) > OWNER_LENGTH or not NAME.fullmatch(name):
            raise UsageError(f"--previous-owner {name}: name another owner than {owner!r}, as it stands in a mark")
    return frozenset(options.previous_owner or ())


def pass_options(
    options: argparse.Namespace, loaded: Loaded, selected: frozenset[tuple[str, str]] | None, owner: str
) -> Options:
    settings = loaded.wanted.settings
    limits = settings.limits
    return Options(
        owner=owner,
        policy=Policy(options.policy) if options.policy else settings.policy,
        prune=loaded.whole,
        selected=selected,
        renew_within=options.renew_within,
        limits=Limits(limits.removals, limits.floor, limits.replacements),
        allow=frozenset(options.allow or ()),
        thumbprints=thumbprints_of(loaded),
        replace=frozenset(options.replace or ()),
        previous_owners=previous_owners(options, owner),
        adoptions=options.adoptions,
    )


def thumbprints_of(loaded: Loaded) -> frozenset[str] | None:
    """Of all certificates that the manifests know; None where one of them could not be read, or there is none."""
    wanted = loaded.wanted
    return wanted.known_thumbprints if wanted.thumbprints_whole and wanted.manifests.certificates else None


def plan_offline(work: Work, snapshot: Snapshot, now: dt.datetime) -> Report:
    """From a snapshot: no credential, no socket."""
    return sum((plan_tenant(work, item, snapshot, now) for item in work.tenants), Report())


def plan_tenant(work: Work, item: Item[Tenant], snapshot: Snapshot, now: dt.datetime) -> Report:
    taken, wanted = snapshot.tenant(item.name), item.manifest.spec.tenant_id
    if taken and wanted and taken.tenant_id and taken.tenant_id.lower() != wanted.lower():
        message = f"the snapshot is of another tenant, {taken.tenant_id}, under this name"
        return Report(unread={item.name: SnapshotError(message)})
    world = world_of(taken) if taken else World(item.name)
    return Report(plan(work.desired, world, now=now, options=work.options), worlds={item.name: world})


async def look(work: Work, options: argparse.Namespace, now: dt.datetime) -> Carried:
    """A dry run: there is nothing in it that could write."""
    from reconciler.cli.granted import missing_permissions
    from reconciler.cli.wiring import Store, new_graph, open_tenants, state_location, views
    from reconciler.engine.run import dry_run

    store = Store.read(state_location(options))
    async with new_graph(work.loaded) as graph:
        opened, shut = open_tenants(work.tenants, graph, work.loaded, options)
        missing = await missing_permissions(opened, work.desired)
        report = await dry_run(views(opened, store, work.options.owner), work.desired, now=now, options=work.options)
    remarks = [Problem(Source(str(store.place)), "store", store.warning, Severity.WARNING)] if store.warning else []
    known = await store.known_tenants(work.options.owner, now=now)
    problems = [*remarks, *missing, *removed_tenants(work, known, opened)]
    return Carried(report + Report(unread=shut), problems, frozenset())
