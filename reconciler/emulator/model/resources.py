"""Which resource a subscription is for: its text in, the catalog's entry and what it competes for out (facts 2).

Whatever is not in the catalog, not in this version or not allowed with this query is refused as Graph refuses it.
"""

import dataclasses
import functools
import re
import urllib.parse
from collections.abc import Mapping, Sequence

from reconciler.core.catalog import ENTRIES, Entry, Version, Workload
from reconciler.emulator.model import filters, refusals
from reconciler.emulator.model.paths import Argument, Step, canonical_id, decoded, split, steps

PLACEHOLDER = re.compile(r"\{[^{}]+\}")
NO_ID = re.compile(r"[{}]|^get[A-Z]\w*$")
"""A placeholder that nobody has filled in, or a function: ``teams/getAllMembers`` is no team."""
ME = "me"
IGNORED = {Workload.TEAMS: frozenset({"model"})}
"""The licensing parameter of older times is ignored when it is supplied (facts 2.1)."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    text: str
    """As it was sent, and as it is returned (facts 11.4)."""
    entry: Entry
    path: str
    """Canonical: names in lower case, no query."""
    query: str
    """Canonical: options in order, conditions without their order."""
    any_of: frozenset[str] = frozenset()
    """The ids of a condition or function: whoever is any of them counts (facts 2.4)."""
    ids: tuple[str, ...] = ()
    """The ids in the path, in its order."""

    @property
    def slot(self) -> str:
        return self.entry.slot or self.path

    @property
    def topics(self) -> tuple[str, ...]:
        """What changes are matched by: the path, or the entry with each of the values that it is for."""
        if not self.any_of:
            return (self.path,)
        return tuple(topic(self.entry.id, value) for value in sorted(self.any_of))

    @property
    def limit_path(self) -> str:
        """As the refusal for a taken slot spells it (facts 3.5)."""
        return PLACEHOLDER.sub("{ID}", self.entry.path.partition("?")[0]).upper()


def topic(entry_id: str, value: str) -> str:
    """A join URL may be escaped once more or not (facts 2.5): escapes make no difference."""
    while (plain := urllib.parse.unquote(value)) != value:
        value = plain
    return f"{entry_id}:{value}"


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    entry: Entry
    path: str
    names: int
    """How many parts were matched by name: ``teams/getAllChannels`` is no team with that id."""
    any_of: frozenset[str]
    ids: tuple[str, ...]


def parse(text: str, *, version: Version, user: str | None = None) -> Resource:
    """``user`` is who is signed in, if anybody is: ``me`` in the text. Raises ``Refusal``."""
    try:
        path, *rest = split(text, "?")
        options = query_options("?".join(rest))
        found = matches(without_me(steps(path), user), version)
        if not found:
            raise refusals.not_supported(text)
        return resource(text, found, options)
    except ValueError as error:
        raise refusals.not_supported(text) from error


def resource(text: str, found: list[Match], options: dict[str, str]) -> Resource:
    match = fitting(found, options)
    options = {name: value for name, value in options.items() if name not in IGNORED.get(match.entry.workload, ())}
    check_options(match.entry, options)
    any_of, condition = match.any_of, {}
    if "$filter" in options:
        tree = filters.parse(options["$filter"])
        if match.entry.filter_fields:
            any_of = ids_of(match.entry, filters.values(tree))
            condition = {"$filter": ",".join(sorted(any_of))}
    query = "&".join(f"{name}={value}" for name, value in sorted((options | condition).items()))
    return Resource(text=text, entry=match.entry, path=match.path, query=query, any_of=any_of, ids=match.ids)


def check_options(entry: Entry, options: Mapping[str, str]) -> None:
    if not options.keys() <= entry.query_options or not entry.required_options <= options.keys():
        raise ValueError("a query option is not allowed, or one is missing")
    if not names_in(options.get("$select", "")).isdisjoint(map(str.lower, entry.forbidden_select)):
        raise ValueError("$select names what is not allowed")
    if entry.expandable is not None and not names_in(options.get("$expand", "")) <= {*map(str.lower, entry.expandable)}:
        raise ValueError("$expand names what is not allowed")


def names_in(text: str) -> frozenset[str]:
    """``a,b($filter=…)`` names a and b."""
    names = (part.partition("(")[0].strip().lower() for part in split(text, ","))
    return frozenset(filter(None, names))


def fitting(found: list[Match], options: dict[str, str]) -> Match:
    """An entry that needs a condition is only meant when there is one."""
    wanted = [match for match in found if bool(match.entry.filter_fields) == ("$filter" in options)]
    wanted = wanted or [match for match in found if not match.entry.filter_fields]
    if not wanted:
        raise refusals.unsupported_workload()  # all online meetings, for one (facts 2.5)
    return wanted[0]


def ids_of(entry: Entry, values: filters.Values) -> frozenset[str]:
    ids = frozenset(canonical_id(value) for each in values.values() for value in each)
    if not values.keys() <= set(entry.filter_fields) or "" in ids:
        raise ValueError("the condition names a field that is not allowed, or an empty id")
    if entry.filter_limit is not None and len(ids) > entry.filter_limit:
        raise ValueError("the condition names too many ids")
    return ids


def query_options(text: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in filter(None, split(text, "&")):
        name, equals, value = part.partition("=")
        name = decoded(name).strip().lower()
        if not equals or name in options:
            raise ValueError(f"the query option {name} has no value or comes twice")
        options[name] = decoded(value).strip()
    return options


def matches(path: tuple[Step, ...], version: Version) -> list[Match]:
    """The entries of a version with this path, if several then only those matched most by name."""
    candidates = BY_BEGINNING.get((len(path), path[0].text.lower()), ())
    found = [match for entry in candidates if version in entry.versions and (match := matched(entry, path)) is not None]
    most = max((match.names for match in found), default=0)
    return [match for match in found if match.names == most]


def without_me(path: tuple[Step, ...], user: str | None) -> tuple[Step, ...]:
    """``me/…`` can always be written ``users/{id}/…`` (facts 2.1)."""
    if path[0].key or path[0].text.lower() != ME:
        return path
    if user is None:
        raise refusals.nobody_signed_in()
    return (Step("users"), Step(user, key=True), *path[1:])


@functools.cache
def template(path: str) -> tuple[Step, ...]:
    return without_me(steps(path.partition("?")[0]), "{user-id}")


def matched(entry: Entry, path: tuple[Step, ...]) -> Match | None:
    pattern = template(entry.path)
    if len(pattern) != len(path):
        return None
    texts = [matched_step(wanted, step) for wanted, step in zip(pattern, path, strict=True)]
    if None in texts:
        return None
    names = sum(not is_placeholder(wanted) for wanted in pattern)
    any_of = frozenset(canonical_id(value) for step in path for each in step.arguments or () for value in each.values)
    ids = tuple(text for wanted, text in zip(pattern, texts, strict=True) if text and is_placeholder(wanted))
    return Match(entry, "/".join(filter(None, texts)), names, any_of, ids)


def by_beginning() -> Mapping[tuple[int, str], Sequence[Entry]]:
    """Every entry begins with a name, so most need not be looked at."""
    found: dict[tuple[int, str], list[Entry]] = {}
    for entry in ENTRIES:
        pattern = template(entry.path)
        found.setdefault((len(pattern), pattern[0].text.lower()), []).append(entry)
    return found


BY_BEGINNING: Mapping[tuple[int, str], Sequence[Entry]] = by_beginning()


def is_placeholder(step: Step) -> bool:
    return PLACEHOLDER.fullmatch(step.text) is not None


def matched_step(wanted: Step, step: Step) -> str | None:
    """The step's canonical text, or None if it is another one."""
    if wanted.arguments is not None:
        return matched_call(wanted, step)
    if step.arguments is not None:
        return None
    if is_placeholder(wanted):
        return canonical_id(step.text) if step.key or NO_ID.search(step.text) is None else None
    return step.text.lower() if not step.key and step.text.lower() == wanted.text.lower() else None


def matched_call(wanted: Step, step: Step) -> str | None:
    if step.arguments is None or wanted.arguments is None or step.text.lower() != wanted.text.lower():
        return None
    if [(each.name, each.many) for each in step.arguments] != [(each.name, each.many) for each in wanted.arguments]:
        return None
    return f"{step.text.lower()}({','.join(map(spelled, step.arguments))})"


def spelled(argument: Argument) -> str:
    values = sorted({canonical_id(value) for value in argument.values}) if argument.many else argument.values
    quoted = ",".join(f"'{value}'" for value in values)
    return f"{argument.name}=[{quoted}]" if argument.many else f"{argument.name}={quoted}"
