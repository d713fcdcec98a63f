"""A sink that is as bad as they are: it refuses some events for good, some at first, and loses some answers."""

import json
import random
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.soak.account import Arrival, arrival_of

__all__ = ["Webhook"]

REFUSED, BUSY, LOST = 97, 31, 37
"""Every so manieth change is refused with 400; at first with 503; at first taken, but without an answer."""

SLOWEST = 0.02
"""Seconds before an answer at the most, so that there is always something on its way when the receiver is killed."""


class Webhook:
    """Remembers all that it has taken, and what it has refused by the event's id."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.refused: dict[str, int] = {}
        self.seen: set[str] = set()
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), type("HandlerOfThis", (Handler,), {"webhook": self}))
        self.thread = threading.Thread(target=self.server.serve_forever, name="webhook", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"

    def take(self, event: Mapping[str, Any]) -> int | None:
        """The status to answer with; None for no answer."""
        time.sleep(random.uniform(0, SLOWEST))
        arrival = arrival_of(event)
        with self.lock:
            first = arrival.event_id not in self.seen
            self.seen.add(arrival.event_id)
            if arrival.number % REFUSED == 0:
                self.refused[arrival.event_id] = arrival.number
                return 400
            if first and arrival.number % BUSY == 0:
                return 503
            self.arrivals.append(arrival)
            return None if first and arrival.number % LOST == 0 else 204

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who is killed hangs up; of anything else the traceback is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    webhook: Webhook

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        status = self.webhook.take(json.loads(body)) if len(body) == length else None  # else it was killed
        if status is None:
            self.close_connection = True
            return
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the library's name
        """Nobody reads it."""
