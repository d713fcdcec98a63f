"""What is printed: JSON as its schema says, each form as a golden file, the same bytes for the same inputs."""

import hashlib
import os
from pathlib import Path

import jsonschema
import pytest

from reconciler.cli.forms.plan_schema import plan_schema
from tests.cli.forms.schemas import closed
from tests.cli.support import NOW, SOON, live, subscription, team

GOLDEN = Path(__file__).parents[1] / "golden"
ACTIONS = ["create", "update", "renew", "replace", "delete", "adopt"]
FORMS = {"text": "txt", "json": "json", "markdown": "md", "github": "github", "sarif": "sarif", "junit": "junit.xml"}


PUBLISHED = plan_schema()
SCHEMA = closed(PUBLISHED)
DRY_RUN, APPLY, INVALID = {"changes"}, {"changes", "outcomes"}, {"problems"}


def check(ran, kind):
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)
    jsonschema.Draft202012Validator(SCHEMA).validate(ran.json)
    assert ran.json.keys() & {"changes", "outcomes"} == kind - {"problems"}
    return ran.json


SET = {f"team-{number}": team(number).removeprefix("/teams/") for number in range(30, 36)}
WORLD_WANTED = [
    subscription("new", 1, labels={"area": "hr"}),
    subscription("moved", 2),
    subscription("due", 3),
    subscription("other", 4, changeTypes=["deleted", "updated"]),
    subscription("asleep", 5, changeTypes=["deleted"], management={"suspend": True}),
    subscription("guarded", 6, changeTypes=["deleted"], management={"protect": True}),
    subscription("calm", 7),
    subscription("twice", 8),
    subscription("channels", 0, resource="/teams/{value}/channels", forEach={"values": SET}, changeTypes=["created"]),
]
MOVED = {"notificationUrl": "https://hooks.contoso.com/notifications?code=a-secret-of-the-url"}
WORLD_LIVE = [
    live("moved", 2, **MOVED),
    live("due", 3, expirationDateTime=SOON),
    live("other", 4),
    live("asleep", 5),
    live("guarded", 6, mark={"protected": True}, expirationDateTime=SOON),
    live("calm", 7),
    live("twice", 8, id="00000000-0000-4000-8000-000000000a08"),
    live("twice", 8),
    *(live(f"gone-{number}", number) for number in range(10, 15)),
    live("kept", 15, mark={"protected": True}),
    live("left", 16, mark={"left": True}),
    live(None, 17),
]


def golden(name: str, text: str) -> None:
    """Compare with the file; GOLDEN=write in the environment makes it anew, to be looked at in the diff."""
    file = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.fixture
def whole_world(offline):
    def plan(*options, **spec):
        return offline(WORLD_WANTED, WORLD_LIVE, *options, **spec)

    return plan


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_plan(whole_world, form):
    ran = whole_world(form=form)
    assert (ran.code, ran.err) == (3, "")
    golden(f"plan.{FORMS[form]}", ran.out)


def test_the_sum_of_it_all(whole_world):
    found = check(whole_world(), DRY_RUN)
    assert found["summary"] == {
        "create": 7,
        "update": 1,
        "renew": 2,
        "replace": 3,
        "delete": 7,
        "adopt": 0,
        "unchanged": 2,
        "withheld": 8,
        "foreign": 2,
        "suspended": 1,
        "unselected": 0,
    }
    for action in ACTIONS:
        assert found["summary"][action] == sum(each["action"] == action for each in found["changes"])
    assert found["summary"]["withheld"] == sum(each["withheld"] is not None for each in found["changes"])


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_invalid_manifests(offline, form):
    wrong = [
        subscription("hr", changeTypes=["vanished"]),
        subscription("it", 2, resource="/teems"),
        subscription("it", 3, expiry={"lifetime": "9d"}, coler="red"),
    ]
    ran = offline(wrong, form=form)
    assert ran.code == 4
    golden(f"invalid.{FORMS[form]}", ran.out)
    if form == "json":
        check(ran, INVALID)


def test_deletions_have_no_source_and_all_else_has_one(whole_world):
    changes = whole_world().json["changes"]
    assert {each["name"] for each in changes if each["source"] is None} == {
        each["name"] for each in changes if each["action"] == "delete"
    }
    assert "Duplicate" in {each["reason"] for each in changes if each["source"] is None}


def test_differences_are_sorted_joined_and_redacted(whole_world):
    changes = {each["name"]: each["differences"] for each in whole_world().json["changes"]}
    assert changes["other"] == [{"field": "changeTypes", "from": "updated", "to": "deleted,updated"}]
    (moved,) = changes["moved"]
    assert moved["from"] == f"https://hooks.contoso.com/notifications?code={redacted('a-secret-of-the-url')}"


def redacted(value: str) -> str:
    return f"redacted-{hashlib.sha256(value.encode()).hexdigest()[:8]}"


def test_an_apply_says_what_became_of_each_change(reconcile, emulator, local):
    local(subscription("hr", 1), subscription("it", 2, management={"suspend": True}))
    ran = reconcile("--format", "json")
    found = check(ran, APPLY)
    results = [(each["name"], each["result"], each["subscriptionId"] is None) for each in found["outcomes"]]
    assert results == [("hr", "done", False), ("it", "withheld", True)]
    assert check(reconcile("--format", "json"), APPLY)["outcomes"][0]["name"] == "it"


def test_an_unread_tenant_is_a_problem_beside_the_changes(reconcile, emulator, local, monkeypatch):
    local(subscription())
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", "/nowhere")
    for options, kind in ((["--dry-run"], DRY_RUN), ([], APPLY)):
        found = check(reconcile(*options, "--format", "json"), kind)
        assert [each["rule"] for each in found["problems"]] == ["tenant-unread"]
        assert found["changes"] == []


@pytest.mark.parametrize("form", FORMS)
def test_the_same_inputs_give_the_same_bytes(whole_world, form):
    """Without --now it is the time of the snapshot."""
    assert whole_world(form=form) == whole_world("--now", NOW, form=form)


def test_the_order_of_lists_and_files_does_not_count(offline, whole_world):
    first = whole_world()
    again = offline(WORLD_WANTED[::-1], WORLD_LIVE[::-1])
    without_places = [
        [{key: value for key, value in each.items() if key != "source"} for each in ran.json["changes"]]
        for ran in (first, again)
    ]
    assert without_places[0] == without_places[1]
    assert first.json["digest"] == again.json["digest"]


def test_the_digest_leaves_renewals_places_and_times_out(offline):
    wanted = [subscription("hr"), subscription("it", 2)]
    first = offline(wanted, [live()])
    later = offline(wanted, [live()], "--now", "2026-03-04T10:00:00Z")
    assert ("renew", "hr", None) in later.actions
    assert first.json["digest"] == later.json["digest"]
    assert first.json["digest"] != offline(wanted, [live()], "--policy", "observe").json["digest"]
    assert first.json["digest"] != offline(wanted, [live(changeType="deleted")]).json["digest"]


def test_a_pipe_gets_no_colours_and_a_terminal_does(offline, monkeypatch):
    assert "\x1b" not in offline([subscription()], form="text").out
    monkeypatch.setattr("_pytest.capture.CaptureIO.isatty", lambda _: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m+ hr\x1b[0m" in offline([subscription()], form="text").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in offline([subscription()], form="text").out


def test_what_strangers_wrote_forges_no_line(offline):
    hostile = live("old", 2, resource="/teams/x\n+ forged: create\x1b2K\u202e")
    ran = offline([subscription()], [hostile, live()], form="text")
    assert "\x1b" not in ran.out
    assert "/teams/x\\u000a+ forged: create\\u001b2K\\u202e" in ran.out


def test_partial_runs_count_what_they_leave_out(offline):
    wanted = [subscription("hr", labels={"area": "hr"}), subscription("it", 2)]
    only = offline(wanted, [live("old", 3)], "--only", "hr")
    assert only.actions == [("create", "hr", None)]
    assert only.json["summary"]["unselected"] == 1
    assert only.rules == []
    assert offline(wanted, [live("old", 3)], "--selector", "area=hr").actions == only.actions


def test_how_often_a_pipeline_must_run(offline):
    said = "Where no daemon renews, run this at least every {}.\n"
    assert said.format("23h") in offline([subscription()], form="text").out
    early = subscription(expiry={"renewBefore": "90m"})
    assert said.format("1h") in offline([early], form="text").out
    assert "run this" not in offline([], form="text").out
