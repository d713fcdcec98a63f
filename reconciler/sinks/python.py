"""An event in, a call of somebody's own function with it out."""

import asyncio
import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, NoReturn

from reconciler.core.event import Event
from reconciler.engine.sinks import Refused, SinkError, Unreachable
from reconciler.sinks.settings import PythonSettings
from reconciler.sinks.threads import on_own_thread

__all__ = ["PythonSink"]

Function = Callable[[Mapping[str, Any]], Any]


class PythonSink:
    """The function is given the CloudEvent as a dict that is its own. Once it has returned, the event is taken.

    A coroutine function runs on the event loop, any other one on a thread, several of them at a time. To refuse an
    event for good it raises Refused, and Unreachable to say when it is to be called again; their messages are logged.
    Of other exceptions only the type is, as their text may hold some of the event.
    """

    def __init__(self, settings: PythonSettings) -> None:
        """Raises SinkError where there is no such function."""
        self.settings = settings
        self.function = imported(settings)
        self.is_async = is_async(self.function)

    async def send(self, event: Event) -> None:
        try:
            await self.call(json.loads(event.content))
        except (Refused, Unreachable):
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self.failed("CancelledError")
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever somebody's function raises
            self.failed(type(error).__name__, error)

    async def call(self, content: Mapping[str, Any]) -> None:
        if self.is_async:
            await self.function(content)
            return
        result = await on_own_thread(lambda: self.function(content))
        if inspect.isawaitable(result):  # as of a lambda around a coroutine function
            await result

    def failed(self, what: str, error: BaseException | None = None) -> NoReturn:
        raise Unreachable(
            f"the sink {self.settings.name!r} failed: {self.settings.function} raised {what},"
            " and is called again; let it raise reconciler.engine.sinks.Refused for what it never takes"
        ) from error

    async def close(self) -> None:
        """Nothing is held."""


def imported(settings: PythonSettings) -> Function:
    module, _, path = settings.function.partition(":")
    sink = f"the sink {settings.name!r} cannot be opened"
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise SinkError(
            f"{sink}: there is no module {error.name!r} for {settings.function},"
            " install it beside reconcile or name its folder in PYTHONPATH"
        ) from error
    except (Exception, SystemExit) as error:
        raise SinkError(
            f"{sink}: importing {module!r} raised {type(error).__name__}, try python -c 'import {module}'"
        ) from error
    try:
        function = reduce(getattr, path.split("."), found)
    except AttributeError as error:
        raise SinkError(f"{sink}: the module {module!r} has no {path!r}, check the name after the colon") from error
    if not callable(function):
        raise SinkError(f"{sink}: {settings.function} is no function but a {type(function).__name__}")
    return function


def is_async(function: Function) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
