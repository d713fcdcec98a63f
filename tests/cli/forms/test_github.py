"""Annotations: at their lines, escaped as GitHub reads them, no more than it shows."""

import re

import pytest
from hypothesis import given, settings

from reconciler.cli.forms.github import spelled
from reconciler.cli.forms.table import Table
from reconciler.core.change import Violation
from reconciler.core.reasons import Action, Withheld
from reconciler.core.source import Severity, Source
from reconciler.engine.outcome import Result
from tests.cli.forms.support import change, outcome_of, problem, table, tables
from tests.core.world import TENANT

HERE = Source("manifests/a, b:c%.yaml", 12, 5)
COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def unescaped(text: str) -> str:
    for spelled_out, character in {"%2C": ",", "%3A": ":", "%0A": "\n", "%0D": "\r", "%25": "%"}.items():
        text = text.replace(spelled_out, character)
    return text


def annotations(shown: Table) -> list[tuple[str, dict[str, str], str]]:
    """As the runner reads them."""
    found = [COMMAND.fullmatch(line) for line in spelled(shown).split("\n")]
    return [
        (
            each[1],
            {name: unescaped(value) for name, value in (one.split("=", 1) for one in each[2].split(","))},
            each[3],
        )
        for each in found
        if each
    ]


def kinds(shown: Table) -> list[str]:
    return [kind for kind, _, _ in annotations(shown)]


def test_the_place_of_a_change():
    ((kind, properties, message),) = annotations(table(change(place=HERE)))
    assert kind == "notice"
    assert properties == {"file": HERE.path, "line": "12", "col": "5", "title": "create hr"}
    assert message.startswith("contoso: create hr, Graph has no subscription of this name (")


def test_percent_signs_are_escaped_in_a_message_and_colons_are_not():
    (_, _, message), *_ = annotations(table(change(message="100%: a,b\nc")))
    assert "100%25: a,b\\u000ac" in message


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(change(), "notice", id="create"),
        pytest.param(change(action=Action.UPDATE), "notice", id="update"),
        pytest.param(change(action=Action.DELETE), "warning", id="delete"),
        pytest.param(change(action=Action.REPLACE), "warning", id="replace"),
        pytest.param(change(action=Action.UPDATE, warnings=("look",)), "warning", id="flagged"),
        pytest.param(change(withheld=Withheld.BLOCKED), "warning", id="blocked"),
        pytest.param(change(withheld=Withheld.SUSPENDED), "notice", id="suspended"),
        pytest.param(change(action=Action.RENEW), None, id="a-renewal-is-no-news"),
    ],
)
def test_how_much_a_change_matters(found, expected):
    assert kinds(table(found)) == ([expected] if expected else [])


@pytest.mark.parametrize("action", [Action.CREATE, Action.RENEW])
def test_what_failed_is_an_error(action):
    failed = change(action=action)
    assert kinds(table(failed, outcomes=(outcome_of(failed, Result.FAILED, "Graph said no", "r-1"),))) == ["error"]


def test_a_deletion_and_a_limit_stand_where_their_tenant_is_declared():
    places = {"aaa": Source("x.yaml", 1, 1), TENANT: Source("t.yaml", 3, 1)}
    violation = Violation("removals", f"{TENANT}: removes 9 of 10", tenant=TENANT)
    found = annotations(table(change(action=Action.DELETE), violations=[violation], places=places))
    assert [(kind, properties["file"], properties["line"]) for kind, properties, _ in found] == [
        ("error", "t.yaml", "3"),
        ("warning", "t.yaml", "3"),
    ]


@pytest.mark.parametrize(("count", "shown"), [(10, 10), (11, 10), (500, 10)], ids=["ten", "eleven", "many"])
def test_ten_of_a_kind_at_the_most(count, shown):
    problems = tuple(problem(line=number) for number in range(1, count + 1))
    found = annotations(table(*(change(f"n{number}") for number in range(3)), problems=problems))
    assert [kind for kind, _, _ in found] == ["error"] * shown + ["notice"] * 3
    assert ("more" in found[9][1]["title"]) is (count > 10)
    if count > 10:
        assert found[9][1]["title"] == f"{count - 9} more"


def test_warnings_of_manifests():
    assert kinds(Table((problem(severity=Severity.WARNING), problem()), verdict="1 error.")) == ["error", "warning"]


def test_the_log_ends_with_the_sum():
    assert spelled(table(change())).endswith("\n1 to create.\n")


@given(tables)
@settings(deadline=None)
def test_no_text_of_others_makes_a_command_or_a_property(shown):
    for line in spelled(shown).split("\n"):
        if not line.lstrip().startswith("::"):
            continue
        found = COMMAND.fullmatch(line)
        assert found, line
        names = [one.split("=", 1)[0] for one in found[2].split(",")]
        assert names in (["file", "line", "col", "title"], ["title"])


def test_a_file_name_forges_no_colours():
    text = spelled(table(change(place=Source("x\n::error::\x1b[31m.yaml", 1, 1))))
    assert "\x1b" not in text
    assert text.count("::error") == 0
