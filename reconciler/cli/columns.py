"""Rows of words in, lines in aligned columns out, and spans of time short enough for a column."""

import datetime as dt
from collections.abc import Iterator, Sequence

from reconciler.core.times import spell_duration

__all__ = ["NOTHING", "aligned", "short"]

NOTHING = "-"
BELOW = {dt.timedelta(days=1): dt.timedelta(hours=1), dt.timedelta(hours=1): dt.timedelta(minutes=1)}
WIDEST = 40
"""A longer word moves the rest of its line only: a name may have 63 characters."""


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Each row with its words filled up to the width of their column, but for the last."""
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*rows, strict=True)]
    for row in rows:
        yield [*(word.ljust(width) for word, width in zip(row[:-1], widths[:-1], strict=True)), row[-1]]


def short(span: dt.timedelta) -> str:
    """Its largest unit and the next one: ``2d 23h``; what is smaller is cut."""
    smallest = next((below for unit, below in BELOW.items() if span >= unit), dt.timedelta(seconds=1))
    return spell_duration(span - span % smallest)
