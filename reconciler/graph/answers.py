"""What came back from Graph or from a token endpoint, read without trusting it."""

import dataclasses
import email.utils
import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["Answer", "json_of", "retry_after"]


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    content: bytes = dataclasses.field(repr=False)
    headers: Mapping[str, str] = dataclasses.field(repr=False)
    """Names in lower case."""

    @property
    def retry_after(self) -> float | None:
        """In seconds; None where it is left out or says nothing sensible."""
        return retry_after(self.headers)

    def json(self) -> Any:
        """Raises ValueError for what is no JSON."""
        return json_of(self.content)


def json_of(text: str | bytes) -> Any:
    """Raises ValueError for what is no JSON, or is nested deeper than Python can read."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, as Graph gives them (facts 8.3), or a date, as a gateway may: it counts from the answer's own date."""
    text = headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return seconds_between(headers.get("date", ""), text)
    return seconds if 0 <= seconds < math.inf else None


def seconds_between(start: str, end: str) -> float | None:
    try:
        pause = email.utils.parsedate_to_datetime(end) - email.utils.parsedate_to_datetime(start)
    except (TypeError, ValueError):
        return None
    return max(0.0, pause.total_seconds())
