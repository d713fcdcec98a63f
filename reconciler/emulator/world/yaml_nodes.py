"""YAML nodes into plain values as JSON has them, strictly: what is doubtful is a problem at its place."""

import dataclasses
import math
import re
from collections.abc import Iterable
from typing import Any

import yaml

TAG = "tag:yaml.org,2002:"
DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})", re.ASCII)
FRACTION = re.compile(r"[-+]?[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?", re.ASCII)


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Located:
    """A problem; lines and columns are counted from one, as editors count."""

    line: int
    column: int
    message: str


def at(mark: yaml.Mark, message: str) -> Located:
    return Located(mark.line + 1, mark.column + 1, message)


class Builder:
    def __init__(self) -> None:
        self.problems: list[Located] = []

    def build(self, node: yaml.Node) -> Any:
        match node:
            case yaml.MappingNode():
                return self.mapping(node)
            case yaml.SequenceNode():
                return [self.build(child) for child in node.value]
            case _:
                return self.scalar(node)

    def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == f"{TAG}merge":
                self.complain(key, "a key must be a plain word: write it out")
                continue
            if key.value in built:
                self.complain(key, f"the key '{key.value}' stands here twice: merge the two")
            built[key.value] = self.build(value)
        return built

    def scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        match node.tag.removeprefix(TAG):
            case "str" | "timestamp" | "value":
                return text
            case "null":
                return None
            case "bool" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
            case "bool":
                return self.complain(node, f"YAML reads {text} as a truth value: write true or false, or quote it")
            case "int" if DECIMAL.fullmatch(text):
                return int(text)
            case "float" if FRACTION.fullmatch(text) and math.isfinite(float(text)):
                return float(text)
            case "int" | "float":
                return text
        return self.complain(node, f"the tag {node.tag.replace(TAG, '!!')} is not supported: leave it out")

    def complain(self, node: yaml.Node, message: str) -> None:
        self.problems.append(at(node.start_mark, message))


def locate(node: yaml.Node, where: Iterable[str | int], *, key: bool) -> yaml.Node:
    """Walk down as far as the text goes: what is missing is placed at its parent. ``key``: the last key itself."""
    found = node
    for step in where:
        match node:
            case yaml.MappingNode():
                pairs = [pair for pair in node.value if pair[0].value == step]
            case yaml.SequenceNode() if isinstance(step, int):
                pairs = [(each, each) for each in node.value[step : step + 1]]
            case _:
                pairs = []
        if not pairs:
            return node
        found, node = pairs[-1]
    return found if key else node
