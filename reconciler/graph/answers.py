"""What came back from Graph or from a token endpoint, read without trusting it."""

import dataclasses
import datetime as dt
import email.utils
import json
import math
from collections.abc import Mapping
from typing import Any

from reconciler.graph.pacing import Kind

__all__ = ["Answer", "Observed", "instant", "json_of", "retry_after", "words_of"]


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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """That Graph answered, for who watches its clock and its pace."""

    tenant_id: str
    kind: Kind
    status: int
    date: dt.datetime | None
    """When it answered, by its own clock, to the second (facts 3.3); None where it does not tell."""

    sent_at: dt.datetime
    """When the request was sent, by the ``Clock`` port."""

    received_at: dt.datetime
    """When the answer was there, by the same."""


def json_of(text: str | bytes) -> Any:
    """Raises ValueError for what is no JSON, or is nested deeper than Python can read."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def words_of(text: str) -> str:
    """What those who give tokens say of an error: each has a form of its own; empty for all others."""
    try:
        said = json_of(text)
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    error = said.get("error")
    inner = error.get("message") if isinstance(error, dict) else error
    return str(said.get("error_description") or said.get("message") or inner or "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, as Graph gives them (facts 8.3), or a date, as a gateway may: it counts from the answer's own date."""
    text = headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return seconds_between(headers.get("date", ""), text)
    return seconds if 0 <= seconds < math.inf else None


def seconds_between(start: str, end: str) -> float | None:
    began, ends = instant(start), instant(end)
    return max(0.0, (ends - began).total_seconds()) if began and ends else None


def instant(text: str) -> dt.datetime | None:
    """A date as HTTP spells it, aware and UTC; None for anything else."""
    try:
        found = email.utils.parsedate_to_datetime(text)
        # Without an offset it is UTC already, and only unaware of it.
        return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
