"""What tenants need in, lines for people and JSON for pipelines out. The same manifests give the same bytes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli.plain import plain
from reconciler.cli.problems import count
from reconciler.core.catalog import Workload
from reconciler.core.desired import Desired
from reconciler.core.permissions import Comparison, Grant, Kind, Need, Needed, Purpose

if TYPE_CHECKING:
    from reconciler.cli.permissions import Asked

__all__ = ["document", "lines", "listed", "notes", "one_of", "unless_specific"]

SHOWN = 3
DOING = {Purpose.SUBSCRIBE: "to subscribe to", Purpose.READ: "after a gap, to read"}
ACCESS_POLICY = (
    "reading virtual events with an application's token takes a Teams application access policy for each organizer, and"
    " lists show only what those organize (facts 2.4, 2.6)"
)
ASSIGNMENT = (
    "resource data is only sent if the application's service principal has appRoleAssignmentRequired=false, or"
    " 'Microsoft Graph Change Tracking' holds an app role on it (facts 7.1)"
)


def lines(asked: Sequence["Asked"], *, checked: bool) -> Iterator[str]:
    for each in asked:
        yield plain(headline(each.name, each.needed))
        for grant in each.needed.grants:
            yield from grant_lines(grant)
        yield from (f"  {plain(line)}" for line in beside(each.needed))
        yield from (f"  note: {plain(message)} ({plain(listed(names))})" for _, message, names in notes(each))
        if checked:
            yield from (f"  {plain(line)}" for line in check_lines(each))


def headline(name: str, needed: Needed) -> str:
    if not needed.grants:
        return f"{name}: no permission is needed"
    return f"{name}: {count(len(needed.grants), f'{needed.kind} permission')}"


def grant_lines(grant: Grant) -> Iterator[str]:
    yield f"  {grant.permission}"
    for each in grant.needs:
        yield plain(f"      {DOING[each.purpose]} {each.path}: {counted(each)}{''.join(alternatives(each, grant))}")


def alternatives(each: Need, grant: Grant) -> Iterator[str]:
    """What would do as well and writes no more than this."""
    if others := one_of(name for name in each.least if name != grant.permission):
        yield f"; or {others}"
    if specific := one_of(each.resource_specific[:1]):
        yield f"; or {specific}, for this one alone, by its owner"


def counted(each: Need) -> str:
    return f"{count(len(each.names), 'subscription')} ({listed(each.names)})"


def beside(needed: Needed) -> Iterator[str]:
    """What no permission can be named for."""
    for each in needed.unsupported:
        what = f"{DOING[each.purpose]} {each.path}: {counted(each)}"
        yield f"not possible with {token(needed.kind)}{instead_of(each)}: {what}"
    for each in needed.undocumented:
        yield f"not documented: which permission it takes {DOING[each.purpose]} {each.path}: {counted(each)}"
    for each in needed.uncatalogued:
        yield f"not known: what {each.path} needs, the catalog has no entry: {counted(each)}"


def token(kind: Kind) -> str:
    return "the token of an application" if kind is Kind.APPLICATION else "the token of a signed-in user"


def instead_of(each: Need) -> str:
    specific = one_of(each.resource_specific)
    return f" but for {specific}, granted by its owner" if specific else ""


def notes(asked: "Asked") -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What no permission tells, by a stable code, and the subscriptions that it is about."""
    if asked.needed.kind is Kind.APPLICATION and (events := named(asked.desired, virtual=True)):
        yield "application-access-policy", ACCESS_POLICY, events
    if rich := tuple(sorted(each.name for each in asked.desired if each.asked.rich)):
        yield "app-role-assignment", ASSIGNMENT, rich


def named(desired: Sequence[Desired], *, virtual: bool) -> tuple[str, ...]:
    entries = ((each, each.entry) for each in desired)
    return tuple(
        sorted(each.name for each, entry in entries if entry and (entry.workload is Workload.VIRTUAL_EVENTS) is virtual)
    )


def check_lines(asked: "Asked") -> Iterator[str]:
    comparison = asked.comparison
    if asked.refused is not None:
        yield f"NOT COMPARED: there is no token: {asked.refused}"
    elif comparison is None:
        yield "NOT COMPARED: the token names no permission: nothing was granted to the application, or it is opaque"
    else:
        yield from (missing_line(each) for each in comparison.missing)
        if not comparison.missing:
            yield "the token has all of them"
        if comparison.excess:
            yield f"in excess: the token also has {', '.join(comparison.excess)}, needed for nothing here"


def missing_line(each: Need) -> str:
    return f"MISSING: {one_of(each.least)}, {DOING[each.purpose]} {each.path}{unless_specific(each)}: {counted(each)}"


def unless_specific(each: Need) -> str:
    specific = one_of(each.resource_specific)
    return f", unless its owner granted {specific}, which is in no token" if specific else ""


def one_of(names: Iterable[str]) -> str:
    return " or ".join(names)


def listed(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def document(asked: Sequence["Asked"], *, checked: bool) -> dict[str, Any]:
    return {"schemaVersion": 1, "tenants": [tenant_json(each, checked=checked) for each in asked]}


def tenant_json(asked: "Asked", *, checked: bool) -> dict[str, Any]:
    needed = asked.needed
    return {
        "name": asked.name,
        "kind": needed.kind,
        "permissions": [
            {"permission": grant.permission, "needs": list(map(need_json, grant.needs))} for grant in needed.grants
        ],
        "unsupported": list(map(need_json, needed.unsupported)),
        "undocumented": list(map(need_json, needed.undocumented)),
        "uncatalogued": list(map(need_json, needed.uncatalogued)),
        "notes": [
            {"code": code, "message": message, "subscriptions": list(names)} for code, message, names in notes(asked)
        ],
        "check": check_json(asked.comparison, asked) if checked else None,
    }


def check_json(comparison: Comparison | None, asked: "Asked") -> dict[str, Any]:
    return {
        "compared": comparison is not None,
        "refused": asked.refused,
        "roles": sorted(asked.roles or ()),
        "missing": list(map(need_json, comparison.missing)) if comparison else [],
        "excess": list(comparison.excess) if comparison else [],
    }


def need_json(each: Need) -> dict[str, Any]:
    return {
        "purpose": each.purpose,
        "resource": each.path,
        "anyOf": list(each.options),
        "resourceSpecific": list(each.resource_specific),
        "subscriptions": list(each.names),
    }
