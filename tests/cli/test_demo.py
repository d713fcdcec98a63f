"""``reconcile demo`` tells the whole story, ends by itself, and does not hide a step that went wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli import demo
from reconciler.cli.story.stage import NotAsTold, Stage

ROOT = Path(__file__).parents[2]


def test_the_whole_story(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
    told = subprocess.run(
        [sys.executable, "-m", "reconciler", "demo", "--keep", str(tmp_path / "story")],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT), "RECONCILER_OWNER": "somebody-else"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stderr == ""
    for line in ("11 to create.", "11 done.", "Nothing to do; 11 unchanged.", "1 to create, 1 to update; 9 unchanged"):
        assert line in told.stdout
    assert told.stdout.count("$ reconcile") >= 13
    assert "3 errors, nothing was read from Graph or changed there." in told.stdout
    assert "each step as told." in told.stdout
    requests = (tmp_path / "story" / ".emulator" / "requests.jsonl").read_text()
    assert '"method": "POST"' in requests
    assert not (tmp_path / "story" / ".emulator" / "emulator.json").exists(), "the local Graph still runs"


def test_a_step_that_goes_wrong_ends_it(reconcile, monkeypatch, environment):
    def wrong(stage: Stage) -> None:
        stage.run("validate", exits=3)

    never = pytest.fail
    monkeypatch.setattr(demo, "STEPS", (("a step", wrong), ("the next one", lambda _: never("it went on"))))
    ran = reconcile("demo")
    assert ran.code == 1
    assert "not as told: `reconcile validate` ended with 0 instead of 3" in ran.err


def test_a_plan_that_is_other_than_told_is_noticed(tmp_path, example):
    with (
        Stage(example.parent) as stage,
        pytest.raises(NotAsTold, match=r"the story has .*'create': 11"),
    ):
        stage.expect("--dry-run", create=11)


def test_a_server_that_does_not_start_is_noticed(tmp_path):
    with Stage(tmp_path) as stage, pytest.raises(NotAsTold, match="did not start"):
        stage.serve("emulator --listen 0.0.0.0:8443", port=stage.graph_port)


def test_a_folder_that_exists_is_left_alone(reconcile, environment):
    ran = reconcile("demo", "--keep", environment)
    assert ran.code == 64
    assert "it exists, name a folder that does not" in ran.err
