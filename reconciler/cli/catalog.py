"""``reconcile catalog [RESOURCE]``: what Graph allows."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from reconciler.cli.exits import Exit
from reconciler.core.catalog import ENTRIES, ChangeType, Entry
from reconciler.core.errors import UsageError
from reconciler.core.resource import ResourceError, nearest, read_resource
from reconciler.core.times import iso_duration, spell_duration

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    one = options.resource is not None
    entries = [find(options.resource)] if one else list(ENTRIES)
    if options.format == "json":
        print(json.dumps([entry_json(entry) for entry in entries], indent=2, ensure_ascii=False))
    elif one:
        print("\n".join(described(entries[0])))
    else:
        print("\n".join(table(entries)))
    return Exit.OK


def find(text: str) -> Entry:
    """The entry of a concrete path, or of a template as the catalog prints it."""
    wanted = text.strip().strip("/").lower()
    for each in ENTRIES:
        if wanted == each.path.lower():
            return each
    try:
        entry = read_resource(text).entry
    except ResourceError as error:
        raise UsageError(f"the resource {text!r} is not understood: {error}") from error
    if entry is None:
        near = nearest(text)
        raise UsageError(f"the catalog does not know {text!r}{f', the nearest is {near}' if near else ''}")
    return entry


def table(entries: list[Entry]) -> Iterator[str]:
    rows = [(entry.path, changes(entry), f"data: {entry.rich}", short(entry)) for entry in entries]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])


def short(entry: Entry) -> str:
    return f"{spell_duration(entry.lifetime)}{'' if entry.status == 'shipped' else ', draft'}"


def changes(entry: Entry) -> str:
    return ",".join(each for each in ChangeType if each in entry.change_types)


def described(entry: Entry) -> Iterator[str]:
    yield f"{entry.path}: {entry.summary}"
    for name, value in rows(entry):
        if value:
            yield f"  {name:<24} {value}"


def rows(entry: Entry) -> Iterator[tuple[str, str]]:
    permissions = entry.permissions
    yield "change types", changes(entry)
    yield "resource data", entry.rich + (", with $select" if entry.rich_needs_select else "")
    yield "longest lifetime", spell_duration(entry.lifetime)
    yield "… with resource data", spell_duration(entry.rich_lifetime) if entry.rich_lifetime else ""
    yield "lifecycle URL", entry.lifecycle_url
    yield "lifecycle notifications", ", ".join(sorted(entry.lifecycle_events))
    yield "Graph versions", ", ".join(entry.versions)
    yield "application permissions", " or ".join(permissions.application)
    yield "delegated permissions", " or ".join(permissions.delegated)
    yield "resource-specific", " or ".join(permissions.resource_specific)
    yield "exclusive", f"one per {entry.slot or 'resource'}, app and tenant" if entry.exclusive else ""
    yield "quotas", "; ".join(f"{each.limit} per {each.per}" for each in entry.quotas)
    yield "query options", ", ".join(sorted(entry.options | ({"$filter"} if entry.filter_fields else set())))
    yield "to resync, read", ", ".join(entry.resync) or "nothing can be read"
    yield "status", entry.status
    yield "replaced by", ", ".join(entry.replaced_by)
    yield "docs/graph-facts.md", ", ".join(entry.facts)


def entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "path": entry.path,
        "summary": entry.summary,
        "workload": entry.workload,
        "status": entry.status,
        "replacedBy": list(entry.replaced_by),
        "changeTypes": [each for each in ChangeType if each in entry.change_types],
        "resourceData": entry.rich,
        "resourceDataNeedsSelect": entry.rich_needs_select,
        "lifetime": iso_duration(entry.lifetime),
        "lifetimeWithResourceData": iso_duration(entry.longest(rich=True)) if entry.rich != "no" else None,
        "lifecycleUrl": entry.lifecycle_url,
        "lifecycleNotifications": sorted(entry.lifecycle_events),
        "graphVersions": list(entry.versions),
        "permissions": {
            "application": list(entry.permissions.application),
            "delegated": list(entry.permissions.delegated),
            "resourceSpecific": list(entry.permissions.resource_specific),
        },
        "exclusive": entry.exclusive,
        "slot": entry.slot,
        "quotas": [{"limit": each.limit, "per": each.per, "shared": each.shared} for each in entry.quotas],
        "filterFields": list(entry.filter_fields),
        "options": sorted(entry.options),
        "resync": list(entry.resync),
        "facts": list(entry.facts),
    }
