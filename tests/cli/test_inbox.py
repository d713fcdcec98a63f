"""``inbox`` shows what could not be forwarded or believed, and retries or drops just what is meant."""

import asyncio
import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.inbox import Entry, Settled, State
from reconciler.store import Store
from reconciler.store.letters import Choice
from tests.cli.conftest import Reconcile
from tests.cli.support import Ran

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=2)
SLY = "teams\x1b[2K\u202egnp.exe\n99  forged"
SECRET = {"subscriptionId": "s1", "ClientState": "hidden", "encryptedContent": {"data": "ciphertext"}, "odd": "\x1b"}


def entry(state: State, reason: str | None = None, **changes: Any) -> Entry:
    waits = state is State.WAITING
    made = Entry(
        event_id="e1",
        received_at=NOW,
        since=NOW,
        path="/n",
        query="",
        subscription_id="s1",
        change="updated",
        resource="teams('1')",
        body=json.dumps(SECRET).encode(),
        tenant_id="t1",
        name="all-teams",
        sink="events",
        state=state,
        reason=reason,
        message=None if waits else "a sentence",
        settled_at=None if waits else NOW,
    )
    return dataclasses.replace(made, **changes)


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """1 waits, 2 and 3 are dead, 4 and 5 were set aside."""
    folder = tmp_path / "store"
    monkeypatch.setenv("RECONCILER_STATE", str(folder))
    unproven = {"tenant_id": None, "name": None, "sink": ""}
    entries = [
        entry(State.WAITING),
        entry(State.DEAD, "no-key"),
        entry(State.DEAD, "refused", name="mail", sink="other"),
        entry(State.SET_ASIDE, "client-state", resource=SLY, **unproven),
        entry(State.SET_ASIDE, "malformed", subscription_id="", change=None, resource=None, body=b"7", **unproven),
    ]

    async def fill() -> None:
        async with Store.open(folder) as store:
            await store.inbox().put(entries)

    asyncio.run(fill())
    return folder


def states(folder: Path) -> list[tuple[int, str, str | None]]:
    found = asyncio.run(Store.read(folder).letters().list(Choice(states=frozenset(State)), limit=100))
    return [(each.id, each.state.value, each.reason) for each in found]


def ids(ran: Ran) -> list[int]:
    return [each["id"] for each in ran.json]


@pytest.mark.usefixtures("inbox")
class TestList:
    def test_for_people(self, reconcile: Reconcile) -> None:
        ran = reconcile("inbox", "list")
        lines = ran.out.splitlines()
        assert (ran.code, ran.err, len(lines)) == (0, "", 4)
        assert "all-teams" in lines[0]
        assert "  updated teams('1')  (2h" in lines[0]
        assert lines[0].endswith(" ago, sink events)")
        assert [line.split()[:3] for line in lines] == [
            ["2", "dead:", "no-key"],
            ["3", "dead:", "refused"],
            ["4", "set-aside:", "client-state"],
            ["5", "set-aside:", "malformed"],
        ]
        assert "\x1b" not in ran.out
        assert "\\u001b" in ran.out

    @pytest.mark.parametrize(
        ("options", "wanted"),
        [
            ([], [2, 3, 4, 5]),
            (["--status", "waiting"], [1]),
            (["--status", "dead", "--status", "waiting"], [1, 2, 3]),
            (["--sink", "other"], [3]),
            (["--reason", "client-state"], [4]),
            (["--subscription", "mail"], [3]),
            (["--limit", "2"], [2, 3]),
            (["--limit", "2", "--newest-first"], [5, 4]),
            (["--sink", "unknown"], []),
        ],
    )
    def test_what_is_chosen(self, reconcile: Reconcile, options: list[str], wanted: list[int]) -> None:
        assert ids(reconcile("inbox", "list", "--format", "json", *options)) == wanted

    def test_no_secret_and_no_payload(self, reconcile: Reconcile) -> None:
        for form in ("text", "json"):
            out = reconcile("inbox", "list", "--format", form).out
            assert "hidden" not in out
            assert "ciphertext" not in out

    def test_that_there_is_more_is_said(self, reconcile: Reconcile) -> None:
        assert reconcile("inbox", "list", "--limit", "3").out.endswith("… the first 3, --limit shows more\n")
        assert reconcile("inbox", "list", "--sink", "unknown").out == "nothing\n"


def test_a_store_that_is_not_there_is_empty_and_stays_so(
    reconcile: Reconcile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_STATE", str(tmp_path / "none"))
    assert reconcile("inbox", "list").out == "nothing\n"
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("inbox")
class TestShow:
    def test_everything_but_the_secret(self, reconcile: Reconcile) -> None:
        ran = reconcile("inbox", "show", 2, "--format", "json")
        assert ran.json["notification"] == SECRET | {"ClientState": "…"}
        assert (ran.json["status"], ran.json["reason"], ran.json["message"]) == ("dead", "no-key", "a sentence")
        assert (ran.json["tenantId"], ran.json["eventId"]) == ("t1", "e1")

    def test_for_people(self, reconcile: Reconcile) -> None:
        ran = reconcile("inbox", "show", 4)
        assert "hidden" not in ran.out
        assert "\x1b" not in ran.out
        assert "ciphertext" in ran.out
        assert ran.out.splitlines()[0] == "id              4"
        assert reconcile("inbox", "show", 5).out.endswith("\n7\n")

    def test_what_is_done_has_no_content(self, reconcile: Reconcile, inbox: Path) -> None:
        async def forward() -> None:
            async with Store.open(inbox) as store:
                await store.inbox().settle([Settled(1, State.DONE, NOW, "forwarded")])

        asyncio.run(forward())
        assert reconcile("inbox", "show", 1).out.endswith("\n(its content is not kept)\n")
        assert reconcile("inbox", "show", 1, "--format", "json").json["notification"] is None

    def test_what_is_not_there(self, reconcile: Reconcile) -> None:
        ran = reconcile("inbox", "show", 99)
        assert (ran.code, ran.err) == (
            1,
            "reconcile: there is no notification 99 in the inbox: `reconcile inbox list` shows them\n",
        )


class TestRetry:
    def test_it_waits_at_the_end(self, reconcile: Reconcile, inbox: Path) -> None:
        assert reconcile("inbox", "retry", 2).out == "1 letter will be tried again by the receiver\n"
        assert states(inbox) == [
            (1, "waiting", None),
            (3, "dead", "refused"),
            (4, "set-aside", "client-state"),
            (5, "set-aside", "malformed"),
            (6, "waiting", None),
        ]

    def test_all_or_all_of_a_kind(self, reconcile: Reconcile, inbox: Path) -> None:
        assert reconcile("inbox", "retry", "--all", "--reason", "refused", "--format", "json").json == {
            "retried": 1,
            "notFound": 0,
        }
        assert reconcile("inbox", "retry", "--all", "--status", "set-aside").code == 0
        assert [each[1:] for each in states(inbox)] == [
            ("waiting", None),
            ("dead", "no-key"),
            ("waiting", None),
            ("waiting", None),
            ("waiting", None),
        ]

    @pytest.mark.usefixtures("inbox")
    def test_what_is_no_letter_is_a_failure(self, reconcile: Reconcile) -> None:
        ran = reconcile("inbox", "retry", 1, 2, 99)
        assert (ran.code, ran.out) == (1, "1 letter will be tried again by the receiver\n")
        assert ran.err.startswith("reconcile: 2 of the ids are of no letter that fits")


class TestDrop:
    def test_just_what_is_meant(self, reconcile: Reconcile, inbox: Path) -> None:
        assert reconcile("inbox", "drop", 2, 4).out == "2 letters dropped\n"
        assert [each[0] for each in states(inbox)] == [1, 3, 5]

    def test_what_waits_is_never_dropped(self, reconcile: Reconcile, inbox: Path) -> None:
        assert reconcile("inbox", "drop", 1).code == 1
        assert reconcile("inbox", "drop", "--all").out == "4 letters dropped\n"
        assert states(inbox) == [(1, "waiting", None)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name what to do with the inbox"),
        (["retry"], "give the ids of letters, or --all"),
        (["drop", "1", "--all"], "give the ids of letters, or --all"),
        (["drop", "x"], "'x' is not a whole number"),
        (["list", "--status", "gone"], "invalid choice: 'gone'"),
        (["list", "--dry-run"], "unrecognized arguments"),
    ],
)
def test_wrong_usage(reconcile: Reconcile, arguments: list[str], says: str) -> None:
    ran = reconcile("inbox", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert says in ran.err
