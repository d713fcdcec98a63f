"""The catalog held against the tables of ``docs/graph-facts.md``: a wrong value would mislead us and the emulator."""

import datetime as dt
import re
from pathlib import Path

import pytest

from reconciler.core.catalog import (
    ENTRIES,
    Entry,
    LifecycleEvent,
    LifecycleUrl,
    Rich,
    Status,
    Version,
    Workload,
)
from reconciler.core.resource import read_resource

FACTS = (Path(__file__).parents[2] / "docs" / "graph-facts.md").read_text(encoding="utf-8")
BY_ID = {entry.id: entry for entry in ENTRIES}
SHIPPED = [entry for entry in ENTRIES if entry.status is Status.SHIPPED]
VIRTUAL = [entry for entry in ENTRIES if entry.workload is Workload.VIRTUAL_EVENTS]
EXAMPLE = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b"


def section(number: str) -> str:
    found = re.search(rf"^##+ {re.escape(number)}\.? .*?\n(.*?)(?=^##+ |\Z)", FACTS, re.MULTILINE | re.DOTALL)
    assert found, f"the facts have no section {number}"
    return found.group(1)


def table(number: str) -> list[list[str]]:
    """The rows of the first table of a section, without its head."""
    rows = [line for line in section(number).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip().strip("|").split(" | ")] for row in rows[2:]]


def row_of(number: str, start: str) -> list[str]:
    """The one row whose first or second cell begins as said."""
    found = [
        row
        for row in table(number)
        if start in (row[0], row[1]) or row[0].startswith(start) or row[1].startswith(start)
    ]
    exact = [row for row in found if start in (row[0], row[1])] or found[:1]
    assert len(exact) == 1, f"{start} in facts {number}: {found}"
    return exact[0]


def number_in(cell: str) -> int:
    found = re.search(r"\d[\d,]*", cell)
    assert found
    return int(found.group().replace(",", ""))


TEAMS_ROW = "Teams channel, chat, chatMessage, conversationMember, team"
LIFETIMES = {
    "all-channels": TEAMS_ROW,
    "channels": TEAMS_ROW,
    "chat-messages": TEAMS_ROW,
    "team": TEAMS_ROW,
    "teams": TEAMS_ROW,
    "draft-meeting-call-events": "Teams onlineMeeting",
    "meeting-call-events": "Teams onlineMeeting",
    "messages": "Outlook message, event, contact: basic",
    "presence": "presence",
    "users": "user, group, other directory resources",
    **{entry.id: "**Virtual events" for entry in VIRTUAL},
}
"""Row of facts 1.3 by entry."""

ENFORCED = {10_080: 10_070}
"""Documented and really enforced minutes (facts 1.3, 3.5)."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_lifetimes_facts_1_3(entry):
    documented = number_in(row_of("1.3", LIFETIMES[entry.id])[1])
    assert entry.lifetime == dt.timedelta(minutes=ENFORCED.get(documented, documented))


def test_what_is_enforced_is_less_than_documented_facts_3_5():
    assert "Outlook basic is enforced at **10,070** minutes, not 10,080" in section("1.3")
    assert "Subscription expiration can only be 10070 minutes in the future." in section("3.5")


def test_rich_lifetimes_facts_1_3():
    documented = number_in(row_of("1.3", "Outlook message, event, contact: rich")[1])
    assert {entry.id: entry.longest(rich=True) for entry in ENTRIES if entry.rich_lifetime} == {
        "messages": dt.timedelta(minutes=documented)
    }


VE_ROW, CALLS_ROW = "virtual events", "`communications/onlineMeetings(joinWebUrl='…')/meetingCallEvents`"
PERMISSIONS = {
    "all-channels": "`/teams/getAllChannels`",
    "channels": "`/teams/{id}/channels`",
    "chat-messages": "`/chats/{id}/messages`",
    "team": "`/teams/{id}`",
    "teams": "`/teams`",
    "draft-meeting-call-events": CALLS_ROW,
    "meeting-call-events": CALLS_ROW,
    "messages": "message / event / contact",
    "presence": "`/communications/presences…`",
    "users": "user / group",
    **{entry.id: VE_ROW for entry in VIRTUAL},
}
"""Row of facts 1.6 by entry."""

WRITING = {
    "all-channels": {"ChannelSettings.ReadWrite.All"},
    "channels": {"ChannelSettings.ReadWrite.All"},
    "team": {"TeamSettings.ReadWrite.All"},
}
"""What the concept page (and seed TC) adds to the create table: "unchanged" (facts 11.1)."""

APPLICATION_ONLY = {"virtual-events", "virtual-events-of-organizers"}
"""The two tenant-level paths (facts 1.6, 2.4); the drafts as well, by seed VE."""


def permission_names(cell: str) -> list[str]:
    """Of the first kind, where a row is about several."""
    return re.findall(r"[A-Z]\w*(?:\.\w+)+\*?", cell.split(" / ")[0])


def documented_permissions(entry: Entry) -> tuple[list[str], list[str], list[str]]:
    _, delegated, _, application = row_of("1.6", PERMISSIONS[entry.id])
    named = permission_names(application)
    if application.startswith("same"):
        named = permission_names(delegated) + named
    own_by_user = [] if entry.id in APPLICATION_ONLY or entry.status is Status.DRAFT else permission_names(delegated)
    return own_by_user, [each for each in named if "*" not in each], [each.rstrip("*") for each in named if "*" in each]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_permissions_facts_1_6(entry):
    added = WRITING.get(entry.id, set())
    found = (entry.permissions.delegated, entry.permissions.application, entry.permissions.resource_specific)
    assert tuple([each for each in names if each not in added] for names in found) == documented_permissions(entry)
    assert all(set(names) >= added for names in found[:2] if names)


def test_who_needs_a_signed_in_user_facts_9_3():
    assert {entry.id for entry in ENTRIES if entry.permissions.delegated_only} == {"presence"}
    assert "Presence and group conversation need a delegated token" in section("9.3")


ROWS = {
    "all-channels": "`/teams/getAllChannels`",
    "channels": "`/teams/{id}/channels`",
    "chat-messages": "`/chats/{id}/messages`; same options",
    "team": "`/teams/{id}`",
    "teams": "`/teams`",
    "meeting-call-events": "`communications/onlineMeetings(joinWebUrl='{encoded}')/meetingCallEvents`",
    "messages": "`/users/{id}/messages`",
    "presence": "`/communications/presences/{id}`",
    "users": "`/users`",
}
"""Row of facts 2.2 by entry; virtual events have their own table (2.4)."""


def change_types(cell: str) -> set[str]:
    return set(re.findall(r"created|updated|deleted", re.sub(r"\(.*?\)", "", cell)))


def supported(entry: Entry) -> tuple[set[str], str, str]:
    row = row_of("2.2", ROWS[entry.id])
    above = table("2.2")[: table("2.2").index(row) + 1]
    said = next(each[2] for each in reversed(above) if each[2] != "same")
    return change_types(said), row[3], row[4]


@pytest.mark.parametrize("name", ROWS)
def test_change_types_rich_and_version_facts_2_2(name):
    entry = BY_ID[name]
    changes, rich, version = supported(entry)
    assert entry.change_types == changes
    required = "create fails without certificate" in rich
    assert entry.rich is (Rich.REQUIRED if required else Rich.OPTIONAL if rich.startswith("yes") else Rich.NEVER)
    assert entry.rich_needs_select == ("`$select` mandatory" in rich)
    assert entry.versions == ((Version.BETA,) if version == "beta" else (Version.V1, Version.BETA))


def test_every_shipped_entry_has_a_row():
    assert {entry.id for entry in SHIPPED} == set(ROWS) | {
        entry.id for entry in VIRTUAL if entry.status is Status.SHIPPED
    }


def plain(path: str) -> str:
    """A path as the table of 2.4 could spell it: ids alike, lists of organizers left out."""
    return re.sub(r"\(.*", "", re.sub(r"\{[^}]*\}", "{id}", path.strip("`")))


def shipped_virtual_events() -> dict[str, tuple[set[str], bool]]:
    """Change types, and whether a delegated token will do, by path."""
    found = {}
    for row in table("2.4"):
        for kind in ("webinars", "townhalls") if "{eventType}" in row[1] else ("",):
            path = plain(row[1].split(" (")[0].replace("{eventType}", kind))
            if path.startswith("solutions/"):
                found[path] = (change_types(row[2]), "delegated" in row[3])
    return found


def test_virtual_events_as_shipped_facts_2_4():
    ours = {plain(each.path): each for each in VIRTUAL if each.status is Status.SHIPPED}
    documented = shipped_virtual_events()
    assert len(documented) == 11
    assert {
        path: (set(each.change_types), bool(each.permissions.delegated)) for path, each in ours.items()
    } == documented


def test_virtual_events_never_carry_data_and_take_one_each_facts_2_4():
    assert {entry.rich for entry in VIRTUAL} == {Rich.NEVER}
    assert all(entry.exclusive for entry in VIRTUAL)
    assert "deleted" not in {str(change) for entry in SHIPPED if entry in VIRTUAL for change in entry.change_types}


def test_tenant_level_virtual_events_share_one_slot_facts_2_4():
    sharing = {entry.id for entry in ENTRIES if entry.slot == "virtual-events-tenant"}
    assert sharing == {"virtual-events", "virtual-events-of-organizers", "draft-virtual-events-filtered"}


DRAFTS = {
    "draft-virtual-events-filtered": ("Organizer filter", {"virtual-events-of-organizers"}),
    "draft-virtual-event": ("Event changes", {"webinar", "townhall"}),
    "draft-virtual-event-sessions": ("Sessions", {"webinar-sessions", "townhall-sessions"}),
    "draft-virtual-event-registrants": ("Registrants", {"webinar-registrations"}),
    "draft-virtual-event-attendance-reports": (
        "Attendance",
        {"webinar-attendance-reports", "townhall-attendance-reports"},
    ),
    "draft-meeting-call-events": ("Session call updates", {"meeting-call-events"}),
}
"""Row of facts 11.2 and what was shipped in its place, by draft."""


def test_which_entries_are_drafts_facts_11_2():
    assert {entry.id for entry in ENTRIES if entry.status is Status.DRAFT} == set(DRAFTS)


@pytest.mark.parametrize("name", DRAFTS)
def test_what_replaced_a_draft_facts_11_2(name):
    row, successors = DRAFTS[name]
    entry = BY_ID[name]
    assert {each.id for each in SHIPPED if each.path in entry.replaced_by} == successors
    assert entry.versions == (Version.BETA,)
    _, seed, shipped = row_of("11.2", row)
    assert change_types(seed) - {"created"} <= entry.change_types
    last_words = {re.sub(r"\(.*", "", path.rsplit("/", 1)[-1]) for path in entry.replaced_by}
    assert all(word in shipped for word in last_words if not word.startswith("{"))


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.id)
def test_what_is_shipped_replaces_itself(entry):
    assert entry.replaced_by == ()


def test_lifecycle_events_facts_6():
    rows = {row[0].strip("`"): row[1] for row in table("6")}
    assert "all resources" in rows["reauthorizationRequired"]
    assert rows["subscriptionRemoved"] == "Outlook message, event, contact; Teams chatMessage"
    assert rows["missed"] == "Outlook message, event, contact only"
    for entry in ENTRIES:
        outlook = entry.workload is Workload.OUTLOOK
        expected = {
            LifecycleEvent.REAUTHORIZATION_REQUIRED: True,
            LifecycleEvent.SUBSCRIPTION_REMOVED: outlook or entry.id == "chat-messages",
            LifecycleEvent.MISSED: outlook,
        }
        assert entry.lifecycle_events == {event for event, sent in expected.items() if sent}, entry.id


def test_who_needs_a_lifecycle_url_facts_1_5():
    by_workload = {entry.workload: entry.lifecycle_url for entry in ENTRIES}
    assert by_workload == {
        Workload.DIRECTORY: LifecycleUrl.OPTIONAL,
        Workload.MEETINGS: LifecycleUrl.OPEN,
        Workload.OUTLOOK: LifecycleUrl.OPTIONAL,
        Workload.PRESENCE: LifecycleUrl.OPTIONAL,
        Workload.TEAMS: LifecycleUrl.REQUIRED,
        Workload.VIRTUAL_EVENTS: LifecycleUrl.OPEN,
    }
    assert len({(entry.workload, entry.lifecycle_url) for entry in ENTRIES}) == len(by_workload)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_the_sections_that_an_entry_rests_on_exist(entry):
    assert entry.facts
    assert all(section(number) for number in entry.facts)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_template_leads_to_its_own_entry(entry):
    assert read_resource(re.sub(r"\{[^}]*\}", EXAMPLE, entry.path)).entry is entry


def test_ids_and_paths_are_unique_and_sorted():
    assert len(BY_ID) == len(ENTRIES)
    paths = [entry.path.lower() for entry in ENTRIES]
    assert paths == sorted(set(paths))


EVENTS = "solutions/virtualEvents/events"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("/teams", "teams", id="TC: any team"),
        pytest.param(f"/teams/{EXAMPLE}", "team", id="TC: one team"),
        pytest.param("/teams/getAllChannels", "all-channels", id="TC: any channel"),
        pytest.param(f"/teams/{EXAMPLE}/channels", "channels", id="TC: channels of one team"),
        pytest.param(f"teams('{EXAMPLE}')", "team", id="TC: as a notification spells it"),
        pytest.param(EVENTS, "virtual-events", id="VE: event, tenant-level"),
        pytest.param(f"{EVENTS}/", "virtual-events", id="VE: with the slash of the example"),
        pytest.param(
            f"{EVENTS}/?$filter=organizerid eq '4cc2cccd-f9b3-4551-8bb9-f134d0366e1a' and coorganizerid in"
            " ('f0e00be8-8bd6-48f6-812b-03e778a7e64c', '1ee69d4c-8aaf-4f6f-9791-a78ca1207fb9')",
            "draft-virtual-events-filtered",
            id="VE: organizer filter",
        ),
        pytest.param(f"{EVENTS}/{EXAMPLE}", "draft-virtual-event", id="VE: event"),
        pytest.param(f"{EVENTS}/{EXAMPLE}/sessions", "draft-virtual-event-sessions", id="VE: sessions"),
        pytest.param(
            "communications/onlineMeetings/?$filter=JoinWebUrl eq 'https%3A%2F%2Fteams.microsoft.com%2Fl%2F19%253ax'",
            "draft-meeting-call-events",
            id="VE: session updates",
        ),
        pytest.param(
            f"{EVENTS}/{EXAMPLE}/registration/registrants", "draft-virtual-event-registrants", id="VE: registrants"
        ),
        pytest.param(
            f"{EVENTS}/{EXAMPLE}/sessions/{EXAMPLE}/attendanceReports",
            "draft-virtual-event-attendance-reports",
            id="VE: attendance reports",
        ),
    ],
)
def test_every_resource_of_the_seeds_has_an_entry(path, name):
    found = read_resource(path).entry
    assert found
    assert found.id == name
