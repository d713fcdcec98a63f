"""What is left of a document without its mistakes, so that these do not hide others.

It is only ever looked at to find more problems: a document with a mistake is never carried out.
"""

import copy
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from reconciler.core.manifest.complaints import as_written

__all__ = ["salvage"]

M = TypeVar("M", bound=BaseModel)


def salvage(kind: type[M], value: Any, error: ValidationError) -> M | None:
    """The model of what remains when each value that was complained about is taken out; None where that is no whole."""
    rest = copy.deepcopy(value)
    places = [tuple(as_written(each["loc"], value)) for each in error.errors(include_url=False)]
    for place in sorted(places, key=lambda place: [str(step).zfill(6) for step in place], reverse=True):
        remove(rest, place)
    try:
        return kind.model_validate(rest)
    except ValidationError:
        return None


def remove(value: Any, place: tuple[str | int, ...]) -> None:
    """Later places first: what is taken out of a list moves only what stands behind it."""
    *path, last = place or ("",)
    for step in path:
        match value:
            case dict() if step in value:
                value = value[step]
            case list() if isinstance(step, int) and step < len(value):
                value = value[step]
            case _:
                return
    match value:
        case dict():
            value.pop(last, None)
        case list() if isinstance(last, int) and last < len(value):
            del value[last]
