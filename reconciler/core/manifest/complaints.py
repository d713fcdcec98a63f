"""pydantic's complaints in, problems out: where in the YAML, which rule, what to do."""

import difflib
import inspect
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from reconciler.core.manifest.documents import Document
from reconciler.core.manifest.fields import ONE_GUID, VARIABLE_NAME, WORD
from reconciler.core.manifest.sink_kinds import FUNCTION, HEADER_NAME, STREAM, SUBJECT
from reconciler.core.manifest.subscription_kinds import FORMER_NAME, SUBSCRIPTION_ID
from reconciler.core.source import Problem

__all__ = ["complaints", "did_you_mean"]

ADDED_STEPS = frozenset(
    {"[key]", "adopt-any", "adopt-one", "cloud-name", "custom-cloud", "tenant-labels", "tenant-names"}
)
"""Steps that pydantic puts into a place and that no YAML has."""

OUR_RULES = frozenset(
    {
        "client-state",
        "credential",
        "destination",
        "for-each",
        "invalid-url",
        "literal-secret",
        "missing-key",
        "reserved-parameter",
        "secret-reference",
        "sink",
    }
)
PATTERNS = {
    FUNCTION: "should be a function such as package.module:function",
    HEADER_NAME: "should be the name of a header, as Authorization",
    FORMER_NAME: "should be a name, or with forEach a text such as {key} or old-{column}",
    ONE_GUID: "should be a GUID such as 0f2e8f59-862a-483b-9ca8-82a10665e17d",
    SUBSCRIPTION_ID: "should be the id of a subscription, as Graph gives it",
    STREAM: "should be the name of a stream: letters, digits, - and _",
    SUBJECT: "should be words of letters, digits, -, _, {type}, {tenant} and {subscription}, with dots between them",
    VARIABLE_NAME: "should be the name of an environment variable, as RECONCILER_CLIENT_STATE_KEY",
    WORD: "should be made of a-z, 0-9 and -, with no - at its ends",
}
"""What a pattern means, for people."""

SHOWABLE = frozenset({"enum", "literal_error"})
"""Only where a fixed set of words is expected is the word shown: anywhere else it might be a secret."""


def complaints(error: ValidationError, document: Document, model: type[BaseModel]) -> Iterator[Problem]:
    for each in error.errors(include_url=False):
        path = tuple(as_written(each["loc"], document.value))
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
    if path == ("metadata", "namespace"):
        hint = ": manifests have none, leave namespace: out of the kustomization"
    return Problem(document.key_place(*path), "unknown-key", f"unknown key {name!r}{inside(path[:-1])}{hint}")


def as_written(path: Iterable[str | int], value: Any) -> Iterator[str | int]:
    """A place without the steps that pydantic puts in: a lone item need not stand in a list, and unions have tags."""
    for step in path:
        if isinstance(step, int) != isinstance(value, list):
            continue
        if step in ADDED_STEPS and not (isinstance(value, dict) and step in value):
            continue
        yield step
        value = child(value, step)


def child(value: Any, step: str | int) -> Any:
    match value:
        case dict():
            return value.get(step)
        case list() if isinstance(step, int) and step < len(value):
            return value[step]
    return None


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
    if each["type"] == "string_pattern_mismatch":
        said = PATTERNS.get(each["ctx"]["pattern"], said)
    if each["type"] == "model_type":
        said = "should be a mapping"  # pydantic would name our classes
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
    if inspect.isclass(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    found = (model_in(inner) for inner in typing.get_args(annotation))
    return next(filter(None, found), None)
