"""The resource of a notification in, its canonical form out: as ``parse_resource``, in a third of the time.

Notifications come by the thousand, each about another id, and nearly all of them spelled alike (facts 2.3):
``teams('…')/channels('…')``. How the names are spelled is found out once, with other ids in their places.
"""

import functools
import re

from reconciler.core.guids import folded
from reconciler.core.resource import ResourceError, parse_resource

__all__ = ["subject_of"]

PAIR = re.compile(r"([A-Za-z]+)\('((?!get)[\w:@.-]*[\d:@._-][\w:@.-]*)'\)", re.ASCII)
"""A name and an id that needs no escape and can be no name of the catalog, as those are letters alone."""

PAIRS = re.compile(rf"/?{PAIR.pattern}(?:/{PAIR.pattern})*", re.ASCII)


def subject_of(resource: str | None) -> str:
    """As it stands where it is not understood, and empty without one."""
    if not resource:
        return ""
    if PAIRS.fullmatch(resource):
        pairs = PAIR.findall(resource)
        names = spelled(tuple(name for name, _ in pairs))
        return "/".join([f"{name}/{folded(identifier)}" for name, (_, identifier) in zip(names, pairs, strict=True)])
    return slowly(resource)


@functools.lru_cache(maxsize=1024)
def spelled(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the catalog in lower case, others as they are."""
    return tuple(parse_resource("/".join(f"{name}('0')" for name in names)).canonical.split("/")[::2])


@functools.lru_cache(maxsize=4096)
def slowly(resource: str) -> str:
    try:
        return parse_resource(resource).canonical
    except ResourceError:
        return resource
