"""A process that runs beside the shell in, what it has written since the last look out."""

import re
import subprocess
from pathlib import Path

__all__ = ["Server", "shortened"]

LOGGED = re.compile(r"[\d-]+T(?P<time>[\d:]{8})[\d.]*Z \[(?P<level>\w+) *\] (?P<message>.*?) +\[[\w.]+\](?P<fields>.*)")
"""A line of the daemon's log: behind the message are its logger and its fields."""

REASON = re.compile(r" reason=(\w+)")


class Server:
    """What it prints and logs goes to a file."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name, self.process, self.log = name, process, log
        self._shown = 0

    @property
    def news(self) -> str:
        """The whole lines that were not shown yet."""
        return self._unseen().decode(errors="replace")

    def take_news(self) -> str:
        """Those are shown from now on."""
        unseen = self._unseen()
        self._shown += len(unseen)
        return unseen.decode(errors="replace")

    def said(self, text: str) -> bool:
        """Among what was not shown yet."""
        return text in self.news

    def _unseen(self) -> bytes:
        written = self.log.read_bytes()[self._shown :]
        return written[: written.rfind(b"\n") + 1]


def shortened(line: str) -> str:
    """The time of day, the message and the reason; what is no line of the log is left as it is."""
    found = LOGGED.fullmatch(line)
    if found is None:
        return line
    level = "" if found["level"] == "info" else f"{found['level']}: "
    reason = REASON.search(found["fields"])
    return f"{found['time']} {level}{found['message']}{f' ({reason[1]})' if reason else ''}"
