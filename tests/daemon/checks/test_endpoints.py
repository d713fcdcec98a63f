"""Endpoints over TLS, well and ill in each way: which check says so, and which ones are then left out (facts 4, 5)."""

import datetime as dt
import ssl

import pytest

from reconciler.daemon.checks.endpoints import Endpoint, Patience, endpoint_checks
from reconciler.daemon.checks.finding import Level
from reconciler.daemon.checks.names import judged, resolves
from reconciler.daemon.checks.running import run
from tests.daemon.checks.support import Authority, OddEndpoint, Silent, repeat
from tests.support.receiver import answer

IDS = [
    "endpoint-name",
    "endpoint-connects",
    "endpoint-certificate",
    "endpoint-certificate-days",
    "endpoint-tls",
    "endpoint-answers",
    "endpoint-path",
    "endpoint-validation",
    "endpoint-query",
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


async def examined(url, authority, *, lifecycle=None, patience=None, **more):
    endpoint = Endpoint(
        name="public", notification_url=url, lifecycle_url=lifecycle or url, ca_file=authority.file, **more
    )
    checks = endpoint_checks([endpoint], now=dt.datetime.now(dt.UTC), patience=patience or Patience())
    return await run(list(checks))


async def found(authority, files, answering=repeat, **more):
    """By check; one URL for both."""
    versions = {name: more.pop(name) for name in ("oldest", "newest") if name in more}
    async with OddEndpoint(files, answering, **versions) as endpoint:
        findings = await examined(endpoint.url, authority, **more)
    return {each.check: each for each in findings}


def not_well(findings):
    return {name: each.level.value for name, each in findings.items() if each.level is not Level.OK}


def left_out(after):
    """All that come after a failed one are skipped."""
    return dict.fromkeys(IDS[IDS.index(after) + 1 :], "skipped")


async def test_all_is_well(authority):
    findings = await found(authority, authority.leaf())
    assert list(findings) == IDS
    assert not_well(findings) == {}
    assert findings["endpoint-tls"].verdict.found == "it offers TLS 1.2 beside TLSv1.3"
    assert findings["endpoint-certificate-days"].verdict.found.startswith("its certificate is good for 89 days")
    assert findings["endpoint-name"].verdict.found == "it resolves to 127.0.0.1"


async def test_a_name_that_does_not_resolve(authority):
    findings = {each.check: each for each in await examined("https://nowhere.invalid/n", authority)}
    assert not_well(findings) == {"endpoint-name": "failure", **left_out("endpoint-name")}
    assert "getent hosts nowhere.invalid" in findings["endpoint-name"].verdict.remedy


async def test_a_name_that_only_resolves_to_addresses_of_inside():
    assert judged(["10.0.0.7", "fd00::1"], public=True).level is Level.WARNING
    assert judged(["10.0.0.7", "93.184.215.14"], public=True).level is Level.OK
    assert judged(["10.0.0.7"], public=False).level is Level.OK


async def test_a_proxy_resolves_names_by_itself():
    assert (await resolves("nowhere.invalid", public=True, proxy=True)).level is Level.SKIPPED


async def test_nobody_listens(authority):
    async with OddEndpoint(authority.leaf()) as endpoint:
        pass
    findings = {each.check: each for each in await examined(endpoint.url, authority)}
    assert not_well(findings) == {"endpoint-connects": "failure", **left_out("endpoint-connects")}


async def test_plain_http(authority):
    findings = await found(authority, None)
    assert not_well(findings) == {"endpoint-connects": "failure", **left_out("endpoint-connects")}
    assert "serve HTTPS" in findings["endpoint-connects"].verdict.remedy


@pytest.mark.parametrize(
    ("leaf", "cause"),
    [
        ({"whole": False}, "an intermediate certificate is not sent along"),
        ({"host": "another.contoso.com"}, "it is another host's"),
        ({"days": -1}, "it was not renewed in time"),
    ],
    ids=["intermediate", "host", "expired"],
)
async def test_a_certificate_that_graph_does_not_take(authority, leaf, cause):
    findings = await found(authority, authority.leaf(**leaf))
    assert not_well(findings) == {"endpoint-certificate": "failure", **left_out("endpoint-certificate")}
    assert findings["endpoint-certificate"].verdict.cause.startswith(cause)


async def test_a_certificate_that_ends_soon(authority):
    findings = await found(authority, authority.leaf(days=3))
    assert not_well(findings) == {"endpoint-certificate-days": "warning"}


async def test_only_a_version_of_tls_that_graph_may_not_speak(authority):
    findings = await found(authority, authority.leaf(), oldest=ssl.TLSVersion.TLSv1_3)
    assert not_well(findings) == {"endpoint-tls": "failure"}
    assert "it offers TLSv1.3 and not TLS 1.2" in findings["endpoint-tls"].verdict.found


async def test_only_the_version_that_graph_speaks(authority):
    findings = await found(authority, authority.leaf(), newest=ssl.TLSVersion.TLSv1_2)
    assert not_well(findings) == {}


async def test_slow(authority):
    findings = await found(authority, authority.leaf(), patience=Patience(slow=0.0))
    assert not_well(findings) == {"endpoint-answers": "warning"}


async def test_no_answer_in_time(authority):
    findings = await found(authority, authority.leaf(), lambda _: Silent(), patience=Patience(limit=0.3))
    assert not_well(findings) == {"endpoint-answers": "failure", **left_out("endpoint-answers")}
    assert "there was no answer within 0.3 s" in findings["endpoint-answers"].verdict.found


async def test_a_dropped_connection(authority):
    findings = await found(authority, authority.leaf(), lambda _: None)
    assert not_well(findings) == {"endpoint-answers": "failure", **left_out("endpoint-answers")}
    assert "ended without an answer" in findings["endpoint-answers"].verdict.found


async def test_another_path_is_told_apart_from_no_answer(authority):
    findings = await found(
        authority, authority.leaf(), lambda _: answer("404 Not Found", b""), served=("/in/n", "/in/l")
    )
    assert not_well(findings) == {"endpoint-path": "failure", **left_out("endpoint-path")}
    assert "waits for this one at /in/n" in findings["endpoint-path"].verdict.remedy


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (answer("403 Forbidden", b"no"), "something in front asks for a login"),
        (answer("302 Found", b""), "something in front redirects"),
        (answer("502 Bad Gateway", b""), "the receiver is down or broken"),
        (answer("200 OK", b"hello"), "what answers there is no receiver"),
        (answer("200 OK", b"hello", media_type="text/html"), "what answers there is no receiver"),
    ],
    ids=["login", "redirect", "gateway", "body", "html"],
)
async def test_a_wrong_answer(authority, said, cause):
    findings = await found(authority, authority.leaf(), lambda _: said)
    assert not_well(findings) == {"endpoint-validation": "failure", "endpoint-query": "skipped"}
    assert findings["endpoint-validation"].verdict.cause.startswith(cause)


async def test_a_receiver_that_takes_no_further_parameter(authority):
    def strict(received):
        return answer("400 Bad Request", b"") if "reconciler=" in received.path else repeat(received)

    findings = await found(authority, authority.leaf(), strict)
    assert not_well(findings) == {"endpoint-query": "failure"}
    assert "it answered 400 instead of 200" in findings["endpoint-query"].verdict.found


async def test_both_urls_are_asked_and_their_host_once(authority):
    def notifications_only(received):
        return repeat(received) if received.path.startswith("/notifications") else answer("404 Not Found", b"")

    async with OddEndpoint(authority.leaf(), notifications_only) as endpoint:
        lifecycle = endpoint.url.replace("/notifications", "/lifecycle?code=hunter2")
        findings = await examined(endpoint.url, authority, lifecycle=lifecycle, served=("/n", "/l"))
    assert [each.check for each in findings] == [*IDS, *IDS[5:]]
    (failure,) = [each for each in findings if each.level is Level.FAILURE]
    assert failure.check == "endpoint-path"
    assert "lifecycleNotificationUrl: https://localhost" in failure.subject
    assert "waits for this one at /l" in failure.verdict.remedy
    assert "hunter2" not in repr(findings)
    assert "code=redacted-" in failure.subject
