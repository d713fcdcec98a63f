"""Where notifications go: a sink's settings in, an ``engine.sinks.Sink`` out. One module per kind of sink.

A further kind is one module, one class in ``settings``, one case in ``opening``, and an extra where it needs a library.
"""

from reconciler.sinks.opening import open_sink
from reconciler.sinks.settings import (
    FileSettings,
    HttpSettings,
    NatsSettings,
    PythonSettings,
    SinkSettings,
    StdoutSettings,
)

__all__ = [
    "FileSettings",
    "HttpSettings",
    "NatsSettings",
    "PythonSettings",
    "SinkSettings",
    "StdoutSettings",
    "open_sink",
]
