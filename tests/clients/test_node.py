"""Rich deliveries opened by another implementation, Node's own crypto (facts 7.1 to 7.3), which knows forgeries too."""

import base64
import datetime as dt
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from reconciler.emulator.certificates import rsa_key
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.running import RunningEmulator
from tests.emulator.notifications.opening import reader
from tests.emulator.notifications.telling import APP, Scene
from tests.support.receiver import ValidationReceiver

NODE = shutil.which("node")
OPEN = Path(__file__).with_name("open.mjs")
CERTIFICATE = "mine/2026"
LONGEST = 10.0

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not on the PATH: nothing else checks the encryption here")


def node(given: dict[str, Any]) -> dict[str, Any]:
    """What ``open.mjs`` makes of it."""
    assert NODE is not None
    made = subprocess.run([NODE, str(OPEN)], input=json.dumps(given).encode(), capture_output=True, timeout=30)
    told: dict[str, Any] = json.loads(made.stdout)
    assert made.returncode == ("error" in told), made.stderr
    return told


@pytest.fixture
def receiver(graph_emulator: RunningEmulator) -> Iterator[ValidationReceiver]:
    with ValidationReceiver(graph_emulator.info) as receiver:
        yield receiver


@pytest.fixture
def subscribe(graph_emulator: RunningEmulator, receiver: ValidationReceiver) -> Callable[..., None]:
    """A rich subscription to all teams, of one app."""

    def subscribe(*, app: str | None = None, resource: str = "/teams", version: str = "v1.0") -> None:
        now = dt.datetime.now(dt.UTC)
        body = {
            "changeType": "updated" if "meeting" in resource else "created,updated",
            "notificationUrl": receiver.url("/notifications"),
            "lifecycleNotificationUrl": receiver.url("/lifecycle"),
            "resource": resource,
            "expirationDateTime": (now + dt.timedelta(hours=2)).isoformat(),
            "includeResourceData": True,
            "encryptionCertificate": reader().sent,
            "encryptionCertificateId": CERTIFICATE,
        }
        token = graph_emulator.token(clientId=app or graph_emulator.info["clientId"])
        with graph_emulator.client(timeout=10) as client:
            headers = {"Authorization": f"Bearer {token}"}
            assert client.post(f"/{version}/subscriptions", json=body, headers=headers).status_code == 201

    return subscribe


def delivered(receiver: ValidationReceiver, *, items: int) -> dict[str, Any]:
    """One body with as many items, put together from those that came."""
    ends = time.monotonic() + LONGEST
    while len(receiver.items("/notifications")) < items:
        assert time.monotonic() < ends, f"only {len(receiver.items('/notifications'))} notifications have come"
        time.sleep(0.01)
    bodies = receiver.deliveries("/notifications")
    tokens = dict.fromkeys(token for body in bodies for token in body["validationTokens"] or ())
    return {"value": [item for body in bodies for item in body["value"]], "validationTokens": list(tokens)}


def served(emulator: RunningEmulator, path: str = "keys") -> dict[str, Any]:
    with emulator.client(timeout=10) as client:
        jwks: dict[str, Any] = client.get(f"/common/discovery/{path}").json()
    return jwks


def question(delivery: dict[str, Any], jwks: dict[str, Any], *apps: str) -> dict[str, Any]:
    return {
        "delivery": delivery,
        "jwks": jwks,
        "appIds": [*apps],
        "keys": {CERTIFICATE: {"privateKey": reader().key_pem, "certificate": reader().pem}},
    }


@pytest.mark.facts("7.1", "7.2", "7.3")
@pytest.mark.parametrize("path", ["keys", "v2.0/keys"])
def test_node_opens_what_came(
    graph_emulator: RunningEmulator, receiver: ValidationReceiver, subscribe: Callable[..., None], path: str
) -> None:
    """Two apps at one URL, one with tokens of version 1, one with those of version 2."""
    first, other = graph_emulator.info["clientId"], graph_emulator.register(requestedAccessTokenVersion=1)["clientId"]
    subscribe()
    subscribe(app=other)
    graph_emulator.write("POST", "/v1.0/teams", {"displayName": "Ünïcode 🎉"})
    told = node(question(delivered(receiver, items=2), served(graph_emulator, path), first, other))
    assert [item["displayName"] for item in told["items"]] == ["Ünïcode 🎉"] * 2
    assert {(claims["aud"], claims["ver"]) for claims in told["tokens"]} == {(first, "2.0"), (other, "1.0")}


@pytest.mark.facts("7.3")
def test_node_opens_what_came_after_the_keys_were_turned(
    graph_emulator: RunningEmulator, receiver: ValidationReceiver, subscribe: Callable[..., None]
) -> None:
    subscribe()
    graph_emulator.control("POST", "keys/rotate", {"keep": True})
    graph_emulator.write("POST", "/v1.0/teams", {"displayName": "One"})
    delivery, app = delivered(receiver, items=1), graph_emulator.info["clientId"]
    assert "items" in node(question(delivery, served(graph_emulator), app))
    graph_emulator.control("POST", "keys/rotate", {"keep": False})
    assert node(question(delivery, served(graph_emulator), app)) == {"error": "the token is signed with an unknown key"}


@pytest.mark.facts("7.1")
def test_nothing_can_be_opened_where_an_assignment_is_asked_for(
    graph_emulator: RunningEmulator, receiver: ValidationReceiver, subscribe: Callable[..., None]
) -> None:
    """Facts 7.1: null tokens and no data."""
    app = graph_emulator.register(appRoleAssignmentRequired=True)["clientId"]
    subscribe(app=app)
    graph_emulator.write("POST", "/v1.0/teams", {"displayName": "One"})
    delivery = delivered(receiver, items=1)
    assert receiver.deliveries("/notifications")[0]["validationTokens"] is None
    assert node(question(delivery, served(graph_emulator), app)) == {"tokens": [], "items": [None]}


# Forgeries: made of a good delivery, so that only one thing is wrong with each.


@pytest.fixture
def good() -> dict[str, Any]:
    scene = Scene()
    scene.add("/teams", rich=True, certificate=reader().sent, certificate_id=CERTIFICATE)
    scene.told("team", "teams/1", ids={"team": "1"}, topics=("teams",), body={"id": "1"})
    return question(scene.body(), scene.keys.jwks(), APP)


def signed_anew(given: dict[str, Any], **claims: object) -> None:
    """With a key that is served, and other claims."""
    keys = Keys(rsa_key())
    key_id, key = keys.current
    token = given["delivery"]["validationTokens"][0]
    changed = jwt.decode(token, options={"verify_signature": False}) | claims
    given["delivery"]["validationTokens"] = [jwt.encode(changed, key, algorithm="RS256", headers={"kid": key_id})]
    given["jwks"] = keys.jwks()


def signed_by_somebody(given: dict[str, Any]) -> None:
    """With a key that is not served under the id of one that is."""
    claims = jwt.decode(given["delivery"]["validationTokens"][0], options={"verify_signature": False})
    kid = given["jwks"]["keys"][0]["kid"]
    given["delivery"]["validationTokens"] = [jwt.encode(claims, rsa_key(), algorithm="RS256", headers={"kid": kid})]


def signed_with_a_secret(given: dict[str, Any]) -> None:
    claims = jwt.decode(given["delivery"]["validationTokens"][0], options={"verify_signature": False})
    given["delivery"]["validationTokens"] = [jwt.encode(claims, "x" * 32, algorithm="HS256")]


def spoiled(name: str) -> Callable[[dict[str, Any]], None]:
    """One byte of a part of the encrypted content is another."""

    def spoil(given: dict[str, Any]) -> None:
        content = given["delivery"]["value"][0]["encryptedContent"]
        raw = bytearray(base64.b64decode(content[name]))
        raw[3] ^= 1
        content[name] = base64.b64encode(raw).decode()

    return spoil


def item(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = given["delivery"]["value"][0]
    return found


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "data": (spoiled("data"), "the data's signature is wrong"),
    "data-signature": (spoiled("dataSignature"), "the data's signature is wrong"),
    "thumbprint": (
        lambda given: item(given)["encryptedContent"].update(encryptionCertificateThumbprint="00" * 20),
        "the thumbprint is of another certificate",
    ),
    "certificate": (
        lambda given: item(given)["encryptedContent"].update(encryptionCertificateId="another"),
        "the certificate is unknown",
    ),
    "tenant": (lambda given: item(given).update(tenantId="another"), "no token is for the item's tenant"),
    "no-tokens": (lambda given: given["delivery"].pop("validationTokens"), "no token is for the item's tenant"),
    "app": (lambda given: given.update(appIds=["another"]), "the token is for another app"),
    "late": (lambda given: given.update(now=time.time() + 90_000), "the token is not valid now"),
    "early": (lambda given: given.update(now=time.time() - 600), "the token is not valid now"),
    "signature": (signed_by_somebody, "the token's signature is wrong"),
    "secret": (signed_with_a_secret, "the token is signed with HS256"),
    "publisher": (lambda given: signed_anew(given, azp="another"), "the token is not for Graph's publisher"),
    "issuer": (lambda given: signed_anew(given, iss="https://sts.example/"), "the token has another issuer"),
    "version": (lambda given: signed_anew(given, ver="3.0"), "the token has the version 3.0"),
}


@pytest.mark.facts("7.2", "7.3")
@pytest.mark.parametrize(("forge", "why"), FORGERIES.values(), ids=FORGERIES.keys())
def test_node_refuses_forgeries(good: dict[str, Any], forge: Callable[[dict[str, Any]], object], why: str) -> None:
    assert len(node(good)["items"]) == 1
    forge(good)
    assert node(good) == {"error": why}


@pytest.mark.facts("7.2")
def test_a_spoiled_key_opens_nothing(good: dict[str, Any]) -> None:
    spoiled("dataKey")(good)
    assert "error" in node(good)
