"""The daemon as a process of its own on bad days: manifests, files, signals, other processes, a Graph that is away."""

import contextlib
import json
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Reconcile
from tests.cli.support import endpoint, local_tenant, manifest, settings, subscription, write
from tests.cli.test_processes import started
from tests.support.emulator import RunningEmulator

PATIENCE = 40.0


def wait_for(condition: Callable[[], Any], what: str = "") -> Any:
    """What it says at last."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it never came true: {what or condition}"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


class Daemon:
    """A ``reconcile daemon`` that runs; what it logs is read as it comes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.out: list[str] = []
        assert process.stdout
        assert process.stderr
        for stream, take in ((process.stderr, self.take), (process.stdout, self.out.append)):
            threading.Thread(target=self.read, args=(stream, take), daemon=True).start()
        self.port = self.port_in("/notifications")
        base = f"http://127.0.0.1:{self.port_in('metrics and health')}"
        self.private = httpx.Client(base_url=base, trust_env=False, timeout=20)

    def read(self, stream: Any, take: Callable[[str], None]) -> None:
        for line in stream:
            take(line)

    def take(self, line: str) -> None:
        self.lines.append(json.loads(line) if line.startswith("{") else {"message": line})

    def port_in(self, words: str) -> int:
        def find() -> int:
            assert self.process.poll() is None, self.lines
            return next((int(line.split()[2].rpartition(":")[2]) for line in list(self.out) if words in line), 0)

        return int(wait_for(find, words))

    def said(self, *words: str) -> list[str]:
        messages = [str(line["message"]) for line in list(self.lines)]
        return [message for message in messages if all(word in message for word in words)]

    def hears(self, *words: str, times: int = 1) -> None:
        wait_for(lambda: len(self.said(*words)) >= times, " … ".join(words))

    def reconcile(self, **body: Any) -> None:
        """Wish for a full pass, and wait until it was made."""
        before = len(self.said("full pass of", "POST /reconcile"))
        assert self.private.post("/reconcile", json=body).status_code == 202
        self.hears("full pass of", "POST /reconcile", times=before + 1)

    @property
    def status(self) -> Any:
        return self.private.get("/status.json").json()

    @property
    def tenant(self) -> Any:
        return self.status["tenants"][0]

    def conditions(self) -> dict[str, str]:
        return {each["name"]: each["condition"] for each in self.tenant["subscriptions"]}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def end(self) -> float:
        """How many seconds that takes."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0
        return time.monotonic() - began


@contextlib.contextmanager
def keeping(tls: dict[str, Any], *options: object, port: int) -> Iterator[Daemon]:
    """``tls`` names the files that an emulator has for whoever plays the receiver."""
    files = ["--tls-cert", tls["receiverCertificate"], "--tls-key", tls["receiverKey"]]
    addresses = ["--listen", f"127.0.0.1:{port}", "--private", "127.0.0.1:0", "--log-format", "json"]
    with started("daemon", *addresses, *files, *options) as process:
        daemon = Daemon(process)
        try:
            yield daemon
        except BaseException:
            print(*((line.get("time"), line.get("message")) for line in daemon.lines), sep="\n")
            raise
        finally:
            daemon.private.close()
            if process.poll() is None:
                daemon.kill()
    assert [line for line in daemon.lines if "exception" in line] == []
    assert daemon.said("internal error") == []


class Graph:
    """The local one, from the moment at which a test begins."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator, self.info = emulator, emulator.info
        self.start = len(emulator.requests())

    @property
    def asked(self) -> list[str]:
        found = [each for each in self.emulator.requests()[self.start :] if "/subscriptions" in each["path"]]
        return [f"{each['method']} {each['status']}" for each in found]

    @property
    def names(self) -> list[str]:
        return sorted(each["notificationUrl"].split(".")[2] for each in self.emulator.subscriptions())

    def has(self, *names: str) -> None:
        wait_for(lambda: self.names == sorted(names), f"{names} are there")


@pytest.fixture
def graph(emulator: RunningEmulator) -> Graph:
    return Graph(emulator)


@pytest.fixture
def port(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> int:
    """Where the daemon of a test listens, as its manifests know; ``emulator`` has named another one before."""
    del emulator
    found = free_port()
    monkeypatch.setenv("RECONCILER_VAR_RECEIVER_PORT", str(found))
    return found


def common(**spec: Any) -> list[dict[str, Any]]:
    urls = {
        "notificationUrl": "https://localhost:${RECEIVER_PORT}/notifications",
        "lifecycleNotificationUrl": "https://localhost:${RECEIVER_PORT}/lifecycle",
    }
    point = endpoint(**urls)
    if spec:
        point["spec"] = urls | spec
    return [settings(), local_tenant(), point]


@pytest.fixture
def manifests(environment: Path, port: int) -> Path:
    """Two subscriptions, at an endpoint of the daemon's own."""
    folder = environment / "manifests"
    write(folder / "all.yaml", *common())
    write(folder / "a.yaml", subscription("a", 1))
    write(folder / "b.yaml", subscription("b", 2))
    return folder


def test_manifests_that_are_not_valid(manifests: Path, graph: Graph, port: int) -> None:
    """Broken, emptied, gone: the last good ones stay in force, /status.json says so; what is put right counts."""
    with keeping(graph.info, port=port) as daemon:
        graph.has("a", "b")
        daemon.hears("full pass of contoso")
        start = len(graph.asked)
        away = manifests.with_name("elsewhere")

        def spoilt(times: int) -> None:
            daemon.hears("The manifests are not valid, those before stay in force", times=times)
            wait_for(lambda: not daemon.status["manifests"]["valid"])
            assert daemon.status["manifests"]["problems"]

        (manifests / "a.yaml").write_text("kind: Subscription\n  odd: [", encoding="utf-8")
        spoilt(1)
        shutil.move(manifests, away)
        spoilt(2)
        manifests.mkdir()
        spoilt(3)
        daemon.reconcile()
        assert {each.split()[0] for each in graph.asked[start:]} == {"GET"}
        assert daemon.conditions() == {"a": "ready", "b": "ready"}

        manifests.rmdir()
        write(away / "a.yaml", subscription("a", 1))
        write(away / "many.yaml", *(subscription(f"s{number}", 100 + number) for number in range(6)))
        shutil.move(away, manifests)
        many = [f"s{number}" for number in range(6)]
        graph.has("a", "b", *many)
        assert daemon.status["manifests"]["valid"]

        (manifests / "many.yaml").unlink()
        daemon.hears("removals: contoso: removes 6 of 8 subscriptions, over the limit of 25%")
        wait_for(lambda: [each["code"] for each in daemon.tenant["violations"]] == ["removals"])
        assert daemon.private.post("/reconcile", json={"allow": ["no-such-code"]}).status_code == 400
        daemon.reconcile(allow=["removals"])
        graph.has("a", "b")


def test_sigterm_in_the_middle_of_a_pass(manifests: Path, graph: Graph, port: int) -> None:
    """A creation that has begun comes to its end: our receiver answers its validation meanwhile. Nothing is deleted."""
    with keeping(graph.info, port=port) as daemon:
        graph.has("a", "b")
        daemon.hears("full pass of contoso")
        start = len(graph.asked)
        graph.emulator.faults({"slow": {"POST": 2.5}})
        write(manifests / "c.yaml", subscription("c", 3))
        (manifests / "b.yaml").unlink()
        wait_for(lambda: len(graph.asked) >= start + 2, "the lists of the pass")
        graph.emulator.faults({"slow": {"POST": 2.5, "DELETE": 0.0}, "answers": []})
        time.sleep(0.7)  # its POST is under way, of which nobody tells before the answer
        assert daemon.end() < 25
        assert daemon.said("Ending: no pass begins any more, and nothing is deleted")
    assert graph.names == ["a", "b", "c"]
    assert graph.asked.count("POST 201") == 3
    assert "DELETE 204" not in graph.asked


def test_sigterm_while_graph_throttles(manifests: Path, graph: Graph, port: int) -> None:
    """It ends in time whatever Graph wants us to wait for."""
    with keeping(graph.info, port=port) as daemon:
        graph.has("a", "b")
        daemon.hears("full pass of contoso")
        answers = [{"method": each, "status": 429, "retryAfter": 20, "count": 1000} for each in ("GET", "POST")]
        graph.emulator.faults({"answers": answers})
        daemon.private.post("/reconcile")
        wait_for(lambda: "GET 429" in graph.asked)
        assert daemon.end() < 25
    assert graph.names == ["a", "b"]
    assert "DELETE 204" not in graph.asked


def test_sigkill_in_the_middle_of_creations(manifests: Path, graph: Graph, port: int) -> None:
    """No twins, and none is lost."""
    many = [f"s{number:02}" for number in range(16)]
    write(manifests / "many.yaml", *(subscription(name, 100 + number) for number, name in enumerate(many)))
    graph.emulator.faults({"slow": {"POST": 0.4}})
    with keeping(graph.info, port=port) as daemon:
        daemon.hears("done create")
        daemon.kill()
    graph.emulator.faults({})
    with keeping(graph.info, port=port) as daemon:
        wait_for(lambda: len(graph.names) >= 18)
        daemon.hears("full pass of contoso")
        daemon.reconcile()
        assert graph.names == sorted(["a", "b", *many])
        assert daemon.tenant["violations"] == []
        assert set(daemon.conditions().values()) == {"ready"}
    assert "DELETE 204" not in graph.asked


def test_the_disk_is_full_and_the_store_is_moved(manifests: Path, graph: Graph, port: int, tmp_path: Path) -> None:
    """What is there goes on, what is new waits, and is made soon after; the process lives."""
    store, away = tmp_path / "state" / "reconciler", tmp_path / "elsewhere"
    with keeping(graph.info, port=port) as daemon:
        daemon.hears("full pass of contoso: 2 done")
        before = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        write(manifests / "c.yaml", subscription("c", 3))
        daemon.hears("failed create of c", "cannot be written")
        assert daemon.private.get("/livez").status_code == 200
        assert daemon.conditions() == {"a": "ready", "b": "ready", "c": "stalled"}
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, before)
        graph.has("a", "b", "c")

        shutil.move(store, away)
        daemon.hears("The store does not tell who writes, so nothing is done but to renew")
        write(manifests / "d.yaml", subscription("d", 4))
        daemon.hears("The manifests have changed", times=2)
        assert daemon.private.get("/livez").status_code == 200
        shutil.move(away, store)
        graph.has("a", "b", "c", "d")
    assert graph.asked.count("POST 201") == 4


def test_two_with_one_store(manifests: Path, graph: Graph, port: int) -> None:
    """Behind one address. One writes, the other stands by, and takes over when the first is killed."""
    with keeping(graph.info, port=port) as first:
        graph.has("a", "b")
        with keeping(graph.info, port=free_port()) as second:
            second.hears("Ready")
            assert (first.status["leading"], second.status["leading"]) == (True, False)
            first.kill()
            wait_for(lambda: second.status["leading"])
            second.hears("full pass of contoso")
            assert second.conditions() == {"a": "ready", "b": "ready"}
    assert [each for each in graph.asked if not each.startswith("GET")] == ["POST 201"] * 2


def test_client_states_are_rotated_by_an_order(
    manifests: Path, graph: Graph, port: int, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``reconcile rotate client-state`` beside a daemon tells it to; the daemon does it, and says when it is done."""
    monkeypatch.setenv("NEW_KEY", "another-key-that-nobody-may-see")
    new, old = {"id": "new", "env": "NEW_KEY"}, {"id": "old", "env": "RECONCILER_CLIENT_STATE_KEY"}
    write(manifests / "all.yaml", *common(clientStateKeys=[old]))
    with keeping(graph.info, port=port) as daemon:
        graph.has("a", "b")
        daemon.hears("full pass of contoso")
        write(manifests / "all.yaml", *common(clientStateKeys=[new, old]))
        daemon.hears("full pass of contoso", times=2)
        ran = reconcile("rotate", "client-state")
        assert (ran.code, ran.out.split(":")[0]) == (0, "ordered")
        daemon.hears("All subscriptions are moved to the first clientState key")
        daemon.hears("replace of")
        daemon.reconcile()
        wait_for(lambda: {each["notificationUrl"].split(".")[4] for each in graph.emulator.subscriptions()} == {"new"})
        assert graph.names == ["a", "b"]


@contextlib.contextmanager
def local_graph(home: Path, saved: Path, port: int) -> Iterator[None]:
    with started("emulator", "--listen", f"127.0.0.1:{port}", "--home", home, "--save", saved) as process:
        wait_for((home / "emulator.json").exists)
        yield
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_graph_is_not_there(manifests: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are refused at the start: it is ready and lives, and works once Graph is there."""
    monkeypatch.setenv("RECONCILER_CLIENT_STATE_KEY", "the-key-that-nobody-may-see")
    with tempfile.TemporaryDirectory() as folder:
        home, saved, graph_port = Path(folder) / "home", Path(folder) / "saved.json", free_port()
        monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(home))
        with local_graph(home, saved, graph_port):
            info = json.loads((home / "emulator.json").read_text(encoding="utf-8"))
        (home / "emulator.json").write_text(json.dumps(info), encoding="utf-8")
        trust = ssl.create_default_context(cafile=info["caFile"])
        with keeping(info, port=port) as daemon:
            daemon.hears("Ready")
            time.sleep(1.5)  # in which it does not get through
            assert daemon.private.get("/livez").status_code == 200
            assert daemon.private.get("/readyz").status_code == 200
            assert daemon.conditions() == {}
            (home / "emulator.json").unlink()
            with local_graph(home, saved, graph_port), httpx.Client(verify=trust, trust_env=False) as client:
                wait_for(lambda: set(daemon.conditions().values()) == {"ready"})
                assert client.get(f"{info['graph']}/emulator/subscriptions").json()["count"] == 2


def test_what_graph_has_missed_comes_to_the_sink_once(
    manifests: Path, graph: Graph, port: int, reconcile: Reconcile
) -> None:
    """However often Graph says so, and it is in the ledger; a removed one is there again, with its gap."""
    mail = subscription("mail", resource="users/0b0e6a3c-0000-4000-8000-000000000001/messages", changeTypes=["created"])
    write(manifests / "mail.yaml", mail, manifest("Sink", "events", {"file": {"path": "../events.jsonl"}}))
    file = manifests.parent / "events.jsonl"

    def events() -> list[Any]:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    with keeping(graph.info, port=port) as daemon:
        graph.has("a", "b", "mail")
        daemon.hears("full pass of contoso")
        it = next(each["id"] for each in graph.emulator.subscriptions() if ".mail." in each["notificationUrl"])
        graph.emulator.faults({"deliveries": {"repeat": 3}})
        graph.emulator.tell(it, "missed")
        wait_for(events)
        graph.emulator.tell(it, "subscriptionRemoved")
        daemon.hears("mail of contoso may have missed notifications", "(removed)")
        graph.has("a", "b", "mail")
        wait_for(lambda: len(events()) >= 2)
        daemon.reconcile()
        told = [(each["type"].rpartition(".")[2], each["data"]) for each in events()]
        assert [kind for kind, _ in told] == ["resync", "resync"]
        assert it in json.dumps(told[0][1])
        ledger = reconcile("gaps", "--format", "json").json
        assert [each["cause"] for each in ledger["gaps"]] == ["missed", "removed"]
