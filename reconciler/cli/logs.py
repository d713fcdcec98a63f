"""Log lines of a server in, on standard error out, by a thread of its own: whoever reads them may be held.

``listen`` writes plain lines; the daemon writes them structured, as JSON or for a console, with what is bound to the
pass or the request (``structlog.contextvars``) and what comes in ``extra``. A line is made where it is logged, for what
is bound is only known there; the thread only writes it.
"""

import logging
import logging.handlers
import os
import queue
import select
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from reconciler.cli.plain import plain

if TYPE_CHECKING:
    import structlog
    from structlog.typing import EventDict, Processor

__all__ = ["log_on_own_thread", "log_structured"]

MOST_WAITING = 1_000
"""Lines; what comes then is dropped."""

LAST_WORDS = 1.0
"""Seconds that the end of the process waits for what was logged last to be written."""

CHATTY = ("alembic", "apscheduler", "httpcore", "httpx", "msal", "urllib3", "uvicorn", "watchfiles")
"""They tell of every request and job, some with URLs and headers, which may hold secrets."""

FIRST = ("time", "level", "logger", "message")

SECRET = frozenset({"authorization", "client_secret", "client_state", "clientstate", "password", "secret", "token"})
"""Names under which no value is ever shown."""


def log_on_own_thread() -> None:
    """From now on, for the whole process."""
    handler = written_by_a_thread(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.setFormatter(logging.Formatter("%(message)s"))  # else the level would stand in the message as well
    logging.basicConfig(handlers=[handler])


def log_structured(form: Literal["console", "json"], level: str | int = logging.INFO) -> None:
    """From now on, for the whole process: of the loggers of ``logging`` and of structlog alike."""
    import structlog

    structlog.configure(
        processors=[*facts(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = written_by_a_thread(logging.Formatter("%(message)s"))
    handler.setFormatter(structured(form))
    logging.basicConfig(handlers=[handler], level=level)
    logging.captureWarnings(capture=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def written_by_a_thread(form: logging.Formatter) -> "Dropping":
    records: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)

    def write() -> None:
        while True:
            write_line(form.format(records.get()))
            records.task_done()

    # A daemon: at the end, nobody waits long for a terminal that is held.
    threading.Thread(target=write, name="logs", daemon=True).start()
    return Dropping(records)


def write_line(line: str) -> None:
    """Not through sys.stderr or a handler of ``logging``: the end of the process waits for their locks."""
    if sys.__stderr__ is None:  # closed when the process began: its number is that of another file since
        return
    rest, descriptor = memoryview(f"{line}\n".encode(errors="backslashreplace")), sys.__stderr__.fileno()
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # whoever shares the terminal may have made it so
            select.select([], [descriptor], [])
        except OSError:  # a full disk, or a reader that has gone: there is nowhere to say it
            return


class Dropping(logging.handlers.QueueHandler):
    queue: queue.Queue[logging.LogRecord]

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            super().enqueue(record)
        except queue.Full:
            return

    def flush(self) -> None:
        """Called when the process ends."""
        with self.queue.all_tasks_done:
            self.queue.all_tasks_done.wait_for(lambda: not self.queue.unfinished_tasks, LAST_WORDS)


def structured(form: Literal["console", "json"]) -> "structlog.stdlib.ProcessorFormatter":
    import structlog

    formatter = structlog.stdlib.ProcessorFormatter
    return formatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *facts()],
        processors=[
            formatter.remove_processors_meta,
            put_in_order,
            hide,
            *(as_json() if form == "json" else as_text()),
        ],
    )


def facts() -> "Iterator[Processor]":
    """What every line has besides its message."""
    import structlog

    yield structlog.contextvars.merge_contextvars
    yield structlog.stdlib.add_log_level
    yield structlog.stdlib.add_logger_name
    yield structlog.stdlib.PositionalArgumentsFormatter()
    yield structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
    yield structlog.processors.StackInfoRenderer()
    yield structlog.processors.format_exc_info  # without the values of variables


def as_json() -> "Iterator[Processor]":
    import structlog

    yield structlog.processors.EventRenamer("message")
    yield put_in_order
    yield structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=True)


def as_text() -> "Iterator[Processor]":
    import structlog

    yield spell
    yield structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
        pad_event_to=0,
        timestamp_key="time",
    )


def put_in_order(_logger: Any, _method: str, event: "EventDict") -> "EventDict":
    return {key: event[key] for key in FIRST if key in event} | {**event}


def hide(_logger: Any, _method: str, event: "EventDict") -> "EventDict":
    return {key: "hidden" if key.lower() in SECRET else value for key, value in event.items()}


def spell(_logger: Any, _method: str, event: "EventDict") -> "EventDict":
    """What Graph and strangers wrote must not command the terminal, or pass for a line of ours."""
    return {
        key: indented(value) if key in {"exception", "stack"} else plain(str(value)) for key, value in event.items()
    }


def indented(lines: str) -> str:
    return "\n".join(f"    {plain(line)}" for line in lines.splitlines())
