"""The catalog held against the tables of ``docs/graph-facts.md``: a wrong value would mislead us and the emulator."""

import datetime as dt
import re
from pathlib import Path

import pytest

from reconciler.core.catalog import (
    ENTRIES,
    ChangeType,
    Cloud,
    Entry,
    LifecycleEvent,
    LifecycleUrl,
    Permissions,
    Rich,
    Status,
    Version,
    Workload,
)
from reconciler.core.clouds import CLOUDS
from reconciler.core.quotas import counted
from reconciler.core.resource import ResourceError, read_resource

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
LIFETIME_ROWS = {
    "Copilot aiInteraction": {"all-copilot-interactions", "copilot-interactions"},
    "Security alert": {"security-alert", "security-alerts"},
    "Teams approvals": {"approval-items"},
    "Teams callRecord": {"call-records"},
    "Teams callRecording, callTranscript": {
        f"{of}-{kind}" for of in ("all", "meeting", "user", "installed") for kind in ("recordings", "transcripts")
    },
    TEAMS_ROW: {entry.id for entry in ENTRIES if entry.workload is Workload.TEAMS} - {"app-installations"},
    "Teams onlineMeeting": {"meeting-call-events", "draft-meeting-call-events"},
    "Teams teamsAppInstallation": {"app-installations"},
    "Shifts": {entry.id for entry in ENTRIES if entry.workload is Workload.SHIFTS},
    "Group conversation": {"group-conversations"},
    "OneDrive driveItem, SharePoint list": {"drive-root", "user-drive-root", "list"},
    "Outlook message, event, contact: basic": {"messages", "folder-messages", "events", "contacts", "folder-contacts"},
    "user, group, other directory resources": {
        *("users", "user", "groups", "group", "group-owners", "group-members"),
    },
    "presence": {"presence", "presences"},
    "Print printer, printTaskDefinition": {"printer-jobs", "print-tasks", "print-task-definition-tasks"},
    "todoTask": {"todo-tasks"},
    "Entra health-monitoring alert": {"health-alerts", "health-alerts-of-type"},
    "**Virtual events": {entry.id for entry in VIRTUAL},
}
"""Entries by the row of facts 1.3."""

OTHER_ROWS = {"Outlook message, event, contact: rich", "baseTask (deprecated)"}
"""The first has a test of its own; the second has a lifetime and no path anywhere."""

LIFETIMES = {name: row for row, names in LIFETIME_ROWS.items() for name in names}
ENFORCED = {10_080: 10_070}
"""Documented and really enforced minutes (facts 1.3, 3.5)."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_lifetimes_facts_1_3(entry):
    documented = number_in(row_of("1.3", LIFETIMES[entry.id])[1])
    assert entry.lifetime == dt.timedelta(minutes=ENFORCED.get(documented, documented))


def test_every_row_of_lifetimes_facts_1_3():
    used = [row_of("1.3", start)[0] for start in LIFETIME_ROWS]
    assert sorted(used) == sorted({row[0] for row in table("1.3")} - OTHER_ROWS)
    assert len(LIFETIMES) == len(ENTRIES) == sum(map(len, LIFETIME_ROWS.values()))


def test_what_is_enforced_is_less_than_documented_facts_3_5():
    assert "Outlook basic is enforced at **10,070** minutes, not 10,080" in section("1.3")
    assert "Subscription expiration can only be 10070 minutes in the future." in section("3.5")


def test_rich_lifetimes_facts_1_3():
    documented = number_in(row_of("1.3", "Outlook message, event, contact: rich")[1])
    shorter = {entry.id: entry.longest(rich=True) for entry in ENTRIES if entry.rich_lifetime}
    assert shorter == {
        entry.id: dt.timedelta(minutes=documented) for entry in ENTRIES if entry.workload is Workload.OUTLOOK
    }


VE_ROW, CALLS_ROW = "virtual events", "`communications/onlineMeetings(joinWebUrl='…')/meetingCallEvents`"
MAIL_ROW, PRINT_ROW, AI_ROW = (
    "message / event / contact",
    "printer / printTaskDefinition",
    "aiInteraction user / tenant",
)
MEETINGS_ROW = "`communications/onlineMeetings/getAllRecordings` / `getAllTranscripts`"
MEETING_ROW = "`communications/onlineMeetings/{id}/recordings` / `transcripts`"
INSTALLED = "`/appCatalogs/teamsApps/{id}/installedToChats"
PERMISSIONS: dict[str, tuple[str, int]] = {
    "teams": ("`/teams`", 0),
    "team": ("`/teams/{id}`", 0),
    "all-channels": ("`/teams/getAllChannels`", 0),
    "channels": ("`/teams/{id}/channels`", 0),
    "chats": ("`/chats`", 0),
    "chat": ("`/chats/{id}`", 0),
    "user-chats": ("`/users/{id}/chats`", 0),
    "installed-chats": (f"{INSTALLED}`", 0),
    "channel-messages": ("`/teams/{id}/channels/{id}/messages`", 0),
    "all-channel-messages": ("`/teams/getAllMessages`", 0),
    "chat-messages": ("`/chats/{id}/messages`", 0),
    "all-chat-messages": ("`/chats/getAllMessages`", 0),
    "user-chat-messages": ("`/users/{id}/chats/getAllMessages`", 0),
    "installed-chat-messages": (f"{INSTALLED}/getAllMessages`", 0),
    "team-members": ("`/teams/{id}/members`", 0),
    "all-team-members": ("`/teams/getAllMembers`", 0),
    "channel-members": ("`/teams/{id}/channels/getAllMembers`", 0),
    "all-channel-members": ("`/teams/getAllChannels/getAllMembers`", 0),
    "shared-with-teams": ("`/teams/{id}/channels/{id}/sharedWithTeams`", 0),
    "all-chat-members": ("`/chats/getAllMembers`", 0),
    "chat-members": ("`/chats/{id}/members`", 0),
    "installed-chat-members": (f"{INSTALLED}/getAllMembers`", 0),
    "app-installations": ("`/appCatalogs/teamsApps/{id}/installations`", 0),
    "draft-meeting-call-events": (CALLS_ROW, 0),
    "meeting-call-events": (CALLS_ROW, 0),
    "call-records": ("`/communications/callRecords`", 0),
    "presence": ("`/communications/presences…`", 0),
    "presences": ("`/communications/presences…`", 0),
    "messages": (MAIL_ROW, 0),
    "folder-messages": (MAIL_ROW, 0),
    "events": (MAIL_ROW, 1),
    "contacts": (MAIL_ROW, 2),
    "folder-contacts": (MAIL_ROW, 2),
    "drive-root": ("driveItem (personal / business)", 1),
    "user-drive-root": ("driveItem (personal / business)", 1),
    "list": ("list", 0),
    "users": ("user / group", 0),
    "user": ("user / group", 0),
    **dict.fromkeys(("groups", "group", "group-owners", "group-members"), ("user / group", 1)),
    "group-conversations": ("group conversation", 0),
    "todo-tasks": ("todoTask", 0),
    "printer-jobs": (PRINT_ROW, 0),
    "print-tasks": (PRINT_ROW, 1),
    "print-task-definition-tasks": (PRINT_ROW, 1),
    "security-alert": ("security alert", 0),
    "security-alerts": ("security alert", 0),
    **{entry.id: ("shifts family", 0) for entry in ENTRIES if entry.workload is Workload.SHIFTS},
    "copilot-interactions": (AI_ROW, 0),
    "all-copilot-interactions": (AI_ROW, 1),
    "all-recordings": (MEETINGS_ROW, 0),
    "all-transcripts": (MEETINGS_ROW, 1),
    **{entry.id: (VE_ROW, 0) for entry in VIRTUAL},
}
"""Row of facts 1.6 by entry, and which of the kinds of the row it is."""

SAME_NAMES = {
    f"{of}-{kind}s": f"OnlineMeeting{kind.capitalize()}.Read.All"
    for of in ("meeting", "user")
    for kind in ("recording", "transcript")
}
"""The row after that of all recordings: "same names", for signed-in users as well."""

NO_ROW = {"installed-recordings", "installed-transcripts"}
"""The same permission is assumed, and the entry says so."""

WRITING = {
    "all-channels": {"ChannelSettings.ReadWrite.All"},
    "channels": {"ChannelSettings.ReadWrite.All"},
    "team": {"TeamSettings.ReadWrite.All"},
}
"""What the concept page (and seed TC) adds to the create table: "unchanged" (facts 11.1)."""

ABRIDGED = {
    "app-installations": "or scope-specific ReadFor{User,Team,Chat}.All",
    "chat-members": "ChatMember.Read.All …",
    "installed-chat-members": "ChatMember.Read.WhereInstalled, … Chat.ReadWrite.WhereInstalled",
}
"""Where the table does not spell out all names."""

APPLICATION_ONLY = {"virtual-events", "virtual-events-of-organizers"}
"""The two tenant-level paths (facts 1.6, 2.4); the drafts as well, by seed VE."""


def permission_names(cell: str, kind: int = 0) -> list[str]:
    """Of one kind, where a row is about several. ``A.Read.All, .ReadWrite.All`` says the second's beginning once."""
    kinds: list[list[str]] = []
    beginning = ""
    for part in cell.split(" / "):
        kinds.append([])
        for head, rest in re.findall(r"(?<![\w}])([A-Z]\w*)?((?:\.\w+)+\*?)", part):
            beginning = head or beginning
            kinds[-1].append(f"{beginning}{rest}")
    return kinds[min(kind, len(kinds) - 1)]


def documented_permissions(entry: Entry) -> tuple[list[str], list[str], list[str]]:
    start, kind = PERMISSIONS[entry.id]
    _, delegated, _, application = row_of("1.6", start)
    named = permission_names(application, kind)
    if application.startswith("same"):
        named = permission_names(delegated, kind) + named
    elsewhere = entry.id in APPLICATION_ONLY or entry.status is Status.DRAFT
    own_by_user = [] if elsewhere else permission_names(delegated, kind)
    return own_by_user, [each for each in named if "*" not in each], [each.rstrip("*") for each in named if "*" in each]


@pytest.mark.parametrize("entry", [each for each in ENTRIES if each.id in PERMISSIONS], ids=lambda entry: entry.id)
def test_permissions_facts_1_6(entry):
    added = WRITING.get(entry.id, set())
    found = (entry.permissions.delegated, entry.permissions.application, entry.permissions.resource_specific)
    ours = tuple([each for each in names if each not in added] for names in found)
    documented = documented_permissions(entry)
    if entry.id in ABRIDGED:
        assert ABRIDGED[entry.id] in row_of("1.6", PERMISSIONS[entry.id][0])[3]
        assert (ours[0], ours[2]) == (documented[0], documented[2])
        assert set(ours[1]) >= set(documented[1])
    else:
        assert ours == documented
    assert all(set(names) >= added for names in found[:2] if names)


@pytest.mark.parametrize("name", SAME_NAMES)
def test_recordings_of_meetings_and_users_have_the_same_names_facts_1_6(name):
    assert row_of("1.6", MEETING_ROW)[1:] == ["same names", "no", "same names"]
    assert BY_ID[name].permissions == Permissions(delegated=(SAME_NAMES[name],), application=(SAME_NAMES[name],))


def test_every_row_of_permissions_facts_1_6():
    used = {row_of("1.6", start)[0] for start, _ in PERMISSIONS.values()} | {row_of("1.6", MEETING_ROW)[0]}
    assert used == {row[0] for row in table("1.6")}


def test_what_has_no_row_of_permissions_says_so_facts_1_6():
    undocumented = {entry.id for entry in ENTRIES if not entry.permissions.documented}
    assert undocumented == {"approval-items", "health-alerts", "health-alerts-of-type"}
    assert {entry.id for entry in ENTRIES} == {*PERMISSIONS, *SAME_NAMES, *NO_ROW, *undocumented}
    assert all("that of the other paths is assumed" in " ".join(BY_ID[name].notes) for name in NO_ROW)


def test_who_needs_a_signed_in_user_facts_9_3():
    only = {entry.id for entry in ENTRIES if entry.permissions.delegated_only}
    assert only == {"group-conversations", "presence", "presences"}
    assert "Presence and group conversation need a delegated token" in section("9.3")


ALTERNATIVES = re.compile(r"\{([^{}]*\\\|[^{}]*)\}")
"""``{shifts\\|offerShiftRequests}`` in a path of the table."""


def paths_in(cell: str) -> list[tuple[str, bool]]:
    """The concrete paths that a cell of the table names, and whether a star says that they are on beta only."""
    found = []
    for text, star in re.findall(r"`([^`]+)`( \*)?", cell):
        if "/" in text and not text.startswith("?") and text != "/me/…":
            found += [(path, bool(star)) for path in spelled_out(text)]
    return found


def spelled_out(text: str) -> list[str]:
    if alternatives := ALTERNATIVES.search(text):
        each_name = alternatives.group(1).split("\\|")
        return [text[: alternatives.start()] + name + text[alternatives.end() :] for name in each_name]
    text = text.replace("$filter=…", "$filter=a eq 'b'").replace("',…)", "')").replace("…/", "communications/")
    return [re.sub(r"^/?me/", "users/{id}/", text)]


def rows_of_resources() -> list[tuple[str, bool, list[str]]]:
    """Each path of facts 2.2 with its star and its row, what is "same" filled in."""
    found: list[tuple[str, bool, list[str]]] = []
    above = [""] * 7
    for row in table("2.2"):
        cells = [before if cell.startswith("same") else cell for cell, before in zip(row, above, strict=False)]
        if row[1].startswith("same four with `Transcripts`"):
            cells[1] = above[1].replace("Recordings", "Transcripts").replace("recordings", "transcripts")
        found += [(path, star, cells) for path, star in paths_in(cells[1])]
        above = cells
    return found


ROWS = rows_of_resources()


def entry_of(path: str) -> Entry:
    found = read_resource(path.replace("{id}", EXAMPLE).replace("{encoded}", EXAMPLE)).entry
    assert found, path
    return found


@pytest.mark.parametrize("path", dict.fromkeys(path for path, _, _ in ROWS))
def test_every_path_has_an_entry_facts_2_2(path):
    assert entry_of(path).status is Status.SHIPPED


BY_ROW = {entry_of(path).id: (star, row) for path, star, row in ROWS}
"""Star and row of facts 2.2 by entry; virtual events have their own table (2.4)."""


def test_every_shipped_entry_has_a_row():
    virtual = {entry.id for entry in VIRTUAL if entry.status is Status.SHIPPED}
    assert {entry.id for entry in SHIPPED} == set(BY_ROW) | virtual
    assert len(SHIPPED) > 60


def change_types(cell: str) -> set[str]:
    return set(re.findall(r"created|updated|deleted", re.sub(r"\(.*?\)", "", cell)))


IN_BRACKETS = {
    "all-channel-messages": "(deleted allowed)",
    "installed-chat-members": "(app-installed example says created,updated)",
}
"""Where the brackets say more of what may be asked for."""


@pytest.mark.parametrize("name", BY_ROW)
def test_change_types_facts_2_2(name):
    entry, cell = BY_ID[name], BY_ROW[name][1][2]
    if cell == "n/v" or "notificationQueryOptions" in cell:
        assert entry.change_types == set(ChangeType)
        assert not entry.change_types_verified
    elif name in IN_BRACKETS:
        assert IN_BRACKETS[name] in cell
        assert entry.change_types == set(ChangeType)
    else:
        assert entry.change_types == change_types(cell)
        assert entry.change_types_verified


@pytest.mark.parametrize("name", BY_ROW)
def test_rich_and_version_facts_2_2(name):
    entry, (star, row) = BY_ID[name], BY_ROW[name]
    rich, version = row[3], row[4]
    required = entry.workload is Workload.PRESENCE
    assert entry.rich is (Rich.REQUIRED if required else Rich.OPTIONAL if rich.startswith("yes") else Rich.NEVER)
    assert entry.rich_needs_select == ("$select" in rich and "no `$select`" not in rich)
    assert entry.versions == ((Version.BETA,) if version == "beta" or star else (Version.V1, Version.BETA))


def test_presence_is_required_to_be_rich_facts_2_2():
    assert "create fails without certificate" in BY_ROW["presence"][1][3]
    assert "at most 650 distinct ids" in BY_ROW["presences"][1][5]
    assert BY_ID["presences"].filter_limit == 650


ONE = r"\b(?:1|one) (?:per app|a/t)"
"""How the table says that there is room for one."""


@pytest.mark.parametrize("name", BY_ROW)
def test_who_takes_one_facts_2_1_and_2_2(name):
    """All of Teams by 2.1, the others by their rows."""
    entry, said = BY_ID[name], BY_ROW[name][1][5]
    teams = entry.workload in {Workload.TEAMS, Workload.PRESENCE}
    assert entry.exclusive == (teams or bool(re.search(ONE, said)))


QUOTAS = {
    "1,000 per tenant": ({"approval-items"}, (1000, "tenant", None)),
    "10 per user+path": (
        {entry.id for entry in ENTRIES if entry.workload is Workload.SHIFTS},
        (10, "user and path", None),
    ),
    "10 per user": (
        {"copilot-interactions", "user-chats", "user-chat-messages", "user-recordings", "user-transcripts"},
        (10, "user", None),
    ),
    "100 per organization": ({"call-records"}, (100, "organization", None)),
    "1,000 active per mailbox over all apps": (
        {entry.id for entry in ENTRIES if entry.workload is Workload.OUTLOOK},
        (1000, "mailbox", "all apps"),
    ),
    **{
        said: (
            {entry.id for entry in ENTRIES if entry.workload is Workload.DIRECTORY},
            (limit, per, "users and groups"),
        )
        for said, limit, per in (
            ("100 a/t", 100, "app and tenant"),
            ("1,000 per tenant;", 1000, "tenant"),
            ("50,000 per app", 50_000, "app"),
        )
    },
}
"""Entries and quota by what the table says."""


def test_quotas_facts_2_1_and_2_2():
    assert "10,000 subscriptions per organization, counted across ALL Teams resources together" in section("2.1")
    ours = {(entry.id, (quota.limit, quota.per, quota.shared)) for entry in ENTRIES for quota in entry.quotas}
    expected = {(name, quota) for names, quota in QUOTAS.values() for name in names}
    of_teams = {
        entry.id
        for entry in ENTRIES
        if entry.workload is Workload.TEAMS or entry.id.endswith(("recordings", "transcripts"))
    }
    assert ours == expected | {(name, (10_000, "organization", "all Teams resources")) for name in of_teams}


def test_what_counts_together_facts_2_2():
    """Of a mailbox, of a user, or of a path: each has its own."""
    for one, other, together in (
        ("users/m/messages", "users/m/events", True),
        ("users/m/messages", "users/n/messages", False),
        ("users/m/chats", "users/n/chats", None),
        ("teams/t/schedule/shifts", "teams/u/schedule/shifts", False),
        ("users", "groups/g/members", True),
    ):
        keys = [{key for key, _ in counted(each.entry, each)} for each in map(read_resource, (one, other))]
        of_teams = {("all Teams resources", "organization", "")}
        assert keys[0] & keys[1] == (keys[0] if together else of_teams if together is None else set()), one


@pytest.mark.parametrize("said", QUOTAS)
def test_each_quota_stands_in_the_rows_facts_2_2(said):
    names, _ = QUOTAS[said]
    assert all(said.rstrip(";") in BY_ROW[name][1][5] for name in names)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("chat", {"notifyOnUserSpecificProperties", "$notifyOnUserSpecificProperties"}),
        ("user-chats", {"notifyOnUserSpecificProperties", "$notifyOnUserSpecificProperties"}),
        ("channel-messages", {"$search", "$filter"}),
        ("chat-messages", {"$search", "$filter"}),
        ("user-chat-messages", {"$search"}),
        ("channel-members", {"notifyOnIndirectMembershipUpdate", "suppressNotificationWhenSharedUnsharedWithTeam"}),
        ("app-installations", {"$filter", "useResourceSpecificConsentBasedAuthorization"}),
        ("call-records", {"$filter"}),
        ("security-alerts", {"$filter"}),
    ],
)
def test_query_options_facts_2_2(name, options):
    assert BY_ID[name].options == options
    row = " ".join(row for path, _, cells in ROWS if entry_of(path).id == name for row in cells)
    if "same" not in row:
        assert all(option.lstrip("$").lower() in row.lower() for option in options)


def test_only_outlook_else_takes_options_facts_2_2():
    takers = {entry.id for entry in ENTRIES if entry.options and entry.workload is not Workload.OUTLOOK}
    assert len(takers) == 9
    assert "not allowed: `$top`, `$skip`, `$orderby`, `$select=Body,UniqueBody`, `$expand` except" in section("2.2")
    for entry in ENTRIES:
        outlook = entry.workload is Workload.OUTLOOK
        assert entry.forbidden_select == ({"body", "uniqueBody"} if outlook else set())
        assert (entry.expandable is not None) == outlook


@pytest.mark.parametrize(
    ("users", "fits"), [pytest.param(650, True, id="as many as Graph takes"), pytest.param(651, False, id="one more")]
)
def test_presence_of_many_facts_2_2(users, fits):
    named = ",".join(f"'{number}'" for number in range(users))
    text = f"/communications/presences?$filter=id in ({named})"
    if fits:
        assert read_resource(text).entry is BY_ID["presences"]
    else:
        with pytest.raises(ResourceError, match="names 651 values, Graph takes 650"):
            read_resource(text)


def test_who_heeds_notification_query_options_facts_1_1():
    heeding = {entry.id for entry in ENTRIES if entry.takes_query_options}
    assert heeding == {"printer-jobs", "print-tasks", "print-task-definition-tasks", "health-alerts-of-type"}
    assert "documented as Universal Print only, yet Entra health-monitoring alerts also use it" in section("1.1")


def test_clouds_facts_1_3_and_2_4():
    assert "global cloud only" in row_of("1.3", "todoTask")[1]
    assert "virtual-event read APIs are global-only" in section("2.4")
    shipped = {entry.id for entry in VIRTUAL if entry.status is Status.SHIPPED}
    assert {entry.id for entry in ENTRIES if entry.clouds == {Cloud.GLOBAL}} == {"todo-tasks"}
    assert {entry.id for entry in ENTRIES if entry.read_clouds == {Cloud.GLOBAL}} == shipped
    assert {str(each) for each in Cloud} == set(CLOUDS)


def test_what_is_created_where_nothing_says_so_facts_1_1():
    assert "Drive root and list: only `updated`" in section("1.1")
    assert "`updated` also fires on creation" in section("1.1")
    for entry in ENTRIES:
        told = entry.workload in {Workload.DIRECTORY, Workload.FILES}
        assert (entry.created_as is ChangeType.UPDATED) == told
        assert entry.accepted_in_vain == ({ChangeType.CREATED} if entry.workload is Workload.DIRECTORY else set())
        assert entry.accepted_in_vain.isdisjoint(entry.change_types)


DELTA = {
    "messages": "users/{user-id}/mailFolders/{folder-id}/messages/delta",
    "events": "users/{user-id}/calendarView/delta",
    "contacts": "users/{user-id}/contactFolders/{folder-id}/contacts/delta",
    "drive-root": "drives/{drive-id}/root/delta",
    "list": "sites/{site-id}/lists/{list-id}/items/delta",
    "channel-messages": "teams/{team-id}/channels/{channel-id}/messages/delta",
}


@pytest.mark.parametrize("name", DELTA)
def test_what_is_read_after_a_gap_facts_10_2(name):
    assert BY_ID[name].resync == (DELTA[name],)
    assert re.sub(r"\{[^}]*\}", "{id}", DELTA[name]) in section("10.2")


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
            LifecycleEvent.SUBSCRIPTION_REMOVED: outlook
            or (entry.id.endswith("-messages") and entry.workload is Workload.TEAMS),
            LifecycleEvent.MISSED: outlook,
        }
        assert entry.lifecycle_events == {event for event, sent in expected.items() if sent}, entry.id


def test_who_needs_a_lifecycle_url_facts_1_5():
    """Teams by its pages, recordings and Copilot by theirs; open where only the generic wording could mean it."""
    required = {Workload.TEAMS, Workload.COPILOT}
    open_ones = {Workload.APPROVALS, Workload.CALLS, Workload.MEETINGS, Workload.SHIFTS, Workload.VIRTUAL_EVENTS}
    for entry in ENTRIES:
        if entry.workload in required or entry.id.endswith(("recordings", "transcripts")):
            assert entry.lifecycle_url is LifecycleUrl.REQUIRED, entry.id
        else:
            assert (entry.lifecycle_url is LifecycleUrl.OPEN) == (entry.workload in open_ones), entry.id


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
