"""That every row of the table of known errors can be met: by doing what leads to it, or by ordering it by name."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.known import KNOWN
from tests.emulator.test_facts import FACTS, sections

FOLDER = Path(__file__).parent
ROW = re.compile(r"^\| (?P<status>[^|]*) \| (?P<code>[^|]*) \| (?P<message>.*) \|(?P<evidence>[^|]*)\|$", re.MULTILINE)

MET_IN: dict[str, tuple[str, ...]] = {
    "Subscription validation request timed out.`$": ("test_validation.py::test_bad_answers",),
    "request failed. Notification endpoint": ("test_validation.py::test_bad_answers",),
    "Response must exactly match": ("test_validation.py::test_bad_answers",),
    "Invalid 'changeType' attribute": ("test_create.py::test_refused_before_any_endpoint_is_asked",),
    "resource '/drive/items/": ("test_create.py::test_refused_before_any_endpoint_is_asked",),
    "lifecycleNotificationUrl is a required": ("test_create.py::test_refused_before_any_endpoint_is_asked",),
    "expirationDateTime is a required": ("test_create.py::test_refused_before_any_endpoint_is_asked",),
    "can only be 10070 minutes": ("test_create.py::test_exactly_the_maximum_is_too_long",),
    "'2024-05-19T": ("test_create.py::test_the_whole_text_of_teams",),
    "Subscription must contain either": ("test_change.py::test_what_patch_refuses",),
    "Cannot find the requested object": ("test_create.py::test_refused_before_any_endpoint_is_asked",),
    "Unsupported workload": ("test_create.py::test_all_online_meetings_are_an_unsupported_workload",),
    "Reason: Authentication failed": ("test_create.py::test_a_missing_permission_shows_after_validation",),
    "Reason: Forbidden": ("test_create.py::test_a_missing_permission_shows_after_validation",),
    "reached its limit of '1'": ("test_uniqueness.py::test_a_slot_is_taken_once",),
    "already exists for the requested": ("test_uniqueness.py::test_twins",),
    "A subscripton already exists": ("test_uniqueness.py::test_presence_says_it_in_its_own_way",),
    "SubscriptionCountReached": ("test_quotas.py::test_a_full_mailbox_says_it_with_429",),
    "Please retry again later": ("test_throttling.py::test_too_many_lists",),
    "The object was not found": ("test_change.py::test_what_is_not_there",),
    "HTTP status code is 'Forbidden'": ("test_validation.py::test_bad_answers",),
    "also on **PATCH**": ("test_validation.py::test_a_patch_times_out_too",),
    "'2025-08-23T": ("test_create.py::test_exactly_the_maximum_is_too_long",),
    "parameter 'Resource' is invalid": ("test_targets.py::test_a_target_that_is_not_there",),
    "Caller does not have access": ("test_create.py::test_a_missing_permission_shows_after_validation",),
    "not authorized for this user": ("test_create.py::test_a_missing_permission_shows_after_validation",),
    "Access token has expired": ("test_tokens.py::test_a_token_expires_by_the_emulators_clock",),
}
"""A part of a row's text → the tests that do what leads to it."""

ORDERED: dict[str, tuple[str, ...]] = {
    "Subscription validation request timed out.`$": ("validation-timed-out-2023",),
    "request failed. Notification endpoint": ("validation-failed-2023",),
    "Response must exactly match": ("validation-mismatch-2023", "validation-not-found"),
    "can only be 10070 minutes": ("lifetime-4230-minutes",),
    "File Services": ("file-services-not-rich",),
    "not found in the store": ("not-in-store",),
    "Reason: Authentication failed": ("create-unauthorized", "create-unauthorized-general"),
    "Maximum number of subscriptions": ("maximum-number",),
    "Specified method is not supported": ("method-not-supported",),
    "on backend 'Unknown'": ("backend-unknown", "backend-unknown-403"),
    "throttle.aad.ags": ("list-throttled-by-region",),
    "A task was canceled": ("task-canceled", "task-canceled-500"),
    "quarantined by condition": ("quarantined",),
    "Get Subscriptions list is not supported": ("list-not-supported",),
}
"""The same → the names in ``known``."""


def rows() -> list[re.Match[str]]:
    table = FACTS.read_text(encoding="utf-8").partition("### 3.5 ")[2].partition("\n---\n")[0]
    return [row for row in ROW.finditer(table) if row["status"].strip()[0].isdigit()]


def matching(row: re.Match[str]) -> list[str]:
    return [part for part in MET_IN | ORDERED if re.search(pattern(part), row["message"])]


def pattern(part: str) -> str:
    return re.escape(part.removesuffix("$")) + "$" * part.endswith("$")


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["message"][:60])
def test_every_row_is_covered(row: re.Match[str]) -> None:
    """A row that is new in the facts needs a line above: what leads to it, or a name in ``known.py``."""
    assert len(matching(row)) == 1


def test_nothing_is_said_to_be_covered_that_is_in_no_row() -> None:
    assert {part for row in rows() for part in matching(row)} == (MET_IN | ORDERED).keys()
    assert sorted(name for names in ORDERED.values() for name in names) == sorted(KNOWN)


@functools.cache
def marked_in(module: str) -> dict[str, list[str]]:
    """Their names with the sections that they are marked with."""
    tree = ast.parse((FOLDER / module).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name: [*sections(node)] for node in functions}


def met_in() -> Iterator[str]:
    return (place for places in MET_IN.values() for place in places)


@pytest.mark.parametrize("place", sorted(set(met_in())))
def test_the_tests_that_are_named_are_there(place: str) -> None:
    module, _, name = place.partition("::")
    assert "3.5" in marked_in(module).get(name, [])


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_refusals_are_those_of_the_row(name: str) -> None:
    """Status and code stand in the row; the text does where it is quoted in full."""
    [part] = [part for part, names in ORDERED.items() if name in names]
    [row] = [row for row in rows() if part in matching(row)]
    known = KNOWN[name]
    assert str(known.status) in row["status"]
    assert known.code in row["code"] or row["code"] in {"n/v", "same pair"}
    quoted = [text.strip("… ").rstrip("]") for text in re.findall(r"`([^`]+)`", row[0])]
    assert name in VARIANTS or any(text in known.message for text in quoted)


VARIANTS = {"create-unauthorized", "lifetime-4230-minutes"}
"""Whose text the row tells in other words: an empty reason, another number."""
