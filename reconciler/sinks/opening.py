"""Settings in, a sink out. What a kind needs is imported only where it is opened: httpx and nats take a while."""

from reconciler.core.errors import ReconcilerError
from reconciler.engine.sinks import Sink
from reconciler.sinks.settings import (
    FileSettings,
    HttpSettings,
    NatsSettings,
    PythonSettings,
    SinkSettings,
    StdoutSettings,
)

__all__ = ["MissingExtra", "open_sink"]


class MissingExtra(ReconcilerError):
    """What a sink is made of is not installed."""


def open_sink(settings: SinkSettings) -> Sink:
    """Needs no connection and opens no file yet: that is done, and done again, by ``send``.

    Raises ReconcilerError for what cannot work however often it is tried: a key that is none, a function that cannot be
    imported, a library that is not installed.
    """
    match settings:
        case StdoutSettings():
            from reconciler.sinks.stdout import StdoutSink

            return StdoutSink(settings)
        case FileSettings():
            from reconciler.sinks.file import FileSink

            return FileSink(settings)
        case HttpSettings():
            from reconciler.sinks.http import HttpSink

            return HttpSink(settings)
        case NatsSettings():
            return open_nats(settings)
        case PythonSettings():
            from reconciler.sinks.python import PythonSink

            return PythonSink(settings)


def open_nats(settings: NatsSettings) -> Sink:
    try:
        from reconciler.sinks.nats import NatsSink
    except ImportError as error:
        raise MissingExtra(
            f"the sink {settings.name!r} needs nats-py, which is not installed:"
            " pip install '.[nats]' in the checkout brings it"
        ) from error
    return NatsSink(settings)
