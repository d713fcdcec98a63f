"""So many jobs at once and no more: functions that can be awaited in, each awaited in its turn.

Jobs come in lines, one for each endpoint, which take turns: an endpoint that hangs fills its own places only.
"""

import asyncio
import dataclasses
import functools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine

LOG = logging.getLogger(__name__)

Job = Callable[[], Coroutine[None, None, None]]


@dataclasses.dataclass(slots=True)
class Line:
    name: str
    jobs: deque[Job] = dataclasses.field(default_factory=deque)
    running: int = 0
    ready: bool = False
    """It is in the list of those that may start one."""


class Crew:
    """First come, first served in each line. A job that fails is logged, and the others go on."""

    def __init__(self, size: int, *, each: int) -> None:
        """``each`` is how many of one line may run at once."""
        self._size = size
        self._each = each
        self._lines: dict[str, Line] = {}
        self._ready: deque[Line] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def idle(self) -> bool:
        return not self._lines and not self._tasks

    def do(self, name: str, job: Job) -> None:
        """``name`` is the line's. Once this is closed, nothing is done any more."""
        if self._closed:
            return
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = Line(name)
        line.jobs.append(job)
        self._make_ready(line)
        self._start()

    def clear(self) -> None:
        """Forget what waits and break off what is under way."""
        for line in self._lines.values():
            line.jobs.clear()
        self._lines.clear()
        self._ready.clear()
        for task in self._tasks:
            task.cancel()

    async def aclose(self) -> None:
        self._closed = True
        self.clear()
        ending: list[Awaitable[None]] = [*self._tasks]
        await asyncio.gather(*ending, return_exceptions=True)

    def _make_ready(self, line: Line) -> None:
        if not line.ready and line.running < self._each:
            line.ready = True
            self._ready.append(line)

    def _start(self) -> None:
        while self._ready and len(self._tasks) < self._size:
            line = self._ready.popleft()
            line.ready = False
            line.running += 1
            task = asyncio.create_task(line.jobs.popleft()())
            self._tasks.add(task)
            task.add_done_callback(functools.partial(self._ended, line))
            if line.jobs:
                self._make_ready(line)

    def _ended(self, line: Line, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        line.running -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("a delivery of the emulator failed by its own mistake; the others go on", exc_info=error)
        if line.jobs:
            self._make_ready(line)
        elif not line.running and self._lines.get(line.name) is line:
            del self._lines[line.name]
        self._start()
