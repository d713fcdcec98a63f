"""The command as a process of its own: signals, pipes, servers, an installation that lacks something."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.support import local_tenant, settings, subscription, write

RECONCILE = [sys.executable, "-m", "reconciler"]


@contextlib.contextmanager
def started(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    command = [*RECONCILE, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def ran(*arguments: object, code: str | None = None, **more) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code] if code else RECONCILE
    given = {"capture_output": True, "text": True, "timeout": 60, "check": False} | more
    return subprocess.run([*command, *map(str, arguments)], **given)


def test_it_is_the_same_command(example):
    found = ran("validate")
    assert (found.returncode, found.stdout) == (0, "11 subscriptions in 1 tenant: valid\n")


def test_a_reader_that_goes_away_is_no_error_report():
    with started("catalog", "--format", "json") as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
        assert process.wait(30) == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_arrows(environment, running, receiver, monkeypatch, encoding):
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(running.home))
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    (environment / "manifests").mkdir()
    (environment / "manifests" / "ünicode.yaml").write_text("kind: Nöthing")
    found = ran("validate", encoding="latin-1")
    assert found.returncode == 4
    assert "Traceback" not in found.stderr
    assert "unknown kind" in found.stdout


@pytest.fixture
def silence() -> Iterator[socket.socket]:
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.parametrize("command", [["--dry-run"], [], ["status"]], ids=["dry-run", "apply", "status"])
def test_ctrl_c(environment, running, silence, monkeypatch, command):
    home = environment / "home"
    home.mkdir()
    origin = f"https://127.0.0.1:{silence.getsockname()[1]}"
    (home / "emulator.json").write_text(json.dumps(running.info | {"graph": origin, "authority": origin}))
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(home))
    hook = {"notificationUrl": "https://localhost/n", "receiver": "external"}
    point = {"apiVersion": "reconciler/v1", "kind": "Endpoint", "metadata": {"name": "e"}, "spec": hook}
    write(environment / "manifests" / "a.yaml", settings(), local_tenant(), point, subscription())
    with started(*command) as process:
        time.sleep(1.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        silence.close()  # or else it would wait for the answer until its time is over
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.endswith("reconcile: interrupted\n")


LACKING = """
import sys
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == LACKS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Lacking())
from reconciler.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("lacks", ["starlette", "uvicorn", "uvloop"])
@pytest.mark.parametrize("command", ["emulator", "listen"])
def test_an_extra_that_is_not_installed(example, emulator, lacks, command):
    found = ran(command, "--listen", "127.0.0.1:0", code=f"LACKS = {lacks!r}\n{LACKING}")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == f"reconcile: {lacks} is not installed: pip install '.[daemon]' in the checkout brings it\n"


def test_without_the_extra_all_else_works(example):
    for command in (["validate"], ["catalog"], ["schema"], ["--version"], ["--help"], ["completion", "bash"]):
        found = ran(*command, code=f"LACKS = 'starlette'\n{LACKING}")
        assert (found.returncode, found.stderr) == (0, ""), command


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_the_emulator_ends_in_good_order(environment, how):
    home = environment / "local graph"
    with started("emulator", "--listen", "127.0.0.1:0", "--home", home) as process:
        assert process.stdout
        first, second = process.stdout.readline(), process.stdout.readline()
        info = json.loads((home / "emulator.json").read_text())
        assert first == f"Graph is at {info['graph']}, its keys are in {home}\n"
        assert second == f"Use it with: export RECONCILER_EMULATOR_HOME='{home}'\n"
        assert info["pid"] == process.pid
        trust = ssl.create_default_context(cafile=info["caFile"])
        assert httpx.get(f"{info['graph']}/v1.0/subscriptions", verify=trust, trust_env=False).status_code == 401
        process.send_signal(how)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    assert not (home / "emulator.json").exists()
    assert (home / "identity.json").exists()


@pytest.mark.parametrize("command", ["emulator", "listen"])
def test_a_port_that_is_in_use(example, emulator, silence, command):
    port = silence.getsockname()[1]
    found = ran(command, "--listen", f"127.0.0.1:{port}")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("reconcile: ")
    assert len(found.stderr.splitlines()) == 1
    assert str(port) in found.stderr
    assert "in use" in found.stderr


NOTIFICATION = {
    "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "clientState": "what-only-graph-knows",
    "changeType": "updated",
    "resource": "teams('0a1b2c3d-0000-4000-8000-000000000001')",
}


def test_listen_answers_validation_and_prints_notifications(example, emulator):
    tls = ["--tls-cert", emulator.info["receiverCertificate"], "--tls-key", emulator.info["receiverKey"]]
    notification = NOTIFICATION | {"tenantId": emulator.info["tenantId"]}
    with started("listen", "--listen", "127.0.0.1:0", *tls) as process:
        assert process.stdout
        ready = process.stdout.readline()
        assert ready.endswith(" for /lifecycle, /notifications\n")
        origin = f"https://localhost:{ready.split()[2].rpartition(':')[2]}"
        with httpx.Client(base_url=origin, verify=emulator.context, trust_env=False) as client:
            answer = client.post("/notifications?validationToken=a%2Bb%20%26%3Cc%3E")
            assert (answer.status_code, answer.text) == (200, "a+b &<c>")
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            assert client.post("/elsewhere?validationToken=x").status_code == 404
            query = "reconciler=1.contoso-demo.all-teams.0123456789.k1.0123456789&code=a-secret"
            answer = client.post(f"/notifications?{query}", json={"value": [notification, {"odd": 1}]})
            assert answer.status_code == 202
        printed = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    received = printed[0].pop("receivedAt")
    assert received.endswith("Z")
    assert printed[0] == {
        "path": "/notifications",
        "name": "all-teams",
        "subscriptionId": NOTIFICATION["subscriptionId"],
        "changeType": "updated",
        "resource": NOTIFICATION["resource"],
        "tenantId": notification["tenantId"],
        "encrypted": False,
        "verified": False,
        "reason": "client-state",
        "message": "the item's clientState was made with no key of the endpoint: it is forged, or the key is gone from"
        " the ring",
    }
    assert (printed[1]["malformed"], printed[1]["verified"]) == (1, False)


def test_listen_needs_an_endpoint_of_ours(environment):
    hook = {"notificationUrl": "https://hooks.contoso.com/n", "receiver": "external"}
    point = {"apiVersion": "reconciler/v1", "kind": "Endpoint", "metadata": {"name": "e"}, "spec": hook}
    write(environment / "manifests" / "a.yaml", settings(), point)
    found = ran("listen", "--listen", "127.0.0.1:0")
    assert found.returncode == 64
    assert "no Endpoint has receiver: self, there is nothing to listen for" in found.stderr


def test_listen_with_a_certificate_that_is_not_there(example, emulator):
    found = ran("listen", "--listen", "127.0.0.1:0", "--tls-cert", "none.pem", "--tls-key", "none.key")
    assert found.returncode == 1
    assert "none.pem" in found.stderr
    assert "Traceback" not in found.stderr


AS_NOBODY = """
import os, sys
from reconciler.cli.main import main
main(["validate"])  # so that everything is imported: nobody may be unable to read the installation
os.setgid(65534), os.setuid(65534)
sys.exit(main(["validate", "-f", sys.argv[1]]))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else; others are tested in tests/sources")
def test_a_folder_that_may_not_be_read_is_not_taken_for_empty(example, environment):
    """What is not read would be pruned."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        manifests = write(Path(folder) / "a.yaml", settings(), local_tenant()).parent
        write(manifests / "closed" / "b.yaml", subscription()).parent.chmod(0)
        write(manifests / "c.yaml", subscription("it", 2)).chmod(0)
        found = ran(manifests, code=AS_NOBODY)
    assert found.returncode == 4
    assert f"{manifests}/closed:1:1: this folder cannot be read: Permission denied [unreadable-file]" in found.stdout
    assert f"{manifests}/c.yaml:1:1: this file cannot be read: Permission denied [unreadable-file]" in found.stdout
