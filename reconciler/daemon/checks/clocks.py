"""A server's ``Date`` in, how far this machine's clock is off out. Pure."""

import datetime as dt

from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned
from reconciler.graph.answers import instant

__all__ = ["clock_agrees", "offset"]

WORTH_A_WORD = 30.0
TOO_FAR = 300.0
"""Seconds. Tokens are taken give or take 5 minutes, by our receiver as by others."""

SYNCHRONIZE = "let this machine keep its time (timedatectl; chrony or systemd-timesyncd), or that of its host"


def offset(date: str, *, asked_at: dt.datetime, seconds: float) -> float | None:
    """How many seconds this clock is ahead, to about one; None for what is no date.

    ``asked_at`` and ``seconds`` are when the request began and how long it took: the date was written in between.
    """
    written = instant(date)
    if written is None:
        return None
    between = asked_at + dt.timedelta(seconds=seconds / 2)
    # The header has whole seconds, cut off: on average it is half a second late.
    return (between - written).total_seconds() - 0.5


def clock_agrees(ahead: float | None) -> Verdict:
    if ahead is None:
        return skipped("Graph's answer bears no date, so the clocks cannot be compared")
    off = abs(ahead)
    found = f"this machine's clock is {off:.0f} s {'ahead of' if ahead > 0 else 'behind'} Graph's"
    if off > TOO_FAR:
        return failed(
            found,
            cause="nothing sets this machine's clock, or something sets it wrong",
            remedy=f"{SYNCHRONIZE}; so far off, tokens and renewals go wrong",
        )
    if off > WORTH_A_WORD:
        return warned(found, cause="nothing sets this machine's clock any more", remedy=SYNCHRONIZE)
    return fine(found if off >= 1 else "this machine's clock and Graph's agree to the second")
