"""The emulator inside a Python program, for tests: in a thread, on a free port, with a home of its own.

    with RunningEmulator(folder) as emulator, emulator.client() as client:
        client.get("/v1.0/subscriptions", headers={"Authorization": f"Bearer {emulator.token()}"})

With pytest, ``reconciler.emulator.pytest`` has it as the fixture ``graph_emulator``.
"""

import asyncio
import concurrent.futures
import datetime as dt
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from reconciler.emulator import Options, serve
from reconciler.emulator.environment import variables
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.outgoing import AsyncClient, Client, trusting
from reconciler.emulator.remote import Refused, answer, ask, send

if TYPE_CHECKING:
    from reconciler.emulator.parts import Parts

__all__ = ["Refused", "RunningEmulator"]

T = TypeVar("T")

LONGEST_START = 30.0
LONGEST_STOP = 10.0
LONGEST_ANSWER = 660.0
"""Seconds of the machine."""


class RunningEmulator:
    def __init__(self, home: Path, **options: Any) -> None:
        """``options`` are those of ``Options``; the port is a free one unless one is given."""
        self.options = Options(home=home, **({"port": 0} | options))
        self.info: dict[str, Any] = {}
        """What ``emulator.json`` says: origins, ids, the secret, paths of keys and certificates."""
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._parts: Parts | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._client: Client | None = None

    def start(self) -> Self:
        """Returns when it listens; raises ``EmulatorError`` where it cannot."""
        self._thread.start()
        if not self._ready.wait(LONGEST_START):
            raise TimeoutError(f"the emulator does not listen after {LONGEST_START:g} seconds")
        if isinstance(self._failure, ModuleNotFoundError):
            said = f"{self._failure.name} is not installed: pip install '.[daemon]' in the checkout brings it"
            raise EmulatorError(said) from self._failure
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._loop is not None and self._task is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(LONGEST_STOP)
        if self._thread.is_alive():
            raise TimeoutError(f"the emulator still runs after {LONGEST_STOP:g} seconds")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # Where it is, and who may use it

    @property
    def home(self) -> Path:
        return self.options.home

    @property
    def graph(self) -> str:
        """The origin, to be used instead of ``https://graph.microsoft.com``."""
        return str(self.info["graph"])

    @property
    def authority(self) -> str:
        """With the tenant, as msal wants it."""
        return f"{self.info['authority']}/{self.info['tenantId']}"

    @property
    def context(self) -> ssl.SSLContext:
        """Trusts the emulator's authority and nobody else, whatever the environment says."""
        return trusting(self.info["caFile"])

    @property
    def environment(self) -> dict[str, str]:
        """What ``reconcile emulator env`` exports: for the environment of a process under test."""
        return variables(self.info)

    def client(self, **given: Any) -> Client:
        """Relative paths go to the emulator; ``given`` as httpx takes it."""
        return Client(base_url=self.graph, verify=self.context, trust_env=False, **given)

    def async_client(self, **given: Any) -> AsyncClient:
        return AsyncClient(base_url=self.graph, verify=self.context, trust_env=False, **given)

    def token(self, roles: list[str] | None = None, **more: Any) -> str:
        """An access token; ``more``: tenantId, clientId, scopes (then it is a user's), lifetime (seconds)."""
        data = more if roles is None else more | {"roles": roles}
        return str(self.control("POST", "tokens", data)["access_token"])

    def register(self, **app: Any) -> dict[str, Any]:
        """Another application: tenantId, clientId, clientSecret, roles, …; what is not given is drawn."""
        result: dict[str, Any] = self.control("POST", "apps", app)
        return result

    # What happens in it

    def write(self, method: str, path: str, data: object = None) -> Any:
        """Change the world as an application with every permission would: ``PATCH``, ``/v1.0/teams/{id}``, a body.

        What Graph answers; None where that is empty. Raises ``Refused`` where it says no.
        """
        return answer(send(self._connection(), method, path, data, token=self.token()))

    def control(self, method: str, path: str, data: object = None) -> Any:
        """What ``/emulator/{path}`` answers; raises ``Refused`` for an error status."""
        return ask(self._connection(), method, path, data)

    def now(self) -> dt.datetime:
        """What time it is for the emulator, in UTC: expirations and tokens go by that."""
        return dt.datetime.fromisoformat(self.control("GET", "clock")["now"])

    def advance(self, seconds: float) -> None:
        """Move the clock: what becomes due happens at once."""
        self.control("POST", "clock", {"advance": seconds})

    def faults(self, faults: Mapping[str, object]) -> None:
        """Exactly these from now on; ``{}`` ends all."""
        self.control("PUT", "faults", dict(faults))

    def behave(self, **behaviours: str) -> None:
        """``validate_on_patch="never"`` sets ``validate-on-patch``."""
        self.control("PUT", "behaviours", {name.replace("_", "-"): value for name, value in behaviours.items()})

    def tell(self, subscription: str, event: str) -> None:
        """Send a lifecycle event to a subscription, by its id; ``removed`` and ``subscriptionRemoved`` remove it."""
        self.control("POST", "lifecycle", {"subscriptionId": subscription, "event": event})

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until every notification that is due was tried; TimeoutError after so many seconds, 600 at most."""
        if not self.control("GET", f"deliveries?limit=0&settled={seconds:g}")["settled"]:
            raise TimeoutError(f"notifications are still on their way after {seconds:g} seconds")

    def reset(self) -> None:
        """As at the start, but for ``requests()``, which goes on."""
        self.control("POST", "reset")

    def inside(self, do: "Callable[[Parts], T]") -> concurrent.futures.Future[T]:
        """What ``do`` says of the emulator's own parts; it is called in its thread, between two of its steps.

        For those who ask thousands of times a second. Raises ``EmulatorError`` when it does not run.
        """
        parts, future = self._parts, concurrent.futures.Future[T]()
        if parts is None or self._loop is None:
            raise EmulatorError("the emulator has no inside before it runs: start it first")

        def call() -> None:
            try:
                future.set_result(do(parts))
            except Exception as error:  # noqa: BLE001 (who waits for the answer gets it)
                future.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError as error:
            raise EmulatorError(
                "there is nothing inside the emulator any more, it has ended: start another one"
            ) from error
        return future

    # What became of it

    def subscriptions(self) -> list[dict[str, Any]]:
        """Of all tenants, with clientState and what else Graph does not tell."""
        value: list[dict[str, Any]] = self.control("GET", "subscriptions")["value"]
        return value

    def deliveries(self, subscription: str | None = None) -> list[dict[str, Any]]:
        """Of one subscription, by its id, or of all, in the order in which they began, each with its attempts."""
        chosen = f"?subscriptionId={subscription}" if subscription else ""
        value: list[dict[str, Any]] = self.control("GET", f"deliveries{chosen}")["value"]
        return value

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far but those to the control path."""
        lines = (self.home / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return [line for line in map(json.loads, lines) if not line["path"].startswith("/emulator/")]

    # The thread

    def _connection(self) -> Client:
        if self._client is None:
            self._client = self.client(timeout=LONGEST_ANSWER)
        return self._client

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
        await serve(self.options, ready=self._is_ready, made=self._is_made)

    def _is_made(self, parts: "Parts") -> None:
        self._parts = parts

    def _is_ready(self, info: dict[str, object]) -> None:
        self.info = info
        self._ready.set()
