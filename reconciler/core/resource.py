"""What a subscription is about, in one canonical form that every comparison uses.

Graph, its documentation and people spell one resource in many ways. Two resources are the same exactly if their
canonical forms are equal: slashes at the ends, ``teams('id')`` for ``teams/id``, the letter case of names and of GUIDs
(never of other ids), and the order and spacing of a ``$filter`` do not count; the dead ``model`` option (facts 2.1) is
dropped.
"""

import dataclasses
import difflib
import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from reconciler.core.catalog import ENTRIES, Entry
from reconciler.core.guids import folded
from reconciler.core.segments import Segment, SegmentError, cut, decode, read_path

__all__ = ["Resource", "ResourceError", "nearest", "parse_resource", "read_resource"]

PLAIN = re.compile(r"/?[A-Za-z0-9@.:_-]+(?:/[A-Za-z0-9@.:_-]+)*/?")
"""A path of names and ids without anything to decode, which most are: it is read at once."""

PLACEHOLDER = re.compile(r"\{[^{}]*\}")
COLLECTIVE = re.compile(r"get[A-Z]\w*|getall\w*", re.ASCII)
"""``getAllMessages`` and its kind are names of functions that the catalog may not know, never ids."""

AN_ID = "0"
RESERVED = re.compile(r"[%/?&='()\[\]\s]")
"""What must stay escaped in a canonical form, so that it is read as the same again."""

DEAD_OPTIONS = frozenset({"model"})


class ResourceError(ValueError):
    """The text is no resource; the message says which part and why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it was written, and what it means."""

    text: str = dataclasses.field(compare=False)
    canonical: str
    path: str = dataclasses.field(compare=False)
    """The canonical form without its query."""

    entry: Entry | None = dataclasses.field(compare=False, repr=False)
    """What the catalog knows of it, None if nothing."""

    options: frozenset[str] = dataclasses.field(compare=False, default=frozenset())
    """The names of its query options, as ``$filter``."""

    def slot(self, change_types: Sequence[str]) -> str:
        """What the subscription competes for, per app and tenant.

        Without a rule of the catalog, Graph's documented one: the same resource with the same change types (facts 2.1).
        """
        if self.entry and self.entry.exclusive:
            return self.entry.slot or (self.canonical if self.entry.filter_fields else self.path)
        return f"{self.canonical} {','.join(sorted(change_types))}"


@functools.lru_cache(maxsize=65536)
def read_resource(text: str) -> Resource:
    """Read a resource as a manifest or Graph spells it. Raises ResourceError."""
    return parse_resource(text)


def parse_resource(text: str) -> Resource:
    """The same, not remembered: for what comes by the million. Raises ResourceError."""
    text = text.strip()
    try:
        path, question, query = text.partition("?")
        if PLAIN.fullmatch(path):
            options = read_options(query) if question else {}
            entry, spelled = read_plain(path.strip("/").split("/"), filtered="$filter" in options)
        else:
            path, question, query = cut_query(text)
            segments = read_segments(path)
            options = read_options(query) if question else {}
            template = find(segments, filtered="$filter" in options)
            entry = template.entry if template else None
            spelled = "/".join(spell_path(segments, template))
        conditions = spell_options(options, entry) if options else ""
    except ValueError as error:
        raise ResourceError(str(error)) from error
    canonical = f"{spelled}?{conditions}" if conditions else spelled
    return Resource(text, canonical, spelled, entry, frozenset(options))


def read_segments(path: str) -> tuple[Segment, ...]:
    if "://" in path.partition("(")[0]:
        raise SegmentError("it is a path such as /teams, without https:// and the host")
    segments = read_path(path)
    if left := [each.name for each in segments if is_placeholder(each.name)]:
        raise SegmentError(f"the placeholder {left[0]} is not filled in")
    return segments


def read_plain(parts: Sequence[str], *, filtered: bool) -> tuple[Entry | None, str]:
    """The entry and the spelling of a plain path, as ``find`` and ``spell_path`` give them for any."""
    shape = tuple([part if part.lower() in names() or part.startswith("get") else AN_ID for part in parts])
    template = find_shape(shape, filtered=filtered)
    steps = template.steps if template else (None,) * len(parts)
    spelled = [folded(part) if step is None else step[0] for part, step in zip(parts, steps, strict=True)]
    return template.entry if template else None, "/".join(spelled)


def nearest(text: str) -> str | None:
    """The template of the catalog that a text most likely means, None if none comes close."""
    known = {entry.path.lower(): entry.path for entry in ENTRIES}
    found = difflib.get_close_matches(text.strip().strip("/").lower(), known, n=1)
    return known[found[0]] if found else None


Step = tuple[str, ...]
"""The name of a segment and those of its arguments, all in lower case."""


@dataclasses.dataclass(frozen=True, slots=True)
class Template:
    """An entry's path, cut into segments as a concrete one is."""

    steps: tuple[Step | None, ...]
    """None where an id stands."""

    entry: Entry

    def fits(self, segments: Sequence[Segment]) -> bool:
        return all(map(step_fits, segments, self.steps))


@functools.cache
def templates() -> Mapping[tuple[int, Step | None], Sequence[Template]]:
    """By their number of segments and the first of them, which is a name in all that the catalog has.

    Those with the fewest ids come first: ``teams/getAllChannels`` before ``teams/{team-id}``.
    """
    found: dict[tuple[int, Step | None], list[Template]] = {}
    for each in sorted(map(template_of, ENTRIES), key=lambda template: template.steps.count(None)):
        found.setdefault((len(each.steps), each.steps[0]), []).append(each)
    return found


def template_of(entry: Entry) -> Template:
    segments = read_path(cut_query(entry.path)[0])
    return Template(tuple(None if is_placeholder(each.name) else step_of(each) for each in segments), entry)


def find(segments: Sequence[Segment], *, filtered: bool) -> Template | None:
    """The template that a path follows. One that lives by its filter is only meant where there is a filter."""
    near = templates().get((len(segments), step_of(segments[0])), ())
    fitting = [template for template in near if template.fits(segments)]
    exact = [template for template in fitting if bool(template.entry.filter_fields) == filtered]
    plain = [template for template in fitting if not template.entry.filter_fields]
    return next(iter(exact or plain), None)


@functools.lru_cache(maxsize=4096)
def find_shape(shape: tuple[str, ...], *, filtered: bool) -> Template | None:
    """The same for a plain path in which what can be nothing but an id is ``AN_ID``: few remain of many."""
    return find([Segment(name) for name in shape], filtered=filtered)


@functools.cache
def names() -> frozenset[str]:
    """All that stand in templates."""
    steps = itertools.chain.from_iterable(template.steps for template in itertools.chain(*templates().values()))
    return frozenset(step[0] for step in steps if step)


def step_of(segment: Segment) -> Step:
    return (segment.name.lower(), *(argument.lower() for argument, _ in segment.arguments))


def step_fits(segment: Segment, step: Step | None) -> bool:
    if step is None:
        return not segment.arguments and not COLLECTIVE.fullmatch(segment.name)
    return step_of(segment) == step


def is_placeholder(text: str) -> bool:
    return text.startswith("{") and PLACEHOLDER.fullmatch(text) is not None


def spell_path(segments: Sequence[Segment], template: Template | None) -> Iterator[str]:
    """Names in lower case, ids as they are. Of a path that is not in the catalog, nobody knows which is which."""
    steps = template.steps if template else (None,) * len(segments)
    for segment, step in zip(segments, steps, strict=True):
        if segment.arguments:
            yield escaped(segment.name.lower()) + spell_arguments(segment)
        else:
            yield escaped(folded(segment.name) if step is None else segment.name.lower())


def spell_arguments(segment: Segment) -> str:
    spelled = (f"{name.lower()}={spell_values(values)}" for name, values in segment.arguments)
    return f"({','.join(sorted(spelled))})"


def spell_values(values: Sequence[str]) -> str:
    """Lists are sets, and a list of one is the one."""
    spelled = sorted(set(map(quoted, values)))
    return spelled[0] if len(spelled) == 1 else f"[{','.join(spelled)}]"


def quoted(value: str) -> str:
    doubled = folded(value).replace("'", "''")
    return f"'{doubled}'"


def escaped(text: str) -> str:
    return RESERVED.sub(percent, text)


def percent(match: re.Match[str]) -> str:
    return quote(match.group(), safe="")


def cut_query(text: str) -> tuple[str, str, str]:
    """Cut at the first question mark that stands outside quotes."""
    if "?" not in text and "://" not in text:
        # Whatever is not closed is found when the path is read.
        return text, "", ""
    path = next(iter(cut(text, "?")))
    return path, text[len(path) : len(path) + 1], text[len(path) + 1 :]


def read_options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in filter(None, cut(query, "&")):
        name, _, value = part.partition("=")
        name = decode(name).strip().lower()
        if name in options:
            raise SegmentError(f"the option {name} is given twice")
        options[name] = "".join(decode_outside_quotes(value)).strip()
    return {name: value for name, value in options.items() if name not in DEAD_OPTIONS}


def decode_outside_quotes(text: str) -> Iterator[str]:
    for index, part in enumerate(re.split(r"('(?:[^']|'')*')", text)):
        yield part if index % 2 else decode(part)


def spell_options(options: Mapping[str, str], entry: Entry | None) -> str:
    return "&".join(f"{escaped(name)}={spell_option(name, options[name], entry)}" for name in sorted(options))


def spell_option(name: str, value: str, entry: Entry | None) -> str:
    if name == "$filter":
        return spell_filter(value, entry)
    if name == "$select":
        return ",".join(sorted({escaped(field.strip().lower()) for field in value.split(",")}))
    return escaped(value)


def spell_filter(value: str, entry: Entry | None) -> str:
    # The parser takes a while to start, and few resources need it.
    from reconciler.core.filter import canonical_filter, named_values

    if not entry or not entry.filter_fields:
        return canonical_filter(value)
    named = named_values(value, entry.filter_fields)
    if entry.filter_limit and len(named) > entry.filter_limit:
        raise SegmentError(f"$filter names {len(named)} values, Graph takes {entry.filter_limit}")
    return f"{entry.filter_fields[0]} in ({','.join(sorted(map(quoted, named)))})"
