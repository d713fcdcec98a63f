"""Paths in; a word whenever something that they lead to may have changed out.

What has changed is not told: whoever listens reads everything anew. Inotify tells at once; a look at all of it now and
then finds what no event told of, as on NFS and bind mounts. All of it runs on a thread of its own, which neither the
event loop nor the end of the process waits for: a share that hangs holds nobody but that thread.
"""

import asyncio
import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path

# The part of watchfiles for those who bring their own thread; its awatch waits on one that the end is kept by.
from watchfiles._rust_notify import RustNotify

from reconciler.sources.fingerprint import Seen, look
from reconciler.sources.texts import STDIN

__all__ = ["Watching"]

QUIET = 0.5
"""Seconds for which nothing changes before it is told: whoever writes a tree is given the time to."""

MOST_LOOKS = 20
"""Without finding it quiet; then it is told all the same."""

STEP = 250
"""Milliseconds between one look at what inotify has and the next."""

GATHERED = 1_000
"""Milliseconds for which events are gathered at most."""

logger = logging.getLogger(__name__)


class Watching:
    """Watches manifests, and the files that they refer to, for one listener at a time.

    ``paths`` are files and folders as for ``-f``; standard input is not watched. What does not exist yet, or any more,
    is waited for. ``poll`` is in seconds.
    """

    def __init__(self, paths: Iterable[str | Path], *, poll: float = 30.0) -> None:
        self._paths = tuple(Path(each) for each in paths if str(each) != STDIN)
        self._poll = poll
        self._files: frozenset[Path] = frozenset()
        self._observer: Observer | None = None

    def also(self, files: Iterable[Path]) -> None:
        """Watch these files too, instead of those of the call before; other ones than before are told as a change."""
        self._files = frozenset(files)
        if self._observer is not None:
            self._observer.wake.set()

    async def changes(self) -> AsyncGenerator[None, None]:
        """One for all the changes since the last, once it is quiet.

        The first comes once the watching has begun: what was read before may be old already.
        """
        told, loop = asyncio.Event(), asyncio.get_running_loop()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(told.set)

        observer = Observer(lambda: look(self._paths, self._files), tell, self._poll)
        self._observer = observer
        threading.Thread(target=observer.run, name="watching", daemon=True).start()
        try:
            while True:
                await told.wait()
                told.clear()
                if observer.failure is not None:
                    raise observer.failure
                yield
        finally:
            observer.end()


@dataclasses.dataclass
class Observer:
    """What the thread does."""

    look: Callable[[], Seen]
    tell: Callable[[], None]
    poll: float
    wake: threading.Event = dataclasses.field(default_factory=threading.Event)
    due: bool = True
    """Whether there is something to be told."""

    ended: bool = False
    failure: Exception | None = None
    complaint: str = ""

    def end(self) -> None:
        self.ended = True
        self.wake.set()

    def run(self) -> None:
        try:
            self.observe()
        except Exception as error:  # noqa: BLE001  it is for whoever listens
            self.failure = error
            self.tell()

    def observe(self) -> None:
        known = self.look()
        while not self.ended:
            if self.hear(known) or self.look() != known:
                known, self.due = self.settled(), True

    def hear(self, known: Seen) -> bool:
        """Wait until there is a reason to look: True for an event that is one, False for a difference or any other.

        The watches are made anew each time: those on a folder that was removed or replaced are none any more.
        """
        try:
            with RustNotify(sorted(known.folders), False, False, 0, False, False) as events:
                self.complaint = ""
                self.tell_due()
                while self.unchanged(known):  # also between the look before and the watching
                    if self.heard(events, known):
                        return True
        except (OSError, RuntimeError, ValueError) as error:  # the last for a name that is not UTF-8
            if not isinstance(error, FileNotFoundError):  # removed since it was seen: looked at anew
                self.complain(error)
            self.tell_due()
            if self.unchanged(known):
                self.wake.wait(self.poll)
        return False

    def tell_due(self) -> None:
        """Only once it is watched again: what is told is read then, and what changes after that is told anew."""
        if self.due:
            self.tell()
        self.due = False

    def unchanged(self, known: Seen) -> bool:
        self.wake.clear()
        return not self.ended and self.look() == known

    def heard(self, events: RustNotify, known: Seen) -> bool:
        """Wait for an event that concerns what is known, at most until the next look is due."""
        until = time.monotonic() + self.poll
        while (left := until - time.monotonic()) > 0:
            found = events.watch(GATHERED, STEP, max(int(left * 1_000), 1), self.wake)
            if not isinstance(found, set):
                return False
            if any(known.concerns(path) for _, path in found):
                return True
        return False

    def settled(self) -> Seen:
        seen = self.look()
        for _ in range(MOST_LOOKS):
            time.sleep(QUIET)
            before, seen = seen, self.look()
            if seen == before or self.ended:
                break
        return seen

    def complain(self, error: Exception) -> None:
        """Once for each reason, until the watching works again."""
        complaint = why(error)
        if complaint != self.complaint:
            logger.warning("Changes of manifests are only found every %g s: %s", self.poll, complaint)
        self.complaint = complaint


def why(error: Exception) -> str:
    said = str(error)
    if "watch limit" in said:
        return "the limit of inotify watches is reached, raise fs.inotify.max_user_watches with sysctl"
    if "os error 24" in said:  # EMFILE, which it is for both
        return (
            "the limit of inotify instances or of open files is reached,"
            " raise fs.inotify.max_user_instances with sysctl, or the limit of open files (ulimit -n)"
        )
    return f"they cannot be watched: {said}, see whether the folders can be read"
