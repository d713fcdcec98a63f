"""What an application needs: few permissions, the least that do, and what a token has of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.catalog import ENTRIES
from reconciler.core.permissions import Kind, Need, Purpose, compare, cover, needed
from reconciler.core.reads import READS, permissions_to_read
from tests.core.world import CERTIFICATE, want

TEAM, CHANNEL = "Team.ReadBasic.All", "Channel.ReadBasic.All"
WEBINAR = "solutions/virtualEvents/webinars/1"


def resources(*paths):
    return [want(f"s{number}", resource=path) for number, path in enumerate(paths)]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["teams"], [TEAM], id="the-least"),
        pytest.param(["teams", "teams/1", "teams/2"], [TEAM], id="one-for-several"),
        pytest.param(["teams/1/channels"], [CHANNEL], id="one-team"),
        pytest.param(["teams/getAllChannels"], [CHANNEL, TEAM], id="a-resync-reads-teams-first"),
        pytest.param(["users/1/messages"], ["Mail.Read"], id="what-subscribes-reads-as-well"),
        pytest.param(["users"], ["User.Read.All"], id="users"),
        pytest.param(
            [f"{WEBINAR}/getAttendanceReports"],
            ["OnlineMeetingArtifact.Read.All", "VirtualEvent.Read.All"],
            id="reports-are-read-with-another",
        ),
        pytest.param(["users/1/todo/lists/1/tasks"], ["Tasks.ReadWrite.All"], id="who-may-write-may-read"),
        pytest.param(["chats/1/messages", "teams"], ["Chat.Read.All", TEAM], id="two-workloads"),
    ],
)
def test_the_least_that_do(paths, expected):
    assert [grant.permission for grant in needed(resources(*paths)).grants] == expected


def test_without_what_a_resync_takes():
    found = needed(resources("teams/getAllChannels", f"{WEBINAR}/getAttendanceReports"), reads=False)
    assert [grant.permission for grant in found.grants] == [CHANNEL, "VirtualEvent.Read.All"]
    assert found.undocumented == ()


def test_each_grant_says_what_it_is_for():
    teams, one = needed(resources("teams", "teams/1", "teams/2")).grants[0].needs[:2]
    assert (teams.purpose, teams.path, teams.names) == (Purpose.SUBSCRIBE, "/teams", ("s0",))
    assert (one.path, one.names) == ("/teams/{team-id}", ("s1", "s2"))
    assert one.resource_specific[0] == "TeamSettings.Read.Group"


def test_delegated():
    found = needed(resources("teams", "teams/1"), Kind.DELEGATED)
    assert [grant.permission for grant in found.grants] == [TEAM]
    assert [each.path for each in found.unsupported] == ["/teams"]
    assert {name for each in found.needs for name in each.names} == {"s1"}  # nothing is read for what cannot be


def test_what_only_a_user_may():
    presence = want("p", resource="communications/presences/1", changes="updated", certificate=CERTIFICATE)
    assert [each.names for each in needed([presence]).unsupported] == [("p",)]
    assert needed([presence]).grants == ()
    assert [grant.permission for grant in needed([presence], Kind.DELEGATED).grants] == ["Presence.Read.All"]


def test_what_nobody_documents():
    found = needed(resources(WEBINAR, "some/thing", "reports/healthmonitoring/alerts"))
    assert [(each.purpose, each.path) for each in found.undocumented] == [
        (Purpose.SUBSCRIBE, "/reports/healthmonitoring/alerts"),
        (Purpose.READ, "/solutions/virtualEvents/webinars/{webinar-id}"),
    ]
    assert found.unsupported == ()
    assert [each.path for each in found.uncatalogued] == ["/some/thing"]


@pytest.mark.parametrize(
    ("roles", "missing", "excess"),
    [
        pytest.param({TEAM, CHANNEL}, [], [], id="all"),
        pytest.param({TEAM}, ["/teams/{team-id}/channels", "/teams/{team-id}/allChannels"], [], id="one-lacks"),
        pytest.param({TEAM, CHANNEL, "Mail.Read"}, [], ["Mail.Read"], id="one-too-many"),
        pytest.param({"TeamSettings.Read.All", TEAM, CHANNEL}, [], ["TeamSettings.Read.All"], id="more-than-the-least"),
        pytest.param({"TeamSettings.ReadWrite.All", CHANNEL}, [], [], id="another-that-does"),
        pytest.param(set(), [], [], id="opaque"),
    ],
)
def test_compared_with_a_token(roles, missing, excess):
    found = compare(needed(resources("teams/1", "teams/1/channels")), roles)
    assert [each.path for each in found.missing] == missing
    assert list(found.excess) == excess


def test_every_read_is_of_the_catalog_or_near_it():
    """A path that is spelled wrongly would never be found."""
    wanted = {re.sub(r"\{[^}]*\}", "{}", path.lower()) for entry in ENTRIES for path in entry.resync}
    assert set(READS) - wanted == set()
    assert permissions_to_read("/Teams/{team-id}/allChannels") == READS["teams/{}/allchannels"]


names = st.sampled_from("ABCDEF")
options = st.lists(names, min_size=1, max_size=4, unique=True).map(tuple)
all_needs = st.lists(options, max_size=8).map(
    lambda found: [Need(Purpose.SUBSCRIBE, f"/{index}", (), each) for index, each in enumerate(found)]
)


@given(all_needs)
def test_a_cover_serves_all_and_nothing_in_it_is_needless(needs):
    chosen = set(cover(needs))
    assert all(chosen & set(each.options) for each in needs)
    for name in chosen:
        assert any(not (chosen - {name}) & set(each.options) for each in needs)


@given(all_needs, st.randoms(use_true_random=False))
def test_a_cover_does_not_depend_on_the_order(needs, random):
    shuffled = random.sample(needs, len(needs))
    assert cover(shuffled) == cover(needs)


@pytest.mark.parametrize("entry", [each for each in ENTRIES if each.permissions.application], ids=lambda each: each.id)
def test_of_every_entry_the_least_reads_where_reading_is_enough(entry):
    need = Need(Purpose.SUBSCRIBE, entry.path, (), entry.permissions.application)
    reading = [name for name in entry.permissions.application if "Write" not in name]
    assert list(need.least) == (reading or list(entry.permissions.application))
