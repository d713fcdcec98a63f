"""One subscription at a time: what is retried, what is not, and what is said (facts 3)."""

import asyncio
import dataclasses
import datetime as dt
import uuid

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import (
    AnswerLost,
    Denied,
    EndpointRefused,
    Gone,
    GraphError,
    Invalid,
    LifetimeRefused,
    Throttled,
    Transient,
    Unsorted,
)
from reconciler.core.times import spell_time
from reconciler.engine.ports import Reader, Writer
from reconciler.graph.authentication import SecretCredential
from reconciler.graph.client import Graph
from reconciler.graph.pacing import Kind, Limits
from reconciler.graph.transport import within
from tests.graph.support import Cut, answer

ID = str(uuid.uuid4())
V1 = Version.V1
DEEP = b'{"error":' + b"[" * 100_000
"""Python's json gives up on it with RecursionError, which is no ValueError."""


def ordered(status, *, method="GET", count=1, **more):
    return {"answers": [{"method": method, "status": status, "count": count, **more}]}


def sent(emulator, method):
    return [line for line in emulator.requests() if line["method"] == method and "/subscriptions" in line["path"]]


async def test_a_life(client, emulator, body):
    reader: Reader = client
    writer: Writer = client
    created = await writer.create(body, V1)
    assert created["clientState"] == body["clientState"]
    assert (await reader.get(created["id"], V1))["resource"] == "/teams"
    url = f"{body['notificationUrl']}?x=1"
    assert (await writer.patch(created["id"], {"notificationUrl": url}, V1))["notificationUrl"] == url
    emulator.advance(600)  # never both within 10 minutes (facts 3.1, 6)
    await client.reauthorize(created["id"], V1)
    await writer.delete(created["id"], V1)
    with pytest.raises(Gone, match=f"DELETE subscription {created['id']}: Graph answered 404 ResourceNotFound"):
        await writer.delete(created["id"], V1)


async def test_the_version_decides_the_path(client, emulator, body):
    created = await client.create(body, Version.BETA)
    await client.delete(created["id"], Version.BETA)
    assert sent(emulator, "POST")[-1]["path"] == "/beta/subscriptions"
    assert sent(emulator, "DELETE")[-1]["path"] == f"/beta/subscriptions/{created['id']}"


async def test_an_id_stays_within_its_path(odd, scripted):
    scripted.script = lambda asked: (
        scripted.usual(asked) if "/t/" in asked.path or "open" in asked.path else answer(404)
    )
    with pytest.raises(Gone):
        await odd.get("../users?x=1#y", V1)
    assert scripted.asked[-1].path == "/v1.0/subscriptions/..%2Fusers%3Fx%3D1%23y"


async def test_what_every_request_bears(odd, scripted):
    await odd.list()
    asked = [each for each in scripted.asked if each.path.endswith("/subscriptions")]
    assert {each.headers["user-agent"].partition("/")[0] for each in asked} == {"reconciler"}
    assert len({each.headers["client-request-id"] for each in asked}) == 2
    assert {each.headers["authorization"] for each in asked} == {"Bearer abc"}


async def test_our_endpoint_does_not_answer(client, body, receiver, clock):
    receiver.mode = "refuse"
    with pytest.raises(EndpointRefused, match="our own endpoint") as caught:
        await client.create(body, V1)
    assert caught.value.request_id
    assert clock.slept == []


async def test_a_lifetime_over_the_ceiling(client, body):
    with pytest.raises(LifetimeRefused) as caught:
        await client.create(body | {"expirationDateTime": "2999-01-01T00:00:00Z"}, V1)
    assert caught.value.ceiling.days == 3


async def test_a_wrong_permission(client, emulator, access, graph, body):
    app = emulator.register(roles=[])
    other = graph.tenant(
        dataclasses.replace(access, client_id=app["clientId"], credential=SecretCredential(app["clientSecret"]))
    )
    with pytest.raises(Denied, match="admin consent"):
        await other.create(body, V1)


async def test_a_token_that_expires_on_the_way(client, emulator, clock):
    def asked():
        return len([line for line in emulator.requests() if line["path"].endswith("/token")])

    await known_gone(client)
    emulator.advance(2 * 3600)
    before = asked()
    await asyncio.gather(*(known_gone(client) for _ in range(20)))
    assert asked() - before == 1
    assert clock.slept == []


async def test_a_renewal_after_a_day_in_which_nothing_was_asked(client, emulator, body, clock):
    """Tokens lapse by Graph's clock; by the machine's, which msal and we go by, hardly a second has passed."""
    created = await client.create(body, V1)
    for _ in range(3):
        emulator.advance(4 * 3600)
        renewed = {"expirationDateTime": spell_time(emulator.now() + dt.timedelta(hours=6))}
        assert (await client.patch(created["id"], renewed, V1))["id"] == created["id"]
    statuses = [line["status"] for line in sent(emulator, "PATCH")]
    assert statuses[-6:] == [401, 200] * 3
    assert clock.slept == []


async def test_a_token_that_is_never_taken_is_denied_at_the_second(client, emulator, clock):
    emulator.faults(ordered(401, code="InvalidAuthenticationToken", message="Access token has expired.", count=9))
    with pytest.raises(Denied):
        await client.get(ID, V1)
    assert emulator.control("GET", "faults")["answers"][0]["count"] == 7
    assert clock.slept == []


async def test_waiting_as_told(client, emulator, body, clock):
    """Also for POST: a 429 is certain to have done nothing."""
    emulator.faults(ordered(429, method="POST", code="TooManyRequests", message="Later", retryAfter=17, count=2))
    await client.create(body, V1)
    assert sum(seconds for seconds in clock.slept if seconds == 17) == 34
    assert len(emulator.subscriptions()) == 1


async def test_waiting_longer_than_patience_is_left_to_the_caller(client, emulator, body, clock):
    emulator.faults(ordered(429, method="POST", code="TooManyRequests", message="Later", retryAfter=90))
    with pytest.raises(Throttled) as caught:
        await client.create(body, V1)
    assert caught.value.retry_after == 90
    assert clock.slept == []


async def test_a_429_slows_the_next_ones_down(client, emulator, clock):
    emulator.faults(ordered(429, code="TooManyRequests", message="Later", retryAfter=5))
    begun = clock.now()
    await asyncio.gather(*(known_gone(client) for _ in range(3)))
    assert (clock.now() - begun).total_seconds() >= 5


async def known_gone(client):
    with pytest.raises(Gone):
        await client.get(ID, V1)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_burst_of_5xx_passes(client, emulator, clock, status):
    emulator.faults(ordered(status, count=4))
    await known_gone(client)
    assert len(clock.slept) == 4
    assert clock.slept == sorted(clock.slept)
    assert sum(clock.slept) < 60


async def test_patience_ends(client, emulator, clock):
    emulator.faults(ordered(500, count=99, message="No"))
    with pytest.raises(Transient, match=f"GET subscription {ID}: Graph answered 500"):
        await client.get(ID, V1)
    assert emulator.control("GET", "faults")["answers"][0]["count"] == 94


@pytest.mark.parametrize("status", [500, 503])
async def test_a_5xx_on_post_leaves_doubt(client, emulator, body, clock, status):
    emulator.faults(ordered(status, method="POST", retryAfter=1))
    with pytest.raises(AnswerLost):
        await client.create(body, V1)
    assert clock.slept == []


async def test_a_lost_answer_on_post(client, emulator, body, clock):
    emulator.faults({"lost": [{"method": "POST"}]})
    with pytest.raises(AnswerLost, match="POST subscriptions"):
        await client.create(body, V1)
    assert len(emulator.subscriptions()) == 1
    assert clock.slept == []


async def test_a_lost_answer_on_patch_and_delete(client, emulator, body, clock):
    created = await client.create(body, V1)
    emulator.faults({"lost": [{"method": "PATCH"}]})
    await client.patch(created["id"], {"notificationUrl": body["notificationUrl"]}, V1)
    emulator.faults({"lost": [{"method": "DELETE"}]})
    with pytest.raises(Gone):
        await client.delete(created["id"], V1)
    assert len(clock.slept) == 2


async def test_a_post_that_never_left_is_tried_again(graph, access, body, clock, scripted):
    cloud = dataclasses.replace(access.cloud, graph="https://127.0.0.1:1", authority=scripted.origin)
    nowhere = dataclasses.replace(access, cloud=cloud)
    with pytest.raises(Transient, match=r"127.0.0.1 cannot be reached: .* \(POST subscriptions\)") as caught:
        await graph.tenant(nowhere).create(body, V1)
    assert type(caught.value) is Transient
    assert len(clock.slept) == 4


async def test_a_graph_that_is_not_to_be_trusted(access, emulator, clock):
    async with Graph(clock=clock) as graph:
        # The token is asked for first, so only the client that is given one comes as far as Graph.
        transport = graph.transport(dataclasses.replace(access.cloud, ca_file=emulator.info["clientCertificate"]))
        with pytest.raises(Denied, match="caFile"):
            await transport.send("GET", f"{access.cloud.graph}/v1.0/subscriptions", token="x")


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        (answer(200, b"<html>"), Unsorted, "a body that is no JSON"),
        (answer(200, DEEP), Unsorted, "a body that is no JSON"),
        (answer(404, DEEP), Gone, "Graph answered 404"),
        (answer(503, DEEP), Transient, "Graph answered 503"),
        (answer(200, {"value": 1}), Unsorted, "something other than a subscription"),
        (answer(200, [1]), Unsorted, "something other than a subscription"),
        (answer(200, {"id": 7}), Unsorted, "something other than a subscription"),
        (answer(302, b"", Location="https://elsewhere.invalid/"), Unsorted, "Graph answered 302"),
        (answer(400, b"<html>"), Invalid, "Graph answered 400"),
        (answer(400, {"error": "text"}), Invalid, "Graph answered 400"),
        (answer(400, {"error": {"code": 7, "message": None}}), Invalid, "400 7"),
        (answer(502, b"\xff\xfe"), Transient, "Graph answered 502"),
        (
            answer(429, b"", Retry_After="Mon, 04 May 2026 12:30:00 GMT", Date="Mon, 04 May 2026 12:00:00 GMT"),
            Throttled,
            "429",
        ),
    ],
)
async def test_odd_answers(odd, scripted, said, kind, text):
    scripted.script = lambda asked: said if asked.path.endswith(ID) else scripted.usual(asked)
    with pytest.raises(GraphError) as caught:
        await odd.get(ID, V1)
    assert type(caught.value) is kind
    assert text in str(caught.value)
    if isinstance(caught.value, Throttled):
        assert caught.value.retry_after == 1800


@pytest.mark.parametrize(
    "said", [answer(201, b"<html>"), answer(201, {}), None, Cut(b"HTTP/1.1 201 x\r\nContent-Length: 9\r\n\r\n{")]
)
async def test_a_post_that_was_answered_oddly_may_have_been_carried_out(odd, scripted, body, said, clock):
    posted = []

    def script(asked):
        if asked.path.endswith("/subscriptions"):
            posted.append(asked)
            return said
        return scripted.usual(asked)

    scripted.script = script
    with pytest.raises(AnswerLost):
        await asyncio.wait_for(odd.create(body, V1), 5)
    assert len(posted) == 1
    assert clock.slept == []


async def test_an_answer_without_end_is_refused(odd, scripted, monkeypatch):
    monkeypatch.setattr("reconciler.graph.transport.LARGEST_ANSWER", 1000)
    scripted.script = lambda asked: answer(200, b"x" * 2000) if asked.path.endswith(ID) else scripted.usual(asked)
    with pytest.raises(Unsorted, match="is larger than"):
        await odd.get(ID, V1)


async def test_no_secret_of_the_body_is_quoted(odd, scripted, body):
    text = f"clientState {body['clientState']} and https://hooks.example/n?code=s3cret and Y2VydA== are bad"
    said = answer(400, {"error": {"code": "InvalidRequest", "message": text}})
    scripted.script = lambda asked: (
        said if asked.method == "POST" and "/t/" not in asked.path else scripted.usual(asked)
    )
    with pytest.raises(Invalid) as caught:
        await odd.create(body | {"encryptionCertificate": "Y2VydA=="}, V1)
    assert "are bad" in str(caught.value)
    for secret in (body["clientState"], "s3cret", "Y2VydA"):
        assert secret not in str(caught.value)


async def test_a_hundred_in_flight_over_clients_of_eight(graph, odd, scripted):
    """The server holds its answers back until as many have come as will."""
    scripted.open.clear()
    (transport,) = graph._transports.values()
    tasks = [asyncio.create_task(odd.reauthorize(ID, V1)) for _ in range(150)]
    async with asyncio.timeout(20):
        for _ in range(102):  # the metadata and the token are among them
            await scripted.came.acquire()
    await asyncio.sleep(0.1)
    assert len(scripted.asked) == 102
    assert sorted(pooled.busy for pooled in transport._clients.pool) == [4] + [8] * 12
    scripted.open.set()
    await asyncio.gather(*tasks)
    assert {pooled.busy for pooled in transport._clients.pool} == {0}


async def test_the_tenants_of_an_app_share_its_pace(access, emulator, clock):
    limits = Limits(per_tenant=dict.fromkeys(Kind, 100), per_app=dict.fromkeys(Kind, 3))
    app = emulator.register(tenantId=str(uuid.uuid4()), clientId=access.client_id)
    second = dataclasses.replace(access, tenant_id=app["tenantId"], credential=SecretCredential(app["clientSecret"]))
    async with Graph(clock=clock, limits=limits) as graph:
        await asyncio.gather(*(known_gone(graph.tenant(each)) for each in (access, second) * 2))
    assert clock.slept == [20.0]


async def test_the_same_access_is_the_same_client(graph, access):
    assert graph.tenant(access) is graph.tenant(dataclasses.replace(access))


async def test_an_error_below_http_is_told_with_the_operation_and_its_first_form_is_kept(odd, scripted):
    scripted.script = lambda asked: None if asked.path.endswith(ID) else scripted.usual(asked)
    with pytest.raises(Transient) as caught:
        await odd.get(ID, V1)
    assert str(caught.value).endswith(f" (GET subscription {ID})")
    first = caught.value.__cause__
    assert isinstance(first, Transient)
    assert ID not in str(first)


@pytest.mark.parametrize("home", ["https://lo\tgin.contoso.com", "https://999.999.999.999", "https://[::1%25x]:x"])
def test_an_origin_that_is_no_url_is_no_crash(home):
    with pytest.raises(Unsorted, match="is no URL"):
        within("https://login.contoso.com/t", home)
