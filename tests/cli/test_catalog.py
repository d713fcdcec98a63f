"""``reconcile catalog``: all of it, one of it, and whatever else is asked."""

import argparse
import contextlib
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.cli.catalog import main
from reconciler.core.catalog import ENTRIES, Entry, Status, Workload
from reconciler.core.errors import UsageError
from tests.cli.support import manifest

GUID = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b"


def test_it_lists_everything_by_workload(reconcile):
    ran = reconcile("catalog")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 120
    assert [line[:-1] for line in lines if line.endswith(":")] == [each.replace("-", " ") for each in Workload]
    listed = [line.strip().split("  ")[0] for line in lines[1:] if line.startswith("  ") and line[2] != " "]
    assert listed == [entry.path for workload in Workload for entry in ENTRIES if entry.workload is workload]


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("users", "updated,deleted  no        29d"),
        ("teams/getAllChannels/getAllMembers", "all              yes       3d          beta"),
        ("communications/presences/{user-id}", "updated          required  1h          user"),
        ("security/alerts/{alert-id}", "all ?            no        30d"),
        ("solutions/virtualEvents/events/{event-id}", "updated,deleted  no        1d          draft"),
    ],
)
def test_a_row(reconcile, path, row):
    (found,) = [line for line in reconcile("catalog").out.splitlines() if line.startswith(f"  {path} ")]
    assert found.split(path)[1].strip() == row


def test_the_json_has_all_of_it(reconcile):
    found = reconcile("catalog", "--format", "json").json
    assert [each["path"] for each in found] == [entry.path for entry in ENTRIES]
    assert {each["status"] for each in found} == {"shipped", "draft"}
    by_id = {each["id"]: each for each in found}
    assert by_id["todo-tasks"]["clouds"] == ["global"]
    assert by_id["webinar"]["readClouds"] == ["global"]
    assert by_id["users"]["changeTypesAcceptedInVain"] == ["created"]
    assert by_id["presences"]["filterLimit"] == 650
    assert by_id["health-alerts"]["permissions"]["documented"] is False
    assert by_id["health-alerts-of-type"]["notificationQueryOptions"] is True
    assert by_id["messages"]["forbiddenSelect"] == ["body", "uniqueBody"]
    assert by_id["chat"]["delegatedOptions"] == ["$notifyOnUserSpecificProperties", "notifyOnUserSpecificProperties"]
    assert by_id["security-alerts"]["requiredOptions"] == ["$filter"]
    assert by_id["user-chats"]["quotas"] == [
        {"limit": 10, "per": "user", "shared": None},
        {"limit": 10000, "per": "organization", "shared": "all Teams resources"},
    ]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/teams", "teams"),
        ("teams/", "teams"),
        ("TEAMS/getallchannels", "teams/getAllChannels"),
        (f"/teams/{GUID}/channels", "teams/{team-id}/channels"),
        (f"/teams('{GUID}')", "teams/{team-id}"),
        (f"teams('{GUID}')/channels('19:x@thread.tacv2')/messages/", "teams/{team-id}/channels/{channel-id}/messages"),
        ("teams/{team-id}", "teams/{team-id}"),
        ("me/messages", "users/{user-id}/messages"),
        ("/Me/todo/lists/AQMk/tasks/", "users/{user-id}/todo/lists/{list-id}/tasks"),
        ("me/chats/getAllMessages?$search=x", "users/{user-id}/chats/getAllMessages"),
        ("communications/presences", "communications/presences?$filter=id in ('{user-id}')"),
        ("communications/presences?$filter=id in ('a')", "communications/presences?$filter=id in ('{user-id}')"),
        ("security/alerts", "security/alerts?$filter={condition}"),
        ("solutions/virtualEvents/events/", "solutions/virtualEvents/events"),
    ],
)
def test_a_concrete_path(reconcile, asked, path):
    ran = reconcile("catalog", asked)
    assert ran.code == 0
    assert ran.out.startswith(f"{path}: ")
    for word in ("change types", "longest lifetime", "lifecycle URL", "docs/graph-facts.md"):
        assert f"\n  {word} " in ran.out
    assert "permissions " in ran.out
    (found,) = reconcile("catalog", asked, "--format", "json").json
    assert found["path"] == path


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("users", "  taken and never sent     created\n"),
        ("me/events?$top=4&$select=subject", "  not allowed in it        $top\n"),
        (f"teams/{GUID.upper()}/", f"  canonical                teams/{GUID}\n"),
        ("security/alerts", "  … that it needs          $filter\n"),
        ("solutions/approval/approvalItems", "  application permissions  not documented\n"),
        ("print/printers/1/jobs", "  change types             created,updated,deleted (not verified)\n"),
        ("me/todo/lists/1/tasks", "  clouds                   global\n"),
        ("me/messages", "  note: With $filter, "),
    ],
)
def test_what_is_said_of_one(reconcile, asked, said):
    assert said in reconcile("catalog", asked).out


def test_a_draft_names_what_replaced_it(reconcile):
    ran = reconcile("catalog", "solutions/virtualEvents/events/77b1aa22-4c1f-4a1e-9d0c-0a5e2f2f1c11/sessions")
    assert ran.code == 0
    assert "\n  status                   draft\n" in ran.out
    assert "\n  replaced by " in ran.out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("/teems", "the catalog does not know '/teems', the nearest is teams"),
        (f"teams('{GUID}')/chanels", "the nearest is teams/{team-id}/channels"),
        (f"users/{GUID}/mesages?$select=subject", "the nearest is users/{user-id}/messages"),
        ("me/mesages", "the nearest is users/{user-id}/messages"),
        ("/xyzzy", "the catalog does not know '/xyzzy'\n"),
        ("me", "the catalog does not know 'me'\n"),
        ("teams('x", 'the resource "teams(\'x" is not understood: a quote is not closed'),
        ("https://graph.microsoft.com/v1.0/teams", "it is a path such as /teams, without https:// and the host"),
        ("", "the resource '' is not understood"),
        ("/", "the resource '/' is not understood"),
    ],
)
def test_what_it_does_not_know(reconcile, asked, said):
    ran = reconcile("catalog", asked)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(["teams", "me", "users", "('", "')", "/", "?", "$filter=", "{", "}", "%", "1", "&", "'"])
    ).map("".join)
    | st.sampled_from([entry.path for entry in ENTRIES])
)
@example("\udcff")
@example("teams/" * 20_000)
@example("(" * 5000)
@example(f"security/alerts?$filter={'(' * 200}a eq 1{')' * 200}")
def test_whatever_is_given_it_answers_or_says_why_not(text):
    for form in ("text", "json"):
        said = answer(text, form)
        known = said.startswith("[") if form == "json" else "docs/graph-facts.md" in said
        assert known or "not understood" in said or "does not know" in said


def answer(text: str, form: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            main(argparse.Namespace(resource=text, format=form))
        except UsageError as error:
            return str(error)
    return printed.getvalue()


SAME_SLOT = {"virtual-events-of-organizers", "draft-virtual-events-filtered"}
"""Beside all virtual events of the tenant, there is no room for them."""


def wanted(entry: Entry) -> dict[str, object]:
    """All of it that an application may ask for."""
    join_url = "https%253a%252f%252fteams.microsoft.com%252fl%252f1"
    path = entry.path.replace("{joinWebUrl}", join_url).replace("{condition}", "severity eq 'high'")
    resource = re.sub(r"\{[^}]*\}", GUID, path)
    changes = sorted(entry.change_types)
    return manifest("Subscription", f"of-{entry.id}", {"resource": resource, "changeTypes": changes})


WANTED = [each for each in ENTRIES if not each.permissions.delegated_only and each.id not in SAME_SLOT]


def test_all_of_it_can_be_wanted(offline):
    """Whatever an application may subscribe to, drafts aside; where nobody has tried it, nothing is said either."""
    shipped = [each for each in WANTED if each.status is Status.SHIPPED]
    assert len(shipped) > 65
    planned = offline(list(map(wanted, shipped)))
    assert planned.json["problems"] == []
    assert {name for action, name, _ in planned.actions if action == "create"} == {f"of-{each.id}" for each in shipped}


@pytest.mark.usefixtures("emulator")
def test_one_of_each_workload_is_taken_and_then_in_sync(reconcile, local):
    """The local Graph takes them, and a second look agrees."""
    entries = list({each.workload: each for each in WANTED}.values())
    assert len(entries) == len(Workload) - len({Workload.CONVERSATIONS, Workload.PRESENCE})
    folder = local(*map(wanted, entries))
    applied = reconcile("-f", folder, "--format", "json")
    assert (applied.code, applied.json["problems"]) == (0, [])
    assert len(applied.json["changes"]) == len(entries)
    again = reconcile("-f", folder, "--dry-run", "--detailed-exitcode", "--format", "json")
    assert (again.code, again.json["changes"]) == (0, [])
