"""The emulator for tests: in a thread with its own event loop, on a free port, with a home of its own.

with RunningEmulator(tmp_path) as emulator:
    with emulator.client() as client:
        client.get("/v1.0/subscriptions", headers={"Authorization": f"Bearer {emulator.token()}"})
"""

import asyncio
import json
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from reconciler.emulator import Options, serve

LONGEST_START = 30.0
LONGEST_STOP = 10.0


class RunningEmulator:
    def __init__(self, home: Path, **options: Any) -> None:
        """``options`` are those of ``Options``; the port is a free one unless one is given."""
        self.options = Options(home=home, **({"port": 0} | options))
        self.info: dict[str, Any] = {}
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._control: httpx.Client | None = None

    def start(self) -> Self:
        self._thread.start()
        if not self._ready.wait(LONGEST_START):
            raise TimeoutError("the emulator does not start")
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._loop is not None and self._task is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(LONGEST_STOP)
        if self._thread.is_alive():
            raise TimeoutError("the emulator does not stop")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def home(self) -> Path:
        return self.options.home

    @property
    def graph(self) -> str:
        return str(self.info["graph"])

    @property
    def authority(self) -> str:
        """With the tenant, as msal wants it."""
        return f"{self.info['authority']}/{self.info['tenantId']}"

    @property
    def context(self) -> ssl.SSLContext:
        """Trusts the emulator's authority and nobody else, whatever the environment says."""
        return ssl.create_default_context(cafile=self.info["caFile"])

    def client(self, **kwargs: Any) -> httpx.Client:
        """Relative paths go to the emulator."""
        return httpx.Client(base_url=self.graph, verify=self.context, trust_env=False, **kwargs)

    def async_client(self, **kwargs: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.graph, verify=self.context, trust_env=False, **kwargs)

    def control(self, method: str, path: str, data: object = None) -> Any:
        """What ``/emulator/{path}`` answers; an error status raises."""
        if self._control is None:
            self._control = self.client()
        response = self._control.request(method, f"/emulator/{path}", json=data)
        if response.is_error:
            raise ValueError(f"{method} /emulator/{path}: {response.status_code} {response.text}")
        return response.json() if response.content else None

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance": seconds})

    def faults(self, faults: Mapping[str, object]) -> None:
        """Exactly these from now on; ``{}`` ends all."""
        self.control("PUT", "faults", dict(faults))

    def behave(self, **behaviours: str) -> None:
        """``validate_on_patch="never"`` sets ``validate-on-patch``."""
        self.control("PUT", "behaviours", {name.replace("_", "-"): value for name, value in behaviours.items()})

    def subscriptions(self) -> list[dict[str, Any]]:
        """Of all tenants, with clientState and what else Graph does not tell."""
        value: list[dict[str, Any]] = self.control("GET", "subscriptions")["value"]
        return value

    def register(self, **app: Any) -> dict[str, Any]:
        """Another application: tenantId, clientId, clientSecret, roles; what is not given is drawn."""
        result: dict[str, Any] = self.control("POST", "apps", app)
        return result

    def token(self, roles: list[str] | None = None, **more: Any) -> str:
        """An access token; ``more``: tenantId, clientId, scopes (then it is a user's), lifetime (seconds)."""
        data = more if roles is None else more | {"roles": roles}
        return str(self.control("POST", "tokens", data)["access_token"])

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far but those to the control path."""
        lines = (self.home / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return [line for line in map(json.loads, lines) if not line["path"].startswith("/emulator/")]

    def reset(self) -> None:
        """Forget subscriptions, faults, behaviours, clock and registered apps; ``requests()`` goes on."""
        self.control("POST", "reset")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 (raised again by start)
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        await serve(self.options, ready=self._is_ready)

    def _is_ready(self, info: dict[str, object]) -> None:
        self.info = info
        self._ready.set()
