"""What becomes of notifications in, a line of JSON for each of them out: verified and opened, or why not.

What is set aside is named, so that a wrong key can be found, and shown no further: anybody may have sent it.
"""

import asyncio
import functools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.event import Event
from reconciler.core.mark import mark_of
from reconciler.core.times import spell_time
from reconciler.engine.inbox import Entry
from reconciler.engine.together import Together
from reconciler.receiver.delivery import Notification
from reconciler.receiver.observing import Content, Told
from reconciler.receiver.opening import NotOpened
from reconciler.receiver.parsing import parse_stored
from reconciler.sinks.threads import on_own_thread

__all__ = ["Printed", "Printer"]

Fields = Iterator[tuple[str, Any]]

MOST_WAITING, MOST_SET_ASIDE = 10_000, 1_000
"""Lines that a terminal which is held makes wait; what comes then is not printed, so that it fills no memory.

Where printing is all that is done with notifications, no more are under way, and strangers do not take their place.
"""

SHOWN = frozenset({Told.DEAD_LETTER, Told.LIFECYCLE, Told.OPENED, Told.SET_ASIDE})


class Printer:
    """An observer of the receiver."""

    def __init__(self) -> None:
        self.lines: Together[str] = Together(print_lines)
        self.tasks: set[asyncio.Task[None]] = set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        """What cannot be opened is told once, as the dead letter that it becomes."""
        most = MOST_SET_ASIDE if what is Told.SET_ASIDE else MOST_WAITING
        if what not in SHOWN or len(self.tasks) >= most:
            return
        if what is Told.DEAD_LETTER and not isinstance(content, NotOpened):
            return
        fields = {"receivedAt": spell_time(entry.received_at), "path": entry.path}
        fields |= dict(described(what, entry, content))
        # Anybody can send this: as ASCII, no control and no bidirectional character of theirs reaches the terminal.
        task = asyncio.create_task(self.print(json.dumps(fields, ensure_ascii=True)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def print(self, line: str) -> None:
        try:
            await self.lines.add(line)
        except OSError as error:
            if not self.failed.done():
                self.failed.set_exception(error)

    async def ready(self) -> None:
        """Return once all is printed."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    async def watch(self) -> None:
        """Until it is cancelled. Raises OSError once standard output takes no more."""
        await self.failed


class Printed:
    """The sink where no manifest declares one: what is printed is done with."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer

    async def send(self, event: Event) -> None:
        del event  # the printer was told of it before it came here
        await self.printer.ready()

    async def close(self) -> None:
        """Nothing is open."""


async def print_lines(lines: Sequence[str]) -> None:
    """On a thread that nobody waits for: a terminal that is held keeps no validation waiting, nor the end of it all."""
    await on_own_thread(functools.partial(write_all, "".join(f"{line}\n" for line in lines).encode()))


def write_all(content: bytes) -> None:
    """Past Python's own buffer, which a thread that is held would keep locked."""
    descriptor = sys.stdout.fileno()
    while content:
        content = content[os.write(descriptor, content) :]


def described(what: Told, entry: Entry, content: Content) -> Fields:
    if what is Told.SET_ASIDE and not entry.subscription_id:
        yield "malformed", True
    else:
        yield "name", entry.name or claimed(entry)
        yield from outlined(entry)
    if what is Told.SET_ASIDE:
        yield "verified", False
        yield "reason", entry.reason
        yield "message", entry.message
    else:
        yield "verified", True
        yield from shown(entry, content)


def claimed(entry: Entry) -> str | None:
    """By the mark of its request, which proves nothing and helps to find what is wrong."""
    mark = mark_of(f"?{entry.query}")
    return mark.name if mark else None


def claimed_tenant(entry: Entry) -> str | None:
    """By the item itself, likewise."""
    item = parse_stored(entry.body)
    return item.tenant_id if isinstance(item, Notification) else None


def outlined(entry: Entry) -> Fields:
    """What it is about; clientState is left out, it is a secret."""
    yield "subscriptionId", entry.subscription_id
    yield "lifecycleEvent" if entry.lifecycle else "changeType", entry.change
    yield "resource", entry.resource
    yield "tenantId", entry.tenant_id or claimed_tenant(entry)
    yield "encrypted", entry.encrypted


def shown(entry: Entry, content: Content) -> Fields:
    if isinstance(content, NotOpened):
        yield "notOpened", content.reason.value
        yield "message", str(content)
        content = None
    yield "data", resource_data(entry) if content is None else content


def resource_data(entry: Entry) -> Mapping[str, Any] | None:
    item = parse_stored(entry.body)
    return item.get("resourceData") if isinstance(item, Notification) else None
