"""Validation tokens (facts 7.1, 7.3): who gets one, what is in it, and the keys that it is checked with."""

import base64
import datetime as dt
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509

from reconciler.emulator.certificates import rsa_key
from reconciler.emulator.entra.apps import App, Apps
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.notifications.notification import Notification
from tests.emulator.conftest import Create
from tests.emulator.notifications.telling import APP, TENANT, Scene, subscription
from tests.support.emulator import RunningEmulator

PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
V1_CLAIMS = {"aud", "iss", "iat", "nbf", "exp", "aio", "appid", "appidacr", "idp", "tid", "uti", "ver"}
V2_CLAIMS = {"aud", "iss", "iat", "nbf", "exp", "aio", "azp", "azpacr", "oid", "rh", "sub", "tid", "uti", "ver"}


def token(scene: Scene) -> str:
    return str(scene.body(rich())["validationTokens"][0])


def checked(scene: Scene, token: str) -> dict[str, Any]:
    """As PyJWT checks it, with the keys that are served."""
    served = jwt.PyJWKSet.from_dict(scene.keys.jwks())
    key = served[jwt.get_unverified_header(token)["kid"]]
    required = ["aud", "exp", "iat", "iss", "nbf"]
    return jwt.decode(token, key, algorithms=["RS256"], audience=APP, options={"require": required})


def rich(**changes: Any) -> Notification:
    owned = subscription("/teams", rich=True, **changes)
    return Notification(subscription=owned, item={"subscriptionId": owned.id, "encryptedContent": {}})


def basic(*, lifecycle: bool = False, **changes: Any) -> Notification:
    owned = subscription("/teams", **changes)
    return Notification(subscription=owned, item={"subscriptionId": owned.id}, lifecycle=lifecycle)


@pytest.mark.facts("7.3")
def test_a_token_of_version_1() -> None:
    scene = Scene(app={"requestedAccessTokenVersion": 1})
    claims = checked(scene, token(scene))
    assert claims.keys() == V1_CLAIMS
    assert claims["iss"] == claims["idp"] == f"https://sts.windows.net/{TENANT}/"
    assert claims["appid"] == PUBLISHER
    assert (claims["aud"], claims["tid"], claims["ver"], claims["appidacr"]) == (APP, TENANT, "1.0", "2")
    assert claims["exp"] - claims["iat"] == 29_100


@pytest.mark.facts("7.3")
@pytest.mark.parametrize("asked", [{}, {"requestedAccessTokenVersion": 2}], ids=["default", "asked"])
def test_a_token_of_version_2(asked: dict[str, Any]) -> None:
    scene = Scene(app=asked)
    claims = checked(scene, token(scene))
    assert claims.keys() == V2_CLAIMS
    assert claims["iss"] == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert claims["azp"] == PUBLISHER
    assert (claims["aud"], claims["tid"], claims["ver"], claims["azpacr"]) == (APP, TENANT, "2.0", "2")
    assert claims["sub"] == claims["oid"]
    assert claims["exp"] - claims["iat"] == 86_700


@pytest.mark.facts("7.3")
def test_one_for_each_app_and_tenant() -> None:
    """Facts 7.3: also for items without data, once somebody in the collection has some."""
    scene = Scene()
    items = [rich(), rich(), rich(app="b"), rich(tenant="fabrikam"), basic(app="c")]
    tokens = scene.body(*items)["validationTokens"]
    decoded = [jwt.decode(each, options={"verify_signature": False}) for each in tokens]
    pairs = [(each["aud"], each["tid"]) for each in decoded]
    assert pairs == [(APP, TENANT), ("b", TENANT), (APP, "fabrikam"), ("c", TENANT)]


@pytest.mark.facts("5.4")
def test_no_tokens_without_data() -> None:
    assert Scene().body(basic(), basic()).keys() == {"value"}
    assert Scene().body(basic(lifecycle=True, rich=True)).keys() == {"value"}


@pytest.mark.facts("7.1")
def test_null_for_an_app_that_asks_for_an_assignment() -> None:
    scene = Scene(app={"appRoleAssignmentRequired": True})
    assert scene.body(basic(rich=True))["validationTokens"] is None
    assert len(scene.body(basic(rich=True), rich(app="b"))["validationTokens"]) == 1


@pytest.mark.facts("7.3")
@pytest.mark.parametrize(("version", "lifetime"), [(1, 29_100), (2, 86_700)])
def test_a_token_is_used_for_half_of_its_life(version: int, lifetime: int) -> None:
    scene = Scene(app={"requestedAccessTokenVersion": version})
    first = token(scene)
    scene.clock.advance(dt.timedelta(seconds=lifetime / 2 - 60))
    assert token(scene) == first
    scene.clock.advance(dt.timedelta(seconds=61))
    assert token(scene) != first
    scene.clock.reset()
    assert checked(scene, token(scene))["iat"] <= dt.datetime.now(dt.UTC).timestamp()


@pytest.mark.facts("7.3")
def test_a_token_is_good_by_either_clock() -> None:
    """Receivers look at the machine's, whatever was done to the emulator's."""
    scene = Scene()
    scene.clock.advance(dt.timedelta(days=3))
    claims = checked(scene, token(scene))
    assert claims["nbf"] <= dt.datetime.now(dt.UTC).timestamp()
    assert claims["exp"] > scene.clock.now().timestamp() + 86_000


@pytest.mark.facts("7.3")
def test_a_token_is_made_anew_when_the_app_or_the_keys_change() -> None:
    scene = Scene()
    first = token(scene)
    scene.apps.register({"tenantId": TENANT, "clientId": APP, "requestedAccessTokenVersion": 1})
    second = token(scene)
    assert checked(scene, second)["ver"] == "1.0"
    scene.keys.rotate(keep=True)
    third = token(scene)
    assert len({first, second, third}) == 3
    assert checked(scene, second)
    assert jwt.get_unverified_header(third)["kid"] == list(scene.keys)[1]


@pytest.mark.facts("7.3")
def test_keys_that_are_not_kept_verify_nothing_any_more() -> None:
    scene = Scene()
    first = token(scene)
    scene.keys.rotate(keep=False)
    with pytest.raises(KeyError):
        checked(scene, first)
    assert checked(scene, token(scene))


def test_keys_outlive_a_start() -> None:
    scene = Scene()
    scene.keys.rotate()
    other = Keys(rsa_key())
    other.load(scene.keys.as_json())
    assert other.jwks() == scene.keys.jwks()
    assert other.current[0] == scene.keys.current[0]


@pytest.mark.parametrize("data", [None, [], ["x"], [1], {"keys": []}])
def test_keys_that_are_none(data: object) -> None:
    keys = Keys(rsa_key())
    before = keys.jwks()
    with pytest.raises(EmulatorError, match=r"^keys: "):
        keys.load(data)
    assert keys.jwks() == before


def test_apps_outlive_a_start() -> None:
    scene = Scene(app={"appRoleAssignmentRequired": True, "requestedAccessTokenVersion": 1, "roles": ["User.Read.All"]})
    other = Apps(App(tenant_id="another", client_id="one", client_secret="s"))
    other.load(scene.apps.as_json())
    assert other.as_json()[1:] == scene.apps.as_json()
    assert other.find("another", "one") == other.first


@pytest.mark.parametrize("data", [None, {}, [1], [{"name": "x"}], [{"requestedAccessTokenVersion": 3}]])
def test_apps_that_are_none(data: object) -> None:
    apps = Apps(App(tenant_id=TENANT, client_id=APP, client_secret="s"))
    with pytest.raises(EmulatorError, match=r"^apps?: "):
        apps.load(data)
    assert [app.client_id for app in apps] == [APP]


def test_null_is_version_1(emulator: RunningEmulator) -> None:
    """As in Entra's own manifests."""
    assert emulator.register(requestedAccessTokenVersion=None)["requestedAccessTokenVersion"] == 1


@pytest.mark.parametrize(
    "app",
    [
        {"requestedAccessTokenVersion": 3},
        {"requestedAccessTokenVersion": True},
        {"requestedAccessTokenVersion": "2"},
        {"requestedAccessTokenVersion": []},
        {"appRoleAssignmentRequired": "yes"},
        {"clientId": ""},
    ],
)
def test_apps_that_are_told_badly(emulator: RunningEmulator, app: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"400 .*is no good value for"):
        emulator.register(**app)


# Where receivers look for the keys.


@pytest.mark.facts("7.3")
@pytest.mark.parametrize(
    ("document", "issuer", "keys"),
    [
        ("/common/.well-known/openid-configuration", "https://sts.windows.net/{tenantid}/", "/common/discovery/keys"),
        (
            "/common/v2.0/.well-known/openid-configuration",
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            "/common/discovery/v2.0/keys",
        ),
    ],
)
def test_the_common_documents(
    emulator: RunningEmulator, connection: httpx.Client, document: str, issuer: str, keys: str
) -> None:
    metadata = connection.get(document).json()
    assert metadata["issuer"] == issuer
    assert metadata["jwks_uri"] == f"{emulator.graph}{keys}"
    assert metadata["id_token_signing_alg_values_supported"] == ["RS256"]
    served = connection.get(metadata["jwks_uri"]).json()
    assert served["keys"] == emulator.control("GET", "keys")["keys"]


@pytest.mark.facts("7.3")
def test_a_served_key_has_its_certificate(connection: httpx.Client) -> None:
    """Some libraries take the key from there; its id is the certificate's thumbprint, as Entra's are."""
    for key in connection.get("/common/discovery/keys").json()["keys"]:
        certificate = x509.load_der_x509_certificate(base64.b64decode(key["x5c"][0]))
        assert certificate.public_key() == jwt.PyJWK(key).key
        assert key["kid"] == key["x5t"]


@pytest.mark.facts("7.3")
@pytest.mark.parametrize("keep", [True, False])
def test_keys_are_turned_on_request(emulator: RunningEmulator, client: httpx.Client, *, keep: bool) -> None:
    before = emulator.control("GET", "keys")
    after = emulator.control("POST", "keys/rotate", {"keep": keep})
    assert after["current"] == after["keys"][-1]["kid"]
    assert after["keys"][:-1] == (before["keys"] if keep else [])
    assert after["current"] != before["current"]
    old_token = client.get("/v1.0/subscriptions").status_code
    assert old_token == (200 if keep else 401)
    fresh = {"Authorization": f"Bearer {emulator.token()}"}
    assert client.get("/v1.0/subscriptions", headers=fresh).status_code == 200
    emulator.reset()
    assert emulator.control("GET", "keys") == before


@pytest.mark.parametrize("asked", [{"keep": 1}, {"keep": None}, {"drop": True}])
def test_keys_are_not_turned_by_mistake(emulator: RunningEmulator, asked: dict[str, Any]) -> None:
    before = emulator.control("GET", "keys")
    with pytest.raises(ValueError, match=r"400 .*keep"):
        emulator.control("POST", "keys/rotate", asked)
    assert emulator.control("GET", "keys") == before


def test_create_is_still_possible_after_a_turn(emulator: RunningEmulator, create: Create) -> None:
    emulator.control("POST", "keys/rotate", {})
    assert create().status_code == 201
