"""The GitHub Action: its scripts are run as a runner runs them, and no input of it is ever code."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.support import endpoint, live, settings, snapshot, subscription, taken, tenant, write

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
INSTALL, RUN = (step["run"] for step in STEPS if "run" in step)
(VARIABLES,) = (step["env"] for step in STEPS if step.get("id") == "reconcile")


def test_no_script_has_an_expression_in_it():
    assert not [step["run"] for step in STEPS if "${{" in step.get("run", "")]


def test_every_input_is_used_and_every_output_is_set():
    used = set(re.findall(r"inputs\.([a-z-]+)", yaml.safe_dump(STEPS)))
    assert used == set(ACTION["inputs"])
    told = {each["value"] for each in ACTION["outputs"].values()}
    assert told == {f"${{{{ steps.reconcile.outputs.{name} }}}}" for name in ACTION["outputs"]}


@pytest.fixture
def runner(environment):
    """A work folder with manifests and a snapshot, and reconcile where the first step puts it."""
    write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(), subscription())
    (environment / "live.json").write_text(snapshot(taken(live("old", 2))))
    programs = environment / "temp" / "reconcile" / "bin"
    programs.mkdir(parents=True)
    (programs / "reconcile").symlink_to(Path(sys.executable).with_name("reconcile"))

    def run(script: str = RUN, **inputs: str) -> subprocess.CompletedProcess[str]:
        given = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()} | inputs
        filled = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: given[found[1]], value)
            for name, value in VARIABLES.items()
        }
        files = {name: str(environment / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        environ = {"PATH": os.environ["PATH"], "HOME": str(environment), "RUNNER_TEMP": str(environment / "temp")}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            capture_output=True, text=True, timeout=60, check=False, cwd=environment,
            env=environ | files | filled | {"GITHUB_ACTION_PATH": str(ROOT)},
        )  # fmt: skip

    return run


def outputs() -> dict[str, str]:
    return dict(line.split("=", 1) for line in Path("GITHUB_OUTPUT").read_text().splitlines())


def test_a_plan_from_a_snapshot(runner):
    ran = runner(live="live.json", reports="markdown=plan.md\njson=plan.json\n")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "::notice file=manifests/all.yaml," in ran.stdout
    found = outputs()
    assert set(found) == set(ACTION["outputs"])
    assert (found["changed"], found["creates"], found["deletes"], found["exit-code"]) == ("true", "1", "1", "0")
    assert re.fullmatch("[0-9a-f]{64}", found["digest"])
    assert Path("plan.md").read_text() == Path("GITHUB_STEP_SUMMARY").read_text()
    assert Path("plan.json").exists()


def test_further_arguments_one_a_line(runner):
    ran = runner(live="live.json", args="--detailed-exitcode\r\n--now\n2026-03-01T12:00:00Z")
    assert ran.returncode == 2
    assert outputs()["exit-code"] == "2"


def test_invalid_manifests_fail_the_step(runner):
    write(Path("manifests/all.yaml"), settings(), subscription(coler="red"))
    ran = runner()
    assert ran.returncode == 4
    assert "::error file=manifests/all.yaml," in ran.stdout
    assert outputs() == {"exit-code": "4"}


def test_several_files(runner):
    (Path() / "two words").mkdir()
    Path("manifests/all.yaml").rename("two words/all.yaml")
    assert runner(files="two words\nmanifests\n", live="live.json").returncode == 4
    assert runner(files="two words", live="live.json").returncode == 0


@pytest.fixture
def played(runner, environment):
    """In place of reconcile, a program that says what it was given."""
    program = environment / "temp/reconcile/bin/reconcile"
    program.unlink()
    program.write_text('#!/bin/sh\nfor each in "$@"; do echo "<$each>"; done\n')
    program.chmod(0o755)
    return runner


@pytest.mark.parametrize(
    ("name", "option"),
    [
        pytest.param("files", "--file=", id="files"),
        pytest.param("live", "--live=", id="live"),
        pytest.param("owner", "--owner=", id="owner"),
        pytest.param("format", "--format=", id="format"),
        pytest.param("reports", "--report=", id="reports"),
        pytest.param("args", "", id="args"),
    ],
)
def test_no_input_is_run(played, name, option):
    """Each line of it is an argument as it stands."""
    lines = [
        "$(touch PWNED)",
        "`touch PWNED`",
        '"; touch PWNED; "',
        "'; touch PWNED; '",
        "; touch PWNED",
        "* & touch X",
    ]
    ran = played(**{name: "\n".join(lines)})
    assert ran.returncode == 0
    assert [line for line in ran.stdout.splitlines() if "touch" in line] == [f"<{option}{line}>" for line in lines]
    assert not Path("PWNED").exists()
    assert not Path("X").exists()


def test_an_input_that_looks_like_an_option_is_none(runner):
    ran = runner(live="live.json", files="--allow=removals")
    assert "--allow=removals" in ran.stdout
    assert ran.returncode == 4


@pytest.mark.parametrize(
    ("apply", "dry"),
    [("false", True), ("", True), ("yes", True), ("$(echo true)", True), ("true", False)],
    ids=["false", "empty", "yes", "code", "true"],
)
def test_it_dry_runs_unless_it_is_told_to_apply(played, apply, dry):
    given = played(apply=apply).stdout.split()
    assert given == ["<--file=manifests>", "<--format=github>", *(["<--dry-run>"] if dry else [])]


def test_it_installs_itself(runner, environment):
    """Into an environment of its own; what would fetch packages is played."""
    programs = environment / "played"
    programs.mkdir()
    log = environment / "log"
    (programs / "python3").write_text(
        f'#!/bin/sh\necho "python3 $@" >> {log}\nmkdir -p "$3/bin"\n'
        f'printf \'#!/bin/sh\\necho "inside $@" >> {log}\\n\' > "$3/bin/python"\nchmod +x "$3/bin/python"\n'
    )
    (programs / "python3").chmod(0o755)
    assert runner(f'export PATH="{programs}:$PATH"\n{INSTALL}').returncode == 0
    assert log.read_text().splitlines() == [
        f"python3 -m venv {environment}/temp/reconcile",
        f"inside -m pip install --quiet --disable-pip-version-check {ROOT}",
    ]
