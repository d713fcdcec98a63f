"""What LIST returned in, whether our marks can be read in it out. Pure.

Ownership is written into URLs, so it stands and falls with Graph giving them back as they were (facts 1.1).
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.core.live import Live, LiveError, read_live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned
from reconciler.engine.ports import Listing, Remembered

__all__ = ["Seen", "listed", "marks_readable", "see"]

SHOWN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    live: tuple[Live, ...]
    unreadable: tuple[str, ...]
    """Why, for each that is not understood."""

    incomplete: str | None


def see(listing: Listing) -> Seen:
    read = [read_or_say(body) for body in listing.bodies]
    live = tuple(each for each in read if isinstance(each, Live))
    return Seen(live, tuple(each for each in read if isinstance(each, str)), listing.incomplete)


def read_or_say(body: Mapping[str, Any]) -> Live | str:
    try:
        return read_live(body)
    except LiveError as error:
        return str(error)


def listed(seen: Seen) -> Verdict:
    count = len(seen.live) + len(seen.unreadable)
    if seen.incomplete:
        return warned(
            f"{count} are listed, and the list is not whole: {seen.incomplete}",
            cause="Graph's list is at times short, endless or broken (facts 3.2)",
            remedy="try again later; until then a pass deletes and replaces nothing",
        )
    if seen.unreadable:
        return warned(
            f"{count} are listed, and {len(seen.unreadable)} of them are not understood: {seen.unreadable[0]}",
            cause="Graph returned something that its documentation does not tell of",
            remedy="they are left alone; report it as a mistake of reconcile, with this text",
        )
    return fine(f"{count} {'is' if count == 1 else 'are'} listed")


def marks_readable(live: Sequence[Live], remembered: Mapping[str, Remembered], *, owner: str) -> Verdict:
    """``remembered`` is by subscription id; those that are deleted do not count."""
    if unknown := sorted(each.id for each in live if is_unknown(each, owner)):
        return failed(
            f"the marks of {shown(unknown)} were written by a later version of this program",
            cause="a later version has written with this owner, or still does",
            remedy="upgrade this one: until then their names are Blocked",
        )
    ours = [each for each in live if is_ours(each.whole_mark, owner)]
    ours_by_lifecycle = {each.id for each in live if is_ours(each.lifecycle_mark, owner)}
    known = {each.id for each in remembered.values() if each.deleted_at is None}
    lost = sorted(each.id for each in live if not each.whole_mark and each.id in known | ours_by_lifecycle)
    if lost:
        return warned(
            f"the notificationUrl of {shown(lost)} bears our mark no more",
            cause="somebody else has patched the URL, or Graph did not keep its query",
            remedy="a pass writes it anew (MarkLost); if it is lost again, find out who else writes",
        )
    if not ours:
        return skipped("none of ours is live yet, so there is no mark to look at")
    return fine(f"the marks of all {len(ours)} of ours came back as they were written")


def is_ours(mark: Mark | UnknownMark | None, owner: str) -> bool:
    return isinstance(mark, Mark) and mark.owner == owner


def is_unknown(live: Live, owner: str) -> bool:
    return any(isinstance(mark, UnknownMark) and mark.owner == owner for mark in (live.mark, live.lifecycle_mark))


def shown(ids: Iterable[str]) -> str:
    found = list(ids)
    return ", ".join(found[:SHOWN]) + (f" and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
