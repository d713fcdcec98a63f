"""The private application over HTTP: what is asked and what is answered."""

import asyncio

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from reconciler.core.errors import ReconcilerError
from reconciler.receiver import Routes, application, private
from reconciler.receiver.metrics import Metrics
from reconciler.receiver.private import private_application
from tests.receiver.support import served

SECRET = "hunter2"


class Says(dict):
    """Checks that say what stands here at the moment: a sentence, None, or an exception to raise."""

    def check(self, name):
        async def check():
            said = self.get(name)
            if isinstance(said, Exception):
                raise said
            return said

        return check


@pytest.fixture(scope="module")
def says() -> Says:
    return Says()


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture(scope="module")
def client(says, metrics, tmp_path_factory):
    async def reconcile(request):
        return PlainTextResponse("soon", 202)

    served_application = private_application(
        metrics.registry,
        checks={"inbox": says.check("inbox"), "keys": says.check("keys")},
        routes=[Route("/reconcile", reconcile, methods=["POST"])],
    )
    with served(served_application, tmp_path_factory.mktemp("tls")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/metrics", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("HEAD", "/metrics", 200),
        ("HEAD", "/healthz", 200),
        ("HEAD", "/readyz", 200),
        ("POST", "/reconcile", 202),
        ("GET", "/reconcile", 405),
        ("POST", "/metrics", 405),
        ("DELETE", "/healthz", 405),
        ("PUT", "/readyz", 405),
        ("GET", "/", 404),
        ("GET", "/metrics/", 404),
        ("GET", "/metrics/x", 404),
        ("GET", "/Healthz", 404),
        ("POST", "/hook", 404),
    ],
)
def test_answers(client, says, method, path, status):
    says.clear()
    answer = client.request(method, path)
    assert answer.status_code == status
    assert bool(answer.content) is (method != "HEAD")
    if status == 405:
        assert "POST" in answer.headers["allow"] if path == "/reconcile" else "GET" in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_nobody_keeps_an_answer(client, path):
    assert client.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accept", "media_type", "read"),
    [
        ("", "text/plain; version=0.0.4", text_string_to_metric_families),
        ("*/*", "text/plain; version=0.0.4", text_string_to_metric_families),
        ("text/plain", "text/plain; version=0.0.4", text_string_to_metric_families),
        ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0", read_openmetrics),
        ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0", read_openmetrics),
        ("application/openmetrics-text;version=x", "text/plain; version=0.0.4", text_string_to_metric_families),
        ("text/plain;version=1.x.y;q=\xff, \xe9", "text/plain; version=", text_string_to_metric_families),
    ],
)
def test_metrics_in_the_format_that_is_asked_for(client, metrics, accept, media_type, read):
    metrics.notified("accepted")
    answer = client.get("/metrics", headers={"Accept": accept.encode("latin-1")})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)
    families = {family.name.removesuffix("_total"): family for family in read(answer.text)}
    accepted = [
        sample.value
        for sample in families["reconciler_notifications"].samples
        if sample.name.endswith("_total") and sample.labels["verdict"] == "accepted"
    ]
    assert accepted[0] >= 1


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        ({}, {}),
        ({"inbox": "the inbox is full: forward or drop"}, {"inbox": "the inbox is full: forward or drop"}),
        ({"inbox": "one", "keys": "two"}, {"inbox": "one", "keys": "two"}),
        ({"keys": ""}, {"keys": ""}),
        ({"keys": ReconcilerError("the keys cannot be had")}, {"keys": "the keys cannot be had"}),
        ({"keys": TimeoutError(SECRET)}, {"keys": "no answer within 3 seconds"}),
        ({"keys": RuntimeError(SECRET)}, {"keys": "the check itself failed: the log tells why"}),
        ({"keys": OSError(SECRET)}, {"keys": "the check itself failed: the log tells why"}),
    ],
)
def test_readiness(client, says, said, problems):
    says.clear()
    says.update(said)
    answer = client.get("/readyz")
    assert answer.status_code == (503 if problems else 200)
    assert answer.json() == {"ready": not problems, "problems": problems}
    assert client.head("/readyz").status_code == answer.status_code
    assert client.get("/healthz").text == "ok\n", "it lives, ready or not"


def test_a_check_that_hangs_is_a_problem_and_holds_up_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "CHECK_SECONDS", 0.05)
    ended = []

    async def hanging():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def fine():
        return None

    checks = {"first": hanging, "second": hanging, "third": fine}
    with served(private_application(Metrics().registry, checks=checks), tmp_path) as client:
        answer = client.get("/readyz")
    assert answer.json()["problems"] == dict.fromkeys(["first", "second"], "no answer within 0.05 seconds")
    assert ended == [True, True]


JSON = {"Content-Type": "application/json"}


def test_metrics_show_nothing_of_a_request(tmp_path):
    async def take(delivery):
        pass

    metrics = Metrics()
    receiver = application(Routes({"/hook"}), on_delivery=take, answers=metrics)
    with served(receiver, tmp_path) as client:
        for method, path, body in (
            ("POST", "/hook?evil-query=1", b'{"value": [{"subscriptionId": "evil-body", "clientState": "evil-body"}]}'),
            ("POST", "/hook?validationToken=evil-token", b""),
            ("GET", "/evil-path", b""),
            ("EVIL-METHOD", "/hook", b"evil-body"),
            ("POST", "/hook", b"evil-body"),
        ):
            client.request(method, path, content=body, headers={**JSON, "X-Evil": "evil-header"})
    with served(private_application(metrics.registry, checks={}), tmp_path) as client:
        text = client.get("/metrics?evil-query", headers={"X-Evil": "evil-header"}).text
    assert 'reconciler_requests_total{status="202"} 1.0' in text
    assert 'reconciler_requests_total{status="404"} 1.0' in text
    assert "evil" not in text.lower()
