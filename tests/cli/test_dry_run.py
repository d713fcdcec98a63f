"""A dry run writes nothing anywhere, and needs no secret but the one that it reads with."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import endpoint, live, settings, snapshot, subscription, taken, tenant, write


def footprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below with its content and its time of change, folders included."""
    return {
        str(each): (hashlib.sha256(each.read_bytes()).hexdigest() if each.is_file() else "", each.stat().st_mtime_ns)
        for each in (folder, *folder.rglob("*"))
    }


def writes(requests):
    return [(each["method"], each["path"]) for each in requests if each["path"].startswith(("/v1.0", "/beta"))]


@pytest.mark.parametrize("applied", [False, True], ids=["first", "with-a-store"])
def test_it_writes_nothing(reconcile, emulator, example, tmp_path, applied):
    if applied:
        assert reconcile().code == 0
        (example / "meetings.yaml").unlink()
    before, seen = footprint(tmp_path), len(emulator.requests())
    for options in ([], ["--format", "json"], ["--detailed-exitcode"], ["--renew-within", "3d"], ["--only", "team-hr"]):
        assert reconcile("--dry-run", *options).code in {0, 2}
    assert reconcile("status").code == 0
    assert reconcile("validate").code == 0
    asked = writes(emulator.requests()[seen:])
    assert len(asked) >= 12
    assert {method for method, _ in asked} == {"GET"}
    assert footprint(tmp_path) == before


def test_an_apply_does_write_so_the_test_above_can_fail(reconcile, emulator, example, tmp_path):
    before, seen = footprint(tmp_path), len(emulator.requests())
    assert reconcile().code == 0
    assert {method for method, _ in writes(emulator.requests()[seen:])} == {"GET", "POST"}
    assert footprint(tmp_path) != before


def test_it_needs_no_client_state_key_and_no_private_key(reconcile, emulator, example, monkeypatch):
    monkeypatch.delenv("RECONCILER_CLIENT_STATE_KEY")
    named = (example / "certificate.yaml").read_text() + "  privateKey: {file: /run/secrets/none.key}\n"
    (example / "certificate.yaml").write_text(named)
    for command in (["--dry-run"], ["validate"], ["status"]):
        assert reconcile(*command).code == 0, command


def test_a_state_folder_that_cannot_be_made_is_fine(reconcile, emulator, example, tmp_path):
    (tmp_path / "file").write_text("")
    assert reconcile("--dry-run", "--state", tmp_path / "nothing" / "there").code == 0
    assert not (tmp_path / "nothing").exists()


FORBIDDING = """
import socket, sys
class Forbidden(socket.socket):
    def __init__(self, *arguments, **more):
        print("A SOCKET", file=sys.stderr)
        raise SystemExit(99)
def forbidden(*arguments, **more):
    Forbidden()
socket.socket = Forbidden
socket.socketpair = socket.create_connection = socket.getaddrinfo = forbidden
from reconciler.cli.main import main
code = main(sys.argv[1:])
heavy = {"httpx", "msal", "sqlalchemy"} & set(sys.modules)
print(sorted(heavy), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    "arguments",
    [["validate"], ["--dry-run", "--live", "live.json"], ["schema"], ["catalog"], ["completion", "bash"]],
    ids=lambda arguments: arguments[0].strip("-"),
)
def test_what_needs_no_graph_opens_no_socket_and_needs_no_credential(environment, arguments):
    """Nor does it start what it would talk to Graph with."""
    write(environment / "manifests" / "a.yaml", settings(), tenant(), endpoint(), subscription(number=2))
    (environment / "live.json").write_text(snapshot(taken(live())))
    ran = subprocess.run(
        [sys.executable, "-c", FORBIDDING, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "[]\n")


def test_that_very_check_would_find_a_socket(environment):
    write(environment / "manifests" / "a.yaml", settings(), tenant(), endpoint(), subscription())
    with_secret = os.environ | {"AZURE_CLIENT_SECRET": "x"}
    command = [sys.executable, "-c", FORBIDDING, "--dry-run"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=with_secret)
    assert "A SOCKET" in ran.stderr
