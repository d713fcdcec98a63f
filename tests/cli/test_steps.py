"""What a step of GitHub Actions is told: a summary to read, outputs for the steps after it."""

from pathlib import Path

import pytest

from tests.cli.support import SOON, live, subscription


@pytest.fixture
def step(environment, monkeypatch):
    """The files that GitHub makes for a step; what other commands of it wrote is there."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        file = environment / name.lower()
        file.write_text("before=1\n")
        monkeypatch.setenv(name, str(file))
    return environment


def summary() -> str:
    return Path("github_step_summary").read_text(encoding="utf-8")


def outputs() -> dict[str, str]:
    return dict(line.split("=", 1) for line in Path("github_output").read_text().splitlines())


def test_a_pass_appends_to_both(step, offline):
    ran = offline([subscription(), subscription("it", 2)], [live("old", 3), live("it", 2, expirationDateTime=SOON)])
    assert summary().startswith("before=1\n<!-- reconcile -->\n### reconcile: 1 to create, 1 to renew, 1 to delete")
    assert outputs() == {
        "before": "1",
        "changed": "true",
        "creates": "1",
        "updates": "0",
        "renews": "1",
        "replaces": "0",
        "deletes": "1",
        "adopts": "0",
        "withheld": "0",
        "digest": ran.json["digest"],
    }


def test_renewals_alone_are_no_change(step, offline):
    offline([subscription()], [live(expirationDateTime=SOON)])
    assert (outputs()["changed"], outputs()["renews"]) == ("false", "1")


def test_invalid_manifests_have_a_summary_and_no_outputs(step, offline):
    assert offline([subscription(coler="red")]).code == 4
    assert "unknown key" in summary()
    assert outputs() == {"before": "1"}


def test_validate_has_a_summary(step, offline, reconcile):
    offline([subscription()])
    reconcile("validate")
    assert summary().endswith("### reconcile: 1 subscription in 1 tenant: valid\n")


def test_other_commands_say_nothing(step, reconcile):
    reconcile("catalog")
    assert (summary(), outputs()) == ("before=1\n", {"before": "1"})


def test_a_file_that_cannot_be_written_is_a_warning(step, offline, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step / "none" / "summary"))
    ran = offline([subscription()])
    assert ran.code == 0
    assert ran.err.startswith("reconcile: GITHUB_STEP_SUMMARY ")
    assert outputs()["creates"] == "1"


def test_without_github_nothing_is_written(environment, offline):
    offline([subscription()])
    assert sorted(each.name for each in environment.iterdir()) == ["live.json", "manifests"]
