"""pydantic's complaints in, problems out: where in the YAML, which rule, what to do."""

import difflib
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from reconciler.core.manifest.documents import Document
from reconciler.core.source import Problem, Source

__all__ = ["complaints", "did_you_mean"]

UNION_TAGS = frozenset({"cloud-name", "custom-cloud"})
"""Steps that pydantic puts into a place and that no YAML has."""

OUR_RULES = frozenset(
    {
        "client-state",
        "invalid-url",
        "literal-secret",
        "missing-key",
        "reserved-parameter",
        "secret-reference",
    }
)
SHOWABLE = frozenset({"enum", "literal_error"})
"""Only where a fixed set of words is expected is the word shown: anywhere else it might be a secret."""


def complaints(error: ValidationError, document: Document, model: type[BaseModel]) -> Iterator[Problem]:
    for each in error.errors(include_url=False):
        path = tuple(step for step in each["loc"] if step not in UNION_TAGS)
        match each["type"]:
            case "extra_forbidden":
                yield unknown_key(path, document, model)
            case "missing":
                yield Problem(
                    document.place(*path), "missing-key", f"the key {path[-1]!r} is missing{inside(path[:-1])}"
                )
            case kind:
                yield Problem(document.place(*path), rule_of(kind, path), sentence(each, path))


def unknown_key(path: tuple[str | int, ...], document: Document, model: type[BaseModel]) -> Problem:
    name = str(path[-1])
    hint = did_you_mean(name, known_keys(model, path[:-1]))
    return Problem(place_of_key(document, path), "unknown-key", f"unknown key {name!r}{inside(path[:-1])}{hint}")


def place_of_key(document: Document, path: tuple[str | int, ...]) -> Source:
    return document.key_place(*path)


def rule_of(kind: str, path: tuple[str | int, ...]) -> str:
    if kind in OUR_RULES:
        return kind
    if "changeTypes" in path and kind == "enum":
        return "change-type"
    return "invalid-value"


def sentence(each: Any, path: tuple[str | int, ...]) -> str:
    said = each["msg"].removeprefix("Input ").removeprefix("Value error, ")
    if each["type"] in OUR_RULES or each["type"] == "invalid-value":
        return f"{dotted(path)}: {said}"
    if each["type"] in SHOWABLE and isinstance(each["input"], str):
        expected = each["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return f"{dotted(path)}: {each['input'][:40]!r} {said}{did_you_mean(each['input'], expected)}"
    return f"{dotted(path)} {said[0].lower()}{said[1:]}"


def dotted(path: Iterable[str | int]) -> str:
    spelled = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return spelled.removeprefix(".") or "the document"


def inside(path: tuple[str | int, ...]) -> str:
    return f" in {dotted(path)}" if path else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a place."""
    current: type[BaseModel] | None = model
    for step in path:
        if isinstance(step, int) or current is None:
            continue
        fields = {field.alias or name: field.annotation for name, field in current.model_fields.items()}
        current = model_in(fields.get(step))
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model somewhere inside of an annotation, through optional ones, lists and unions."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    found = (model_in(inner) for inner in typing.get_args(annotation))
    return next(filter(None, found), None)
