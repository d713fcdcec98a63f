"""JSON that strangers wrote, in and out: strict where that is safe, whole where it is odd, and quick in both cases.

orjson does it in a fifth of the time. What it refuses and JSON allows (half a surrogate pair, deep nesting, numbers of
more than 64 bits on the way out) goes through the standard library.
"""

import json
import math
from typing import Any, NoReturn

import orjson

__all__ = ["LONGEST", "read_json", "spell_json"]

LONGEST = 512 * 1024
"""Bytes of what goes through the standard library, which takes its time, and others wait for it meanwhile."""


def read_json(text: bytes) -> Any:
    """Raises ValueError or RecursionError for what is no JSON in UTF-8.

    Of a name that stands twice the last one counts. Whole numbers of more than 64 bits become fractions, and a number
    that is too large for those stays as its text. What is odd in the sense above is not read beyond ``LONGEST``.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if len(text) > LONGEST:
            raise
        return json.loads(text.decode("utf-8-sig"), parse_constant=refuse_constant, parse_float=finite)


def spell_json(value: Any) -> bytes:
    """Without spaces. ``value`` is as ``read_json`` gives it. Raises RecursionError where it is nested too deeply."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def refuse_constant(name: str) -> NoReturn:
    """Python alone reads NaN and Infinity."""
    raise ValueError(f"{name} is not JSON")


def finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text
