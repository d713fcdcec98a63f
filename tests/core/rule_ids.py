"""The ids of all rules, found in the source: whoever adds one must show it at work."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import reconciler.core

SOURCES = sorted(Path(reconciler.core.__file__).parent.rglob("*.py"))
COMPLAINING = {"Problem", "problem", "complain", "warning", "PydanticCustomError"}
RULE = re.compile(r"[a-z]+(-[a-z]+)*")
NOT_FIRST = {"Problem": 1, "complain": 1, "warning": 1}
"""Where the rule stands among the arguments, if not first."""


def rule_ids() -> set[str]:
    found = {rule for source in SOURCES for rule in in_module(ast.parse(source.read_text(encoding="utf-8")))}
    return found - {""}


def in_module(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) if name in COMPLAINING:
                yield from map(constant, arguments[NOT_FIRST.get(name, 0) :][:1])
            case ast.FunctionDef(name="rule_of"):
                yield from (constant(each.value) for each in ast.walk(node) if isinstance(each, ast.Return))


def constant(node: ast.expr | None) -> str:
    """Empty where a rule is passed on: it is found where it comes from."""
    value = node.value if isinstance(node, ast.Constant) else ""
    return value if isinstance(value, str) and RULE.fullmatch(value) else ""
