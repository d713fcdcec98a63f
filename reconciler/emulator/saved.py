"""What survives a restart: an emulator in, one JSON file out; and back.

It is written when something has changed; ``saved_file`` is how. What a part is as JSON is the part's own matter (its
``as_json`` and ``load``).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from reconciler.emulator import faults, saved_file
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.model import saving
from reconciler.emulator.parts import Parts

LOG = logging.getLogger(__name__)
PAUSE = 1.0
"""The machine's seconds between two looks whether something has changed."""
LONGEST_PAUSE = 5.0
"""For what takes long to write: no more than a tenth of the time is spent on it, unless the pauses were longer yet."""


@contextlib.asynccontextmanager
async def kept(parts: Parts) -> AsyncIterator[None]:
    """As it was when it ended last, then written down until it ends. Raises ``EmulatorError``.

    A file that cannot be understood is left as it is, and nothing starts.
    """
    path = parts.options.save
    if path is None:
        yield
        return
    with saved_file.locked(path):
        saved = Saved(parts, path)
        if path.exists():
            saved.load()
        else:
            await saved.save()  # what cannot be written is better told now
        task = asyncio.create_task(saved.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await parts.outbox.aclose()  # what is taken from here on would be sent again
            await saved.save()


class Saved:
    def __init__(self, parts: Parts, path: Path) -> None:
        """Before anything is loaded: the behaviours and faults of this start are looked at."""
        self._parts = parts
        self._path = path
        self._starts: dict[str, Any] = {"behaviours": parts.behaviours.as_json(), "faults": parts.faults.as_json()}
        self._written: object = None

    def load(self) -> None:
        """All parts become what the file says; raises ``EmulatorError`` with the place and what to do."""
        data = saved_file.read(self._path)
        try:
            for name, load in self._loaders().items():
                load(section(data, name))
            self._parts.lifecycle.resume()
        except EmulatorError as error:
            raise saved_file.unreadable(self._path, str(error)) from error
        self._written = self._stamp()

    async def run(self) -> None:
        """Write what has changed, until cancelled. What goes wrong is told, and tried again."""
        pause = PAUSE
        while True:
            await asyncio.sleep(pause)
            if self._stamp() == self._written:
                continue
            began = time.perf_counter()
            try:
                await self.save()
            except EmulatorError:
                LOG.exception("what has changed since is not saved; it is tried again")
            pause = min(max(PAUSE, 10 * (time.perf_counter() - began)), LONGEST_PAUSE)

    async def save(self) -> None:
        """Raises ``EmulatorError``. What is written changes meanwhile: then the next time comes soon."""
        stamp = self._stamp()
        await saved_file.write(self._path, self._contents())
        self._written = stamp

    def _stamp(self) -> object:
        """Differs when something may have changed, and is quickly had: requests that write, what happened by itself."""
        deliveries = self._parts.outbox.deliveries
        tries = [len(each.attempts) for each in deliveries.unsettled()]
        happened = (self._parts.requests.writes, deliveries.opened, len(tries), sum(tries))
        # A clock that runs at another pace loses what it is ahead since the file was written.
        ahead = 0 if self._parts.clock.scale == 1 else time.monotonic() // LONGEST_PAUSE
        return happened, self._parts.faults.as_json(), ahead

    def _contents(self) -> Iterator[tuple[str, Any]]:
        parts = self._parts
        yield "clock", parts.clock.as_json()
        yield "behaviours", {"start": self._starts["behaviours"], "now": parts.behaviours.as_json()}
        yield "faults", {"start": self._starts["faults"], "now": parts.faults.as_json()}
        yield "keys", parts.keys.as_json()
        yield "apps", parts.apps.as_json()
        yield "world", parts.world.lazily()
        yield "subscriptions", (saving.as_json(each) for each in parts.subscriptions)
        yield "waiting", parts.outbox.as_json()

    def _loaders(self) -> dict[str, Callable[[Any], None]]:
        """In this order: subscriptions need the time, deliveries the subscriptions."""
        parts = self._parts
        return {
            "clock": parts.clock.load,
            "behaviours": self._load_behaviours,
            "faults": self._load_faults,
            "keys": parts.keys.load,
            "apps": parts.apps.load,
            "world": parts.world.load,
            "subscriptions": parts.subscriptions.load,
            "waiting": parts.outbox.load,
        }

    def _load_behaviours(self, data: Any) -> None:
        """Those that this start chooses otherwise than the last one are as it chooses them."""
        then, now = start_and_now("behaviours", data)
        same = {name for name, value in self._starts["behaviours"].items() if then.get(name) == value}
        self._parts.behaviours.change({name: value for name, value in now.items() if name in same})

    def _load_faults(self, data: Any) -> None:
        """Unless this start brings others than the last one."""
        then, now = start_and_now("faults", data)
        if then == self._starts["faults"]:
            self._parts.faults.become(faults.parse(now))


def section(data: dict[str, Any], name: str) -> Any:
    if name not in data:
        raise EmulatorError(f"'{name}' is missing")
    return data[name]


def start_and_now(name: str, data: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    match data:
        case {"start": dict() as start, "now": dict() as now}:
            return start, now
    raise EmulatorError(f'{name}: {{"start": …, "now": …}} is needed')
