"""What people read: grouped by set, a line for a line, and nothing that others wrote taken for ours."""

import io
import subprocess
import sys

import pytest
from hypothesis import given, settings

from reconciler.cli.forms.table import Table
from reconciler.cli.forms.terminal import show
from reconciler.cli.forms.text import Line, lines, spelled
from reconciler.core.asked import Difference
from reconciler.core.mark import UnknownMark
from reconciler.core.reasons import Action, Order, Reason, Withheld
from reconciler.core.source import Severity
from reconciler.core.world import World
from tests.cli.forms.support import HOSTILE, change, problem, table, tables
from tests.core.world import OWNER, TENANT, a_mark, have, want


def said(shown: Table) -> list[str]:
    return [str(line) for line in lines(shown)]


def of_a_set(count: int, action: Action = Action.CREATE, **fields):
    return [change(f"channels-{number:05}", action, template="channels", **fields) for number in range(count)]


def whole_set(count: int):
    return tuple(want(f"channels-{number:05}", template="channels") for number in range(count))


def test_a_set_is_counted_and_its_first_changes_are_shown():
    found = said(table(*of_a_set(2_000), desired=whole_set(2_000)))
    assert found[1] == "  channels: +2,000 of 2,000"
    assert [line.split(":")[0] for line in found if "+ " in line] == [f"    + channels-0000{n}" for n in range(3)]
    assert "    … 1,997 more to create (--verbose shows all)" in found
    assert len(found) < 20


def test_two_of_two_thousand():
    assert said(table(*of_a_set(2), desired=whole_set(2_000)))[1] == "  channels: +2 of 2,000"


def test_verbose_shows_all_of_a_set():
    found = said(table(*of_a_set(2_000), verbose=True))
    assert sum("+ channels" in line for line in found) == 2_000
    assert not any("more to" in line for line in found)


def test_a_replacement_does_not_hide_among_thousands_of_creations():
    odd = change(
        "channels-zz", Action.REPLACE, template="channels", reason=Reason.KEY_UNKNOWN, message="its key is lost"
    )
    found = said(table(*of_a_set(2_000), odd))
    assert found[1] == "  channels: +2,000 ±1 of 2,001"
    assert "    ± channels-zz: replace, its key is lost (KeyUnknown)" in found


@pytest.mark.parametrize(("count", "shown"), [(4, 4), (5, 3)], ids=["one-more-is-shown", "two-more-are-counted"])
def test_no_line_is_spent_on_saying_that_there_is_one_more(count, shown):
    assert sum("+ channels" in line for line in said(table(*of_a_set(count)))) == shown


def test_everything_that_a_reviewer_must_know_about_one_change():
    found = change(
        "hr",
        Action.REPLACE,
        reason=Reason.IMMUTABLE_FIELD_CHANGED,
        message="Graph cannot patch resource data: the old one is deleted first",
        differences=(Difference("resource data", "encrypted", "none"), Difference("x", None, "y")),
        warnings=("resource data is no longer encrypted: notifications carry none",),
        order=Order.DELETE_FIRST,
        may_miss=True,
    )
    assert said(table(found)) == [
        f"{TENANT}:",
        "  ± hr: replace, Graph cannot patch resource data: the old one is deleted first (ImmutableFieldChanged)",
        "      users/hr/messages  m.yaml:1:1",
        "      resource data: encrypted → none",
        "      x: none → y",
        "      ! resource data is no longer encrypted: notifications carry none",
        "",
        "1 to replace.",
        "1 change may lose notifications until the new subscription stands.",
    ]


def test_what_is_withheld_says_so_with_its_word():
    found = change(withheld=Withheld.BLOCKED, why_withheld="a foreign subscription holds its slot")
    assert "      withheld, Blocked: a foreign subscription holds its slot" in said(table(found))


def test_verbose_lists_foreign_subscriptions_with_whose_mark_they_bear():
    marks = [
        None,
        a_mark("old", owner="fabrikam"),
        UnknownMark(OWNER, "hr", "9"),
        a_mark("gone", left=True),
        a_mark("hr"),
    ]
    live = tuple(have(want(f"m{number}"), id=str(number), mark=mark) for number, mark in enumerate(marks))
    shown = table(worlds={TENANT: World(TENANT, live)}, verbose=True)
    assert [line.strip().rpartition("Z: ")[2] for line in said(shown) if "Z: " in line] == [
        "it bears no mark",
        "marked by fabrikam, as old",
        f"marked by {OWNER}, as hr",
        f"left on removal by {OWNER}, as gone",
    ]
    assert not any("Z: " in line for line in said(Table(report=shown.report, owner=OWNER)))


def test_a_file_has_the_problems_too_which_a_terminal_shows_beside():
    shown = table(change(), problems=(problem("odd", severity=Severity.WARNING),))
    assert spelled(shown).startswith("manifests/a.yaml:7:3: warning: odd [unknown-key]\n")
    assert not any("odd" in line for line in said(shown))


@given(tables)
@settings(deadline=None)
def test_no_text_breaks_a_line_or_is_a_command(shown):
    for line in spelled(shown).split("\n"):
        assert not any(ord(each) < 32 or each in "\u2028\u202e\x9b" for each in line)
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def test_a_hostile_resource_stays_on_its_line():
    (shown,) = [line for line in said(table(change("hr", Action.DELETE, resource=f"::{HOSTILE}"))) if "forged" in line]
    assert shown.startswith("      \\u003a:a|b\\u000ac\\u000d::error::forged\\u001b[2K\\u202e")
    assert "##\\u005badd-mask" in shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def printed(monkeypatch):
    """What is printed on a stream of this kind; pytest puts its own in place whenever a test begins."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")

    def on(stream: io.StringIO, **environment: str) -> str:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdout", stream)
        show([LONG])
        return stream.getvalue()

    return on


LONG = Line(2, (("+ hr", "green"), (": " + "a word or two " * 8, ""), ("/a/path/" + "x" * 80, "")))


def test_a_terminal_gets_lines_of_its_width_with_their_ends_under_each_other(printed):
    found = printed(Terminal()).rstrip("\n").split("\n")
    assert found[0].startswith("  \x1b[32m+ hr\x1b[0m: a word")
    assert all(len(line) <= 60 + len("\x1b[32m\x1b[0m") for line in found[:-1])
    assert all(line.startswith("    ") and not line.startswith("     ") for line in found[1:])
    assert found[-1] == "    /a/path/" + "x" * 80, "a path is left whole, to be copied"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["no-color", "dumb"])
def test_a_terminal_without_colours(printed, environment):
    found = printed(Terminal(), **environment)
    assert "\x1b" not in found
    assert found.count("\n") > 1


@pytest.mark.parametrize(
    ("environment", "colours"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    ids=["a-pipe", "forced", "forced-and-refused"],
)
def test_a_pipe_gets_whole_lines(printed, environment, colours):
    found = printed(io.StringIO(), **environment)
    assert ("\x1b[32m" in found) is colours
    assert found.count("\n") == 1


def test_a_pipe_does_not_start_rich():
    """Which would take longer than a plan does."""
    code = "import sys; from reconciler.cli.printing import publish; print({'rich', 'jsonschema'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "set()\n"
