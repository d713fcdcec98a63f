"""A secret that has expired, a permission that is revoked, a token endpoint that is down: one alert, few calls."""

import collections
import contextlib
import datetime as dt
import socket
from collections.abc import Iterator
from unittest import mock

from reconciler.emulator.entra import credentials
from reconciler.emulator.entra.apps import App
from reconciler.emulator.entra.credentials import EntraError
from tests.daemon.household import Household


def end_tokens(home: Household) -> None:
    """Those that were given end with the key that signed them."""
    home.emulator.control("POST", "keys/rotate", {"keep": False})


@contextlib.contextmanager
def expired(secret: str) -> Iterator[None]:
    """Entra takes this secret for an expired one."""

    def check(form: dict[str, str], app: App) -> None:
        if form.get("client_secret") == secret:
            message = f"The provided client secret keys for app '{app.client_id}' are expired."
            raise EntraError(401, "invalid_client", 7000222, message)

    with mock.patch.object(credentials, "check_secret", check):
        yield


async def test_a_secret_that_has_expired(home: Household) -> None:
    """Whoever has 40 subscriptions is told once, and one request for a token is made now and then."""
    await home.settle(*(home.team(f"t{number:02}", number) for number in range(40)), hours=42)
    with expired(home.secret):
        end_tokens(home)
        await home.live(hours=7)
        assert home.writes() == []
        statuses = home.token_requests()
        assert set(statuses) == {"401"}
        assert len(statuses) <= 7 * 12 + 6, "every five minutes at most, however many are to be renewed"
        (alert,) = home.said("ERROR")
        assert "the credential is refused, nothing can be done there until it works" in alert
        assert "AADSTS7000222" in alert
        assert "the client secret has expired: make a new one for the application" in alert
        assert len(home.warnings) == 2, "and the pass that failed"
        assert "AADSTS7000222" in home.document["credentialRefused"]
        overdue = home.steward.holdings.renewals.overdue(home.clock.time)
        assert overdue > 5

        home.begin_afresh()
        home.secret = "the-new-one"
        await home.live(minutes=6)
        assert home.token_requests()[-1] == "200"
        assert collections.Counter(home.writes()) == {"PATCH 200": overdue}, "at once, each once"
        assert home.document["credentialRefused"] is None
        assert home.said("the credential works again")
        assert home.troubles() == {}
        assert await home.gaps() == []


async def test_a_new_secret_in_the_manifests_is_tried_at_once(home: Household) -> None:
    await home.settle(home.team("a"))
    with expired(home.secret):
        end_tokens(home)
        home.house.wish("test")
        await home.live(minutes=30)
        assert home.document["credentialRefused"]
        home.begin_afresh()
        home.secret = "the-new-one"
        home.want(home.team("a"), home.team("b", 2))
        await home.live(seconds=8)
        assert home.held() == ["a", "b"]
        assert home.document["credentialRefused"] is None


async def test_an_expired_secret_at_the_start(home: Household) -> None:
    with expired(home.secret):
        home.want(home.team("a"))
        await home.live(hours=1)
        assert len(home.said("ERROR")) == 1
        assert home.asked() == []
        home.secret = "the-new-one"
        await home.live(minutes=6)
    assert home.held() == ["a"]


async def test_a_permission_that_is_revoked(home: Household) -> None:
    """One notice, hourly tries; when the permission is back, all is renewed as soon as one try has shown it."""
    await home.settle(*(home.team(f"t{number:02}", number) for number in range(20)), hours=44)
    info = {key: home.emulator.info[key] for key in ("tenantId", "clientId", "clientSecret")}
    home.emulator.register(**info, roles=[])
    end_tokens(home)
    await home.live(hours=10)
    denied = home.troubles()
    assert len(denied) > 10
    assert {(action, kind) for action, kind, _ in denied.values()} == {("renew", "Denied")}
    refused = collections.Counter(home.writes())
    assert set(refused) == {"PATCH 403"}
    assert refused["PATCH 403"] <= len(denied) * 15
    (notice,) = home.warnings
    assert notice.startswith("ERROR contoso: a person must act, nothing else is said of it until it works: PATCH")
    assert "grant the application a permission" in notice
    assert {home.conditions()[name] for name in denied} == {"stalled"}

    home.emulator.register(**info)
    end_tokens(home)
    home.begin_afresh()
    await home.live(hours=1, minutes=5)
    assert home.troubles() == {}
    assert collections.Counter(home.writes())["PATCH 200"] >= len(denied)
    assert home.warnings == ["WARNING contoso: what was denied is not denied any more"]
    renewed = [at for at, text in home.logged.timed if text.startswith("INFO done renew")]
    assert max(renewed) - min(renewed) < dt.timedelta(minutes=7)
    assert await home.gaps() == []


async def test_a_permission_that_is_missing_for_a_creation(home: Household) -> None:
    info = {key: home.emulator.info[key] for key in ("tenantId", "clientId", "clientSecret")}
    home.emulator.register(**info, roles=["Mail.Read"])
    home.want(home.mail("allowed"), home.team("denied"))
    await home.live(hours=6)
    assert home.held() == ["allowed"]
    assert len(home.said("ERROR")) == 1
    assert collections.Counter(home.writes())["POST 403"] <= 16
    home.emulator.register(**info)
    end_tokens(home)
    await home.live(hours=1, minutes=5)
    assert home.held() == ["allowed", "denied"]


async def test_the_token_endpoint_is_down(home: Household) -> None:
    """It is no refusal: it is tried again like everything that passes by itself."""
    good = home.authority
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    home.authority = f"https://127.0.0.1:{closed}"
    home.want(home.team("a"))
    await home.live(hours=1)
    assert home.said("ERROR") == []
    assert home.document["credentialRefused"] is None
    assert "cannot be reached" in home.document["failing"]
    assert len(home.warnings) <= 12
    home.authority = good
    await home.live(hours=1)
    assert home.held() == ["a"]
    assert home.document["failing"] is None
