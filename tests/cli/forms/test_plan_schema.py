"""The contract of the JSON form: whatever a run comes to, the published schema describes it."""

import json

import jsonschema
import pytest
from hypothesis import given, settings

from reconciler.cli.forms.document import document, spelled
from reconciler.cli.forms.plan_schema import plan_schema
from reconciler.cli.forms.table import Table
from reconciler.core.reasons import Action, Order
from reconciler.core.world import World
from tests.cli.forms.schemas import closed
from tests.cli.forms.support import change, problem, table, tables
from tests.core.world import TENANT, a_mark, have, want

STRICT = jsonschema.Draft202012Validator(closed(plan_schema()))


@given(tables)
@settings(deadline=None)
def test_everything_is_described(shown):
    STRICT.validate(json.loads(spelled(shown)))


def test_the_published_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(plan_schema())


@pytest.mark.parametrize(
    "odd",
    [
        {"problems": [], "more": 1},
        {"problems": [{"severity": "fatal"}]},
        document(table(change())) | {"digest": "x"},
        document(table(change())) | {"foreign": [{"tenant": "x"}]},
    ],
    ids=["more-keys", "another-severity", "no-digest", "half-a-foreign-one"],
)
def test_the_schema_can_say_no(odd):
    assert not STRICT.is_valid(odd)


def test_what_a_replacement_costs_is_told_to_programs():
    found = change(
        "hr", Action.REPLACE, order=Order.DELETE_FIRST, may_miss=True, warnings=("look at it",), template="channels"
    )
    (told,) = document(table(found))["changes"]
    assert (told["order"], told["mayMiss"], told["warnings"], told["template"]) == (
        "delete-first",
        True,
        ["look at it"],
        "channels",
    )


def test_foreign_ones_are_listed_with_verbose_alone():
    live = (have(want("m1"), mark=a_mark("old", owner="fabrikam")), have(want("m2"), id="2", mark=None))
    given_worlds = {TENANT: World(TENANT, live)}
    assert "foreign" not in document(table(worlds=given_worlds))
    told = document(table(worlds=given_worlds, verbose=True))["foreign"]
    assert [(each["subscriptionId"], each["owner"], each["name"]) for each in told] == [
        ("1", "fabrikam", "old"),
        ("2", None, None),
    ]


def test_of_manifests_alone_there_are_only_problems():
    assert list(document(Table((problem(),)))) == ["problems"]
