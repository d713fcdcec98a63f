"""``reconcile demo`` tells the whole story, ends by itself, and does not hide a step that went wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli import demo
from reconciler.cli.story import checks
from reconciler.cli.story.servers import Server, shortened
from reconciler.cli.story.stage import NotAsTold, Stage

ROOT = Path(__file__).parents[2]


def test_the_whole_story(tmp_path):
    """Told once, as it takes about a minute."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
    told = subprocess.run(
        [sys.executable, "-m", "reconciler", "demo", "--keep", str(tmp_path / "story")],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT), "RECONCILER_OWNER": "somebody-else"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stderr == ""
    assert "each step as told." in told.stdout
    one_run_after_the_other(told.stdout)
    the_daemon_lives_through_it(told.stdout)
    nothing_is_left_behind(tmp_path / "story")


def one_run_after_the_other(out: str) -> None:
    for line in ("11 to create.", "11 done.", "Nothing to do; 11 unchanged.", "1 to create, 1 to update; 9 unchanged"):
        assert line in out
    assert out.count("$ reconcile") >= 19
    assert "3 errors, nothing was read from Graph or changed there." in out


def the_daemon_lives_through_it(out: str) -> None:
    assert out.count("done create of mail: contoso") == 2, "once for its manifest, once as Graph has removed it"
    assert re.findall(r'\.resync".*"cause":"(\w+)"', out) == ["removed", "missed"]
    assert out.count("done update of all-teams: contoso") == 2, "moved to our own certificate, and to its successor"
    assert '"displayName":"Told for the old key"\n"displayName":"Told for the new key"\n' in out
    assert "Ending: no pass begins any more, and nothing is deleted\n" in out
    assert "(11 ready, 0 pending, 0 stalled), 1 foreign" in out
    assert re.search(r"\n  all-teams +ready .* ago\n", out), "what was heard of last is known after the daemon's end"
    assert re.search(r"contoso/mail +removed .* yes\ncontoso/mail +missed .* yes\n", out)


def nothing_is_left_behind(story: Path) -> None:
    assert not (story / ".emulator" / "emulator.json").exists(), "the local Graph still runs"
    requests = (story / ".emulator" / "requests.jsonl").read_text()
    assert requests.count('"method": "DELETE"') == 2, "by somebody else's hand, and by the run that pruned"
    log = (story / "daemon.log").read_text()
    assert "stands by" in log.splitlines()[-1], "the daemon does not take the lease once more at its end"
    assert "PRIVATE KEY" not in log
    kept = list((story / ".state" / "keys").iterdir())
    assert [file.stat().st_mode & 0o777 for file in kept] == [0o600, 0o600]


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


def test_a_server_that_ends_too_soon_is_noticed(tmp_path):
    with Stage(tmp_path) as stage:
        stage.serve(f"emulator --listen 127.0.0.1:{stage.graph_port} --home .emulator", port=stage.graph_port)
        stage.server("emulator").process.kill()
        with pytest.raises(NotAsTold, match="`reconcile emulator` has ended"):
            stage.wait_until("the sea is dry", lambda: False)
        with pytest.raises(NotAsTold, match="ended with -9 instead of 0"):
            stage.stop("emulator")


def test_what_does_not_come_is_not_waited_for_without_end(tmp_path):
    with Stage(tmp_path) as stage, pytest.raises(NotAsTold, match="after 0 s it is still not so that the sea is dry"):
        stage.wait_until("the sea is dry", lambda: False, limit=0)


def test_a_command_of_the_shell_that_fails_is_noticed(tmp_path):
    with Stage(tmp_path) as stage, pytest.raises(NotAsTold, match="`rmdir nothing` ended with 1"):
        stage.shell("rmdir nothing")


def test_gaps_that_are_other_than_told_are_noticed(tmp_path, example):
    with Stage(example.parent) as stage, pytest.raises(NotAsTold, match=r"the story has \[\('mail', 'missed'\)\]"):
        checks.check_gaps(stage, ("mail", "missed"))


def test_only_whole_lines_of_a_server_are_shown_and_each_once(tmp_path):
    log = tmp_path / "daemon.log"
    log.write_text("one\ntwo\nthr")
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        server = Server("daemon", process, log)
        assert server.said("two")
        assert server.take_news() == "one\ntwo\n"
        assert not server.said("two")
        log.write_text("one\ntwo\nthree\n")
        assert server.take_news() == "three\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param(
            "2026-11-26T18:09:28.541Z [info     ] done create of mail [reconciler.daemon.steward] reason=Missing b=c",
            "18:09:28 done create of mail (Missing)",
            id="reason",
        ),
        pytest.param(
            "2026-11-26T18:09:28.541522Z [warning  ] it is late [by 3 s] [reconciler.daemon.telling]",
            "18:09:28 warning: it is late [by 3 s]",
            id="warning",
        ),
        pytest.param("listening on 127.0.0.1:9444", "listening on 127.0.0.1:9444", id="no-log"),
    ],
)
def test_a_line_of_the_log_is_shortened(line, shown):
    assert shortened(line) == shown


def test_a_folder_that_exists_is_left_alone(reconcile, environment):
    ran = reconcile("demo", "--keep", environment)
    assert ran.code == 64
    assert "it exists, name a folder that does not" in ran.err
