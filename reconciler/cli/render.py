"""``reconcile render``: what the manifests come to, as manifests again.

Sets and tenants are written out, variables are filled in, references are named; defaults are left as they are, secrets
stay references. What is printed reads to the very same as what was read, if it is read in the same folder: unless a URL
has a query, whose values may be secrets. They are covered so that nobody can read the URL by mistake, or shown on
request.
"""

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.problems import print_warnings
from reconciler.cli.selecting import chosen_tenants
from reconciler.core.desired import Desired
from reconciler.core.errors import ReconcilerError
from reconciler.core.manifest.documents import VARIABLE, Document
from reconciler.core.redaction import REDACTED, redact
from reconciler.core.wanted import Wanted

__all__ = ["main", "rendered"]

Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
WIDEST = 2**31 - 1
"""No line is folded."""

PATH_KEYS = frozenset({"caFile", "file", "tokenFile"})
"""Where text stands under one of these, it is a path that is relative to its manifest."""

URL_KEYS = frozenset({"lifecycleNotificationUrl", "notificationUrl", "url"})
COVERED = "reconcile: query values of URLs are covered, so this cannot be read as manifests: see --show-queries"
WRITTEN_OUT = frozenset({"endpoint", "forEach", "sink", "tenant", "tenants"})


def main(options: argparse.Namespace) -> int:
    loaded = load(options, confined=True, now=dt.datetime.now(dt.UTC))
    loaded.must_be_valid()
    tenants = {item.name for item in chosen_tenants(loaded.wanted.tenants, options.tenants)}
    print_warnings(loaded.wanted.problems)
    documents = list(rendered(loaded.wanted, tenants))
    covered = 0 if options.show_queries else sum(cover(each["spec"]) for each in documents)
    if covered:
        print(COVERED, file=sys.stderr)
    print(spelled(documents, options.format), end="")
    return Exit.OK


def spelled(documents: list[dict[str, Any]], form: str) -> str:
    """Raises ReconcilerError where it would be read as something else."""
    if form == "json":
        text = json.dumps({"manifests": documents}, indent=2, ensure_ascii=False) + "\n"
    else:
        text = yaml.dump_all(
            documents, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDEST, explicit_start=True
        )
    if found := VARIABLE.search(text):
        raise ReconcilerError(f"a variable's value has {found.group()} in it, which would be filled in once more")
    return text


def rendered(wanted: Wanted, tenants: Collection[str]) -> Iterator[dict[str, Any]]:
    """Of these tenants: everything, by kind and name, subscriptions last and by tenant."""
    manifests = wanted.manifests
    chosen = [item for item in manifests.tenants if item.name in tenants]
    for kind in (manifests.settings, chosen, manifests.endpoints, manifests.certificates, manifests.sinks):
        for item in sorted(kind, key=lambda each: each.name):
            yield as_read(item.document)
    written = {item.source: item.document for item in manifests.subscriptions}
    for desired in wanted.desired:
        if desired.tenant in tenants:
            yield alone(desired, written[desired.source])


def cover(spec: dict[str, Any]) -> int:
    """Cover the query values of its URLs; how many URLs had one."""
    count = 0
    for place in [spec, *(each for each in spec.values() if isinstance(each, dict))]:
        for key in sorted(URL_KEYS.intersection(place)):
            place[key] = REDACTED.sub(r"<\g<0>>", redact(place[key]))
            count += "<" in place[key]
    return count


def as_read(document: Document) -> dict[str, Any]:
    """With paths that lead to the same files from here."""
    value = dict(document.value)
    value["spec"] = relocated(value["spec"], document.text.base)
    match value:
        case {"kind": "Sink", "spec": {"file": {"path": str(path)} as file}}:
            value["spec"]["file"] = file | {"path": from_here(path, document.text.base)}
    return value


def alone(desired: Desired, document: Document) -> dict[str, Any]:
    """One subscription in one tenant."""
    value = as_read(document)
    given: dict[str, Any] = value["spec"]
    spec = {key: each for key, each in given.items() if key not in WRITTEN_OUT}
    spec |= {"tenant": desired.tenant, "endpoint": desired.endpoint}
    if desired.sink:
        spec["sink"] = desired.sink
    if desired.template:
        spec["resource"] = desired.resource.text
        if desired.asked.query_options:
            spec["notificationQueryOptions"] = desired.asked.query_options
        if desired.previously:
            spec["management"] = spec["management"] | {"previously": sorted(desired.previously)}
    return value | {"metadata": value["metadata"] | {"name": desired.name}, "spec": spec}


def relocated(value: Any, base: str) -> Any:
    match value:
        case dict():
            return {
                key: from_here(each, base) if key in PATH_KEYS and isinstance(each, str) else relocated(each, base)
                for key, each in value.items()
            }
        case list():
            return [relocated(each, base) for each in value]
    return value


def from_here(path: str, base: str) -> str:
    """Standard input's paths are relative to this folder already."""
    here = Path.cwd()
    return path if Path(base) == here or Path(path).is_absolute() else os.path.normpath(Path(base, path))
