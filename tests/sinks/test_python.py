"""Somebody's own function as a sink."""

import asyncio
import importlib
import json
import sys
import threading

import pytest

from reconciler.engine.sinks import Refused, SinkError, Unreachable
from reconciler.sinks import PythonSettings
from reconciler.sinks.python import PythonSink

MODULE = """
import asyncio, functools, threading
from reconciler.engine.sinks import Refused, Unreachable

calls = []
called, held = threading.Semaphore(0), threading.Event()

def plain(event):
    calls.append((event, threading.current_thread() is threading.main_thread()))
    event["data"].clear()

async def coroutine(event):
    await asyncio.sleep(0)
    plain(event)

class Callable:
    async def __call__(self, event):
        await coroutine(event)

callable_object = Callable()
partial = functools.partial(coroutine)
disguised = lambda event: coroutine(event)

def raising(event):
    raise KeyError(event["data"]["resourceData"]["id"])

async def raising_later(event):
    await asyncio.sleep(0)
    raise KeyError(event["data"]["resourceData"]["id"])

def refusing(event):
    raise Refused("we take no teams")

async def waiting(event):
    raise Unreachable("we are closed until noon", retry_after=30)

def leaving(event):
    raise SystemExit(3)

def stopping(event):
    raise StopIteration

async def cancelling(event):
    raise asyncio.CancelledError

async def endless(event):
    called.release()
    await asyncio.Event().wait()

def held_up(event):
    called.release()
    held.wait(20)

number = 5
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The module that the tests' sinks name."""
    (tmp_path / "of_a_user.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken.py").write_text("this is = no python", encoding="utf-8")
    (tmp_path / "leaving.py").write_text("raise SystemExit", encoding="utf-8")
    (tmp_path / "needy.py").write_text("import of_nobody", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("of_a_user")
    del sys.modules["of_a_user"]


def sink(function, module="of_a_user"):
    return PythonSink(PythonSettings(name="own", function=f"{module}:{function}"))


@pytest.mark.parametrize(
    ("function", "on_the_loop"),
    [
        ("plain", False),
        ("coroutine", True),
        ("callable_object", True),
        ("partial", True),
        ("disguised", True),
    ],
)
async def test_it_is_called_with_the_event_as_a_dict_of_its_own(module, events, function, on_the_loop):
    opened = sink(function)
    await opened.send(events())
    await opened.send(events())
    whole = json.loads(events().content) | {"data": {}}
    assert module.calls == [(whole, on_the_loop)] * 2
    assert module.calls[0][0] is not module.calls[1][0]
    await opened.close()


def test_a_dotted_name_is_found(module):
    assert sink("Callable.__call__").function is module.Callable.__call__


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("raising", "KeyError"),
        ("raising_later", "KeyError"),
        ("leaving", "RuntimeError"),
        ("stopping", "RuntimeError"),
        ("cancelling", "CancelledError"),
    ],
)
async def test_whatever_it_raises_it_is_called_again(module, events, function, said):
    with pytest.raises(Unreachable) as raised:
        await asyncio.wait_for(sink(function).send(events()), 10)
    assert str(raised.value) == (
        f"the sink 'own' failed: of_a_user:{function} raised {said}, and is called again;"
        " let it raise reconciler.engine.sinks.Refused for what it never takes"
    )


async def test_what_it_says_itself_stands(module, events):
    with pytest.raises(Refused, match="we take no teams"):
        await sink("refusing").send(events())
    with pytest.raises(Unreachable, match="we are closed until noon") as raised:
        await sink("waiting").send(events())
    assert raised.value.retry_after == 30


async def test_a_plain_one_does_not_hold_the_event_loop(module, events):
    sending = asyncio.create_task(sink("held_up").send(events()))
    assert await asyncio.to_thread(module.called.acquire, timeout=10)
    assert not sending.done()
    module.held.set()
    await asyncio.wait_for(sending, 10)


@pytest.mark.parametrize("function", ["endless", "held_up"])
async def test_it_can_be_cancelled(module, events, function):
    sending = asyncio.create_task(sink(function).send(events()))
    assert await asyncio.to_thread(module.called.acquire, timeout=10)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    module.held.set()


async def test_several_are_called_side_by_side(module, events):
    opened = sink("held_up")
    sending = [asyncio.create_task(opened.send(events(number))) for number in range(64)]
    for _ in sending:
        assert await asyncio.to_thread(module.called.acquire, timeout=10)
    module.held.set()
    await asyncio.wait_for(asyncio.gather(*sending), 20)
    assert threading.active_count() < 64


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("of_nobody:f", "there is no module 'of_nobody' for of_nobody:f, install it beside reconcile"),
        ("needy:f", "there is no module 'of_nobody' for needy:f, install it"),
        ("broken:f", "importing 'broken' raised SyntaxError, try python -c 'import broken'"),
        ("leaving:f", "importing 'leaving' raised SystemExit"),
        ("of_a_user:nothing", "the module 'of_a_user' has no 'nothing', check the name after the colon"),
        ("of_a_user:Callable.nothing", "the module 'of_a_user' has no 'Callable.nothing'"),
        ("of_a_user:number", "of_a_user:number is no function but a int"),
    ],
)
def test_what_cannot_be_called_is_said_at_once(module, named, said):
    with pytest.raises(SinkError) as raised:
        PythonSink(PythonSettings(name="own", function=named))
    assert f"the sink 'own' cannot be opened: {said}" in str(raised.value)
