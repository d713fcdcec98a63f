"""The emulator's own parser of resources (facts 2, 11.4), and how it spells instants and spans."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.catalog import Version
from reconciler.emulator import instants
from reconciler.emulator.model import filters, resources
from reconciler.emulator.model.refusals import Refusal

GUID = "0a1b2c3d-0000-4000-8000-00000000000a"
EVENTS = "solutions/virtualEvents/events"
PARSED = [
    ("teams", "teams", "teams", ""),
    ("/Teams/", "teams", "teams", ""),
    ("teams/getallchannels", "all-channels", "teams/getallchannels", ""),
    ("teams('getAllChannels')", "team", "teams/getAllChannels", ""),
    (f"teams('{GUID.upper()}')", "team", f"teams/{GUID}", ""),
    (f"teams({GUID})/channels/", "channels", f"teams/{GUID}/channels", ""),
    ("teams('o''brien')", "team", "teams/o'brien", ""),
    ("chats/19%3AaB%40thread.v2/messages", "chat-messages", "chats/19:aB@thread.v2/messages", ""),
    ("chats/a%2Fb/messages", "chat-messages", "chats/a/b/messages", ""),
    ("teams?model=B", "teams", "teams", ""),
    ("users/u/messages?$select=a,b&$Filter=x eq 'y'", "messages", "users/u/messages", "$filter=x eq 'y'&$select=a,b"),
    (
        "users/u/events?$expand=singleValueExtendedProperties($filter=id eq 'String 0x1')&$select=subject",
        "events",
        "users/u/events",
        "$expand=singleValueExtendedProperties($filter=id eq 'String 0x1')&$select=subject",
    ),
    ("teams/getAllMessages", "all-channel-messages", "teams/getallmessages", ""),
    ("teams/getAllChannels/getAllMembers", "all-channel-members", "teams/getallchannels/getallmembers", ""),
    ("security/alerts?$filter=a eq 'b'", "security-alerts", "security/alerts", "$filter=a eq 'b'"),
    ("chats/c?notifyOnUserSpecificProperties=true", "chat", "chats/c", "notifyonuserspecificproperties=true"),
    ("chats/c?$notifyOnUserSpecificProperties=true", "chat", "chats/c", "$notifyonuserspecificproperties=true"),
    ("communications/presences?$filter=id in ('b','a')", "presences", "communications/presences", "$filter=a,b"),
    (f"{EVENTS}/", "virtual-events", EVENTS.lower(), ""),
    (f"{EVENTS}/{GUID}@{GUID}", "draft-virtual-event", f"{EVENTS.lower()}/{GUID}@{GUID}", ""),
    (
        f"{EVENTS}/getEventsFromOrganizers(organizerIds=['b', 'a','b'])",
        "virtual-events-of-organizers",
        f"{EVENTS.lower()}/geteventsfromorganizers(organizerids=['a','b'])",
        "",
    ),
    (
        f"{EVENTS}/?$filter=organizerid eq 'b' and coorganizerid in ('a', 'b')",
        "draft-virtual-events-filtered",
        EVENTS.lower(),
        "$filter=a,b",
    ),
    (
        f"{EVENTS}?$filter=coorganizerid%20in%20(%27a%27)",
        "draft-virtual-events-filtered",
        EVENTS.lower(),
        "$filter=a",
    ),
    (
        "communications/onlineMeetings(joinWebUrl='https%253a%252f%252fx')/meetingCallEvents",
        "meeting-call-events",
        "communications/onlinemeetings(joinweburl='https%253a%252f%252fx')/meetingcallevents",
        "",
    ),
    (
        "/communications/onlineMeetings/?$filter=JoinWebUrl eq 'https://teams/l?x=1&y=2'",
        "draft-meeting-call-events",
        "communications/onlinemeetings",
        "$filter=https://teams/l?x=1&y=2",
    ),
]
REFUSED = [
    "",
    "/",
    "team",
    "teams//channels",
    "teams/a/channel",
    "teams/{team-id}",
    "teams('a",
    "teams/getAllOfThem",
    "teams('')",
    "teams()",
    "teams/a'b",
    "teams?$filter=a eq 'b'",
    "teams?$top=1",
    "teams?model",
    "teams?model=A&model=B",
    "users/u/messages?$filter=a eq",
    "users/u/messages?$filter=",
    f"{EVENTS}?$filter=subject eq 'x'",
    f"{EVENTS}?$filter=organizerid ne 'x'",
    f"{EVENTS}?$filter=organizerid eq ''",
    f"{EVENTS}?$filter=organizerid eq 5",
    f"{EVENTS}/getEventsFromOrganizers(organizerIds=[])",
    f"{EVENTS}/getEventsFromOrganizers(organizerIds='a')",
    f"{EVENTS}/getEventsFromOrganizers(ids=['a'])",
    f"{EVENTS}/getEventsFromOrganizers",
    "users/u/messages?$select=subject,Body",
    "users/u/messages?$select=uniquebody",
    "users/u/events?$expand=attachments",
    "users/u/contacts?$orderby=id",
    "chats/c?$search=x",
    "security/alerts",
    "communications/onlineMeetings?$filter=JoinWebUrl in ('a','b')",
    "https://graph.microsoft.com/v1.0/teams",
]


@pytest.mark.parametrize(("text", "entry", "path", "query"), PARSED)
def test_parsed(text: str, entry: str, path: str, query: str) -> None:
    found = resources.parse(text, version=Version.BETA)
    assert (found.entry.id, found.path, found.query, found.text) == (entry, path, query, text)


@pytest.mark.facts("3.5")
@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    """Facts 3.5: with the resource as it was sent."""
    with pytest.raises(Refusal) as caught:
        resources.parse(text, version=Version.BETA)
    assert caught.value.status == 400
    assert caught.value.message == f"resource '{text}' is not supported."


@pytest.mark.facts("11.2")
@pytest.mark.parametrize(
    "text",
    [
        f"{EVENTS}/{GUID}",
        f"{EVENTS}?$filter=organizerid eq 'x'",
        "communications/onlineMeetings?$filter=JoinWebUrl eq 'x'",
    ],
)
def test_drafts_are_on_beta_only(text: str) -> None:
    """Facts 11.2: Graph itself never had them."""
    assert resources.parse(text, version=Version.BETA).entry.status == "draft"
    with pytest.raises(Refusal):
        resources.parse(text, version=Version.V1)


@pytest.mark.facts("2.4", "11.2")
def test_filter_and_function_mean_the_same_people() -> None:
    """Facts 2.4, 11.2: any of the union, and they compete for one slot."""
    by_filter = resources.parse(
        f"{EVENTS}?$filter=organizerid eq 'a' and coorganizerid in ('b', 'c')", version=Version.BETA
    )
    by_function = resources.parse(f"{EVENTS}/getEventsFromOrganizers(organizerIds=['c','a','b'])", version=Version.BETA)
    everyone = resources.parse(EVENTS, version=Version.BETA)
    assert by_filter.any_of == by_function.any_of == {"a", "b", "c"}
    assert by_filter.slot == by_function.slot == everyone.slot


ids = st.from_regex(r"[A-Za-z0-9_:.@-]{1,20}", fullmatch=True).filter(lambda text: not text.lower().startswith("get"))


@given(identifier=ids, upper=st.booleans(), slashes=st.tuples(st.booleans(), st.booleans()), key=st.booleans())
def test_spellings_of_one_resource(identifier: str, upper: bool, slashes: tuple[bool, bool], key: bool) -> None:
    """However it is written, it is one resource with one slot."""
    names = ("TEAMS", "CHANNELS") if upper else ("teams", "channels")
    middle = f"{names[0]}('{identifier}')" if key else f"{names[0]}/{identifier}"
    text = "/" * slashes[0] + f"{middle}/{names[1]}" + "/" * slashes[1]
    found = resources.parse(text, version=Version.V1)
    plain = resources.parse(f"teams/{identifier}/channels", version=Version.V1)
    assert (found.path, found.slot, found.entry.id) == (plain.path, plain.slot, "channels")


def outcome(text: str, version: Version) -> str | int:
    """The text that is kept, or the status of the refusal."""
    try:
        return resources.parse(text, version=version).text
    except Refusal as refusal:
        return refusal.status


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    assert {outcome(text, version) for version in Version} <= {text, 400}


HEADS = ("teams", f"{EVENTS}/getEventsFromOrganizers(organizerIds=", f"{EVENTS}?$filter=organizerid ")


@given(st.sampled_from(HEADS), st.text(alphabet="teams/('\")=[]?$&%, {}chat27", max_size=30))
def test_almost_resources_are_parsed_or_refused(head: str, tail: str) -> None:
    assert outcome(head + tail, Version.BETA) in {head + tail, 400}


@given(st.lists(st.text(alphabet="ab'-, ()", min_size=1, max_size=8), min_size=1, max_size=4))
def test_lists_of_any_length(values: list[str]) -> None:
    """One-item lists too, which the grammar alone takes for brackets."""
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    assert filters.values(filters.parse(f"Field in ({quoted})")) == {"field": values}


@given(
    st.datetimes(timezones=st.just(dt.UTC)).filter(lambda instant: 1 < instant.year < 9999),
    st.integers(-14 * 60, 14 * 60),
)
def test_instants_are_read_as_they_are_spelled(instant: dt.datetime, minutes: int) -> None:
    elsewhere = instant.astimezone(dt.timezone(dt.timedelta(minutes=minutes)))
    assert instants.parse(instants.spell(instant)) == instant
    assert instants.parse(elsewhere.isoformat()) == instant
    assert "0Z" not in instants.spell(instant.replace(second=1, microsecond=120_000))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2031-01-01",
        "2031-01-01T00:00:00",
        "2031-13-01T00:00:00Z",
        "2031-01-01T00:00:00.12345678Z",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    assert instants.parse(text) is None


@pytest.mark.facts("3.5")
@pytest.mark.parametrize(
    ("span", "text"),
    [
        (dt.timedelta(days=3), "3.00:00:00"),
        (dt.timedelta(minutes=60), "01:00:00"),
        (dt.timedelta(), "00:00:00"),
        (-dt.timedelta(days=3, seconds=2, microseconds=994_255), "-3.00:00:02.9942550"),
        (-dt.timedelta(days=5, hours=23, minutes=59, seconds=55, microseconds=578_257), "-5.23:59:55.5782570"),
    ],
)
def test_spans(span: dt.timedelta, text: str) -> None:
    """Facts 3.5, as .NET spells a TimeSpan."""
    assert instants.spell_span(span) == text
