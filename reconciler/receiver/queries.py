"""The query of a request in, what it says out: whose subscription it is, or that Graph asks whether we are there."""

import dataclasses
import functools

from reconciler.core.mark import Mark, UnknownMark, mark_of
from reconciler.receiver.validation import validation_token

__all__ = ["Query", "read_query"]

REMEMBERED, LONGEST = 16_384, 512
"""Queries, and the bytes of one: a mark and a few parameters fit into it. Strangers write some, too."""


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    mark: Mark | UnknownMark | None
    token: str | None
    """To be repeated; None where the request is no validation."""


def read_query(query: bytes) -> Query:
    """That of a subscription is the same each time, and is read once. Raises TokenRefused."""
    return remembered(query) if len(query) <= LONGEST else read(query)


def read(query: bytes) -> Query:
    return Query(mark_of(f"?{query.decode('latin-1')}"), validation_token(query))


remembered = functools.lru_cache(maxsize=REMEMBERED)(read)
