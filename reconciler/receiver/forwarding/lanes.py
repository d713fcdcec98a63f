"""Prepared events in, each sent until its sink has taken it or too long has not: in order, one at a time a lane."""

import asyncio
import dataclasses
import functools
import logging
from collections import deque
from collections.abc import Awaitable, Callable

import tenacity

from reconciler.core.event import Event
from reconciler.engine.inbox import Entry
from reconciler.engine.ports import Clock
from reconciler.engine.sinks import SinkError, Unreachable
from reconciler.receiver.complaints import Complaints
from reconciler.receiver.forwarding.destination import Destination

__all__ = ["Job", "Lanes", "Sent"]

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """How it ended; ``error`` is None where the sink has the event."""

    entry: Entry
    attempts: int
    error: SinkError | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """An entry and its event, or how to come to it later: None where it has found another end meanwhile."""

    entry: Entry
    event: Event | Callable[[], Awaitable[Event | None]]


class Lanes:
    """Of one sink. ``on_sent`` hears of each end, ``on_retry`` of each attempt that failed."""

    def __init__(
        self,
        destination: Destination,
        group: asyncio.TaskGroup,
        *,
        clock: Clock,
        on_sent: Callable[[Sent], None],
        on_retry: Callable[[Entry], None],
    ) -> None:
        self.destination, self.group, self.clock = destination, group, clock
        self.on_sent, self.on_retry = on_sent, on_retry
        self.lanes: dict[int, deque[Job]] = {}
        """Those that have work; each with a task."""

        self.complaints = Complaints(logger)

    def add(self, number: int, job: Job) -> None:
        if lane := self.lanes.get(number):
            lane.append(job)
            return
        self.lanes[number] = deque([job])
        self.group.create_task(self.work(number))

    async def work(self, number: int) -> None:
        lane = self.lanes[number]
        try:
            while lane:
                await self.carry_out(lane[0])
                lane.popleft()
        finally:
            del self.lanes[number]

    async def carry_out(self, job: Job) -> None:
        event = job.event if isinstance(job.event, Event) else await job.event()
        if event is not None:
            self.on_sent(await self.send(job.entry, event))

    async def send(self, entry: Entry, event: Event) -> Sent:
        """Most events are taken at once, and pay for no more than that."""
        try:
            await self.attempt(event)
        except Unreachable as error:
            return await self.insist(entry, event, error)
        except SinkError as error:
            return Sent(entry, 1, error)
        return Sent(entry, 1)

    async def attempt(self, event: Event) -> None:
        try:
            await self.destination.sink.send(event)
        except SinkError:
            end_if_cancelled()  # whoever made this error of it: the process ends
            raise
        except (Exception, asyncio.CancelledError) as error:
            end_if_cancelled()
            logger.exception("The sink %r has failed in a way that it should not", self.destination.name)
            message = f"the sink {self.destination.name!r} failed with {type(error).__name__}: the log tells more"
            raise Unreachable(message) from error

    async def insist(self, entry: Entry, event: Event, error: SinkError) -> Sent:
        """After a first attempt that failed."""
        until = (entry.since + self.destination.retry.span).timestamp()

        def too_long(state: tenacity.RetryCallState) -> bool:
            return self.clock.now().timestamp() + state.upcoming_sleep > until

        async def once_more() -> None:
            # The first of these attempts has been made.
            if retrying.statistics["attempt_number"] == 1:
                raise error
            await self.attempt(event)

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(Unreachable),
            wait=self.pause,
            stop=too_long,
            before_sleep=functools.partial(self.note, entry),
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            await retrying(once_more)
        except SinkError as last:
            return Sent(entry, retrying.statistics["attempt_number"], last)
        return Sent(entry, retrying.statistics["attempt_number"])

    def pause(self, state: tenacity.RetryCallState) -> float:
        """As the sink says, else longer each time and never the same for two lanes."""
        error = state.outcome.exception() if state.outcome else None
        retry = self.destination.retry
        first, longest = retry.first.total_seconds(), retry.longest.total_seconds()
        if isinstance(error, Unreachable) and error.retry_after is not None:
            return max(first, min(error.retry_after, longest))
        return tenacity.wait_exponential_jitter(initial=first, max=longest, jitter=first)(state)

    def note(self, entry: Entry, state: tenacity.RetryCallState) -> None:
        self.on_retry(entry)
        error = state.outcome.exception() if state.outcome else None
        self.complaints.add(f"The sink {self.destination.name!r} does not take events, they are kept: {error}")


def end_if_cancelled() -> None:
    """A CancelledError of the sink's own making ends nobody but the attempt."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
