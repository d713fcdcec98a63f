"""A real browser without a window: Chromium, driven over the DevTools protocol.

with browsing("chromium", tmp_path) as browser:
    browser.open("https://127.0.0.1:8443/emulator")
    browser.wait_for("document.title == 'Emulator'")
    browser.complaints  # what the console said, and what the page's policy forbade
"""

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

LONGEST_START = 30.0
LONGEST_ANSWER = 10.0
NAMES = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-sandbox",  # it refuses to run as root with one, and the page is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have a small one
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--ignore-certificate-errors",  # the emulator's authority is made for this run and in no browser's store
    "--window-size=1400,1000",
)


def chromium() -> str | None:
    """Where it is, if it is anywhere."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def browsing(program: str, folder: Path) -> Iterator["Browser"]:
    """A browser with a profile of its own in the folder, until the end of the block."""
    with started(program, folder) as port, connect(page_url(port), max_size=None, open_timeout=LONGEST_START) as page:
        yield Browser(page)


@contextlib.contextmanager
def started(program: str, folder: Path) -> Iterator[int]:
    """The port of its DevTools, which Chromium writes into a file as soon as it listens."""
    arguments = [program, *SWITCHES, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            place, end = folder / "DevToolsActivePort", time.monotonic() + LONGEST_START
            while not (place.exists() and place.read_text().strip()):
                if time.monotonic() > end or process.poll() is not None:
                    raise TimeoutError(f"{program} does not start")
                time.sleep(0.02)
            yield int(place.read_text().split()[0])
        finally:
            process.terminate()


def page_url(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=LONGEST_ANSWER) as answer:
        pages = [each for each in json.load(answer) if each["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"])


class Browser:
    """One page of it. ``complaints`` are errors and warnings, violations of a page's policy among them."""

    def __init__(self, page: ClientConnection) -> None:
        self.complaints: list[str] = []
        self._numbers = itertools.count(1)
        self._page = page
        for domain in ("Log", "Page", "Runtime"):
            self.command(f"{domain}.enable")

    def open(self, url: str) -> None:
        self.command("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """Its value as JSON; an exception in the page is a ``ValueError``."""
        told = self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise ValueError(f"{expression}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def wait_for(self, expression: str, *, seconds: float = LONGEST_ANSWER) -> None:
        """Until it is true; the page goes on by itself meanwhile."""
        end = time.monotonic() + seconds
        while not self.evaluate(f"!!({expression})"):
            if time.monotonic() > end:
                shown = self.evaluate("document.body?.innerText")
                raise TimeoutError(f"not true within {seconds:g} seconds: {expression}; the page shows:\n{shown}")
            time.sleep(0.05)

    def screenshot(self) -> bytes:
        """As PNG."""
        return base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"])

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What DevTools answers; events that come before it are looked at."""
        number = next(self._numbers)
        self._page.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._page.recv(timeout=LONGEST_ANSWER))
            if message.get("id") != number:
                self._note(message)
            elif "error" in message:
                raise ValueError(f"{method}: {message['error']}")
            else:
                result: dict[str, Any] = message["result"]
                return result

    def _note(self, event: dict[str, Any]) -> None:
        match event:
            case {"method": "Log.entryAdded", "params": {"entry": entry}} if entry["level"] in {"error", "warning"}:
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.complaints.append(str(details))
            case {"method": "Runtime.consoleAPICalled", "params": {"type": "error" | "warning", "args": args}}:
                self.complaints.append(str(args))
