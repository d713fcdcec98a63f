"""The mark, written and read again (decision 8)."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.catalog import Version
from reconciler.core.manifest.fields import WORD
from reconciler.core.mark import NAME, Mark, UnknownMark, mark_of, marked, read_marked, unmarked
from reconciler.core.redaction import redact

MARK = Mark("me", "mail", "0123456789", "k1", "abcdef0123")
TEXT = "1.me.mail.0123456789.k1.abcdef0123"
HOOK = "https://hooks.contoso.com/n"


def words(longest: int) -> st.SearchStrategy[str]:
    return st.from_regex(rf"[a-z0-9](?:[a-z0-9-]{{0,{longest - 2}}}[a-z0-9])?", fullmatch=True)


hex_digits = st.from_regex(r"[0-9a-f]{10}", fullmatch=True)
whole_marks = st.builds(
    Mark,
    words(32),
    words(63),
    hex_digits,
    words(16),
    hex_digits,
    st.sampled_from(Version),
    st.booleans(),
    st.booleans(),
)
marks = whole_marks | whole_marks.map(lambda mark: mark.for_lifecycle)
parts = st.text(st.sampled_from("abz019-._~%41&=;?/+:@"), max_size=20)
queries = parts.filter(lambda query: "reconciler" not in query)
urls = st.builds(
    "https://hooks.contoso.com/{}{}{}".format,
    parts.map(lambda p: p.replace("?", "")),
    st.sampled_from(["", "?"]),
    queries,
)


@given(urls, marks)
def test_what_is_written_is_read_again(url, mark):
    assert mark_of(marked(url, mark)) == mark


@given(urls, marks)
def test_without_the_mark_the_url_is_as_the_manifest_spells_it(url, mark):
    assert unmarked(marked(url, mark)) == url
    assert unmarked(url) == url


@given(urls | parts.map("https://h/?reconciler={}".format), marks)
def test_mark_and_url_are_the_same_where_both_are_read_at_once(url, mark):
    for each in (url, marked(url, mark), f"{marked(url, mark)}&x=1", f"{url}#?reconciler={mark}"):
        assert read_marked(each) == (mark_of(each), unmarked(each))


@given(whole_marks, whole_marks)
def test_marks_are_never_confused(one, other):
    assert (one == other) == (str(one) == str(other))


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (MARK, TEXT),
        (dataclasses.replace(MARK, version=Version.BETA), TEXT.replace("1.me", "1b.me")),
        (dataclasses.replace(MARK, protected=True), f"{TEXT}p"),
        (dataclasses.replace(MARK, left=True), f"{TEXT}l"),
        (dataclasses.replace(MARK, protected=True, left=True), f"{TEXT}pl"),
        (dataclasses.replace(MARK, protected=True, left=True).for_lifecycle, "1.me.mail.0123456789.k1"),
    ],
    ids=["plain", "beta", "protected", "left", "both", "lifecycle"],
)
def test_spelling_decision_8(mark, text):
    assert str(mark) == text
    assert mark_of(f"{HOOK}?reconciler={text}") == mark


@pytest.mark.parametrize(
    "url",
    [
        f"{HOOK}?reconciler={TEXT}",
        f"{HOOK}?a=b&reconciler={TEXT}",
        f"{HOOK}?reconciler={TEXT}&a=b",
        f"{HOOK}?&&reconciler={TEXT}&",
        f"{HOOK}?reconciler={TEXT}#fragment",
        f"{HOOK}?%72econciler={TEXT}",
        f"{HOOK}?reconciler={TEXT.replace('.', '%2E')}",
        f"EventHub:https://x.servicebus.windows.net/eventhubname/y?tenantId=z&reconciler={TEXT}",
    ],
)
def test_wherever_it_stands(url):
    assert mark_of(url) == MARK
    assert "reconciler" not in unmarked(url)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        "1.me",
        "1.me.mail",
        "1.me.mail.0123456789",
        "1.me.mail.0123456789.k1.abcdef012",
        "1.me.mail.0123456789.k1.abcdef0123lp",
        "1.me.mail.0123456789.k1.abcdef0123pp",
        "1.me.mail.0123456789.k1.ABCDEF0123",
        "1.me.mail.0123456789.k1.abcdef0123.more",
        "1.Me.mail.0123456789.k1.abcdef0123",
        "1.me.-mail.0123456789.k1.abcdef0123",
        "1.me..0123456789.k1.abcdef0123",
        f"1.{'o' * 33}.mail.0123456789.k1.abcdef0123",
        f"1.me.{'n' * 64}.0123456789.k1.abcdef0123",
        f"1.me.mail.0123456789.{'k' * 17}.abcdef0123",
        "1.me.mail.012345678.k1.abcdef0123",
        "1.me.mail.\N{ARABIC-INDIC DIGIT ZERO}123456789.k1.abcdef0123",
        "one.me.mail",
        "2",
        "2.Me.mail",
        "redacted-01234567",
        f"{TEXT}&reconciler={TEXT}",
    ],
)
def test_what_is_damaged_is_foreign(value):
    assert mark_of(f"{HOOK}?reconciler={value}") is None


@pytest.mark.parametrize(
    "url", [None, "", HOOK, f"{HOOK}?x={TEXT}", f"{HOOK}#?reconciler={TEXT}", f"{HOOK}/reconciler={TEXT}"]
)
def test_no_mark(url):
    assert mark_of(url) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2.me.mail.whatever-follows", UnknownMark("me", "mail", "2")),
        ("1c.me.mail.0123456789", UnknownMark("me", "mail", "1c")),
        ("17.me.mail", UnknownMark("me", "mail", "17")),
    ],
)
def test_a_later_version_occupies_its_name(value, expected):
    assert mark_of(f"{HOOK}?reconciler={value}") == expected


@given(st.text())
def test_any_text_has_a_mark_or_none(text):
    assert isinstance(mark_of(text), Mark | UnknownMark | None)
    assert isinstance(mark_of(f"{HOOK}?reconciler={text}"), Mark | UnknownMark | None)


@given(whole_marks)
def test_the_longest_mark_leaves_room_in_a_url_that_stays_under_512_facts_1_1(mark):
    assert len(marked(HOOK, mark)) - len(HOOK) <= 160


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (HOOK, HOOK),
        (f"{HOOK}?code=hunter2", f"{HOOK}?code=redacted-f52fbd32"),
        (f"{HOOK}?hunter2", f"{HOOK}?redacted-f52fbd32"),
        (f"{HOOK}?&a=hunter2&", f"{HOOK}?&a=redacted-f52fbd32&"),
        (f"{HOOK}?code=hunter2&reconciler={TEXT}", f"{HOOK}?code=redacted-f52fbd32&reconciler={TEXT}"),
    ],
)
def test_redaction_decision_23(url, expected):
    assert redact(url) == expected


@given(urls, marks)
def test_redacting_twice_changes_nothing_and_the_mark_stays(url, mark):
    once = redact(marked(url, mark))
    assert redact(once) == once
    assert mark_of(once) == mark
    assert unmarked(once) == redact(url)


@given(st.text(st.characters(exclude_characters="?&")), st.text(st.characters(exclude_characters="?&")))
def test_equal_values_stay_equal_and_others_differ(one, other):
    assert (redact(f"{HOOK}?a={one}") == redact(f"{HOOK}?a={other}")) == (one == other)


@given(st.text())
def test_any_text_can_be_redacted(text):
    assert redact(redact(text)) == redact(text)


def test_manifests_and_marks_agree_on_names():
    assert f"^{NAME.pattern}$" == WORD
