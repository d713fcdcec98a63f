"""A subscription's manifest in, the subscriptions that it makes out: one, or with ``forEach`` one for each row.

The CSV files are read by somebody else in between (``set_files``), so that this stays pure.
"""

import dataclasses
import posixpath
from collections.abc import Iterator, Mapping

from reconciler.core.manifest.blanks import BLANK, BlankError, Form, read_form
from reconciler.core.manifest.complaints import did_you_mean
from reconciler.core.manifest.kinds import ForEach, Subscription
from reconciler.core.manifest.read import Item, Manifests
from reconciler.core.manifest.rows import KEY, VALUE, Row, Rows, read_rows
from reconciler.core.mark import NAME, NAME_LENGTH
from reconciler.core.resource import Resource, ResourceError, read_resource
from reconciler.core.source import Problem, Severity, Source

__all__ = ["Contents", "Made", "Making", "SetFile", "Sets", "set_files"]


@dataclasses.dataclass(frozen=True, slots=True)
class SetFile:
    """A CSV file as a manifest names it; ``base`` is the folder that its path is relative to."""

    path: str
    base: str

    @property
    def shown(self) -> str:
        return posixpath.normpath(posixpath.join(self.base, self.path))


Contents = Mapping[SetFile, bytes | str]
"""What stands in each file, or a sentence why nothing could be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """One subscription of a manifest, before its references are looked at."""

    name: str
    resource: Resource
    query_options: str | None
    row: Row | None = None
    """None where the manifest makes this one alone."""

    former: frozenset[str] = frozenset()
    """Names that it had."""


@dataclasses.dataclass(frozen=True, slots=True)
class Making:
    """What one manifest makes. ``examples`` are what the rules must look at: one where they say the same of all."""

    made: tuple[Made, ...]
    examples: tuple[Resource, ...] = ()
    problems: tuple[Problem, ...] = ()


def set_files(manifests: Manifests) -> Iterator[SetFile]:
    """The CSV files that sets are made from, each once."""
    seen: set[SetFile] = set()
    for item in (*manifests.subscriptions, *manifests.salvaged):
        given = item.manifest.spec.for_each
        if given and given.file and (file := set_file(item, given.file)) not in seen:
            seen.add(file)
            yield file


def set_file(item: Item[Subscription], path: str) -> SetFile:
    return SetFile(path, item.document.text.base)


class Sets:
    """Makes subscriptions; each file is read once, however many sets it makes."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.read: dict[SetFile, Rows] = {}

    def make(self, item: Item[Subscription]) -> Making:
        spec = item.manifest.spec
        if spec.for_each:
            return self.make_set(item, spec.for_each)
        if "{" in spec.resource and (complaint := unfilled(item)):
            return Making((), problems=(complaint,))
        resource = read_or_complain(item, spec.resource)
        if isinstance(resource, Problem):
            return Making((), problems=(resource,))
        former = frozenset(spec.management.previously)
        if wrong := next((name for name in sorted(former) if not is_name(name)), None):
            message = f"{wrong!r} is no name; blanks are filled in by forEach, which this Subscription does not have"
            return Making((), problems=(item.problem("for-each", message, "spec", "management", "previously"),))
        return Making((Made(item.name, resource, spec.notification_query_options, former=former),), (resource,))

    def make_set(self, item: Item[Subscription], given: ForEach) -> Making:
        rows = self.rows(item, given)
        template = Template(item, rows.columns)
        wrong = [*template.problems()]
        example = read_or_complain(item, template.resource.example())
        if wrong or isinstance(example, Problem):
            wrong += [example] if isinstance(example, Problem) and not wrong else []
            return Making((), problems=(*wrong, *rows.problems))
        found = [template.make(row, example) for row in rows.rows]
        made = tuple(each for each in found if isinstance(each, Made))
        problems = [each for each in found if isinstance(each, Problem)]
        examples = [each.resource for each in (made if template.resource.has_bare else made[:1])] or [example]
        return Making(made, tuple(examples), (*rows.problems, *problems))

    def rows(self, item: Item[Subscription], given: ForEach) -> Rows:
        if given.file is None:
            return rows_in(item, given.values or {})
        file = set_file(item, given.file)
        content = self.contents[file]
        if isinstance(content, str):
            problem = item.problem("unreadable-file", content, "spec", "forEach", "file")
            return Rows(problems=(problem,))
        rows = self.read.get(file)
        if rows is None:
            rows = self.read[file] = read_rows(content, file.shown)
        if not rows.rows and not rows.problems:
            message = f"no row follows the header, so {item.name!r} makes no subscription"
            warning = Problem(Source(file.shown), "for-each", message, Severity.WARNING)
            return dataclasses.replace(rows, problems=(warning,))
        return rows


def rows_in(item: Item[Subscription], values: Mapping[str, str]) -> Rows:
    """In the order of their keys, so that nothing depends on the order of writing."""
    if not values and not item.document.value["spec"]["forEach"]["values"]:  # else all of it was salvaged away
        message = "forEach.values is empty: give at least one, or delete the manifest"
        return Rows((KEY, VALUE), problems=(item.problem("for-each", message, "spec", "forEach", "values"),))
    return Rows((KEY, VALUE), tuple(Row({KEY: key, VALUE: values[key]}) for key in sorted(values)))


@dataclasses.dataclass
class Template:
    """A manifest with ``forEach``, its blanks found; ``columns`` is empty where nobody knows them."""

    item: Item[Subscription]
    columns: tuple[str, ...]
    resource: Form = dataclasses.field(init=False)
    options: Form | None = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        spec = self.item.manifest.spec
        self.resource = read_form(spec.resource)
        given = spec.notification_query_options
        self.options = read_form(given, query=True) if given else None

    def problems(self) -> Iterator[Problem]:
        """What is wrong with it whatever the rows are."""
        if not self.resource.columns:
            message = "every subscription of the set would be about the same: write {value} where the values differ"
            yield self.item.problem("for-each", message, "spec", "resource")
        former = [column for text in self.item.manifest.spec.management.previously for column in BLANK.findall(text)]
        forms = {
            ("resource",): self.resource.columns,
            ("notificationQueryOptions",): self.options.columns if self.options else (),
            ("management", "previously"): former,
        }
        for path, columns in forms.items():
            for column in sorted(set(columns if self.columns else ()).difference(self.columns)):
                hint = did_you_mean(column, self.columns) or f", known are {', '.join(self.columns)}"
                message = f"forEach has no column {column!r} to fill in{hint}"
                yield self.item.problem("for-each", message, "spec", *path)

    def make(self, row: Row, example: Resource) -> Made | Problem:
        name = f"{self.item.name}-{row.key}"
        try:
            if len(name) > NAME_LENGTH:
                raise BlankError(f"the name {name[:80]!r} is over {NAME_LENGTH} characters, shorten the key")
            resource = read_resource(self.resource.fill(row.values))
            if resource.entry is not example.entry:
                raise BlankError(f"{row.values[VALUE][:80]!r} makes another kind of resource of it: {resource.text!r}")
            options = self.options.fill(row.values) if self.options else None
            former = frozenset(self.former(row)) - {name}
        except ValueError as error:
            return Problem(place_of(self.item, row), "set-row", str(error))
        return Made(name, resource, options, row, former)

    def former(self, row: Row) -> Iterator[str]:
        """A former name takes the key, as the name does, unless it has blanks of its own: ``{key}``, or a column."""
        for text in self.item.manifest.spec.management.previously:
            if "{" not in text:
                text = f"{text}-{{{KEY}}}"
            name = BLANK.sub(lambda match: row.values[match[1]], text)
            if not is_name(name):
                raise BlankError(f"the former name {name[:80]!r} is not made of a-z, 0-9 and -")
            yield name


def is_name(text: str) -> bool:
    return len(text) <= NAME_LENGTH and NAME.fullmatch(text) is not None


def place_of(item: Item[Subscription], row: Row) -> Source:
    return row.source or item.document.place("spec", "forEach", "values", row.key)


def unfilled(item: Item[Subscription]) -> Problem | None:
    """A blank of a set where there is none; other ones are for the resource's own rules."""
    found = next((match for match in BLANK.finditer(item.manifest.spec.resource) if match[1] in {KEY, VALUE}), None)
    if found is None:
        return None
    message = f"{found.group()} is filled in by forEach, which this Subscription does not have"
    return item.problem("for-each", message, "spec", "resource")


def read_or_complain(item: Item[Subscription], text: str) -> Resource | Problem:
    try:
        return read_resource(text)
    except ResourceError as error:
        message = f"the resource {item.manifest.spec.resource!r} is not understood: {error}"
        return item.problem("resource-syntax", message, "spec", "resource")
