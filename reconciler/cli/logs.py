"""Log lines of a server in, on standard error out, by a thread of its own: whoever reads them may be held."""

import logging
import logging.handlers
import queue
import threading

__all__ = ["log_on_own_thread"]

MOST_WAITING = 1_000
"""Lines; what comes then is dropped."""


def log_on_own_thread() -> None:
    """From now on, for the whole process."""
    records: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)
    stream = logging.StreamHandler()
    stream.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))

    def write() -> None:
        while True:
            stream.handle(records.get())
            records.task_done()

    # A daemon: at the end, nobody waits for a terminal that is held.
    threading.Thread(target=write, name="logs", daemon=True).start()
    logging.basicConfig(handlers=[Dropping(records)])


class Dropping(logging.handlers.QueueHandler):
    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            super().enqueue(record)
        except queue.Full:
            return
