"""A comment for a pull request: at most so long, what matters first, and nothing in it that others made Markdown of."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.forms.markdown import LIMIT, MARKER, spelled
from reconciler.cli.forms.markdown_escapes import code, prose
from reconciler.cli.forms.table import Table
from reconciler.core.change import Violation
from reconciler.core.errors import ReconcilerError
from reconciler.core.reasons import Action, Withheld
from reconciler.core.source import Severity
from tests.cli.forms.support import HOSTILE, change, problem, table, tables, texts
from tests.core.world import OTHER_TENANT, TENANT


def size(text: str) -> int:
    return len(text.encode(errors="backslashreplace"))


def test_it_begins_with_the_marker_and_the_sum():
    found = spelled(table(change("a"), change("b", Action.DELETE)))
    assert found.startswith(f"{MARKER}\n### reconcile: 1 to create, 1 to delete\n")


def test_each_tenant_is_folded_under_what_it_has():
    found = spelled(table(change("a"), change("b", tenant=OTHER_TENANT)))
    assert re.findall(r"<summary>(.*)</summary>", found) == [
        f"<b>{TENANT}</b>: 1 to create",
        f"<b>{OTHER_TENANT}</b>: 1 to create",
    ]
    assert found.count("<details>") == found.count("</details>") == 2


@pytest.mark.parametrize("form", ["many", "long", "hostile", "wide"])
def test_it_stays_below_the_limit_and_says_what_it_leaves_out(form):
    word = {"many": "x", "long": "x" * 5_000, "hostile": "@" * 500, "wide": "\U0001f600" * 400}[form]
    found = spelled(table(*(change(f"n{number:05}", message=word) for number in range(1_000))))
    assert 40_000 < size(found) <= LIMIT
    shown = found.count("\n- `+ n")
    assert f"**{1_000 - shown:,} more** left out here" in found
    assert found.count("<details>") == found.count("</details>") == 1


def test_what_takes_something_away_is_not_crowded_out():
    last = change("zz", Action.DELETE, message="no manifest wants it")
    blocked = change("zy", withheld=Withheld.BLOCKED, why_withheld="its slot is taken")
    other = change("zx", Action.DELETE, OTHER_TENANT)
    found = spelled(table(*(change(f"n{number:05}") for number in range(3_000)), last, blocked, other))
    assert all(f"{symbol}`" in found for symbol in ("`- zz", "`+ zy", "`- zx"))
    assert found.index("`- zz`") < found.index("`+ n00000`")


def test_problems_leave_room_for_changes_and_errors_come_first():
    warnings = tuple(problem("w" * 200, severity=Severity.WARNING, line=number) for number in range(1, 999))
    found = spelled(table(change("a"), problems=(*warnings, problem("the error"))))
    assert "`+ a`" in found
    assert found.index("the error") < found.index("www")
    assert size(found) <= LIMIT


def test_invalid_manifests():
    found = spelled(Table((problem(),), verdict="1 error, nothing was read."))
    assert found == (
        f"{MARKER}\n### reconcile: 1 error, nothing was read\n\n"
        "- ❌ `manifests/a.yaml:7:3` unknown key 'coler' (`unknown-key`)\n"
    )


def test_what_is_unsafe_and_what_was_not_read_stands_above_the_fold():
    violation = Violation("removals", "contoso: removes 9 of 10")
    found = spelled(table(violations=[violation], unread={"fabrikam": ReconcilerError("no")}))
    top = found.partition("<details>")[0]
    assert "⛔ **unsafe**: contoso: removes 9 of 10 (--allow removals lets it through)" in top
    assert "❌ **Not read, and nothing done there**: `fabrikam`" in top


@pytest.mark.parametrize(
    "text",
    ["a`b", "``", "`", " a ", "a|b", "@octocat", "<img>", "a\nb", "", "`````x"],
    ids=["tick", "ticks", "one", "spaces", "pipe", "mention", "html", "line", "empty", "five"],
)
def test_a_code_span_is_closed_by_its_own_fence_alone(text):
    """As CommonMark reads one: it ends at the first run of backticks that is as long as the first."""
    span = code(text)
    fence = re.match("`+", span)
    assert fence
    inside = span[len(fence[0]) : -len(fence[0])]
    assert span.endswith(fence[0])
    assert fence[0] not in re.findall("`+", inside)
    assert "\n" not in span


@pytest.mark.parametrize(
    "active", ["@octocat", "#12", "gh-12", "GH-12", "https://x", "www.x", "<b>", "[a](b)", "`", "*a*", "|", "$a$"]
)
def test_a_sentence_has_nothing_that_github_would_act_on(active):
    found = prose(f"x {active} y")
    assert active not in found
    assert html.unescape(found).replace("\u200b", "") == f"x {active} y", "it reads as it was written"


def outside_of_code(line: str) -> str:
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)|&#\d+;", "", line)


@given(tables)
@settings(deadline=None)
def test_no_text_of_others_is_markup(shown):
    found = spelled(shown)
    assert size(found) <= LIMIT
    for line in found.split("\n"):
        rest = outside_of_code(line)
        assert not re.search(r"@(?!$)[a-z]|#\d|\]\(|<(?!/?(details|summary|b)>|!-- reconcile -->)", rest), line
        assert "`" not in rest


@given(texts, st.sampled_from([prose, code]))
@settings(deadline=None)
def test_escapes_keep_a_text_on_one_line(text, escape):
    assert "\n" not in escape(text)
    assert "\r" not in escape(text)


def test_one_giant_name_does_not_hide_the_rest():
    found = spelled(table(change("a", message="x" * 90_000), change("b", message=HOSTILE)))
    assert "`+ a`" in found
    assert "`+ b`" in found
