"""An entry of the catalog in, a JSON object with all of it out."""

from typing import Any

from reconciler.core.catalog import ChangeType, Entry, Quota
from reconciler.core.times import iso_duration

__all__ = ["entry_json"]


def entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "path": entry.path,
        "summary": entry.summary,
        "workload": entry.workload,
        "status": entry.status,
        "replacedBy": list(entry.replaced_by),
        "changeTypes": [each for each in ChangeType if each in entry.change_types],
        "changeTypesVerified": entry.change_types_verified,
        "changeTypesAcceptedInVain": sorted(entry.accepted_in_vain),
        "createdAs": entry.created_as,
        "resourceData": entry.rich,
        "resourceDataNeedsSelect": entry.rich_needs_select,
        "lifetime": iso_duration(entry.lifetime),
        "lifetimeWithResourceData": iso_duration(entry.longest(rich=True)) if entry.rich != "no" else None,
        "lifecycleUrl": entry.lifecycle_url,
        "lifecycleNotifications": sorted(entry.lifecycle_events),
        "graphVersions": list(entry.versions),
        "clouds": sorted(entry.clouds),
        "readClouds": sorted(entry.read_clouds),
        "permissions": {
            "documented": entry.permissions.documented,
            "application": list(entry.permissions.application),
            "delegated": list(entry.permissions.delegated),
            "resourceSpecific": list(entry.permissions.resource_specific),
        },
        "exclusive": entry.exclusive,
        "slot": entry.slot,
        "quotas": list(map(quota_json, entry.quotas)),
        **options_json(entry),
        "resync": list(entry.resync),
        "notes": list(entry.notes),
        "facts": list(entry.facts),
    }


def quota_json(quota: Quota) -> dict[str, Any]:
    return {"limit": quota.limit, "per": quota.per, "shared": quota.shared}


def options_json(entry: Entry) -> dict[str, Any]:
    return {
        "filterFields": list(entry.filter_fields),
        "filterLimit": entry.filter_limit,
        "options": sorted(entry.options),
        "requiredOptions": sorted(entry.required_options),
        "delegatedOptions": sorted(entry.delegated_options),
        "forbiddenSelect": sorted(entry.forbidden_select),
        "expandable": None if entry.expandable is None else sorted(entry.expandable),
        "notificationQueryOptions": entry.takes_query_options,
    }
