"""A pull request's manifests name files: what lies outside of their folder, never ends or is no file is not read.

Each kind of reference that a dry run reads is tried in each way; a read that hangs ends with an alarm.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import (
    endpoint,
    live,
    local_tenant,
    manifest,
    settings,
    snapshot,
    subscription,
    taken,
    tenant,
    write,
)

LONGEST = 20
"""Seconds for one command, a thousand times what it takes."""


@pytest.fixture(autouse=True)
def alarm():
    def ring(*_):
        raise TimeoutError("something was waited for")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def set_of(path):
    spec = {"forEach": {"file": path}, "resource": "/teams/{value}", "changeTypes": ["updated"]}
    return [tenant(), manifest("Subscription", "teams", spec)]


def certificate_of(path):
    rich = manifest("Certificate", "rich", {"certificate": {"file": path}})
    return [tenant(), rich, subscription(certificate="rich")]


def entered_by(path, **credential):
    return [local_tenant(credential=credential), subscription()]


KINDS = {
    "csv": set_of,
    "certificate": certificate_of,
    "secret": lambda path: entered_by(path, secret={"file": path}),
    "token-file": lambda path: entered_by(path, workloadIdentity={"tokenFile": path}),
    "client-certificate": lambda path: entered_by(
        path, certificate={"certificate": {"file": path}, "privateKey": {"env": "GIVEN"}}
    ),
    "private-key": lambda path: entered_by(
        path, certificate={"certificate": {"file": "all.yaml"}, "privateKey": {"file": path}}
    ),
}
"""What a dry run reads of files, and the documents that name one."""

OFFLINE = {"csv", "certificate"}
"""Those that are read to plan, not to ask Graph."""


@pytest.fixture
def refused(reconcile, environment, running, monkeypatch):
    """Run a dry run in which ``kind`` names ``path``: its exit code, and all that it said."""
    monkeypatch.setenv("GIVEN", "x")
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(running.home))
    (environment / "live.json").write_text(snapshot(taken(live())))

    def run(kind, path):
        write(environment / "manifests" / "all.yaml", settings(), endpoint(), *KINDS[kind](path))
        before = len(running.requests())
        ran = reconcile("-f", "manifests/all.yaml", "--dry-run", *(["--live", "live.json"] if kind in OFFLINE else []))
        assert len(running.requests()) == before
        assert ran.code == (4 if kind in OFFLINE else 1)
        return ran.out + ran.err

    return run


@pytest.fixture
def inside(environment):
    folder = environment / "manifests"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(environment):
    place = environment / "private" / "file"
    place.parent.mkdir()
    place.write_text("hunter2")
    return place


WAYS = {
    "absolute": "{outside}",
    "parent": "../private/file",
    "winding": "below/../../private/file",
    "looks-inside": "{inside}/../private/file",
    "symlink": "link",
    "symlink-of-a-symlink": "below/link-of-the-link",
    "relative-symlink": "relative",
    "symlinked-folder": "folder/file",
    "process": "/proc/self/environ",
    "process-root": "/proc/self/root{outside}",
    "process-folder": "/proc/self/cwd/private/file",
}


@pytest.fixture
def ways(inside, outside):
    (inside / "below").mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "below" / "link-of-the-link").symlink_to("../link")
    (inside / "relative").symlink_to("../private/file")
    (inside / "folder").symlink_to(outside.parent)
    return {way: path.format(inside=inside, outside=outside) for way, path in WAYS.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_file_outside_is_not_read(refused, ways, monkeypatch, kind, way):
    monkeypatch.setenv("TOLD", "hunter2")
    said = refused(kind, ways[way])
    assert f"the file {ways[way]} lies outside of the manifests' folder, a dry run does not read it" in said
    assert "hunter2" not in said


def sparse(place):
    """A tebibyte that takes no room."""
    with place.open("wb") as file:
        file.truncate(1 << 40)


UNREADABLE = "is no regular file, or over"
ODD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "fifo": (os.mkfifo, UNREADABLE),
    "folder": (Path.mkdir, UNREADABLE),
    "huge": (sparse, UNREADABLE),
    "circle": (lambda place: place.symlink_to(place), "cannot be read: "),
    "missing": (lambda _: None, "cannot be read: No such file or directory"),
    "device": (lambda place: place.symlink_to("/dev/zero"), "lies outside of the manifests' folder"),
    "terminal": (lambda place: place.symlink_to("/dev/tty"), "lies outside of the manifests' folder"),
}
"""What is no file to be read, in the folder itself."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_file_is_not_waited_for(refused, inside, kind, odd):
    make, said = ODD[odd]
    make(inside / "odd")
    assert f"the file odd {said}" in refused(kind, "odd")


@pytest.mark.parametrize("path", ["odd\x00", "a" * 5000, "odd\n::error::forged", "\x1b[2K", "~/file", "~root/file"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_path_that_is_none(refused, inside, kind, path):
    said = refused(kind, path)
    assert "cannot be read" in said
    assert "\n::error::" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize("command", [["validate"], ["--dry-run", "--live", "live.json"]], ids=["validate", "dry-run"])
@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("fifo", "this is no regular file"),
        ("huge", "this file is over 16 MiB"),
        ("circle", "this file cannot be read"),
        ("device", "this file lies outside of manifests"),
        ("terminal", "this file lies outside of manifests"),
    ],
)
def test_a_manifest_that_is_no_file_is_not_waited_for(reconcile, environment, inside, command, odd, said):
    (environment / "live.json").write_text(snapshot(taken(live())))
    write(inside / "a.yaml", settings(), tenant(), endpoint(), subscription())
    ODD[odd][0](inside / "odd.yaml")
    ran = reconcile(*command)
    assert ran.code == 4
    assert f"manifests/odd.yaml:1:1: {said}" in ran.out


class TestStandardInput:
    """``-f -``: there is no folder, so that the working directory is it."""

    @pytest.mark.parametrize(
        ("path", "code"),
        [("teams.csv", 0), ("../private/teams.csv", 4), ("/etc/hostname", 4)],
        ids=["in", "out", "root"],
    )
    def test_reads_below_the_working_directory(self, reconcile, environment, path, code):
        (environment / "live.json").write_text(snapshot(taken()))
        content = "key,value\nhr,0a1b2c3d-0000-4000-8000-000000000001\n"
        (environment.parent / "private").mkdir()
        for place in (environment, environment.parent / "private"):
            (place / "teams.csv").write_text(content)
        file = write(environment.parent / "all.yaml", settings(), endpoint(), *set_of(path))
        ran = reconcile("-f", "-", "--dry-run", "--live", "live.json", stdin=file.read_text())
        assert ran.code == code
        assert (f"the file {path} lies outside of the manifests' folder" in ran.out) is (code == 4)

    def test_of_which_a_credential_is_no_exception(self, reconcile, environment, running, monkeypatch):
        monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(running.home))
        (environment.parent / "token").write_text("hunter2")
        documents = [settings(), endpoint(), *KINDS["token-file"]("../token")]
        file = write(environment.parent / "all.yaml", *documents)
        ran = reconcile("-f", "-", "--dry-run", stdin=file.read_text())
        assert ran.code == 1
        assert "the file ../token lies outside of the manifests' folder, a dry run does not read it" in ran.err


def test_the_folder_of_one_path_is_not_that_of_another(reconcile, environment):
    """Each of several -f has a folder of its own, and may not read in the other's parent."""
    (environment / "live.json").write_text(snapshot(taken()))
    write(environment / "a" / "all.yaml", settings(), endpoint(), *set_of("../b/teams.csv"))
    write(environment / "b" / "all.yaml", subscription())
    (environment / "b" / "teams.csv").write_text("key,value\nhr,0a1b2c3d-0000-4000-8000-000000000001\n")
    ran = reconcile("-f", "a", "-f", "b", "--dry-run", "--live", "live.json")
    assert ran.code == 4
    assert "the file ../b/teams.csv lies outside of the manifests' folder" in ran.out


def test_the_parent_of_a_folder_is_not_made_known_by_a_folder_below(reconcile, environment):
    """-f manifests/team and -f manifests are two folders; what is read through the inner one stays in the inner one."""
    (environment / "live.json").write_text(snapshot(taken()))
    (environment / "manifests").mkdir()
    (environment / "manifests" / "teams.csv").write_text("key,value\nhr,0a1b2c3d-0000-4000-8000-000000000001\n")
    write(environment / "manifests" / "team" / "all.yaml", settings(), endpoint(), *set_of("../teams.csv"))
    inner = reconcile("-f", "manifests/team", "--dry-run", "--live", "live.json")
    assert inner.code == 4
    assert "the file ../teams.csv lies outside of the manifests' folder" in inner.out
    assert reconcile("-f", "manifests", "--dry-run", "--live", "live.json").code == 0
