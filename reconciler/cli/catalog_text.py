"""Entries of the catalog in, lines for people out."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.catalog import ChangeType, Cloud, Entry, Status, Version, Workload
from reconciler.core.resource import Resource
from reconciler.core.times import spell_duration

__all__ = ["described", "table"]

PATH, CHANGES, DATA, LIFETIME = 72, 15, 8, 10
"""The columns of the table, so that a line with its last one has 120 characters at most."""

ALL_THREE = "all"
LEGEND = "? not verified   user: only with the token of a signed-in user"


def table(entries: Sequence[Entry]) -> Iterator[str]:
    """By workload. Whoever wants to know more asks for one."""
    yield line(LEGEND, "CHANGE TYPES", "DATA", "LIFETIME", "")
    for workload in Workload:
        yield f"{workload.replace('-', ' ')}:"
        for entry in (entry for entry in entries if entry.workload is workload):
            yield from row(entry)


def row(entry: Entry) -> Iterator[str]:
    """A path that is too long for its column has a line of its own."""
    path = f"  {entry.path}"
    rest = (short_changes(entry), str(entry.rich), spell_duration(entry.lifetime), note(entry))
    if len(path) > PATH:
        yield path
        path = ""
    yield line(path, *rest)


def line(path: str, change_types: str, data: str, lifetime: str, last: str) -> str:
    return f"{path:<{PATH}}  {change_types:<{CHANGES}}  {data:<{DATA}}  {lifetime:<{LIFETIME}}  {last}".rstrip()


def short_changes(entry: Entry) -> str:
    mark = "" if entry.change_types_verified else " ?"
    return (ALL_THREE if len(entry.change_types) == len(ChangeType) else changes(entry)) + mark


def note(entry: Entry) -> str:
    """What comes first in the way of using it."""
    if entry.status is Status.DRAFT:
        return "draft"
    if entry.permissions.delegated_only:
        return "user"
    return "beta" if entry.versions == (Version.BETA,) else ""


def changes(entry: Entry) -> str:
    return ",".join(each for each in ChangeType if each in entry.change_types)


def described(entry: Entry, resource: Resource | None) -> Iterator[str]:
    """``resource`` is the concrete one that was asked about, if it was one."""
    yield f"{entry.path}: {entry.summary}"
    for name, value in (*rows(entry), *concrete(entry, resource)):
        if value:
            yield f"  {name:<24} {value}"
    for sentence in entry.notes:
        yield f"  note: {sentence}"


def concrete(entry: Entry, resource: Resource | None) -> Iterator[tuple[str, str]]:
    """What is to be said of this one only."""
    if resource:
        yield "canonical", resource.canonical
        yield "not allowed in it", ", ".join(sorted(resource.options - entry.query_options))
        yield "lacking in it", ", ".join(sorted(entry.required_options - resource.options))


def rows(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "change types", changes(entry) + ("" if entry.change_types_verified else " (not verified)")
    yield "taken and never sent", ",".join(sorted(entry.accepted_in_vain))
    yield "resource data", entry.rich + (", with $select" if entry.rich_needs_select else "")
    yield "longest lifetime", spell_duration(entry.lifetime)
    yield "… with resource data", spell_duration(entry.rich_lifetime) if entry.rich_lifetime else ""
    yield "lifecycle URL", entry.lifecycle_url
    yield "lifecycle notifications", ", ".join(sorted(entry.lifecycle_events))
    yield "Graph versions", ", ".join(entry.versions)
    yield "clouds", clouds(entry.clouds)
    yield "… in which it is read", clouds(entry.read_clouds)
    yield from permissions(entry)
    yield "exclusive", f"one per {entry.slot or 'resource'}, app and tenant" if entry.exclusive else ""
    yield "quotas", "; ".join(f"{quota.limit} per {quota.per}{shared(quota.shared)}" for quota in entry.quotas)
    yield from options(entry)
    yield "to resync, read", ", ".join(entry.resync) or "nothing that is documented"
    yield "status", entry.status
    yield "replaced by", ", ".join(entry.replaced_by)
    yield "docs/graph-facts.md", ", ".join(entry.facts)


def permissions(entry: Entry) -> Iterator[tuple[str, str]]:
    if not entry.permissions.documented:
        yield "application permissions", "not documented"
    yield "application permissions", " or ".join(entry.permissions.application)
    yield "delegated permissions", " or ".join(entry.permissions.delegated)
    yield "resource-specific", " or ".join(entry.permissions.resource_specific)


def options(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "query options", ", ".join(sorted(entry.options or entry.query_options))
    yield "… that it needs", ", ".join(sorted(entry.required_options)) or ("$filter" if entry.filter_fields else "")
    yield "… for a signed-in user", ", ".join(sorted(entry.delegated_options))
    yield "… not in $select", ", ".join(sorted(entry.forbidden_select))
    yield "… all of $expand", ", ".join(sorted(entry.expandable or ()))
    yield "… only on the fields", ", ".join(entry.filter_fields)
    yield "… values at the most", str(entry.filter_limit or "")
    yield "notificationQueryOptions", "taken" if entry.takes_query_options else ""


def clouds(named: Iterable[Cloud]) -> str:
    """Where it is everywhere, nothing need be said."""
    found = sorted(named)
    return "" if len(found) == len(Cloud) else ", ".join(found)


def shared(others: str | None) -> str:
    return f", counted over {others}" if others else ""
