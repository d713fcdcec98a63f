"""What was seen in, lines out: columns that stay aligned, whatever stands in them, and what is wrong of it."""

import datetime as dt
import json
import re
from typing import Any

import pytest

from reconciler.cli.columns import short
from reconciler.cli.seen import Seen, SeenTenant
from reconciler.cli.status_check import wrongs
from reconciler.cli.status_document import check_json, status_json
from reconciler.cli.status_text import lines
from reconciler.core.mark import UnknownMark
from reconciler.core.reasons import Withheld
from reconciler.core.world import World
from reconciler.engine.standing import Condition, Standing
from tests.core.world import NOW, OWNER, TENANT, have, hours, want

MINUTE = dt.timedelta(minutes=1)
LEAD = 30 * MINUTE
THREE_DAYS = dt.timedelta(minutes=4315)


def ready(name="mail", **fields):
    given: dict[str, Any] = {
        "condition": Condition.READY,
        "subscription_id": "1",
        "granted": THREE_DAYS,
        "expires_at": NOW + hours(60),
        "renews_at": NOW + hours(35),
        "last_notification": NOW - 5 * MINUTE,
    }
    return Standing(tenant=TENANT, name=name, resource="users/mail/messages", **given | fields)


def pending(name="new", **fields):
    given: dict[str, Any] = {
        "condition": Condition.PENDING,
        "action": "create",
        "reason": "Missing",
        "message": "Graph has no subscription of this name",
    }
    return Standing(tenant=TENANT, name=name, resource="teams", **given | fields)


def stalled(name="chats", **fields):
    given: dict[str, Any] = {
        "condition": Condition.STALLED,
        "action": "renew",
        "reason": "EndpointRefused",
        "message": "the notification URL did not answer the validation",
        "request_id": "4a5b",
        "attempts": 5,
        "since": NOW - hours(2),
        "next_try": NOW + 9 * MINUTE,
    }
    return ready(name, **given | fields)


WITHHELD = pending(
    "old",
    reason="Missing",
    message="nothing is there; withheld: the policy is observe",
    withheld=Withheld.POLICY,
)
LIVE = (have(want("mail"), id="1"), have(want("gone"), id="2"), have(want(), id="3", mark=None, lifecycle_mark=None))


def seen(*standings, live=LIVE, **world):
    return Seen(OWNER, NOW, [SeenTenant(TENANT, OWNER, "t-1", World(TENANT, live, **world), standings)])


def text(found, *, colours=False):
    return "\n".join(lines(found, colours=colours))


def test_a_tenant():
    found = seen(
        stalled(expires_at=NOW + 20 * MINUTE, renews_at=NOW - MINUTE, granted=hours(1), last_notification=None),
        ready("mail"),
        pending(),
        WITHHELD,
    )
    assert text(found) == (
        "contoso: 3 live, 4 wanted (1 ready, 2 pending, 1 stalled), 1 that no manifest wants, 1 foreign\n"
        "  subscription  condition  ends in  renews in  granted  last notification\n"
        "  chats         stalled    20m      now        1h       -\n"
        "      renew failed 5 times in 2h, again in 9m: the notification URL did not answer the validation"
        " (request-id 4a5b) (EndpointRefused)\n"
        "  mail          ready      2d 12h   1d 11h     2d 23h   5m ago\n"
        "  new           pending    -        -          -        -\n"
        "      create: Graph has no subscription of this name (Missing)\n"
        "  old           pending    -        -          -        -\n"
        "      create: nothing is there; withheld: the policy is observe (Policy)"
    )


def test_what_is_to_be_renamed_is_wanted():
    renamed = SeenTenant(TENANT, OWNER, "t-1", World(TENANT, LIVE), [pending()], frozenset({"gone"}))
    assert (renamed.unwanted, renamed.foreign) == (1, 1)


@pytest.mark.parametrize(
    ("standing", "row"),
    [
        (ready(), "mail ready 2d 12h 1d 11h 2d 23h 5m ago"),
        (ready(granted=None), "mail ready 2d 12h 1d 11h - 5m ago"),
        (ready(renews_at=NOW), "mail ready 2d 12h now 2d 23h 5m ago"),
        (ready(last_notification=NOW + MINUTE), "mail ready 2d 12h 1d 11h 2d 23h 0s ago"),
        (pending(expires_at=NOW - MINUTE), "new pending ended - - -"),
    ],
)
def test_a_row(standing, row):
    assert text(seen(standing)).splitlines()[2].split() == row.split()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"attempts": 1, "request_id": None}, "renew failed once, again in 9m: the notification"),
        ({"next_try": NOW}, "renew failed 5 times in 2h, again now: the notification"),
        ({"next_try": NOW - hours(1)}, "renew failed 5 times in 2h, again now: the notification"),
    ],
)
def test_how_often_it_failed(fields, says):
    assert text(seen(stalled(**fields))).splitlines()[3].startswith(f"      {says}")


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (dt.timedelta(days=2, hours=23, minutes=59), "2d 23h"),
        (dt.timedelta(days=2, minutes=59), "2d"),
        (dt.timedelta(days=1), "1d"),
        (dt.timedelta(hours=1, seconds=1), "1h"),
        (dt.timedelta(hours=23, minutes=59, seconds=59), "23h 59m"),
        (dt.timedelta(minutes=59, seconds=59), "59m 59s"),
        (dt.timedelta(seconds=1.9), "1s"),
        (dt.timedelta(), "0s"),
    ],
)
def test_short_spans(span, said):
    assert short(span) == said


@pytest.mark.parametrize("length", [1, 40, 63])
def test_columns_stay_aligned_and_a_row_fits_a_terminal(length):
    found = seen(*(ready(f"{letter}" * (length if letter == "b" else 5)) for letter in "abc"))
    _, heading, *rows = text(found).splitlines()
    start = heading.index("condition")
    assert {row.index("ready") for row in (rows[0], rows[2])} == {start}
    assert rows[1].index("ready") == max(start, length + 4)
    assert len(rows[1]) <= (80 if length == 1 else 120)


def test_what_is_seen_of_the_world():
    newer = have(want("mail"), id="9", mark=UnknownMark(OWNER, "mail", "7"))
    assert text(seen(live=())) == "contoso: 0 live"
    assert text(seen(ready(), live=LIVE[:1], incomplete="cut")).startswith(
        "contoso: 1 live, 1 wanted (1 ready, 0 pending, 0 stalled), the list is not whole\n"
    )
    assert text(seen(live=(newer,))) == "contoso: 1 live, 1 foreign"


def test_a_tenant_that_could_not_be_read_is_told_elsewhere():
    unread = SeenTenant("away", OWNER, unread="no way in")
    found = Seen(OWNER, NOW, [unread])
    assert text(found) == ""
    assert status_json(found)["tenants"] == [
        {
            "name": "away",
            "tenantId": "",
            "complete": False,
            "unread": "no way in",
            "conditions": [],
            "subscriptions": [],
        }
    ]
    assert check_json(found, [], lead=LEAD)["unread"] == {"away": "no way in"}


def test_colours_change_nothing_but_colours():
    found = seen(ready(), pending(), stalled())
    coloured = text(found, colours=True)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text(found)
    for word, colour in {"ready": 32, "pending": 33, "stalled": 31}.items():
        assert re.search(rf"\x1b\[{colour}m{word} *\x1b\[0m", coloured)


def test_what_others_wrote_is_shown_and_not_obeyed():
    sly = "no\x1b[2K\u202e\nforged: 0 live"
    for found in (seen(pending(message=sly)), seen(stalled(message=sly)), seen(ready("a\x1b[2K"))):
        shown = text(found) + "".join(each.line(NOW) for each in wrongs(found, lead=hours(99)))
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\nforged" not in shown


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        pytest.param(ready(), None, id="fine"),
        pytest.param(ready(expires_at=NOW + LEAD), None, id="just-enough"),
        pytest.param(
            ready(expires_at=NOW + LEAD - MINUTE), ("ending", "contoso/mail: it ends in 29m"), id="ends-within-the-lead"
        ),
        pytest.param(
            stalled(expires_at=NOW + MINUTE, attempts=1, request_id=None, message="no answer"),
            (
                "ending",
                "contoso/chats: it ends in 1m; renew failed once, again in 9m: no answer (EndpointRefused)",
            ),
            id="its-renewal-keeps-failing",
        ),
        pytest.param(stalled(), None, id="it-fails-with-time-to-go"),
        pytest.param(
            ready(expires_at=NOW, condition=Condition.PENDING, action="create", reason="Expired", message="it ended"),
            ("ended", "contoso/mail: it ended 0s ago; create: it ended (Expired)"),
            id="ended",
        ),
        pytest.param(
            pending(),
            ("missing", "contoso/new: it is missing; create: Graph has no subscription of this name (Missing)"),
            id="missing",
        ),
        pytest.param(
            WITHHELD,
            (
                "missing",
                "contoso/old: it is missing; create: nothing is there; withheld: the policy is observe (Policy)",
            ),
            id="withheld",
        ),
    ],
)
def test_what_is_wrong(standing, expected):
    found = [(each.word, each.line(NOW)) for each in wrongs(seen(standing), lead=LEAD)]
    assert found == ([expected] if expected else [])


def test_what_is_wrong_in_json():
    found = seen(ready(), pending())
    wrong = [each.json for each in wrongs(found, lead=LEAD)]
    document = check_json(found, wrong, lead=LEAD)
    assert json.loads(json.dumps(document)) == document
    assert {key: document[key] for key in ("schemaVersion", "takenAt", "owner", "minLead", "unread")} == {
        "schemaVersion": 1,
        "takenAt": "2026-11-21T12:00:00Z",
        "owner": OWNER,
        "minLead": "PT30M",
        "unread": {},
    }
    (only,) = document["wrong"]
    assert (only["wrong"], only["name"], only["condition"]) == ("missing", "new", "pending")


def test_json_has_everything():
    (tenant,) = status_json(seen(ready(), pending()))["tenants"]
    assert [each["condition"] for each in tenant["conditions"]] == ["ready", "pending"]
    assert [(each["id"], each["owned"], each["name"]) for each in tenant["subscriptions"]] == [
        ("2", True, "gone"),
        ("1", True, "mail"),
        ("3", False, None),
    ]
    assert (tenant["complete"], tenant["unread"], tenant["tenantId"]) == (True, None, "t-1")
