"""The command as a user types it: in this process, with an environment of its own; one local Graph for all."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import main
from tests.cli.support import EXAMPLE, Ran, endpoint, local_tenant, settings, snapshot, taken, tenant, write
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

Reconcile = Callable[..., Ran]
CLIENT_STATE_KEY = "the-key-that-nobody-may-see"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    with RunningEmulator(tmp_path_factory.mktemp("emulator"), page_size=4, validation_limit=2.0) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def listening(running: RunningEmulator) -> Iterator[ValidationReceiver]:
    with ValidationReceiver(running.info) as receiver:
        yield receiver


@pytest.fixture
def receiver(listening: ValidationReceiver) -> ValidationReceiver:
    listening.reset()
    return listening


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, a state folder and a working directory of its own, and nothing of ours in the environment."""
    for name in [*os.environ]:
        if name.startswith(("RECONCILER_", "AZURE_", "GITHUB_")) or name == "FORCE_COLOR":
            monkeypatch.delenv(name)
    for name, folder in {"HOME": "home", "XDG_STATE_HOME": "state"}.items():
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("COLUMNS", "100")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def emulator(running: RunningEmulator, receiver: ValidationReceiver, monkeypatch: Any) -> RunningEmulator:
    """A clean local Graph, and the environment that makes ``cloud: emulator`` and the example work."""
    running.reset()
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(running.home))
    monkeypatch.setenv("RECONCILER_CLIENT_STATE_KEY", CLIENT_STATE_KEY)
    monkeypatch.setenv("RECONCILER_VAR_RECEIVER_PORT", str(receiver.port))
    return running


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Reconcile:
    def run(*arguments: object, stdin: str | None = None) -> Ran:
        if stdin is not None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        capsys.readouterr()
        try:
            code = main([str(each) for each in arguments])
        except SystemExit as error:
            code = int(error.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def example(environment: Path) -> Path:
    """A copy of the manifests that the project ships."""
    copy = environment / "manifests"
    for file in EXAMPLE.rglob("*"):
        if file.is_file():
            target = copy / file.relative_to(EXAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return copy


@pytest.fixture
def local(environment: Path, receiver: ValidationReceiver) -> Callable[..., Path]:
    """Write ``manifests`` for the local Graph: Settings, a Tenant, an Endpoint, and what is given."""

    def write_all(*documents: Any, **spec: Any) -> Path:
        urls = {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url("/lifecycle")}
        folder = environment / "manifests"
        write(folder / "all.yaml", settings(**spec), local_tenant(), endpoint(**urls), *documents)
        return folder

    return write_all


@pytest.fixture
def offline(environment: Path, reconcile: Reconcile) -> Callable[..., Ran]:
    """Plan ``documents`` against ``subscriptions`` from a snapshot; what is not an option of it is one of the run."""

    def plan(
        documents: Any,
        subscriptions: Any = (),
        *options: object,
        complete: bool = True,
        form: str = "json",
        **spec: Any,
    ) -> Ran:
        write(environment / "manifests" / "all.yaml", settings(**spec), tenant(), endpoint(), *documents)
        file = environment / "live.json"
        file.write_text(snapshot(taken(*subscriptions, complete=complete)), encoding="utf-8")
        return reconcile("--dry-run", "--live", file, "--format", form, *options)

    return plan
