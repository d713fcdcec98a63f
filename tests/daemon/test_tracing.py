"""What is done in; spans out, received here as a collector receives them, over HTTP on loopback."""

import asyncio
import contextlib
import http.server
import json
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from reconciler import __version__
from reconciler.daemon import tracing
from reconciler.daemon.tracing import Tracing


class Collector(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.requests: list[ExportTraceServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.answers = threading.Event()
        self.answers.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def spans(self) -> dict[str, Any]:
        return {
            span.name: span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }

    @property
    def resource(self) -> dict[str, Any]:
        return attributes(self.requests[0].resource_spans[0].resource.attributes)


class Receiving(http.server.BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answers.wait(60)
        self.server.requests.append(ExportTraceServiceRequest.FromString(content))
        self.server.headers.append({**self.headers, "path": self.path})
        with contextlib.suppress(OSError):  # whoever did not wait for it
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None: ...


def attributes(found: list[KeyValue]) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in found}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        yield server
        server.answers.set()
        server.shutdown()
        thread.join()


async def test_spans_within_spans_with_what_is_known_and_what_comes_to_be_known(collector):
    found = Tracing()

    async def change(name: str) -> None:
        with found.span("change", tenant="contoso", name=name, action="create", request_id=None) as span:
            await asyncio.sleep(0)
            span.note(result="done", request_id="r1", attempts=2)

    with found.span("pass", pass_id="p1", full=True):
        await asyncio.create_task(change("all-teams"))
    await found.shutdown()

    whole, part = collector.spans["pass"], collector.spans["change"]
    assert (part.parent_span_id, part.trace_id) == (whole.span_id, whole.trace_id)
    assert attributes(whole.attributes) == {"reconcile.pass_id": "p1", "reconcile.full": True}
    assert attributes(part.attributes) == {
        "reconcile.tenant": "contoso",
        "reconcile.name": "all-teams",
        "reconcile.action": "create",
        "reconcile.result": "done",
        "reconcile.request_id": "r1",
        "reconcile.attempts": 2,
    }
    assert (collector.resource["service.name"], collector.resource["service.version"]) == ("reconcile", __version__)
    assert collector.headers[0]["path"] == "/v1/traces"


async def test_spans_of_tasks_side_by_side_do_not_get_into_each_other(collector):
    found, both = Tracing(), asyncio.Barrier(2)

    async def one(number: int) -> None:
        with found.span(f"pass {number}"):
            await both.wait()
            with found.span(f"change {number}"):
                await both.wait()

    await asyncio.gather(one(1), one(2))
    await found.shutdown()
    spans = collector.spans
    assert [spans[f"change {each}"].parent_span_id for each in (1, 2)] == [
        spans[f"pass {each}"].span_id for each in (1, 2)
    ]
    assert spans["pass 1"].parent_span_id == b""


async def test_what_fails(collector):
    found = Tracing()
    with pytest.raises(ZeroDivisionError), found.span("broken"):
        _ = 1 / 0
    with found.span("refused") as span:
        span.failed("Graph refuses it")
    with pytest.raises(asyncio.CancelledError), found.span("cancelled"):
        raise asyncio.CancelledError
    await found.shutdown()
    spans = collector.spans
    statuses = {name: (span.status.code, span.status.message) for name, span in spans.items()}
    assert statuses == {
        "broken": (2, "ZeroDivisionError: division by zero"),
        "refused": (2, "Graph refuses it"),
        "cancelled": (0, ""),
    }
    (event,) = spans["broken"].events
    assert attributes(event.attributes)["exception.type"] == "ZeroDivisionError"


async def test_what_the_variables_of_the_standard_say(collector, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "reconcile-test")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test,service.version=7")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=k1")
    found = Tracing()
    with found.span("pass"):
        pass
    await found.shutdown()
    resource = collector.resource
    assert (resource["service.name"], resource["service.version"]) == ("reconcile-test", "7")
    assert resource["deployment.environment"] == "test"
    assert collector.headers[0]["x-key"] == "k1"


async def test_a_sampler_that_takes_none(collector, monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    found = Tracing()
    with found.span("pass") as span:
        span.note(result="done")
        span.failed("x")
    await found.shutdown()
    assert collector.requests == []


async def test_the_end_waits_for_a_collector_that_does_not_answer_only_so_long(collector, monkeypatch, caplog):
    monkeypatch.setattr(tracing, "FLUSH", 0.2)
    collector.answers.clear()
    found = Tracing()
    with found.span("pass"):
        pass
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    turning = asyncio.create_task(turn())
    await found.shutdown()
    turning.cancel()
    assert turns > 2  # the event loop has turned meanwhile
    assert caplog.messages == ["The last traces are lost: the collector has not taken them within 0.2 s"]


async def test_what_comes_after_the_end_is_not_recorded(collector):
    found = Tracing()
    await found.shutdown()
    await found.shutdown()
    with found.span("late") as span:
        span.note(result="done")
    assert collector.requests == []


OFF: list[dict[str, str]] = [
    {},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
    {"OTEL_SERVICE_NAME": "reconcile"},
]
ON: list[dict[str, str]] = [
    {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"},
    {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
]

USED = """
import json, logging, sys
{hide}
from reconciler.daemon.tracing import Tracing
logging.basicConfig(format="%(message)s")
found = Tracing()
with found.span("pass", name="x", pass_id="p1") as span:
    span.note(result="done")
    span.failed("x")
loaded = [name for name in sys.modules if name.partition(".")[0] in ("opentelemetry", "requests", "google")]
print(json.dumps(bool([name for name in loaded if sys.modules[name]])))
"""


def used(environ: dict[str, str], *, hide: str = "") -> tuple[bool, str]:
    """Whether anything of OpenTelemetry was imported, and what was logged."""
    script = textwrap.dedent(USED).replace("{hide}", hide)
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environ)
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("environ", OFF)
def test_nothing_is_imported_where_no_variable_asks_for_it(environ):
    assert used(environ) == (False, "")


@pytest.mark.parametrize("environ", ON)
def test_variables_that_ask_for_it(environ):
    assert used(environ)[0] is True


def test_where_it_is_not_installed_that_is_said_once_and_spans_are_none():
    hide = "sys.modules['opentelemetry'] = None"
    assert used(ON[0], hide=hide) == (
        False,
        "No traces are sent: opentelemetry is not installed: pip install '.[otel]' in the checkout brings it\n",
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER is 'zipkin', and only otlp and none are known"),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "the protocol of OTLP is to be 'grpc', and only http/protobuf is known",
        ),
        (
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "99999",
            "max_export_batch_size must be less than or equal to max_queue_size.",
        ),
    ],
)
async def test_a_variable_that_cannot_be_followed_ends_nothing(name, value, message, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv(name, value)
    found = Tracing()
    with found.span("pass") as span:
        span.note(result="done")
    await found.shutdown()
    assert caplog.messages == [f"No traces are sent: {message}, see the variables OTEL_*"]
