"""A pull request's manifests against a snapshot: whatever they say, the run asks nobody, starts nothing, reads little.

The interpreter itself is asked (``sys.addaudithook``), so that no way around a function that a test replaces is missed.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import (
    endpoint,
    live,
    manifest,
    settings,
    snapshot,
    subscription,
    taken,
    tenant,
    write,
)

WATCHED = """
import pwd, sys
sys.dont_write_bytecode = True
def unknown(*_):
    raise KeyError("there is no such user")
pwd.getpwuid = unknown  # a container's user has no home
met, opened, written = [], [], []
STARTS = ("ctypes.dlopen", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen")
CHANGES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.")
def watch(event, arguments):
    if event.startswith("socket.") or event.startswith(STARTS):
        met.append(event)
    elif event.startswith(CHANGES):
        met.append(f"{event} {arguments[0]}")
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        path, mode, flags = arguments
        (written if (mode and set("wax+") & set(mode)) or flags & 0o3103 else opened).append(str(path))
from reconciler.cli.main import main
sys.addaudithook(watch)
code = main(sys.argv[1:])
import json
print(json.dumps([code, met, opened, written]), file=sys.stderr)
"""
PYTHON = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2] / "reconciler"))


class Seen:
    def __init__(self, ran):
        self.out, self.err = ran.stdout, ran.stderr
        self.code, self.met, self.opened, self.written = json.loads(ran.stderr.splitlines()[-1])

    @property
    def read(self):
        """Without the interpreter's own and the program's."""
        return sorted({each for each in self.opened if not each.startswith(PYTHON)})


def watched(*arguments, script=WATCHED, stdin=""):
    """In an environment that is empty."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={}, input=stdin)
    assert ran.stderr.endswith("]\n"), ran.stderr
    return Seen(ran)


EVIL = {
    "cloud-of-its-own": {"cloud": {"graph": "https://evil.example", "authority": "https://evil.example"}},
    "emulator": {"cloud": "emulator"},
    "workload-identity": {"credential": {"workloadIdentity": {"tokenFile": "/etc/passwd"}}},
    "managed-identity": {"credential": {"managedIdentity": {}}},
    "certificate": {
        "credential": {"certificate": {"certificate": {"file": "/etc/passwd"}, "privateKey": {"file": "/etc/shadow"}}}
    },
}
SINK = manifest("Sink", "code", {"python": "evil:run"})


@pytest.fixture
def folder(environment):
    (environment / "live.json").write_text(snapshot(taken(live())))
    (environment / "evil.py").write_text("raise SystemExit(99)")
    (environment / "manifests").mkdir()
    (environment / "manifests" / "evil.py").write_text("raise SystemExit(99)")

    def write_all(**spec):
        hook = endpoint(clientStateKey={"file": "/etc/shadow"})
        documents = [settings(), tenant(**spec), hook, SINK, subscription(sink="code")]
        return write(environment / "manifests" / "a.yaml", *documents)

    return write_all


@pytest.mark.parametrize("form", ["text", "json", "markdown", "github", "sarif", "junit"])
def test_live_opens_no_socket_and_writes_nothing(folder, form):
    folder()
    seen = watched("--dry-run", "--live", "live.json", "--format", form)
    assert (seen.code, seen.met, seen.written) == (0, [], [])
    assert seen.out


@pytest.mark.parametrize("spec", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize("command", [["--dry-run", "--live", "live.json"], ["validate"]], ids=["dry-run", "validate"])
def test_live_needs_no_credential_and_reads_nothing_but_manifests_and_snapshot(folder, command, spec):
    """No secret is looked for, no code of theirs is imported."""
    folder(**spec)
    seen = watched(*command)
    assert (seen.code, seen.met, seen.written) == (0, [], [])
    assert set(seen.read) <= {"live.json", "manifests/a.yaml", str(Path.cwd() / "manifests" / "a.yaml")}


def test_live_reads_no_environment(folder):
    """The watch above runs in an empty one; here is what manifests can name of a full one: what is meant for them."""
    file = folder()
    text = file.read_text().replace('"hr"', '"${NAME}"')
    file.write_text(text)
    script = 'import os\nos.environ.update(NAME="from-the-environment", RECONCILER_VAR_OTHER="other")\n' + WATCHED
    seen = watched("--dry-run", "--live", "live.json", script=script)
    assert seen.code == 4
    assert "[unset-variable]" in seen.out
    assert "from-the-environment" not in seen.out + seen.err


ENDING = """met.append(event)
        if event == "socket.getaddrinfo":
            import json, os
            sys.stderr.write(json.dumps([1, met, opened, written]) + "\\n")
            sys.stderr.flush()
            os._exit(1)"""
"""No real cloud is ever asked, wherever this is run."""


def test_the_watch_sees_a_socket_and_a_file(folder):
    """Or else the tests above would prove nothing: the way into a real cloud asks for its name."""
    folder(credential={"secret": {"file": "secret"}})
    (Path("manifests") / "secret").write_text("x")
    seen = watched("--dry-run")
    assert seen.code in {1, 64}
    script = WATCHED.replace("pwd.getpwuid = unknown", "").replace("met.append(event)", ENDING)
    seen = watched("--dry-run", "--state", "state", script=script)
    assert "socket.getaddrinfo" in seen.met
    assert any(each.endswith("manifests/secret") for each in seen.read)


def test_the_watch_sees_imported_code(folder):
    folder()
    imported = "import contextlib, importlib\nwith contextlib.suppress(SystemExit): importlib.import_module('evil')\n"
    seen = watched("validate", script=WATCHED.replace("code = main", f"{imported}code = main"))
    assert any(each.endswith("evil.py") for each in seen.read)
