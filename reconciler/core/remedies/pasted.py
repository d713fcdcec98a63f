"""What somebody pasted in, a refusal out: our own message, a line of a log, Graph's JSON or the token endpoint's.

Nothing is taken for granted: whatever the text is, there is an answer, and what it does not say stays open.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.guids import GUID
from reconciler.core.refusals import Refusal

__all__ = ["LONGEST", "read_pasted"]

LONGEST = 64 * 1024
"""Characters that are looked at; no message of Graph's is near."""

BRACES_TRIED = 8
DEEPEST = 3
"""JSON in a field of JSON, as loggers write it."""

OURS = re.compile(
    r" answered (?=[1-5]\d\d\b|[A-Za-z])(?:([1-5]\d\d)\b)? ?([A-Za-z]\w{0,63}(?=[:;]| \(|$))?:? ?", re.ASCII
)
"""As ``core.refusals`` spells what was answered: status, code and text, each if there is one."""

STATUS = re.compile(
    r"^\W*(?:HTTP(?:/[\d.]{1,3})?\W+)?([1-5]\d\d)\b"
    r"|\b(?:HTTP|status(?:[ _-]?code)?)[\"']?\s{0,3}[:=]?\s{0,3}[\"']?([1-5]\d\d)\b",
    re.ASCII | re.IGNORECASE,
)
CODES = re.compile(
    r"\b(ExtensionError|InvalidRequest|ValidationError|ObjectIdentifierInUse|TooManyRequests|ResourceNotFound|quotaLimitReached"
    r"|InvalidAuthenticationToken|QueryNotSupported|unauthenticated|invalid_client|invalid_request|invalid_scope|invalid_tenant"
    r"|unauthorized_client|temporarily_unavailable)\b",
    re.ASCII | re.IGNORECASE,
)
REQUEST = re.compile(rf"request[-_ ]?id\W{{1,4}}({GUID})", re.ASCII | re.IGNORECASE)
SUBSCRIPTION = re.compile(rf"(?:PATCH|GET|DELETE|reauthorize)\b[^:\n]{{0,40}}\bsubscriptions?[ /]({GUID})", re.ASCII)
TEXTS = ("error", "message", "event", "detail", "msg")
"""Where programs put an error that they pass on."""


def read_pasted(text: str, *, status: int | None = None) -> Refusal:
    """``status`` is what whoever pasted it knows beside it; it wins."""
    text = text[:LONGEST]
    found = answer_in(text, depth=DEEPEST) or spoken(text)
    return Refusal(
        operation="what was pasted",
        status=status or found.status or status_in(text),
        code=found.code,
        text=found.text,
        request_id=found.request_id or first(REQUEST, text),
        subscription_id=first(SUBSCRIPTION, text),
    )


def answer_in(text: str, *, depth: int) -> Refusal | None:
    """The first JSON in the text that tells of an error."""
    return next(filter(None, (told(body, depth) for body in bodies(text))), None)


def bodies(text: str) -> Iterator[Any]:
    position = -1
    for _ in range(BRACES_TRIED):
        position = text.find("{", position + 1)
        if position < 0:
            return
        try:
            yield json.JSONDecoder().raw_decode(text, position)[0]
        except (ValueError, RecursionError):
            continue


def told(body: Any, depth: int) -> Refusal | None:
    """By an object; one that only passes on what another said is looked into."""
    match body:
        case {"error": {"message": str(message)} as error}:
            return refusal(error.get("code"), message, error)
        case {"error": str(code), "error_description": str(message)}:
            return refusal(code, message, body)
        case {"status": int(status), "body": dict(inner)} if depth:  # an item of a batch
            found = told(inner, depth - 1)
            return found and Refusal(operation="", status=status, code=found.code, text=found.text)
        case dict():
            said = (body[name] for name in TEXTS if isinstance(body.get(name), str))
            return next((passed_on(each, body, depth) for each in said if depth and each), None)
    return None


def passed_on(text: str, body: Mapping[str, Any], depth: int) -> Refusal:
    found = answer_in(text, depth=depth - 1) or spoken(text)
    return found if found.code else refusal(body.get("code"), found.text, body, status=found.status)


def refusal(code: Any, text: str, body: Mapping[str, Any], *, status: int | None = None) -> Refusal:
    return Refusal(
        operation="",
        status=status or status_of(body.get("status")),
        code=code if isinstance(code, str) else "",
        text=text,
        request_id=first(REQUEST, str(body.get("innerError") or body.get("innererror") or "")),
    )


def status_of(value: Any) -> int | None:
    return value if isinstance(value, int) and 100 <= value <= 599 else None


def spoken(text: str) -> Refusal:
    """A sentence: ours, or as somebody copied it."""
    if found := OURS.search(text):
        status, code = found.groups()
        return Refusal(operation="", status=int(status) if status else None, code=code or "", text=text[found.end() :])
    return Refusal(operation="", status=status_in(text), code=first(CODES, text) or "", text=text)


def status_in(text: str) -> int | None:
    found = STATUS.search(text)
    return int(found[1] or found[2]) if found else None


def first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None
