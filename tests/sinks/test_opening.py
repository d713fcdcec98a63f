"""Which settings open which sink, and what is imported for it."""

import subprocess
import sys

import pytest

from reconciler.core.errors import ReconcilerError
from reconciler.sinks import (
    FileSettings,
    HttpSettings,
    NatsSettings,
    PythonSettings,
    SinkSettings,
    StdoutSettings,
    open_sink,
)

SETTINGS: dict[str, SinkSettings] = {
    "StdoutSink": StdoutSettings(name="a"),
    "FileSink": FileSettings(name="a", path="/nowhere/events", max_size=1000, keep=1),
    "HttpSink": HttpSettings(name="a", url="https://a.com"),
    "NatsSink": NatsSettings(name="a", servers=("nats://a",), subject="a"),
    "PythonSink": PythonSettings(name="a", function="json:dumps"),
}


@pytest.mark.parametrize("expected", SETTINGS)
async def test_opening_connects_to_nothing_and_closing_is_no_trouble(expected):
    sink = open_sink(SETTINGS[expected])
    assert type(sink).__name__ == expected
    await sink.close()


def test_what_takes_a_while_is_imported_only_where_it_is_needed():
    code = (
        "import sys\n"
        "from reconciler.sinks import *\n"
        "open_sink(StdoutSettings(name='a'))\n"
        "open_sink(FileSettings(name='a', path='a', max_size=1, keep=1))\n"
        "print(sorted({'httpx', 'nats', 'ssl', 'cryptography'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "httpx" not in found.stdout
    assert "nats" not in found.stdout


def test_a_missing_extra(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "nats" or name == "reconciler.sinks.nats"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(ReconcilerError) as raised:
        open_sink(SETTINGS["NatsSink"])
    assert str(raised.value) == (
        "the sink 'a' needs nats-py, which is not installed: pip install '.[nats]' in the checkout brings it"
    )
