"""JUnit's XML: as its schema says, a case for each subscription."""

import functools
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings

from reconciler.cli.forms.junit import spelled
from reconciler.cli.forms.table import Table
from reconciler.core.change import Violation
from reconciler.core.reasons import Action, Withheld
from reconciler.core.source import Severity
from reconciler.engine.outcome import Result
from tests.cli.forms.support import change, outcome_of, problem, table, tables
from tests.core.world import TENANT, want


@functools.cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def cases(shown: Table) -> dict[str, str]:
    """What became of each, by its suite and name."""
    found = ET.fromstring(spelled(shown))
    return {
        f"{case.get('classname')}/{case.get('name')}": next((child.tag for child in case), "passed")
        for case in found.iter("testcase")
    }


@given(tables)
@settings(deadline=None)
def test_it_is_valid_and_adds_up(shown):
    text = spelled(shown)
    schema().validate(text)
    for suite in ET.fromstring(text):
        for attribute, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
            assert int(suite.get(attribute, "")) == len(suite.findall(f"testcase/{tag}"))
        assert int(suite.get("tests", "")) == len(suite)


def test_the_schema_can_say_no():
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema().validate('<testsuites><testsuite name="x"/></testsuites>')


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(change(), "system-out", id="pending-passes"),
        pytest.param(change(withheld=Withheld.SUSPENDED), "skipped", id="suspended"),
        pytest.param(change(withheld=Withheld.PACED), "skipped", id="paced"),
        pytest.param(change(withheld=Withheld.UNSAFE), "failure", id="unsafe"),
        pytest.param(change(withheld=Withheld.BLOCKED), "failure", id="blocked"),
    ],
)
def test_what_a_change_comes_to(found, expected):
    assert cases(table(found))[f"{TENANT}/hr"] == expected


def test_what_is_as_wanted_passes():
    assert cases(table(change("hr"), desired=(want("hr"), want("calm"))))[f"{TENANT}/calm"] == "passed"


def test_what_failed_fails():
    failed = change()
    shown = table(failed, outcomes=(outcome_of(failed, Result.FAILED, "Graph said no", "r-1"),))
    assert cases(shown)[f"{TENANT}/hr"] == "failure"
    assert "Graph said no (request-id r-1)" in spelled(shown)


def test_two_changes_of_one_name_are_one_case_and_the_worse_counts():
    renewal = change(action=Action.RENEW)
    withheld = change(action=Action.REPLACE, withheld=Withheld.PROTECTED)
    found = cases(table(renewal, withheld))
    assert found == {"manifests/valid": "system-out", f"{TENANT}/hr": "skipped"}


def test_problems_and_limits_are_cases():
    problems = (problem(), problem(severity=Severity.WARNING, line=8))
    violation = Violation("removals", f"{TENANT}: removes 9 of 10", tenant=TENANT)
    assert cases(table(problems=problems, violations=[violation])) == {
        "limits/removals contoso": "failure",
        "manifests/manifests/a.yaml:7:3": "error",
        "manifests/manifests/a.yaml:8:3": "system-out",
    }
