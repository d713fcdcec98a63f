"""What is done, with when and how it ended, in; OpenTelemetry spans, sent by OTLP over HTTP, out.

Only where OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_TRACES_EXPORTER says so; else nothing of OpenTelemetry is even imported.
What the standard's variables say of headers, sampling, batches and the resource is the SDK's to follow. Spans are sent
by a thread of the SDK, and dropped where the collector does not keep up.
"""

import asyncio
import contextlib
import dataclasses
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from reconciler import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as SdkSpan
    from opentelemetry.trace import Tracer

__all__ = ["Attribute", "Span", "Tracing"]

Attribute = str | int | float | bool | None
"""None is left out."""

FLUSH = 2.0
"""Seconds that the end waits for what is not sent yet."""

PREFIX = "reconcile."
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

logger = logging.getLogger(__name__)


class Span(Protocol):
    def note(self, **attributes: Attribute) -> None:
        """What is only known later, as a result or Graph's request id."""

    def failed(self, message: str) -> None:
        """For what fails without an exception; those are recorded as they pass."""


class Tracing:
    """One for the process. A variable that cannot be followed is said, and then there are no traces."""

    def __init__(self) -> None:
        self._provider = begun(os.environ)
        self._tracer = self._provider.get_tracer("reconciler", __version__) if self._provider else None

    def span(self, name: str, /, **attributes: Attribute) -> AbstractContextManager[Span]:
        """Around what is done; what is done within it, also in tasks that it starts, becomes a part of it.

        Attributes are called ``reconcile.<name>``.
        """
        return NO_SPAN if self._tracer is None else recording(self._tracer, name, attributes)

    async def shutdown(self) -> None:
        """Send what is left, for at most 2 s; spans of afterwards are none."""
        provider, self._provider, self._tracer = self._provider, None, None
        if provider is None:
            return
        loop, sent = asyncio.get_running_loop(), asyncio.Event()

        def send() -> None:
            try:
                provider.shutdown()
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(sent.set)

        threading.Thread(target=send, name="last traces", daemon=True).start()
        try:
            async with asyncio.timeout(FLUSH):
                await sent.wait()
        except TimeoutError:
            logger.warning("The last traces are lost: the collector has not taken them within %g s", FLUSH)


class NoSpan(AbstractContextManager["NoSpan"]):
    """The same one for all, as there is nothing in it."""

    def __exit__(self, *_: object) -> None: ...

    def note(self, **attributes: Attribute) -> None: ...

    def failed(self, message: str) -> None: ...


NO_SPAN = NoSpan()


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    span: "SdkSpan"

    def note(self, **attributes: Attribute) -> None:
        self.span.set_attributes(spelled(attributes))

    def failed(self, message: str) -> None:
        from opentelemetry.trace import StatusCode

        self.span.set_status(StatusCode.ERROR, message)


@contextlib.contextmanager
def recording(tracer: "Tracer", name: str, attributes: Mapping[str, Attribute]) -> Iterator[Span]:
    with tracer.start_as_current_span(name, attributes=spelled(attributes)) as span:
        yield Recorded(span)


def spelled(attributes: Mapping[str, Attribute]) -> dict[str, str | int | float | bool]:
    return {f"{PREFIX}{key}": value for key, value in attributes.items() if value is not None}


def begun(environ: Mapping[str, str]) -> "TracerProvider | None":
    try:
        return provider() if wanted(environ) else None
    except ImportError:
        logger.warning(
            "No traces are sent: opentelemetry is not installed: pip install '.[otel]' in the checkout brings it"
        )
    except (OSError, ValueError) as error:
        logger.warning("No traces are sent: %s, see the variables OTEL_*", error)
    return None


def wanted(environ: Mapping[str, str]) -> bool:
    """Raises ValueError for what we do not do."""

    def value(*names: str) -> str:
        return next(filter(None, (environ.get(name, "").strip().lower() for name in names)), "")

    exporter, protocol = value("OTEL_TRACES_EXPORTER"), value(*PROTOCOLS)
    if value("OTEL_SDK_DISABLED") == "true" or exporter == "none" or not (exporter or value(*ENDPOINTS)):
        return False
    if exporter not in {"", "otlp"}:
        raise ValueError(f"OTEL_TRACES_EXPORTER is {exporter!r}, and only otlp and none are known")
    if protocol not in {"", "http/protobuf"}:
        raise ValueError(f"the protocol of OTLP is to be {protocol!r}, and only http/protobuf is known")
    return True


def provider() -> "TracerProvider":
    """Not the global one: whatever libraries would trace by themselves stays untraced, with its URLs and headers."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    found = TracerProvider(resource=resource(), shutdown_on_exit=False)
    found.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return found


def resource() -> "Resource":
    """What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes first."""
    from opentelemetry.sdk.resources import Resource

    found = Resource({"service.version": __version__}).merge(Resource.create())
    named = not str(found.attributes.get("service.name", "")).startswith("unknown_service")
    return found if named else found.merge(Resource({"service.name": "reconcile"}))
