"""What has come to a file sink: counted while it grows, accounted for at the end."""

import collections
import json
import re
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bench.support.errors import BenchError
from bench.support.listening import manifest

POLL = 0.01
PATIENCE = 60.0
"""Seconds without anything new."""

TEAM = re.compile(r"-(\d{12})'?\)?$")


class Forwarded:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines = self.offset = 0

    @property
    def sink(self) -> dict[str, Any]:
        """Its manifest: it is not begun anew while it is read, and as many lines share a flush as may."""
        return manifest("Sink", "events", file={"path": str(self.file), "maxSize": "8GiB"}, lanes=64)

    def count(self) -> int:
        """Of the whole lines so far."""
        if self.file.exists():
            with self.file.open("rb") as events:
                events.seek(self.offset)
                while read := events.read(1 << 20):
                    self.offset += len(read)
                    self.lines += read.count(b"\n")
        return self.lines

    def wait_for(self, count: int) -> float:
        """When so many were there, by ``time.monotonic()``. Raises BenchError."""
        seen, seen_at = self.lines, time.monotonic()
        while (now := self.count()) < count:
            if now > seen:
                seen, seen_at = now, time.monotonic()
            elif time.monotonic() - seen_at > PATIENCE:
                raise BenchError(f"only {now} of {count} notifications were forwarded")
            time.sleep(POLL)
        return time.monotonic()

    def account(self, numbers: Collection[int]) -> None:
        """Each of them once, and nothing else. Raises BenchError."""
        with self.file.open(encoding="utf-8") as events:
            found = collections.Counter(number_of(json.loads(line)["data"]["resource"]) for line in events)
        expected = collections.Counter(numbers)
        if found != expected:
            lost, more = (expected - found).total(), (found - expected).total()
            raise BenchError(f"of {len(numbers)} notifications {lost} were lost, and {more} came that nobody has sent")


def number_of(resource: str) -> int:
    """Of the team that was changed; -1 for what is none of ours."""
    found = TEAM.search(resource)
    return int(found[1]) if found else -1
