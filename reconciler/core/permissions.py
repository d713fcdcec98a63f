"""Desired subscriptions of one tenant in, the permissions that its application needs out: few, and the least that do.

A need is one thing to do and the permissions of which any one is enough (facts 1.6): subscribing to a resource, or
reading it after a gap (``core.reads``). One permission may serve several needs, and is asked for once.
"""

import dataclasses
import enum
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.core.catalog import Permissions
from reconciler.core.desired import Desired
from reconciler.core.reads import permissions_to_read

__all__ = ["Comparison", "Grant", "Kind", "Need", "Needed", "Purpose", "by_resource", "compare", "held", "needed"]


class Kind(enum.StrEnum):
    APPLICATION = "application"
    DELEGATED = "delegated"


class Purpose(enum.StrEnum):
    SUBSCRIBE = "subscribe"
    READ = "read"
    """To find out what was missed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Need:
    """What is to be done with a resource, for whom, and the permissions of which any one is enough, the least first."""

    purpose: Purpose
    path: str
    """The catalog's, with a leading slash."""

    names: tuple[str, ...]
    """Of the subscriptions."""

    options: tuple[str, ...] = ()
    resource_specific: tuple[str, ...] = ()
    """Or one of these, granted for one team or chat by its owner; they are in no token."""

    @property
    def least(self) -> tuple[str, ...]:
        """Without those that may write, where reading is enough."""
        reading = tuple(name for name in self.options if not writes(name))
        return reading or self.options

    @property
    def taken(self) -> tuple[str, ...]:
        """What serves it: who may write may read, but a subscription is not made with that (facts 1.6)."""
        return self.options if self.purpose is Purpose.READ else self.least


@dataclasses.dataclass(frozen=True, slots=True)
class Grant:
    """A permission to grant, and what it is for."""

    permission: str
    needs: tuple[Need, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Needed:
    """What one tenant's application needs."""

    kind: Kind
    grants: tuple[Grant, ...] = ()
    unsupported: tuple[Need, ...] = ()
    """What Graph lets no token of this kind do."""

    undocumented: tuple[Need, ...] = ()
    """Of which nobody says what it takes."""

    uncatalogued: tuple[Need, ...] = ()

    @property
    def needs(self) -> tuple[Need, ...]:
        """Each once, however many grants it is named under."""
        return tuple(sorted({need for grant in self.grants for need in grant.needs}, key=order))


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """What is needed against what a token carries."""

    missing: tuple[Need, ...] = ()
    excess: tuple[str, ...] = ()
    """Permissions that nothing here needs, or that a lesser one of the token makes needless."""


def needed(desired: Iterable[Desired], kind: Kind = Kind.APPLICATION, *, reads: bool = True) -> Needed:
    """Of one tenant. ``reads`` includes what a resync after a gap takes."""
    groups = by_resource(desired)
    subscribing = [
        (need(Purpose.SUBSCRIBE, path, names_of(group), group[0].entry.permissions, kind), group[0].entry.permissions)
        for path, group in groups.items()
        if group[0].entry
    ]
    impossible = [each for each, permissions in subscribing if permissions.documented and not each.options]
    unable = {name for each in impossible for name in each.names}
    reading = list(readings(groups, unable, kind)) if reads else []
    possible = [*(each for each, _ in subscribing if each not in impossible), *reading]
    return Needed(
        kind,
        grants=tuple(grants([each for each in possible if each.options])),
        unsupported=tuple(impossible),
        undocumented=tuple(each for each in possible if not each.options),
        uncatalogued=tuple(
            Need(Purpose.SUBSCRIBE, path, names_of(group)) for path, group in groups.items() if group[0].entry is None
        ),
    )


def by_resource(desired: Iterable[Desired]) -> Mapping[str, list[Desired]]:
    """By the catalog's path, or by the resource itself where the catalog does not know it."""
    found: dict[str, list[Desired]] = {}
    for each in desired:
        found.setdefault(f"/{each.entry.path if each.entry else each.resource.path}", []).append(each)
    return dict(sorted(found.items()))


def readings(groups: Mapping[str, Sequence[Desired]], unable: Collection[str], kind: Kind) -> Iterator[Need]:
    """What is to be read after a gap of those that can be subscribed to; each path once, in the order of paths."""
    readers: dict[str, set[str]] = {}
    for group in groups.values():
        for path in group[0].entry.resync if group[0].entry else ():
            readers.setdefault(path, set()).update(each.name for each in group if each.name not in unable)
    for path, names in sorted(readers.items()):
        if names:
            permissions = permissions_to_read(path) or Permissions()
            yield need(Purpose.READ, f"/{path}", tuple(sorted(names)), permissions, kind)


def need(purpose: Purpose, path: str, names: tuple[str, ...], permissions: Permissions, kind: Kind) -> Need:
    if kind is Kind.DELEGATED:
        return Need(purpose, path, names, permissions.delegated)
    return Need(purpose, path, names, permissions.application, permissions.resource_specific)


def grants(needs: Sequence[Need]) -> Iterator[Grant]:
    """By name, each with all that it is for: a need that two of them serve stands under both."""
    for name in cover(needs):
        yield Grant(name, tuple(sorted((each for each in needs if name in each.taken), key=order)))


def cover(needs: Sequence[Need]) -> list[str]:
    """Few permissions that serve all needs: first those without a choice, then whichever serves most of the rest."""
    chosen = {each.taken[0] for each in needs if len(each.taken) == 1}
    while rest := [each for each in needs if chosen.isdisjoint(each.taken)]:
        candidates = {name for each in rest for name in each.least}
        chosen.add(min(candidates, key=lambda name: worth(name, rest)))
    for name in sorted(chosen):
        others = chosen - {name}
        if not any(others.isdisjoint(each.taken) for each in needs):
            chosen = others
    return sorted(chosen)


def worth(name: str, needs: Sequence[Need]) -> tuple[int, int, str]:
    """The most needs first, then the least privileged, then by name."""
    places = [each.least.index(name) for each in needs if name in each.least]
    return (-len(places), sum(places), name)


def held(permissions: Permissions, roles: Collection[str]) -> str | None:
    """The least of the application permissions that a token has; any one is enough."""
    return next((name for name in permissions.application if name in roles), None)


def compare(wanted: Needed, roles: Collection[str]) -> Comparison:
    """Against the ``roles`` of a token. Without any, it is opaque or nothing was granted: then nothing is known."""
    if not roles:
        return Comparison()
    needs = wanted.needs
    met = [restricted(each, roles) for each in needs if not frozenset(roles).isdisjoint(each.options)]
    missing = tuple(each for each in needs if frozenset(roles).isdisjoint(each.options))
    return Comparison(missing, tuple(sorted(set(roles).difference(cover(met)))))


def restricted(each: Need, roles: Collection[str]) -> Need:
    return dataclasses.replace(each, options=tuple(name for name in each.options if name in roles))


def names_of(group: Iterable[Desired]) -> tuple[str, ...]:
    return tuple(sorted(each.name for each in group))


def writes(permission: str) -> bool:
    return "Write" in permission or ".Manage." in permission


def order(each: Need) -> tuple[bool, str]:
    """Subscribing first."""
    return (each.purpose is Purpose.READ, each.path)
