"""World files: a YAML file in (JSON is YAML), a document out, or every problem with its place in the file."""

from pathlib import Path
from typing import Any

import yaml

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.world.documents import Document
from reconciler.emulator.world.problems import problems
from reconciler.emulator.world.yaml_nodes import Builder, Located, at, locate

DEEPEST = 100
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Refused(yaml.YAMLError):
    """YAML, but more than is read here."""

    def __init__(self, problem: str, mark: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.problem_mark = mark


def read(path: Path) -> Document:
    """Raises ``EmulatorError``: a line for each problem, as ``path:line:column: message``."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise EmulatorError(f"cannot read the world file '{path}': {reason}; give a YAML file in UTF-8") from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Document:
    """``name`` is what stands before each problem. Raises ``EmulatorError``."""
    node = compose(text, name=name)
    if node is None:
        return Document({})
    builder = Builder()
    data = builder.build(node)
    found = builder.problems or [
        at(locate(node, each.where, key=each.at_key).start_mark, each.message) for each in problems(data)
    ]
    if found:
        raise EmulatorError(lines(found, name))
    return Document(data)


def compose(text: str, *, name: str) -> yaml.Node | None:
    """The only document of the text; None if there is none."""
    try:
        refuse_what_cannot_be_built(text)
        node: yaml.Node | None = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "a character is not allowed"
        message = f"this cannot be read as YAML: {said}; correct the file here"
        place = at(mark, message) if mark else Located(1, 1, message)
        raise EmulatorError(lines([place], name)) from error
    return node


def refuse_what_cannot_be_built(text: str) -> None:
    """Aliases may stand for more than any memory holds, and what is nested too deeply ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise Refused("aliases are not supported", event.start_mark)
        if depth > DEEPEST:
            raise Refused(f"it is nested over {DEEPEST} levels deep", event.start_mark)


def lines(found: list[Located], name: str) -> str:
    return "\n".join(f"{name}:{each.line}:{each.column}: {each.message}" for each in sorted(found))
