"""Texts in, plain values out, with the place of every value for whoever has to complain about it.

A text is composed once into nodes and built into values in the same walk. Nodes are then dropped; a document that
turns out to have a problem is composed again for its places.

Ten thousand manifests have hundreds of thousands of words, nearly all of them plain: so what stands in the walk is
written out for these, and whatever is not one of them takes the longer way.
"""

import contextlib
import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from reconciler.core.source import Problem, Source

__all__ = ["Document", "Text", "Variables", "read_documents"]

CLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TAG = "tag:yaml.org,2002:"
UNQUOTED, TEXT, SEQUENCE, MAPPING = f"{TAG}unquoted", f"{TAG}str", f"{TAG}seq", f"{TAG}map"
"""``UNQUOTED`` is ours: what a plain word means is found when it is built, as most of them are texts."""

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)
DEEPEST = 200
RESOLVER: Any = yaml.resolver.Resolver()
AMBIGUOUS = frozenset({"", *filter(None, RESOLVER.yaml_implicit_resolvers)})
"""What a word begins with that may be anything else than a text: ``true``, ``12``, ``~``."""

Variables = Mapping[str, str]
Path = tuple[str | int, ...]


class Loader(CLoader):  # type: ignore[misc]  # of which class is only known when it runs
    """Leaves open what plain words mean, and has none of PyYAML's rules for places, of which there are none."""

    def resolve(self, kind: type[yaml.Node], _value: str | None, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return UNQUOTED if implicit[0] else TEXT
        return MAPPING if kind is yaml.MappingNode else SEQUENCE

    def descend_resolver(self, _parent: object, _index: object) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """One file or stream: ``path`` as it is shown to people, ``base`` the folder that paths in it are relative to."""

    path: str
    content: str
    base: str = "."


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a text, built into plain values."""

    text: Text = dataclasses.field(repr=False)
    index: int
    value: Any
    source: Source
    problems: tuple[Problem, ...] = ()
    """What was found while it was built; its value is then not to be used, but for its name."""

    def place(self, *path: str | int) -> Source:
        """Where a value stands; what is missing is placed at its parent."""
        return source_of(self.text.path, locate(compose(self.text, self.index), path))

    def key_place(self, *path: str | int) -> Source:
        """Where the last key of a path stands."""
        parent = locate(compose(self.text, self.index), path[:-1])
        keys = [key for key, _ in parent.value if key.value == path[-1]] if isinstance(parent, yaml.MappingNode) else []
        return source_of(self.text.path, keys[-1] if keys else parent)


def read_documents(text: Text, variables: Variables) -> tuple[list[Document], list[Problem]]:
    """Read every document of a text; what is no YAML ends it with a problem that belongs to no document."""
    documents: list[Document] = []
    try:
        for index, node in enumerate(compose_all(text)):
            builder = Builder(text.path, variables, aliases="*" in text.content)
            value = builder.build(node)
            if value is not None or builder.problems:
                place = source_of(text.path, node)
                documents.append(Document(text, index, value, place, tuple(builder.problems)))
    except yaml.YAMLError as error:
        return documents, [broken(text.path, error)]
    except RecursionError:
        return documents, [Problem(Source(text.path), "yaml-syntax", "the document is nested too deeply")]
    return documents, []


def compose_all(text: Text) -> Iterator[yaml.Node]:
    refuse_depth(text.content)
    loader = Loader(text.content)
    try:
        while loader.check_node():
            yield loader.get_node()
    finally:
        loader.dispose()


def refuse_depth(content: str) -> None:
    """The composer recurses in C, where a text that is nested deeply enough ends the whole process."""
    if surely_shallow(content) or all(map(surely_shallow, MARKER.split(content))):
        return
    depth = 0
    for event in events(content):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            message = f"it is nested over {DEEPEST} levels deep"
            raise yaml.MarkedYAMLError(problem=message, problem_mark=event.start_mark)


def surely_shallow(document: str) -> bool:
    """A level takes an opening bracket, or one more character in front of what stands in it."""
    longest = max(map(len, document.split("\n")))
    return document.count("[") + document.count("{") + longest < DEEPEST


def events(content: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(content, Loader=Loader)
    except yaml.YAMLError:
        return  # the composer will come to the same place, and is asked for a message


def compose(text: Text, index: int) -> yaml.Node:
    return composed(text)[index]


@functools.lru_cache(maxsize=2)
def composed(text: Text) -> list[yaml.Node]:
    """As far as it is YAML: a text with a problem has many, as a rule, and each wants to know where it stands."""
    nodes: list[yaml.Node] = []
    with contextlib.suppress(yaml.YAMLError):
        nodes.extend(compose_all(text))
    return nodes


def broken(path: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Source(path, mark.line + 1, mark.column + 1) if mark else Source(path)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "a character that YAML does not allow"
    return Problem(place, "yaml-syntax", f"this cannot be read as YAML: {said}")


def source_of(path: str, node: yaml.Node) -> Source:
    return Source(path, node.start_mark.line + 1, node.start_mark.column + 1)


def locate(node: yaml.Node, path: Iterable[str | int]) -> yaml.Node:
    """Walk down as far as the text goes: a missing key is reported at its parent."""
    for step in path:
        match node:
            case yaml.MappingNode():
                found = [value for key, value in node.value if key.value == step]
            case yaml.SequenceNode() if isinstance(step, int):
                found = node.value[step : step + 1]
            case _:
                found = []
        if not found:
            break
        node = found[0]
    return node


class Builder:
    """Builds the values of one document, strictly, and collects what it cannot accept."""

    def __init__(self, path: str, variables: Variables, *, aliases: bool = True) -> None:
        self.path = path
        self.variables = variables
        self.aliases = aliases
        """Whether there may be any."""
        self.problems: list[Problem] = []
        self.built: dict[int, Any] = {}
        self.open: set[int] = set()

    def build(self, node: yaml.Node) -> Any:
        """An alias stands for the very same value, so that a few lines cannot grow into gigabytes."""
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if not self.aliases:
            return self.collection(node)
        if id(node) in self.open:
            return self.complain(node, "yaml-alias", "an alias stands inside of what it stands for")
        if id(node) not in self.built:
            self.open.add(id(node))
            self.built[id(node)] = self.collection(node)
            self.open.discard(id(node))
        return self.built[id(node)]

    def collection(self, node: yaml.Node) -> dict[str, Any] | list[Any]:
        return self.mapping(node) if isinstance(node, yaml.MappingNode) else self.sequence(node)

    def sequence(self, node: yaml.Node) -> list[Any]:
        if node.tag != SEQUENCE:
            self.complain(node, "yaml-tag", f"the tag {shown(node.tag)} is not supported")
        return [self.build(child) for child in node.value]

    def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        if node.tag != MAPPING:
            self.complain(node, "yaml-tag", f"the tag {shown(node.tag)} is not supported")
        built: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value
            if key.tag is not UNQUOTED or name[:1] in AMBIGUOUS:
                name = self.key(key)
            if name in built:
                self.complain(key, "duplicate-key", f"the key {name!r} stands here twice")
            text = value.value
            plain = value.tag is UNQUOTED and text[:1] not in AMBIGUOUS and "${" not in text
            built[name] = text if plain else self.build(value)
        return built

    def key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.complain(node, "yaml-syntax", "a key must be a plain word")
            return ""
        tag = tag_of(node)
        if tag == f"{TAG}merge":
            self.complain(node, "yaml-merge", "merge keys (<<) are not supported, write the keys out")
        if tag == f"{TAG}bool" and node.value.lower() not in {"true", "false"}:
            self.complain(node, "yaml-boolean", f"YAML reads the key {node.value} as a truth value, quote it")
        return str(node.value)

    def scalar(self, node: yaml.ScalarNode) -> Any:
        text, tag = node.value, tag_of(node)
        if "${" in text:
            # Behind the last brace there is none, and each ``${A:-`` would be looked through to the end for one.
            start, brace, rest = text.rpartition("}")
            text = VARIABLE.sub(lambda match: self.variable(match, node), start + brace) + rest
            # What a variable brings into an unquoted value counts as if it stood there.
            tag = tag if node.style else RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        return self.plain(node, tag, text)

    def plain(self, node: yaml.Node, tag: str, text: str) -> Any:
        if tag == TEXT:
            return text
        match tag.removeprefix(TAG):
            case "timestamp" | "value":
                return text
            case "null":
                return None
            case "bool" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
            case "bool":
                return self.complain(
                    node, "yaml-boolean", f"YAML reads {text} as a truth value: write true or false, or quote it"
                )
            case "int":
                return int(text) if DECIMAL.fullmatch(text) and len(text) < 19 else text
            case "float":
                return float(text) if re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", text, re.ASCII) else text
        return self.complain(node, "yaml-tag", f"the tag {shown(tag)} is not supported")

    def variable(self, match: re.Match[str], node: yaml.Node) -> str:
        name, default = match.groups()
        if name in self.variables:
            return self.variables[name]
        if default is None:
            message = f"the variable {name} is not set: give --var {name}=VALUE, --var-file or RECONCILER_VAR_{name}"
            self.complain(node, "unset-variable", message)
        return default or ""

    def complain(self, node: yaml.Node, rule: str, message: str) -> None:
        self.problems.append(Problem(source_of(self.path, node), rule, message))


def tag_of(node: yaml.ScalarNode) -> str:
    return meaning(node.value) if node.tag is UNQUOTED else str(node.tag)


@functools.lru_cache(maxsize=4096)
def meaning(text: str) -> str:
    """The tag of what stands there without quotes."""
    return str(RESOLVER.resolve(yaml.ScalarNode, text, (True, False)))


def shown(tag: str) -> str:
    return tag.replace(TAG, "!!")
