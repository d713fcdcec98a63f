"""Where something is: a path in, a collection of one tenant or a thing in it out.

Both spellings of ids are understood, ``teams/x`` and ``teams('x')``, as notifications have the second (facts 2.3).
"""

import dataclasses
import functools

from reconciler.core.catalog import Version
from reconciler.emulator.model import refusals
from reconciler.emulator.model.paths import Step, canonical_id, steps
from reconciler.emulator.world import layout
from reconciler.emulator.world.kinds import THING
from reconciler.emulator.world.layout import COLLECTIONS, Collection, filled, spelled
from reconciler.emulator.world.meetings import CALL_EVENTS_OF

BRACKETS = frozenset("()")
"""No id of Graph has them, and no path could say whether they belong to it."""
CALL_EVENTS = steps(CALL_EVENTS_OF.format("x"))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A collection, or a thing in it."""

    tenant: str
    collection: Collection
    ids: tuple[str, ...]
    """Those above, and its own if it is a thing."""
    user: str | None = None
    """Whose meetings were asked for."""
    together_with: Collection | None = None
    """Listed as one: webinars and town halls."""
    read_only: bool = False

    @property
    def is_thing(self) -> bool:
        return len(self.ids) > self.collection.depth

    @property
    def is_open(self) -> bool:
        """Of no kind that is known here: it is there as soon as something is below it."""
        return self.collection.kind is THING

    @property
    def above(self) -> tuple[str, ...]:
        return self.ids[: self.collection.depth]

    @property
    def shelf(self) -> str:
        """The canonical path of the collection."""
        return filled(self.collection.key, self.ids)

    @property
    def path(self) -> str:
        """As Graph spells it."""
        template = self.collection.spelled
        return spelled(f"{template}/*" if self.is_thing else template, self.ids)

    def thing(self, identifier: str) -> "Place":
        return Place(tenant=self.tenant, collection=self.collection, ids=(*self.above, identifier), user=self.user)


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """A path as it was asked for, ``*`` for ids; aliases are not resolved yet."""

    key: str
    ids: tuple[str, ...]


@functools.lru_cache(maxsize=1024)
def way(path: str, *, tenant: str, me: str | None = None) -> Way:
    """``me`` is the user behind the token, if there is one. Raises ``Refusal``."""
    try:
        found = steps(path)
    except ValueError as error:
        raise refusals.no_segment(path.rpartition("/")[2]) from error
    if found[0].text.lower() == "me":
        found = (Step("users"), Step(of_caller(me), key=True), *found[1:])
    return walked(found, tenant)


def of_caller(me: str | None) -> str:
    if me is None:
        raise refusals.bad_request("/me request is only valid with delegated authentication flow.")
    return me


def walked(found: tuple[Step, ...], tenant: str) -> Way:
    key, ids = "", []
    for step in found:
        name = f"{key}/{step.text.lower()}".lstrip("/")
        if step.arguments is None and not step.key and name in layout.PREFIXES:
            key = name
        elif step.arguments is None and f"{key}/*" in layout.PREFIXES and BRACKETS.isdisjoint(step.text):
            identifier = canonical_id(step.text)
            # A user may be named with the tenant behind it (facts 5.4).
            ids.append(identifier.removesuffix(f"@{tenant}") if key == "users" else identifier)
            key = f"{key}/*"
        else:
            raise refusals.no_segment(step.text)
    return Way(key, tuple(ids))


def call_events_url(path: str) -> str | None:
    """The join URL, if the path is that of the call events of a meeting (facts 2.5)."""
    if not path.lower().endswith("/meetingcallevents"):
        return None
    try:
        found = steps(path)
    except ValueError:
        return None
    if len(found) != len(CALL_EVENTS) or found[1].arguments is None:
        return None
    same = all(mine.text.lower() == each.text.lower() for mine, each in zip(CALL_EVENTS, found, strict=True))
    argument = found[1].arguments[0]
    return argument.values[0] if same and argument.name == "joinweburl" and not argument.many else None


def resolved(asked: Way, *, tenant: str, version: Version | None, is_townhall: bool) -> Place:
    """``is_townhall``: whether the event of a draft path is one; no version: of any. Raises ``Refusal``."""
    key, ids, user, together_with = asked.key, asked.ids, None, None
    if key.startswith(layout.EVENTS):
        if version is Version.V1:
            raise refusals.no_segment("events")
        together_with = COLLECTIONS[layout.TOWNHALLS] if key == layout.EVENTS else None
        key = shipped(key, is_townhall=is_townhall)
    elif key.startswith(layout.OF_USER):
        key, user, ids = layout.MEETINGS + key[len(layout.OF_USER) :], ids[0], ids[1:]
    view = layout.view(key)
    found = known(view or key, version)
    return Place(
        tenant=tenant, collection=found, ids=ids, user=user, together_with=together_with, read_only=view is not None
    )


def shipped(key: str, *, is_townhall: bool) -> str:
    """The draft's path as it was shipped (facts 11.2)."""
    rest = key[len(layout.EVENTS) :].replace("/virtualeventwebinar/", "/")
    kind = layout.TOWNHALLS if is_townhall else layout.WEBINARS
    return kind + rest.replace(layout.REGISTRANTS, "registrations")


def known(key: str, version: Version | None) -> Collection:
    found = COLLECTIONS.get(key.removesuffix("/*"))
    if found is None or version not in {None, *found.versions}:
        raise refusals.no_segment(key.removesuffix("/*").rpartition("/")[2])
    return found


def above(place: Place) -> Place | None:
    """The thing that a collection belongs to, or a thing's collection."""
    collection = layout.above(place.collection.key)
    if collection is None:
        return None
    return Place(tenant=place.tenant, collection=collection, ids=place.above, user=place.user)


def nearest_typed(place: Place) -> Place | None:
    """The team, channel, event or meeting that it belongs to, however deep."""
    found = above(place)
    while found is not None and found.is_open:
        found = above(found)
    return found


def without_function(asked: Way) -> Way | None:
    """What a function is of: ``teams/x/channels/getAllMembers`` is there if ``teams/x`` is. None: of everything."""
    if asked.key in COLLECTIONS or asked.key not in layout.FUNCTION_KEYS:
        return asked
    before, star, _ = asked.key.rpartition("*")
    return Way(before + star, asked.ids) if star else None
