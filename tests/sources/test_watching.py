"""Paths in; a word whenever something may have changed out. With inotify, and hours from one look to the next."""

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from watchfiles._rust_notify import RustNotify

from reconciler.sources import watching
from reconciler.sources.fingerprint import Seen
from reconciler.sources.watching import MOST_LOOKS, Observer, Watching, why

HOURS = 3600.0 * 24
tell_due = Observer.tell_due
Told = Callable[[], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(
    *paths: Path, files: tuple[Path, ...] = (), poll: float = HOURS
) -> AsyncIterator[tuple[Watching, Told]]:
    watched = Watching(paths, poll=poll)
    watched.also(files)
    changes = watched.changes()

    async def told() -> None:
        async with asyncio.timeout(30):
            await anext(changes)

    await told()
    try:
        yield watched, told
    finally:
        await changes.aclose()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "QUIET", 0.05)
    monkeypatch.setattr(watching, "STEP", 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "a.yaml").write_text("a: 1")
    return tmp_path / "tree"


def replace(path: Path) -> None:
    """As editors do."""
    path.with_name("4913").write_text("a: 2")
    path.with_name("4913").replace(path)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "a.yaml").write_text("a: 2"), id="written"),
        pytest.param(lambda folder: replace(folder / "a.yaml"), id="replaced"),
        pytest.param(lambda folder: (folder / "a.yaml").unlink(), id="removed"),
        pytest.param(lambda folder: (folder / "sub" / "b.yaml").write_text("a: 1"), id="added"),
        pytest.param(lambda folder: (folder / "teams.csv").write_text("key,value"), id="rows-of-a-set"),
        pytest.param(lambda folder: (folder / ".hidden").touch(), id="hidden"),
        pytest.param(lambda folder: folder.rename(folder.with_name("other")), id="renamed"),
    ],
)
async def test_a_change_in_a_folder(folder, change):
    async with listening(folder) as (_, told):
        change(folder)
        await told()


@pytest.mark.parametrize("change", [lambda file: file.write_text("a: 2"), replace], ids=["written", "replaced"])
async def test_a_change_of_a_file(folder, change, monkeypatch):
    monkeypatch.chdir(folder)
    async with listening(Path("a.yaml")) as (_, told):
        change(folder / "a.yaml")
        await told()


async def test_a_folder_that_is_not_there_yet_and_goes_and_comes_back(tmp_path):
    tree = tmp_path / "not" / "yet"
    async with listening(tree) as (_, told):
        for _ in range(2):
            tree.mkdir(parents=True)
            await told()
            (tree / "a.yaml").write_text("a: 1")
            await told()
            (tree / "a.yaml").unlink()
            tree.rmdir()
            tree.parent.rmdir()
            await told()


def mount(folder: Path, generation: int) -> None:
    """What a kubelet does for a ConfigMap, a Secret or a certificate of cert-manager."""
    before = sorted(folder.glob("..2026_*"))
    new = folder / f"..2026_{generation}"
    new.mkdir(parents=True)
    (new / "a.yaml").write_text("a: 1")
    (folder / "..data_tmp").symlink_to(new.name)
    (folder / "..data_tmp").replace(folder / "..data")
    if generation == 1:
        (folder / "a.yaml").symlink_to("..data/a.yaml")
    for each in before:
        (each / "a.yaml").unlink()
        each.rmdir()


@pytest.mark.parametrize("as_file", [False, True], ids=["manifests", "a-file-they-refer-to"])
async def test_a_mount_of_kubernetes(tmp_path, as_file):
    mount(tmp_path / "mount", 1)
    paths = () if as_file else (tmp_path / "mount",)
    files = (tmp_path / "mount" / "a.yaml",) if as_file else ()
    async with listening(*paths, files=files) as (_, told):
        for generation in (2, 3):
            mount(tmp_path / "mount", generation)
            await told()


async def test_a_link_elsewhere_and_what_it_leads_to(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text("a: 1")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "current").symlink_to("../one")
    async with listening(tmp_path / "links" / "current") as (_, told):
        (tmp_path / "one" / "a.yaml").write_text("a: 2")
        await told()
        (tmp_path / "links" / "new").symlink_to("../two")
        (tmp_path / "links" / "new").replace(tmp_path / "links" / "current")
        await told()
        (tmp_path / "two" / "a.yaml").write_text("a: 3")
        await told()


async def test_files_that_are_referred_to_may_be_others_later(folder, tmp_path):
    (tmp_path / "certs").mkdir()
    key = tmp_path / "certs" / "tls.key"
    async with listening(folder) as (watched, told):
        watched.also([key])
        await told()
        key.write_text("a key")
        await told()


class Scripted:
    """Looks that find what is given, one after the other, and then the last of them for ever."""

    def __init__(self, *prints: str) -> None:
        self.prints = list(prints)
        self.looks = 0

    def __call__(self) -> Seen:
        self.looks += 1
        found = self.prints.pop(0) if len(self.prints) > 1 else self.prints[0]
        return Seen(found.encode(), frozenset(), frozenset())


class TestObserver:
    def test_what_is_still_being_written_is_waited_for(self):
        observer = Observer(Scripted("1", "2", "3", "3", "4"), tell=lambda: None, poll=HOURS)
        assert observer.settled().fingerprint == b"3"

    def test_but_not_for_ever(self, monkeypatch):
        monkeypatch.setattr(watching, "QUIET", 0)
        look = Scripted(*map(str, range(1000)))
        Observer(look, tell=lambda: None, poll=HOURS).settled()
        assert look.looks == MOST_LOOKS + 1

    def test_events_that_do_not_concern_it_neither_tell_nor_make_it_look_nor_put_the_next_look_off(self):
        busy = mock.Mock()
        busy.watch.return_value = {(2, "/neighbour")}  # at once, and again and again
        look = Scripted("1")
        observer = Observer(look, tell=lambda: None, poll=0.2)
        assert observer.heard(busy, look()) is False
        assert look.looks == 1


async def test_it_is_told_only_once_it_is_watched_again(folder, monkeypatch):
    """Else what changes between a reading and the watching is lost where no stat tells of it."""
    order: list[str] = []

    def watched(*arguments: Any) -> RustNotify:
        events = RustNotify(*arguments)
        order.append("watched")
        return events

    def telling(observer: Observer) -> None:
        if observer.due:
            order.append("told")
        tell_due(observer)

    monkeypatch.setattr(watching, "RustNotify", watched)
    monkeypatch.setattr(Observer, "tell_due", telling)
    async with listening(folder) as (_, told):
        (folder / "a.yaml").write_text("a: 2")
        await told()
    assert order[:4] == ["watched", "told", "watched", "told"]


async def test_what_goes_wrong_on_the_thread_reaches_whoever_listens(monkeypatch):
    def broken(*_: object) -> Seen:
        raise ZeroDivisionError

    monkeypatch.setattr(watching, "look", broken)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(anext(Watching([]).changes()), 30)


async def test_a_listener_that_is_cancelled_leaves_no_thread(folder):
    began = asyncio.Event()

    async def listen() -> None:
        async for _ in Watching([folder], poll=HOURS).changes():
            began.set()

    before = set(threading.enumerate())
    task = asyncio.create_task(listen())
    await asyncio.wait_for(began.wait(), 30)
    (thread,) = set(threading.enumerate()) - before
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(thread.join, 30)
    assert not thread.is_alive()


def test_a_loop_that_ends_with_a_look_that_hangs_is_not_kept(monkeypatch):
    held = threading.Event()
    monkeypatch.setattr(watching, "look", lambda *_: held.wait(60))

    async def main() -> None:
        task = asyncio.ensure_future(anext(Watching([]).changes()))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(main())
    assert not held.is_set()
    held.set()


@contextlib.contextmanager
def one_file_left() -> Iterator[None]:
    """Enough to look, too few for inotify."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    opened = []
    try:
        with contextlib.suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        os.close(opened.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in opened:
            os.close(each)


async def test_without_inotify_it_is_said_once_and_changes_are_found_all_the_same(folder, caplog):
    (folder / "new").write_text("a: 22")
    with one_file_left():
        async with listening(folder, poll=0.1) as (_, told):
            (folder / "new").replace(folder / "a.yaml")
            await told()
            (folder / "a.yaml").unlink()
            await told()
    (message,) = caplog.messages
    assert message == (
        "Changes of manifests are only found every 0.1 s: the limit of inotify instances or of open files is reached,"
        " raise fs.inotify.max_user_instances with sysctl, or the limit of open files (ulimit -n)"
    )


async def test_what_no_event_tells_of_is_found_by_the_next_look(folder, monkeypatch):
    class Deaf(contextlib.ExitStack):
        def __init__(self, *_: object) -> None:
            super().__init__()

        def watch(self, *arguments: Any) -> str:
            *_, timeout, wake = arguments
            return "stop" if wake.wait(timeout / 1_000) else "timeout"

    monkeypatch.setattr(watching, "RustNotify", Deaf)
    async with listening(folder, poll=0.1) as (_, told):
        (folder / "a.yaml").write_text("a: 22")
        await told()


def own_limits() -> bool:
    return subprocess.run(["unshare", "--user", "--map-root-user", "true"], check=False).returncode == 0


@pytest.mark.skipif(not own_limits(), reason="no user namespace can be made here, which has limits of its own")
def test_the_limit_of_watches_as_the_kernel_enforces_it(folder):
    script = textwrap.dedent("""
        import asyncio, logging, pathlib, sys
        from reconciler.sources.watching import Watching

        pathlib.Path("/proc/sys/user/max_inotify_watches").write_text("1")
        logging.basicConfig(format="%(message)s")
        folder = pathlib.Path(sys.argv[1])

        async def main():
            changes = Watching([folder], poll=0.1).changes()
            await anext(changes)
            (folder / "sub" / "b.yaml").write_text("a: 1")
            await anext(changes)
            await changes.aclose()

        asyncio.run(asyncio.wait_for(main(), 30))
    """)
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", script, str(folder)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stderr == (
        "Changes of manifests are only found every 0.1 s: the limit of inotify watches is reached,"
        " raise fs.inotify.max_user_watches with sysctl\n"
    )


def test_other_reasons_are_said_as_they_come():
    assert (
        why(OSError("something else")) == "they cannot be watched: something else, see whether the folders can be read"
    )
