"""One canonical form: what is the same resource, what is not, and what is none."""

import contextlib
import re
import time
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import resource as module
from reconciler.core.catalog import ENTRIES
from reconciler.core.resource import ResourceError, nearest, parse_resource, read_resource

GUID = "FBE2BF47-16C8-47CF-B4A5-4B9B187C508B"
LOW = GUID.lower()
OTHER = "4cc2cccd-f9b3-4551-8bb9-f134d0366e1a"
EVENTS = "solutions/virtualEvents/events"
ORGANIZERS = f"{EVENTS}/getEventsFromOrganizers"
MEETING = "communications/onlineMeetings"
MAIL = "users/u/messages"
CHANNEL = "19:AbC_d-1@thread.tacv2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("/teams", "teams", id="leading-slash-facts-1.1"),
        pytest.param("teams/", "teams", id="trailing-slash-facts-2.4"),
        pytest.param(" /teams ", "teams", id="spaces"),
        pytest.param("/Teams/GetAllChannels", "teams/getAllChannels", id="letter-case-of-names"),
        pytest.param(f"teams/{GUID}", f"teams/{LOW}", id="letter-case-of-guids"),
        pytest.param(f"teams('{GUID}')", f"teams/{LOW}", id="key-syntax-facts-2.3"),
        pytest.param(f"Teams('{LOW}')/channels", f"/teams/{LOW}/Channels/", id="key-syntax-in-the-middle"),
        pytest.param(f"teams({LOW})", f"teams/{LOW}", id="key-syntax-without-quotes"),
        pytest.param("users/a%40b.com/messages", "users/a@b.com/messages", id="escapes"),
        pytest.param("users/o%27hara/messages", "users('o''hara')/messages", id="a-quote-in-an-id"),
        pytest.param(
            f"{EVENTS[:-6]}webinars/{GUID}@{OTHER.upper()}",
            f"{EVENTS[:-6]}webinars/{LOW}@{OTHER}",
            id="two-guids-facts-2.4",
        ),
        pytest.param("chats/getAllMessages?model=B", "chats/getAllMessages", id="dead-model-option-facts-2.1"),
        pytest.param(f"{MAIL}?model=A&$select=id", f"{MAIL}?$select=id", id="model-beside-another-option"),
        pytest.param(f"{MAIL}?", MAIL, id="empty-query"),
        pytest.param(
            f"{ORGANIZERS}(organizerIds=['a','b'])", f"{ORGANIZERS}(organizerIds=['b', 'a'])", id="list-order"
        ),
        pytest.param(f"{ORGANIZERS}(organizerIds=['a'])", f"{ORGANIZERS}(organizerIds='a')", id="a-list-of-one"),
        pytest.param(
            f"{ORGANIZERS}(organizerIds=['a','a'])",
            f"{ORGANIZERS}( OrganizerIds = [ 'a' ] )",
            id="said-twice-and-spaced",
        ),
        pytest.param("f(B='2',a='1')/x", "F(a='1',b='2')/x", id="order-of-arguments"),
        pytest.param(f"{MAIL}?$select=Subject, from", f"{MAIL}?$select=from,subject", id="select-is-a-set"),
        pytest.param(f"{MAIL}?$select=a&$search=b", f"{MAIL}?$search=b&$select=a", id="order-of-options"),
        pytest.param(f"{MAIL}?%24filter=a%20eq%201", f"{MAIL}?$filter=a eq 1", id="escaped-query"),
        pytest.param(f"{MAIL}?$filter=a eq '1' and b eq 2", f"{MAIL}?$filter=b eq 2 and a  eq '1'", id="and"),
        pytest.param(f"{MAIL}?$filter=a or b or c", f"{MAIL}?$filter=c or (b or a)", id="or-however-bracketed"),
        pytest.param(f"{MAIL}?$filter=a eq 1 and a eq 1", f"{MAIL}?$filter=(A eq 1)", id="said-twice"),
        pytest.param(f"{MAIL}?$filter=a in ('1','2')", f"{MAIL}?$filter=a in('2', '1','1')", id="in-is-a-set"),
        pytest.param(f"{MAIL}?$filter=a in ('1')", f"{MAIL}?$filter=a eq '1'", id="in-with-one-value"),
        pytest.param(f"{MAIL}?$filter=1 lt a", f"{MAIL}?$filter=a gt 1", id="mirrored"),
        pytest.param(f"{MAIL}?$filter=a eq '{GUID}'", f"{MAIL}?$filter=a eq '{LOW}'", id="guid-in-a-filter"),
        pytest.param(
            f"{MEETING}/?$filter=JoinWebUrl eq 'https%3A%2F%2Fx'",
            f"{MEETING}?$filter=joinweburl in ('https%3A%2F%2Fx')",
            id="seed-ve-session-updates",
        ),
        pytest.param(
            f"{EVENTS}/?$filter=organizerid eq 'a' and coorganizerid in ('b', 'c')",
            f"{EVENTS}?$filter=coorganizerid in ('c','a') or organizerid eq 'b'",
            id="draft-filter-is-any-of-facts-11.2",
        ),
    ],
)
def test_equal(one, other):
    first, second = read_resource(one), read_resource(other)
    assert first == second
    assert first.canonical == second.canonical
    assert first.slot(["created"]) == second.slot(["created"])
    assert first.entry is second.entry


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(f"chats/{CHANNEL}/messages", f"chats/{CHANNEL.lower()}/messages", id="ids-keep-their-letter-case"),
        pytest.param("teams", f"teams/{LOW}", id="all-and-one"),
        pytest.param("teams/getAllChannels", f"teams/{LOW}", id="a-function-is-no-id"),
        pytest.param(
            f"{MEETING}(joinWebUrl='x%253ay')/meetingCallEvents",
            f"{MEETING}(joinWebUrl='x%3ay')/meetingCallEvents",
            id="encoded-once-more-facts-2.5",
        ),
        pytest.param(
            f"{MEETING}(joinWebUrl='x%3Ay')/meetingCallEvents",
            f"{MEETING}(joinWebUrl='x:y')/meetingCallEvents",
            id="quoted-values-are-not-decoded",
        ),
        pytest.param("a%2Fb", "a/b", id="an-escaped-slash"),
        pytest.param("a%3Fb=c", "a?b=c", id="an-escaped-question-mark"),
        pytest.param("f%28a='1'%29/x", "f(a='1')/x", id="escaped-brackets"),
        pytest.param("x?$search=a%26b=c", "x?$search=a&b=c", id="an-escaped-ampersand"),
        pytest.param("x?a%3Db=c", "x?a=b%3Dc", id="an-escaped-equals-sign"),
        pytest.param("f(a=['1','2'])/x", "f(a='1,2')/x", id="a-list-and-one-with-a-comma"),
        pytest.param("f(a=[])/x", "f(a=[''])/x", id="no-value-and-an-empty-one"),
        pytest.param(f"{MAIL}?$filter=a eq 'B'", f"{MAIL}?$filter=a eq 'b'", id="text-keeps-its-letter-case"),
        pytest.param(f"{MAIL}?$filter=a eq 1 and b eq 2", f"{MAIL}?$filter=a eq 1 or b eq 2", id="and-is-not-or"),
        pytest.param(f"{MAIL}?$filter=a lt 1", f"{MAIL}?$filter=1 lt a", id="the-order-of-a-comparison"),
        pytest.param(f"{MAIL}?$filter=a and (b or c)", f"{MAIL}?$filter=(a and b) or c", id="brackets-that-mean-it"),
        pytest.param(f"{MAIL}?$filter=a eq '1'", f"{MAIL}?$filter=a eq 1", id="text-is-not-a-number"),
        pytest.param(f"{MAIL}?$filter=a eq 'x'' or ''y'", f"{MAIL}?$filter=a eq 'x' or 'y'", id="doubled-quotes"),
        pytest.param(f"{MAIL}?$select=a", MAIL, id="with-and-without-select"),
        pytest.param(
            f"{EVENTS}?$filter=organizerid eq 'a'", f"{ORGANIZERS}(organizerIds=['a'])", id="draft-and-shipped-spelling"
        ),
    ],
)
def test_unequal(one, other):
    assert read_resource(one).canonical != read_resource(other).canonical


def test_the_draft_filter_and_its_successor_compete_facts_2_4():
    draft, shipped, all_of_them = (
        read_resource(text)
        for text in (f"{EVENTS}?$filter=organizerid eq 'a'", f"{ORGANIZERS}(organizerIds=['a'])", EVENTS)
    )
    assert {each.slot(["created"]) for each in (draft, shipped, all_of_them)} == {"virtual-events-tenant"}
    assert [each.entry and each.entry.id for each in (draft, shipped, all_of_them)] == [
        "draft-virtual-events-filtered",
        "virtual-events-of-organizers",
        "virtual-events",
    ]


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        pytest.param("Teams/", "teams", id="exclusive-whatever-the-change-types-facts-2.1"),
        pytest.param(f"teams('{GUID}')/channels", f"teams/{LOW}/channels", id="exclusive-by-id"),
        pytest.param("chats/C/messages?$search=hi", "chats/C/messages", id="exclusive-whatever-the-query"),
        pytest.param(f"{MAIL}?$select=id", f"{MAIL}?$select=id created,updated", id="not-exclusive"),
        pytest.param("new/things", "new/things created,updated", id="not-in-the-catalog"),
        pytest.param(
            f"{MEETING}?$filter=JoinWebUrl eq 'x'",
            "communications/onlinemeetings?$filter=joinweburl in ('x')",
            id="one-per-meeting",
        ),
    ],
)
def test_slot(text, slot):
    assert read_resource(text).slot(["updated", "created"]) == slot


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the path is empty"),
        ("//", "the path is empty"),
        ("?$filter=a", "the path is empty"),
        ("teams//channels", "two slashes follow each other"),
        ("teams/{team-id}", "the placeholder {team-id} is not filled in"),
        ("teams('{team-id}')/channels", "the placeholder {team-id} is not filled in"),
        ("https://graph.microsoft.com/v1.0/teams", "it is a path such as /teams, without https:// and the host"),
        ("teams('x", "a quote is not closed"),
        ("teams('x'", "a bracket is not closed"),
        ("teams)", "a bracket is closed that was not opened"),
        ("teams('x')y", "\"teams('x')y\" is neither a name nor a function call"),
        ("('x')", "\"('x')\" is neither a name nor a function call"),
        ("teams('x'y')", "a quote is not closed"),
        ("teams('x'y'z')", "\"'x'y'z'\" is not a quoted value"),
        ("teams('')", "an id is empty"),
        ("f(a='1','2')", "\"f(a='1','2')\" has an argument that is not name=value"),
        ("f(a=['1','2')]", "\"f(a=['1','2')]\" is neither a name nor a function call"),
        ("f(a=)", "'' is not a value"),
        ("a%zz", "'%zz' is not an escape such as %20"),
        ("a%", "'%' is not an escape such as %20"),
        ("a%ff", "the escapes in 'a%ff' are not UTF-8"),
        ("x?$select=a&$SELECT=b", "the option $select is given twice"),
        ("x?$search=%zz", "'%zz' is not an escape such as %20"),
        (f"{MAIL}?$filter=a eq", "$filter is not understood at ' eq'"),
        (f"{MAIL}?$filter=a eq 1 2", "$filter is not understood at ' 2'"),
        (f"{MAIL}?$filter=", "$filter is not understood at its end"),
        (f"{MAIL}?$filter=nonsense(a)", "$filter is not understood: unknown function: 'nonsense'"),
        (
            f"{EVENTS}?$filter=subject eq 'x'",
            "$filter may only compare coorganizerid and organizerid here, with eq or in",
        ),
        (
            f"{EVENTS}?$filter=organizerid ne 'x'",
            "$filter may only compare coorganizerid and organizerid here, with eq or in",
        ),
        (f"{EVENTS}?$filter=organizerid in (1,2)", "$filter may only list quoted values here"),
        (f"{MEETING}?$filter=JoinWebUrl in ('a','b')", "$filter names 2 values, Graph takes 1"),
    ],
)
def test_what_is_no_resource(text, message):
    with pytest.raises(ResourceError) as caught:
        read_resource(text)
    assert str(caught.value) == message


DEEP = 10_000


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("(" * DEEP + "a eq 1", id="never-closed"),
        pytest.param("not (" * DEEP + "a eq 1" + ")" * DEEP, id="not"),
        pytest.param("not " * DEEP + "a", id="not-without-brackets"),
        pytest.param("(" * 500 + "a" + " and b) or c)" * 250, id="and-or-in-turn"),
        pytest.param("a" + " add 1" * DEEP + " eq 1", id="sums"),
        pytest.param("length(" * 2000 + "a" + ")" * 2000, id="functions"),
    ],
)
def test_deep_nesting_is_a_clear_error_within_a_second(condition):
    started = time.process_time()
    with pytest.raises(ResourceError, match=r"nested too deeply|not closed|over 50000"):
        read_resource(f"{MAIL}?$filter={condition}")
    assert time.process_time() - started < 1


def test_brackets_around_everything_change_nothing_however_many():
    started = time.process_time()
    deep = read_resource(f"{MAIL}?$filter={'(' * DEEP}a eq 1{')' * DEEP}")
    assert deep == read_resource(f"{MAIL}?$filter=a eq 1")
    assert time.process_time() - started < 1


@pytest.mark.parametrize("joint", ["in", "or"])
def test_650_ids_are_fast_facts_2_2(joint):
    """As many as a presence subscription may name."""
    started = time.process_time()
    ids = [f"'{number:08x}-0000-0000-0000-000000000000'" for number in range(650)]
    condition = f"id in ({','.join(ids)})" if joint == "in" else " or ".join(f"id eq {each}" for each in ids)
    backward = f"id in ({','.join(ids[::-1])})" if joint == "in" else " or ".join(f"id eq {i}" for i in ids[::-1])
    path = "communications/presences?$filter="
    assert read_resource(path + condition) == read_resource(path + backward)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("/team", "teams"), ("teams/getAllChanels", "teams/getAllChannels"), ("something/else/altogether", None)],
)
def test_nearest(text, expected):
    assert nearest(text) == expected


words = st.text(st.sampled_from("abcXYZ0189 %'()[]/?&=,;$@.:{}-é\n"), max_size=12)
ids = st.sampled_from([GUID, LOW, OTHER, CHANNEL, "a b", "O'Hara", "x%3ay", "1"])
conditions = st.recursive(
    st.builds(
        lambda name, operator, value: f"{name} {operator} '{value.replace(chr(39), chr(39) * 2)}'",
        st.sampled_from(["a", "Bb", "c/D"]),
        st.sampled_from(["eq", "ne", "lt"]),
        ids,
    )
    | st.builds(
        lambda values: f"e in ({','.join(sorted({repr(v) for v in values}))})",
        st.lists(st.sampled_from("xyz"), min_size=1),
    ),
    lambda inner: (
        st.builds(
            lambda parts, word: "(" + f" {word} ".join(parts) + ")",
            st.lists(inner, min_size=1),
            st.sampled_from(["and", "or"]),
        )
        | st.builds(lambda part: f"not ({part})", inner)
    ),
    max_leaves=8,
)


@given(st.one_of(st.text(), words, st.lists(words).map("/".join), st.builds("{}?$filter={}".format, words, words)))
def test_any_text_is_a_resource_or_a_resource_error(text):
    with contextlib.suppress(ResourceError):
        assert read_resource(text).canonical


KNOWN = sorted({step for entry in ENTRIES for step in entry.path.partition("?")[0].split("/") if "(" not in step})
plain = st.sampled_from([*KNOWN, "TEAMS", "getAllThings", "getallthings", "19:a@thread.v2"]) | words


@given(st.lists(plain, max_size=6).map("/".join), st.sampled_from(["", "?$filter=a eq 'b'", "?$select=id"]))
def test_what_is_read_at_once_is_read_as_everything_else(path, query):
    def read():
        try:
            found = parse_resource(path + query)
        except ResourceError as error:
            return str(error)
        return found, found.path, found.entry, found.options

    at_once = read()
    with mock.patch.object(module, "PLAIN", re.compile("(?!)")):
        assert read() == at_once


@given(st.one_of(words, st.lists(words).map("/".join)), st.dictionaries(words, words, max_size=3))
def test_the_canonical_form_is_its_own_canonical_form(path, options):
    query = "&".join(f"{name}={value}" for name, value in options.items())
    try:
        found = read_resource(f"{path}?{query}")
    except ResourceError:
        return
    again = read_resource(found.canonical)
    assert (again.canonical, again.path, again.entry, again.options) == (
        found.canonical,
        found.path,
        found.entry,
        found.options,
    )


@given(conditions)
def test_a_canonical_filter_is_its_own_canonical_form(condition):
    found = read_resource(f"{MAIL}?$filter={condition}")
    assert read_resource(found.canonical).canonical == found.canonical


@given(st.lists(conditions, min_size=2, max_size=5), st.sampled_from(["and", "or"]), st.randoms())
def test_the_order_of_operands_never_counts(parts, word, random):
    one = f" {word} ".join(f"({part})" for part in parts)
    other = f" {word} ".join(f"({part})" for part in random.sample(parts, len(parts)))
    assert read_resource(f"{MAIL}?$filter={one}") == read_resource(f"{MAIL}?$filter={other}")


@given(st.lists(ids, min_size=1), st.randoms())
def test_the_order_of_a_list_never_counts(values, random):
    quoted = ["'" + value.replace("'", "''") + "'" for value in values]
    shuffled = random.sample(quoted, len(quoted))
    for template in (
        f"{ORGANIZERS}(organizerIds=[{{}}])",
        f"{EVENTS}?$filter=organizerid in ({{}})",
        f"{MAIL}?$filter=a in ({{}})",
    ):
        assert read_resource(template.format(",".join(quoted))) == read_resource(template.format(",".join(shuffled)))
