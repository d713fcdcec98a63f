"""A ``$filter`` in, one spelling of it out: equal conditions are spelled alike, whatever their order and spacing.

Parsed by odata-query; what it cannot parse is reported with its place, never guessed.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from odata_query import ast
from odata_query.exceptions import FunctionCallException, ODataException
from odata_query.grammar import ODataLexer, ODataParser
from odata_query.visitor import NodeVisitor

from reconciler.core.guids import folded

__all__ = ["FilterError", "canonical_filter", "named_values"]

QUOTED = r"'(?:[^']|'')*'"
IN_LIST = re.compile(rf"{QUOTED}|\bin\s*\(\s*({QUOTED}|[^\s,()']+)\s*\)|\bin\s*\(", re.IGNORECASE)
MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
SPELLED = {"Eq": "eq", "NotEq": "ne", "Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "In": "in"}
SPELLED |= {"Add": "add", "Sub": "sub", "Mult": "mul", "Div": "div", "Mod": "mod", "Any": "any", "All": "all"}
DEEPEST, LONGEST = 100, 50_000
"""Levels and characters; what is larger was not written by people, and the parser would take seconds."""


class FilterError(ValueError):
    """The text is no ``$filter`` that we understand; the message names the character."""


def canonical_filter(text: str) -> str:
    """Spell a condition the one way.

    ``and`` and ``or`` are sorted and said once, lists are sets, names are lower-case, GUIDs too and other values as
    they are. ``in`` with one value is ``eq``. Raises FilterError.
    """
    spelled: str = Speller().visit(parse(text))
    return spelled


def named_values(text: str, fields: Sequence[str]) -> frozenset[str]:
    """All the values that a condition names for any of some fields, whichever way ``and`` and ``or`` join them.

    For conditions that mean any-of (docs/decisions/0003-virtual-event-drafts.md). Anything but ``eq`` and ``in`` on
    these fields is a FilterError.
    """
    return frozenset(gather(parse(text), frozenset(fields)))


def gather(node: object, fields: frozenset[str]) -> Iterable[str]:
    match node:
        case ast.BoolOp():
            for each in operands(node):
                yield from gather(each, fields)
        case ast.Compare(ast.Eq(), ast.Identifier(name), ast.String(value)) if name.lower() in fields:
            yield folded(value)
        case ast.Compare(ast.In(), ast.Identifier(name), ast.List(values)) if name.lower() in fields:
            yield from (folded(strings(value)) for value in values)
        case _:
            raise FilterError(f"$filter may only compare {' and '.join(sorted(fields))} here, with eq or in")


def strings(node: object) -> str:
    if not isinstance(node, ast.String):
        raise FilterError("$filter may only list quoted values here")
    return node.val


def parse(text: str) -> Any:
    if len(text) > LONGEST:
        raise FilterError(f"$filter has {len(text)} characters, over {LONGEST}")
    prepared = IN_LIST.sub(lists_for_the_parser, text.strip())
    try:
        node: Any = ODataParser().parse(ODataLexer().tokenize(prepared))
    except FunctionCallException as error:
        raise FilterError(f"$filter is not understood: {str(error).lower()}") from error
    except ODataException as error:
        raise FilterError(f"$filter is not understood {place(error, prepared)}") from error
    except RecursionError as error:
        raise FilterError("$filter is nested too deeply") from error
    if node is None:
        raise FilterError("$filter is empty")
    if depth(node) > DEEPEST:
        raise FilterError("$filter is nested too deeply")
    return node


def lists_for_the_parser(match: re.Match[str]) -> str:
    """odata-query wants a comma after the value of a one-item list, and a space after ``in``."""
    found = match.group(0)
    if found.startswith("'"):
        return found
    return f"in ({match.group(1)},)" if match.group(1) else "in ("


def place(error: ODataException, text: str) -> str:
    token = getattr(error, "token", None)
    index = getattr(token, "index", None)
    if index is None:
        return "at its end"
    return f"at {text[index : index + 12]!r}"


def depth(root: object) -> int:
    """How deep the tree is, found without recursion: the text may come from anybody."""
    level, deepest = [root], 0
    while level:
        deepest += 1
        level = [child for node in level for child in children(node)]
    return deepest


def children(node: object) -> list[object]:
    if isinstance(node, ast.BoolOp):
        return operands(node)
    values = (getattr(node, name, None) for name in getattr(node, "__dataclass_fields__", ()))
    flat: list[object] = []
    for value in values:
        flat.extend(value if isinstance(value, list) else [value])
    return [value for value in flat if isinstance(value, ast._Node)]  # noqa: SLF001  the library's base of all nodes


class Speller(NodeVisitor):
    """Spells a tree in the one way. A kind of node that it has no method for is an error, not a gap."""

    def generic_visit(self, node: object) -> str:
        raise FilterError(f"$filter holds {type(node).__name__}, which is not supported")

    def visit_Identifier(self, node: ast.Identifier) -> str:
        return ".".join((*node.namespace, node.name)).lower()

    def visit_Attribute(self, node: ast.Attribute) -> str:
        return f"{self.visit(node.owner)}/{node.attr.lower()}"

    def visit_String(self, node: ast.String) -> str:
        escaped = folded(node.val).replace("'", "''")
        return f"'{escaped}'"

    def visit_Null(self, _node: ast.Null) -> str:
        return "null"

    def literal(self, node: ast.Integer) -> str:
        return node.val.lower()

    visit_Integer = visit_Float = visit_Boolean = visit_GUID = literal
    visit_Date = visit_Time = visit_DateTime = literal

    def visit_Duration(self, node: ast.Duration) -> str:
        return f"duration'{node.val}'"

    def visit_List(self, node: ast.List) -> str:
        return f"({','.join(sorted({self.visit(value) for value in node.val}))})"

    def visit_BinOp(self, node: ast.BinOp) -> str:
        return f"({self.visit(node.left)} {SPELLED[type(node.op).__name__]} {self.visit(node.right)})"

    def visit_UnaryOp(self, node: ast.UnaryOp) -> str:
        sign = "not " if isinstance(node.op, ast.Not) else "-"
        return f"{sign}({self.visit(node.operand)})"

    def visit_Compare(self, node: ast.Compare) -> str:
        left, right = self.visit(node.left), self.visit(node.right)
        operator = SPELLED[type(node.comparator).__name__]
        if operator == "in" and isinstance(node.right, ast.List) and "," not in right:
            return f"{left} eq {right[1:-1]}"
        if operator in MIRRORED and isinstance(node.left, ast._Literal):  # noqa: SLF001  the base of all literals
            return f"{right} {MIRRORED[operator]} {left}"
        return f"{left} {operator} {right}"

    def visit_BoolOp(self, node: ast.BoolOp) -> str:
        return joined(*self.terms(node))

    def terms(self, node: Any) -> tuple[str, frozenset[str]]:
        """The word that joins the parts of a node, and the parts; what is said twice may leave only one of them."""
        if not isinstance(node, ast.BoolOp):
            return "", frozenset({self.visit(node)})
        word = "and" if isinstance(node.op, ast.And) else "or"
        found = {self.terms(each) for each in operands(node)}
        if len(found) == 1:
            return found.pop()
        return word, frozenset().union(*(parts if each == word else {joined(each, parts)} for each, parts in found))

    def visit_Call(self, node: ast.Call) -> str:
        return f"{self.visit(node.func)}({','.join(self.visit(each) for each in node.args)})"

    def visit_CollectionLambda(self, node: ast.CollectionLambda) -> str:
        inside = ""
        if node.lambda_:
            inside = f"{self.visit(node.lambda_.identifier)}:{self.visit(node.lambda_.expression)}"
        return f"{self.visit(node.owner)}/{SPELLED[type(node.operator).__name__]}({inside})"


def operands(node: ast.BoolOp) -> list[Any]:
    """The parts that one operator joins, however they are bracketed: hundreds of them are not hundreds of levels."""
    found: list[Any] = []
    left: list[Any] = [node]
    while left:
        each = left.pop()
        if isinstance(each, ast.BoolOp) and isinstance(each.op, type(node.op)):
            left += [each.right, each.left]
        else:
            found.append(each)
    return found


def joined(word: str, parts: frozenset[str]) -> str:
    return f"({f' {word} '.join(sorted(parts))})" if len(parts) > 1 else min(parts)
