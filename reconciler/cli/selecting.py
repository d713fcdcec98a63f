"""Which subscriptions a partial run is about."""

import argparse
from collections.abc import Collection, Iterable, Sequence

from reconciler.core.desired import Desired
from reconciler.core.errors import UsageError
from reconciler.core.manifest.complaints import did_you_mean
from reconciler.core.manifest.kinds import Tenant
from reconciler.core.manifest.read import Item

__all__ = ["chosen_tenants", "refuse_sets", "refuse_unknown", "selection"]


def chosen_tenants(tenants: Sequence[Item[Tenant]], names: Collection[str]) -> list[Item[Tenant]]:
    """All tenants, or those that are named. An unknown name is wrong usage."""
    refuse_unknown("--tenant", names, [item.name for item in tenants])
    return [item for item in tenants if not names or item.name in names]


def selection(options: argparse.Namespace, desired: Iterable[Desired]) -> frozenset[tuple[str, str]] | None:
    """Tenant and name of what ``--only`` and ``--selector`` choose; None for everything.

    The name of a template stands for all of its set.
    """
    if not options.only and not options.selector:
        return None
    desired = list(desired)
    known = {each.name for each in desired} | {each.template for each in desired if each.template}
    refuse_unknown("--only", options.only or (), known)
    only = set(options.only or ())
    wanted_labels = set(options.selector or ())
    found = {
        (each.tenant, each.name)
        for each in desired
        if (not only or each.name in only or each.template in only) and wanted_labels <= set(each.labels)
    }
    if not found:
        labels = " ".join(f"{key}={value}" for key, value in sorted(wanted_labels))
        raise UsageError(f"--selector {labels} matches no subscription")
    return frozenset(found)


def refuse_sets(names: Iterable[str], templates: Collection[str | None]) -> None:
    """What is replaced on purpose is named one by one."""
    for name in names:
        if name in templates:
            raise UsageError(f"--replace {name}: this is a set, name the subscriptions of it that are to be replaced")


def refuse_unknown(option: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise UsageError(f"{option} {name}: the manifests have none of that name{did_you_mean(name, known)}")
