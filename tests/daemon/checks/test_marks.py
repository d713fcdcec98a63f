"""Our marks as they come back from LIST: whole, lost, of a later version (facts 1.1)."""

import pytest

from reconciler.core.catalog import Version
from reconciler.core.mark import UnknownMark
from reconciler.daemon.checks.finding import Level
from reconciler.daemon.checks.marks import listed, marks_readable, see
from reconciler.engine.ports import Listing, Remembered
from tests.core.test_destinations import HUB
from tests.core.world import NOW, OWNER, a_mark, have

GOOD = {
    "id": "s1",
    "resource": "/teams",
    "changeType": "updated",
    "notificationUrl": "https://hooks.contoso.com/n",
    "expirationDateTime": "2026-11-24T12:00:00Z",
}


def known(identifier="1", **more):
    fields = {"name": "mail", "version": Version.V1, "birth": "0123456789", "key": "k1", **more}
    return {identifier: Remembered(identifier, **fields)}


def at_a_hub(lifecycle_mark):
    return have(mark=None, notification_url=HUB, lifecycle_mark=lifecycle_mark)


@pytest.mark.parametrize(
    ("live", "remembered", "level", "found"),
    [
        ([have()], {}, Level.OK, "all 1 of ours"),
        ([have(), have(id="2", mark=None)], known(), Level.OK, "all 1 of ours"),
        ([have(mark=None)], {}, Level.SKIPPED, "none of ours is live yet"),
        ([], known(), Level.SKIPPED, "none of ours is live yet"),
        ([have(mark=None)], known(), Level.WARNING, "notificationUrl of 1 bears our mark no more"),
        ([have(mark=None)], known(deleted_at=NOW), Level.SKIPPED, "none of ours"),
        ([have(mark=None, lifecycle_mark=a_mark().for_lifecycle)], {}, Level.WARNING, "bears our mark no more"),
        ([at_a_hub(a_mark())], known(), Level.OK, "all 1 of ours"),
        ([at_a_hub(a_mark().for_lifecycle)], known(), Level.WARNING, "bears our mark no more"),
        ([have(mark=UnknownMark(OWNER, "mail", "7"))], {}, Level.FAILURE, "written by a later version"),
        ([have(mark=UnknownMark("fabrikam", "mail", "7"))], {}, Level.SKIPPED, "none of ours"),
    ],
    ids=[
        "whole",
        "beside-foreign",
        "foreign",
        "none",
        "lost",
        "deleted",
        "by-lifecycle",
        "at-a-hub",
        "sent-to-a-hub",
        "later",
        "others-later",
    ],
)
def test_marks(live, remembered, level, found):
    verdict = marks_readable(live, remembered, owner=OWNER)
    assert verdict.level is level
    assert found in verdict.found


@pytest.mark.parametrize(
    ("listing", "level", "found"),
    [
        (Listing((GOOD,)), Level.OK, "1 is listed"),
        (Listing((GOOD, {**GOOD, "id": "s2"})), Level.OK, "2 are listed"),
        (Listing((GOOD,), "the list goes on after 1000 pages"), Level.WARNING, "not whole: the list goes on"),
        (Listing((GOOD, {"id": "s2"})), Level.WARNING, "2 are listed, and 1 of them are not understood"),
    ],
    ids=["one", "two", "incomplete", "odd"],
)
def test_what_is_listed(listing, level, found):
    verdict = listed(see(listing))
    assert verdict.level is level
    assert found in verdict.found
