"""--save: what one emulator was is what the next one is; what is broken is told and left alone; a kill loses little."""

import asyncio
import contextlib
import datetime as dt
import json
import signal
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator import EmulatorError, Options, saved, saved_file
from reconciler.emulator.home import Home
from reconciler.emulator.parts import Parts, assemble
from tests.emulator.conftest import soon
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

Start = Callable[..., RunningEmulator]
TEAM = "0a1b2c3d-0000-4000-8000-0000000000e1"
ON_ITS_OWN = """
import asyncio, pathlib, sys
from reconciler.emulator import Options, saved, serve
saved.PAUSE = 0.02
home, file = map(pathlib.Path, sys.argv[1:])
asyncio.run(serve(Options(home=home, save=file, port=0)))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for all starts here: making keys takes longest."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def start(home: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """One after the other: a start ends the one before."""
    monkeypatch.setattr(saved, "PAUSE", 0.02)
    running: list[RunningEmulator] = []

    def begin(**options: Any) -> RunningEmulator:
        for each in running:
            each.stop()
        running[:] = [RunningEmulator(**{"home": home, "save": file} | options).start()]
        return running[0]

    yield begin
    for each in running:
        each.stop()


def subscribe(emulator: RunningEmulator, receiver: ValidationReceiver, **changes: object) -> dict[str, Any]:
    body = {
        "changeType": "updated",
        "notificationUrl": receiver.url("/notifications"),
        "lifecycleNotificationUrl": receiver.url("/lifecycle"),
        "resource": f"/teams/{TEAM}",
        "expirationDateTime": soon(minutes=120),
        "clientState": "secret",
    }
    made: dict[str, Any] = emulator.write("POST", "/v1.0/subscriptions", body | changes)
    return made


def everything(emulator: RunningEmulator) -> dict[str, Any]:
    names = ("apps", "behaviours", "faults", "keys", "subscriptions", "world")
    return {name: emulator.control("GET", name) for name in names}


def wait_until(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def test_everything_is_found_again(start: Start) -> None:
    first = start()
    with ValidationReceiver(first.info) as receiver:
        first.register(tenantId="fabrikam", clientId="f", roles=[])
        first.write("POST", "/v1.0/teams", {"displayName": "kept"})
        subscribe(first, receiver)
        subscribe(first, receiver, resource="/teams", changeType="created")
    first.behave(twins="conflict")
    first.faults({"granted": 600, "answers": [{"method": "DELETE", "status": 503, "count": 2}]})
    first.control("POST", "keys/rotate", {"keep": True})
    first.advance(3600)
    before, then = everything(first), first.now()
    second = start()
    assert second is not first
    assert everything(second) == before
    assert dt.timedelta() <= second.now() - then < dt.timedelta(minutes=1)


def test_the_file_is_private_and_alone(home: Path, file: Path) -> None:
    with RunningEmulator(home, save=file):
        pass
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {path.name for path in file.parent.iterdir()} == {"state.json", ".state.json.lock"}


def test_what_was_kept_works(start: Start) -> None:
    """Renewal, and the slot that is taken: not only the words come back."""
    first = start()
    with ValidationReceiver(first.info) as receiver:
        made = subscribe(first, receiver)
        second = start()
        renewed = second.write("PATCH", f"/v1.0/subscriptions/{made['id']}", {"expirationDateTime": soon(minutes=300)})
        assert renewed["expirationDateTime"] > made["expirationDateTime"]
        with pytest.raises(ValueError, match="has reached its limit of '1'"):
            subscribe(second, receiver)


def test_what_has_expired_meanwhile_is_gone(start: Start) -> None:
    first = start()
    with ValidationReceiver(first.info) as receiver:
        subscribe(first, receiver)
    first.advance(3 * 3600)
    assert start().control("GET", "subscriptions")["value"] == []


def test_a_delivery_that_waits_goes_out_after_the_restart(start: Start) -> None:
    first = start()
    with ValidationReceiver(first.info) as receiver:
        subscribe(first, receiver, resource="/teams", changeType="created")
        receiver.taking = "refuse"
        first.write("POST", "/v1.0/teams", {"displayName": "new"})
        wait_until(lambda: bool(receiver.items("/notifications")))
        receiver.taking = "accept"
        refused = receiver.items("/notifications")
        second = start()
        second.advance(60)
        wait_until(lambda: len(receiver.items("/notifications")) > len(refused))
        assert receiver.items("/notifications") == refused * 2


@pytest.mark.facts("6")
def test_a_challenge_comes_after_the_restart_too(start: Start) -> None:
    first = start()
    with ValidationReceiver(first.info) as receiver:
        made = subscribe(first, receiver)
        second = start()
        second.advance(3600)
        wait_until(lambda: bool(receiver.items("/lifecycle")))
        [challenge] = receiver.items("/lifecycle")
        assert (challenge["subscriptionId"], challenge["lifecycleEvent"]) == (made["id"], "reauthorizationRequired")


def test_a_reset_is_kept_too(start: Start) -> None:
    first = start()
    with ValidationReceiver(first.info) as receiver:
        subscribe(first, receiver)
    first.advance(60)
    first.reset()
    second = start()
    assert second.control("GET", "subscriptions")["value"] == []
    assert second.control("GET", "clock")["offset"] < 1


def test_faults_that_are_used_up_stay_so(start: Start) -> None:
    first = start()
    first.faults({"answers": [{"method": "GET", "status": 503, "count": 2}]})
    with pytest.raises(ValueError, match="503"):
        first.write("GET", "/v1.0/subscriptions")
    assert start().control("GET", "faults")["answers"][0]["count"] == 1


def test_a_choice_of_this_start_wins(start: Start) -> None:
    first = start(behaviours={"twins": "conflict"})
    first.behave(twins="accept", challenges="never")
    again = start(behaviours={"twins": "conflict"})
    assert again.control("GET", "behaviours")["twins"] == "accept", "the start chooses as the last one did"
    other = start(behaviours={"challenges": "rarely"})
    told = other.control("GET", "behaviours")
    assert (told["twins"], told["challenges"]) == ("accept", "rarely")


def test_another_home_knows_the_apps_of_the_first(start: Start, tmp_path: Path) -> None:
    first = start()
    known = first.info["clientId"]
    with ValidationReceiver(first.info) as receiver:
        made = subscribe(first, receiver)
    second = start(home=tmp_path / "other")
    assert second.info["clientId"] != known
    token = second.token(clientId=known, tenantId=first.info["tenantId"])
    with second.client(headers={"Authorization": f"Bearer {token}"}) as client:
        assert client.get(f"/v1.0/subscriptions/{made['id']}").status_code == 200


def test_it_is_written_while_it_runs_and_only_then_when_something_changed(start: Start, file: Path) -> None:
    emulator = start()
    wait_until(file.exists)
    emulator.register(clientId="new")
    wait_until(lambda: '"new"' in file.read_text())
    settled = file.stat().st_mtime_ns
    with emulator.client(headers={"Authorization": f"Bearer {emulator.token()}"}) as client:
        wait_until(lambda: file.stat().st_mtime_ns > settled)  # the token was asked for with POST
        settled = file.stat().st_mtime_ns
        for _ in range(5):
            client.get("/v1.0/subscriptions")
            time.sleep(0.02)
    assert file.stat().st_mtime_ns == settled


def test_a_clock_with_a_pace_of_its_own_is_written_although_nothing_happens(
    start: Start, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "LONGEST_PAUSE", 0.05)
    start(time_scale=1000)
    wait_until(file.exists)
    ahead = json.loads(file.read_text())["clock"]["ahead"]
    wait_until(lambda: json.loads(file.read_text())["clock"]["ahead"] > ahead + 100)


def test_a_kill_loses_what_is_not_a_few_seconds_old_yet_and_no_more(home: Path, file: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ON_ITS_OWN, str(home), str(file)]) as process:
        try:
            wait_until(lambda: info(home).get("pid") == process.pid)
            told = info(home)
            context = ssl.create_default_context(cafile=told["caFile"])
            with httpx.Client(base_url=told["graph"], verify=context) as client:
                client.post("/emulator/apps", json={"clientId": "kept"})
                wait_until(lambda: '"kept"' in file.read_text())
        finally:  # or leaving would wait for its end
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    with RunningEmulator(home, save=file) as second:
        assert "kept" in [each["clientId"] for each in second.control("GET", "apps")["value"]]


def info(home: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((home / "emulator.json").read_text())
    except FileNotFoundError:
        return {}
    return told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "line 1, column 1", id="empty"),
        pytest.param('{"kind": "reconcile-emulator",\n "format": 1,', "line 2, column 14", id="cut-off"),
        pytest.param("[]", "no emulator has written it", id="list"),
        pytest.param('{"kind": "Snapshot"}', "no emulator has written it", id="another-kind"),
        pytest.param(
            '{"kind": "reconcile-emulator", "format": 2}', "its format is 2, and this version reads 1", id="newer"
        ),
        pytest.param('{"kind": "reconcile-emulator", "format": 1}', "'clock' is missing", id="section"),
    ],
)
def test_a_file_that_is_broken_is_told_and_left_alone(home: Path, file: Path, content: str, message: str) -> None:
    file.write_text(content)
    with pytest.raises(EmulatorError, match=f"cannot go on from .*state.json: .*{message}.*; choose another file"):
        RunningEmulator(home, save=file).start()
    assert file.read_text() == content


@pytest.fixture
async def parts(home: Path, file: Path) -> AsyncIterator[Parts]:
    """An emulator that does not listen."""
    own = Home(home)
    options = Options(home=home, save=file)
    with contextlib.closing(own):
        assembled = assemble(options, home=own, identity=own.prepare(), origin="https://localhost")
        async with contextlib.aclosing(assembled):
            yield assembled


@pytest.mark.parametrize("wrong", [None, 7, "text", {"a": 1}, {"a": "x"}, [1], [{"a": 1}]], ids=str)
async def test_a_section_that_is_broken_is_told(parts: Parts, file: Path, wrong: object) -> None:
    await saved.Saved(parts, file).save()
    data = json.loads(await asyncio.to_thread(file.read_text))
    for name in data.keys() - {"format", "kind"}:
        await asyncio.to_thread(file.write_text, json.dumps(data | {name: wrong}))
        with pytest.raises(EmulatorError, match=r"cannot go on from .*state.json: .*; choose another file"):
            saved.Saved(parts, file).load()


async def test_deliveries_have_ended_before_it_is_written_last(
    parts: Parts, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is taken during the write would be in the file as waiting, and come again after the restart."""
    done: list[str] = []
    write, end = saved_file.write, parts.outbox.aclose

    async def writing(*arguments: Any) -> None:
        done.append("written")
        await write(*arguments)

    async def ending() -> None:
        done.append("ended")
        await end()

    monkeypatch.setattr(saved_file, "write", writing)
    monkeypatch.setattr(parts.outbox, "aclose", ending)
    async with saved.kept(parts):
        done.clear()
    assert done == ["ended", "written"]


@pytest.mark.parametrize("spoil", ["folder", "parent"])
def test_a_file_that_cannot_be_written_is_told_at_the_start(home: Path, file: Path, spoil: str) -> None:
    if spoil == "parent":
        file.write_text("")
        file = file / "state.json"
    else:
        file.mkdir()
    with pytest.raises(EmulatorError, match=r"state.json: .*--save"):
        RunningEmulator(home, save=file).start()


def test_two_emulators_cannot_share_a_file(start: Start, file: Path, tmp_path: Path) -> None:
    start()
    before = file.read_text()
    with pytest.raises(EmulatorError, match="belongs to an emulator that still runs"):
        RunningEmulator(tmp_path / "other", save=file).start()
    assert file.read_text() == before


def test_what_cannot_be_saved_for_a_while_is_told_and_saved_later(
    start: Start, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    emulator = start()
    file.unlink()
    (file / "in the way").mkdir(parents=True)
    emulator.register(clientId="patient")
    wait_until(lambda: "cannot save to" in caplog.text)
    (file / "in the way").rmdir()
    file.rmdir()
    wait_until(lambda: file.exists() and '"patient"' in file.read_text())


async def test_writing_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Others get their turn again and again, however much there is to write."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def much() -> Iterator[str]:
        for _ in range(10):
            time.sleep(saved_file.SLICE)
            yield "x"

    task = asyncio.create_task(others())
    with (tmp_path / "much").open("wb") as target:
        await saved_file.put(target, much())
    task.cancel()
    assert turns >= 10
    assert (tmp_path / "much").read_bytes() == b"x" * 10


@pytest.mark.parametrize("value", [[], [1], [{"a": [1]}, "b"], {}, {"a": [1], "b": {}}, "x", None], ids=str)
def test_the_file_is_json(value: object) -> None:
    contents = {"first": value, "second": 2}
    assert json.loads("".join(saved_file.pieces(iter(contents.items())))) == contents
