"""That no section of the facts that the emulator stands for is without a test that names it."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FACTS = TESTS.parent / "docs" / "graph-facts.md"
HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", re.MULTILINE)
STOOD_FOR = (
    *("1.2", "1.3", "1.4", "1.5"),
    *("3.1", "3.2", "3.3", "3.4", "3.5", "4"),
    *("5.1", "5.2", "5.3", "5.4", "6"),
    *("7.1", "7.2", "7.3", "8.1", "8.3", "8.4"),
)
"""What the emulator is to follow."""


@functools.cache
def named() -> tuple[tuple[str, str], ...]:
    """Each section that a marker names, with the test's place."""
    return tuple(found())


def found() -> Iterator[tuple[str, str]]:
    for folder in ("emulator", "clients"):
        for path in sorted((TESTS / folder).rglob("test_*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    yield from ((section, f"{path.name}::{node.name}") for section in sections(node))


def sections(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.facts":
            yield from (ast.literal_eval(argument) for argument in decorator.args)


@pytest.mark.parametrize("section", STOOD_FOR)
def test_every_section_has_a_test_that_names_it(section: str) -> None:
    assert [place for each, place in named() if each == section], f"no test is marked with facts({section!r})"


def test_every_section_that_a_test_names_is_there() -> None:
    there = set(HEADING.findall(FACTS.read_text(encoding="utf-8")))
    assert there.issuperset(STOOD_FOR)
    assert [f"{place} names {section}" for section, place in named() if section not in there] == []
