"""``--report FORM=PATH``: checked before anything is done, each file whole or not there at all."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from reconciler.cli import reports
from tests.cli.support import live, settings, snapshot, subscription, taken, tenant, write

FORMS = ("text", "json", "markdown", "github", "sarif", "junit")


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_what_would_have_been_printed(offline, form):
    ran = offline([subscription()], [live("old", 2)], "--report", f"{form}=report", form=form)
    assert Path("report").read_text(encoding="utf-8") == ran.out
    assert not [each for each in Path().iterdir() if each.name.startswith(".report")]


def test_several_at_once_beside_what_is_printed(offline):
    options = [word for form in FORMS for word in ("--report", f"{form}={form}.out")]
    ran = offline([subscription()], [], *options, form="text")
    assert ran.out.startswith("contoso:\n  + hr: create")
    assert sorted(each.stem for each in Path().glob("*.out")) == sorted(FORMS)


def test_invalid_manifests_are_reported(offline):
    ran = offline([subscription(coler="red")], [], "--report", "json=r.json", "--report", "markdown=r.md")
    assert ran.code == 4
    assert [each["rule"] for each in json.loads(Path("r.json").read_text())["problems"]] == ["unknown-key"]
    assert "unknown key" in Path("r.md").read_text()


def test_a_tenant_that_was_not_read_is_reported(reconcile, emulator, local, monkeypatch):
    local(subscription())
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", "/nowhere")
    assert reconcile("--dry-run", "--report", "json=r.json").code == 1
    assert [each["rule"] for each in json.loads(Path("r.json").read_text())["problems"]] == ["tenant-unread"]


def test_a_run_that_fails_before_there_is_a_plan_says_so_in_its_reports(reconcile, emulator, local, tmp_path):
    local(subscription())
    (tmp_path / "file").write_text("")
    ran = reconcile("--state", tmp_path / "file" / "below", "--report", "json=r.json")
    assert ran.code == 1
    (told,) = json.loads(Path("r.json").read_text())["problems"]
    assert told["rule"] == "failed"
    assert told["message"] in ran.err


def test_an_apply_is_reported(reconcile, emulator, local):
    local(subscription())
    assert reconcile("--report", "json=r.json", "--report", "junit=r.xml").code == 0
    assert [each["result"] for each in json.loads(Path("r.json").read_text())["outcomes"]] == ["done"]


def test_validate_writes_reports_too(offline, reconcile):
    offline([subscription()])
    assert reconcile("validate", "--report", "junit=r.xml").code == 0
    assert 'classname="contoso" name="hr"' in Path("r.xml").read_text()


WRONG = {
    "unknown-form": ("yaml=r", "'yaml' is no form, known are text, json, markdown, github, sarif, junit"),
    "no-form": ("r.json", "'r.json' is not FORM=PATH"),
    "no-path": ("json=", "'json=' is not FORM=PATH"),
    "standard-output": ("json=-", "use --format json for standard output"),
    "no-folder": ("json=none/r", "there is no folder"),
    "a-folder": ("json=manifests", "it is a folder, name a file"),
    "no-place-for-files": ("json=/proc/r", "cannot be written"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_report_that_cannot_be_is_wrong_usage_before_anything_is_done(reconcile, emulator, local, name):
    given, said = WRONG[name]
    local(subscription())
    before = len(emulator.requests())
    for command in ([], ["--dry-run"], ["validate"]):
        ran = reconcile(*command, "--report", "text=first", "--report", given)
        assert (ran.code, ran.out) == (64, "")
        assert said in ran.err
        assert not Path("first").exists()
    assert len(emulator.requests()) == before


def test_invalid_manifests_do_not_hide_a_report_that_cannot_be(offline):
    assert offline([subscription(coler="red")], [], "--report", "json=none/r").code == 64


def test_two_reports_need_two_files(offline):
    assert "is given twice" in offline([subscription()], [], "--report", "json=r", "--report", "text=./r").err


@pytest.mark.parametrize(
    "command", [["status"], ["schema"], ["catalog"], ["daemon"], ["gaps"]], ids=lambda command: command[0]
)
def test_other_commands_know_text_and_json_alone(reconcile, command):
    for options, said in {
        ("--format", "markdown"): f"{command[0]} prints text or json",
        ("--report", "json=r"): f"not with {command[0]}",
    }.items():
        ran = reconcile(*options, *command)
        assert ran.code == 64
        assert said in ran.err
    assert reconcile(*command, "--format", "sarif").code == 64


def test_an_unknown_form(reconcile):
    assert reconcile("--dry-run", "--format", "yaml").code == 64


def test_a_report_that_was_there_keeps_its_rights_and_a_link_stays_a_link(offline):
    Path("real").mkdir()
    file = Path("real/r.json")
    file.write_text("before")
    file.chmod(0o640)
    Path("link.json").symlink_to("real/r.json")
    offline([subscription()], [], "--report", "json=link.json")
    assert Path("link.json").is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert json.loads(file.read_text())["summary"]["create"] == 1


def test_a_new_report_has_the_rights_of_any_new_file(offline):
    Path("other").write_text("")
    offline([subscription()], [], "--report", "json=r.json")
    assert Path("r.json").stat().st_mode == Path("other").stat().st_mode


def test_a_pipe_is_written_as_it_stands(offline):
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    reader.start()
    ran = offline([subscription()], [], "--report", "json=pipe")
    reader.join(timeout=30)
    assert read == [ran.out]


def test_a_report_that_fails_at_the_end_leaves_what_was_there(offline, monkeypatch):
    """As where the disk is full: the run says so and ends with 1, its other reports are written."""
    Path("r.json").write_text("before")

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "r.json":
            raise OSError(28, "No space left on device")
        os.replace(self, target)  # noqa: PTH105  the method is what is replaced here
        return Path(target)

    monkeypatch.setattr(Path, "replace", full)
    ran = offline([subscription()], [], "--report", "json=r.json", "--report", "text=r.txt")
    assert ran.code == 1
    assert "was not written: No space left on device" in ran.err
    assert Path("r.json").read_text() == "before"
    assert Path("r.txt").read_text().startswith("contoso:")
    assert sorted(each.name for each in Path().iterdir()) == ["live.json", "manifests", "r.json", "r.txt"]


def test_a_file_that_is_read_only_is_refused(tmp_path, monkeypatch):
    """Root may write everything, so that what the system answers is played."""
    file = tmp_path / "r.json"
    file.write_text("before")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OSError, match="it is read-only"):
        reports.examine(file)


def test_a_dry_run_with_a_report_writes_that_file_alone(environment, reconcile):
    write(environment / "manifests" / "a.yaml", settings(), tenant(), subscription())
    (environment / "live.json").write_text(snapshot(taken()))
    before = set(environment.rglob("*"))
    reconcile("--dry-run", "--live", "live.json", "--report", "markdown=plan.md")
    assert {each.name for each in set(environment.rglob("*")) - before} == {"plan.md"}
