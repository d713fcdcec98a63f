"""A sink, and how it is used."""

import dataclasses
import datetime as dt

from reconciler.engine.sinks import Sink

__all__ = ["Destination", "Retry"]


@dataclasses.dataclass(frozen=True, slots=True)
class Retry:
    """How long an event is tried that its sink does not take, counted from its arrival, and after which pauses."""

    span: dt.timedelta = dt.timedelta(days=1)
    first: dt.timedelta = dt.timedelta(seconds=1)
    longest: dt.timedelta = dt.timedelta(minutes=5)


@dataclasses.dataclass(frozen=True, slots=True)
class Destination:
    name: str
    sink: Sink
    lanes: int = 16
    """Events of one resource are in one lane, so in order; each lane has one under way."""

    retry: Retry = Retry()
