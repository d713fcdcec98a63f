"""Conditions of a ``$filter``: text in, the values that each field may have out."""

import re
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

ONE_ITEM_LIST = re.compile(r"'(?:[^']|'')*'|\s+in\s*\(\s*(?P<item>'(?:[^']|'')*'|[^\s,()']+)\s*\)", re.IGNORECASE)

Values = dict[str, list[str]]


def parse(text: str) -> Any:
    """The syntax tree of a condition; ValueError if it is none."""
    try:
        tree = ODataParser().parse(ODataLexer().tokenize(ONE_ITEM_LIST.sub(with_comma, text.strip())))
    except ODataException as error:
        raise ValueError(str(error)) from error
    if tree is None:
        raise ValueError("the condition is empty")
    return tree


def with_comma(found: re.Match[str]) -> str:
    """The grammar reads ``('x')`` as brackets; a list of one item needs a trailing comma."""
    return f" in ({found['item']},)" if found["item"] else found[0]


def values(tree: Any) -> Values:
    """``a eq 'x' and b in ('y', 'z')`` as field (lower case) → values; ValueError for any other kind of condition."""
    found: Values = {}
    waiting = [tree]  # a tree of a thousand conditions is too deep to be walked by calls
    while waiting:
        match waiting.pop():
            case ast.BoolOp(op=ast.And() | ast.Or(), left=left, right=right):
                waiting += [right, left]
            case ast.Compare(comparator=ast.Eq(), left=ast.Identifier(name=field), right=value):
                found.setdefault(str(field).lower(), []).append(literal(value))
            case ast.Compare(comparator=ast.In(), left=ast.Identifier(name=field), right=ast.List(val=items)):
                found.setdefault(str(field).lower(), []).extend(map(literal, items))
            case _:
                raise ValueError("only eq, in, and, or are allowed here")
    return found


def literal(node: Any) -> str:
    match node:
        case ast.String(val=text) | ast.GUID(val=text):
            return str(text)
        case _:
            raise ValueError("only texts can be compared here")
