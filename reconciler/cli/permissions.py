"""``reconcile permissions``: what the manifests need of each tenant's application; with ``--check``, what it lacks.

    manifests → desired → needed permissions → text or JSON

Without ``--check`` nothing is called and no credential is needed.
"""

import argparse
import asyncio
import dataclasses
import datetime as dt
import json
from collections.abc import Sequence

from reconciler.cli.exits import Exit
from reconciler.cli.loading import Loaded, load
from reconciler.cli.permissions_text import document, lines
from reconciler.cli.problems import print_warnings
from reconciler.cli.selecting import chosen_tenants
from reconciler.core.desired import Desired
from reconciler.core.errors import ManifestError
from reconciler.core.manifest.kinds import Tenant
from reconciler.core.manifest.read import Item
from reconciler.core.permissions import Comparison, Kind, Needed, needed
from reconciler.core.source import Severity

__all__ = ["Asked", "main"]

TOLD_BELOW = "delegated-only"
"""The rule that refuses what no application may do: here it is said beside the rest."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """One tenant: what is needed there, and with ``--check`` how its token compares."""

    name: str
    needed: Needed
    desired: Sequence[Desired]
    roles: frozenset[str] | None = None
    """None where no token was asked for, or none was given."""

    comparison: Comparison | None = None
    """None where nothing can be compared."""

    refused: str | None = None
    """Why there is no token."""

    @property
    def lacking(self) -> bool:
        """Whether it is not known to have all that it needs."""
        return bool(self.needed.grants) and (self.comparison is None or bool(self.comparison.missing))


def main(options: argparse.Namespace) -> int:
    loaded = load(options, confined=not options.check, now=dt.datetime.now(dt.UTC))
    if any(each.rule != TOLD_BELOW for each in loaded.wanted.errors):
        raise ManifestError(loaded.wanted.problems)
    print_warnings(each for each in loaded.wanted.problems if each.severity is Severity.WARNING)
    tenants = chosen_tenants(loaded.wanted.tenants, options.tenants)
    asked = [ask(item, loaded, options) for item in tenants]
    if options.check:
        asked = asyncio.run(compared(asked, tenants, loaded, options))
    if options.format == "json":
        print(json.dumps(document(asked, checked=options.check), indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines(asked, checked=options.check)))
    return Exit.FAILED if options.check and any(each.lacking for each in asked) else Exit.OK


def ask(item: Item[Tenant], loaded: Loaded, options: argparse.Namespace) -> Asked:
    desired = [each for each in loaded.wanted.desired if each.tenant == item.name]
    kind = Kind.DELEGATED if options.delegated else Kind.APPLICATION
    return Asked(item.name, needed(desired, kind, reads=not options.no_resync), desired)


async def compared(
    asked: Sequence[Asked], tenants: Sequence[Item[Tenant]], loaded: Loaded, options: argparse.Namespace
) -> list[Asked]:
    from reconciler.cli.granted import with_roles
    from reconciler.cli.wiring import new_graph, open_tenants

    async with new_graph(loaded) as graph:
        opened, shut = open_tenants(tenants, graph, loaded, options)
        ways = {each.name: each.client for each in opened}
        tried = (with_roles(each, ways[each.name] if each.name in ways else shut[each.name]) for each in asked)
        return list(await asyncio.gather(*tried))
