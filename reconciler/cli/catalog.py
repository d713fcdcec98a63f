"""``reconcile catalog [RESOURCE]``: what Graph allows."""

import argparse
import json
import re

from reconciler.cli.catalog_document import entry_json
from reconciler.cli.catalog_text import described, table
from reconciler.cli.exits import Exit
from reconciler.core.catalog import ENTRIES, Entry
from reconciler.core.errors import UsageError
from reconciler.core.resource import Resource, ResourceError, nearest, read_resource

__all__ = ["main"]

AN_ID = re.compile(r"\('[^']*'\)|/[^/?]*[\d@:-][^/?]*")
"""Whatever no name of the catalog looks like."""

OF_ME = re.compile(r"\s*/?me(?=/)", re.IGNORECASE)
"""``me/…`` is always somebody's ``users/{id}/…`` (facts 2.1)."""

LONGEST = 2000
"""Nothing is near to what is longer."""


def main(options: argparse.Namespace) -> int:
    if options.resource is None:
        found, text = list(ENTRIES), table(ENTRIES)
    else:
        entry, resource = find(options.resource)
        found, text = [entry], described(entry, resource)
    if options.format == "json":
        print(json.dumps([entry_json(entry) for entry in found], indent=2, ensure_ascii=False))
    else:
        print("\n".join(text))
    return Exit.OK


def find(text: str) -> tuple[Entry, Resource | None]:
    """The entry of a concrete path, and that path; or of a template as the catalog prints it."""
    wanted = OF_ME.sub("users/{user-id}", text.strip()).strip("/").lower()
    for each in ENTRIES:
        if wanted in {each.path.lower(), each.path.partition("?")[0].lower()}:
            return each, None
    try:
        resource = read_resource(OF_ME.sub("users/me", text))
    except ResourceError as error:
        raise UsageError(f"the resource {text!r} is not understood: {error}") from error
    if resource.entry is None:
        near = None if len(text) > LONGEST else near_to(text)
        raise UsageError(f"the catalog does not know {text!r}{f', the nearest is {near}' if near else ''}")
    return resource.entry, resource


def near_to(text: str) -> str | None:
    """With its ids, or as a template has them: a long id is not to hide a short mistake."""
    path = OF_ME.sub("users/{user-id}", text).partition("?")[0]
    return nearest(path) or nearest(AN_ID.sub("/{id}", f"/{path.strip().strip('/')}"))
