"""How many subscriptions there may be (facts 2.1, 2.2, 3.5): counted purely, and refused over HTTP."""

import dataclasses
import datetime as dt
import uuid
from typing import Any

import httpx
import pytest

from reconciler.core.catalog import ENTRIES, Quota, Version
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.graph import bodies
from reconciler.emulator.graph.admission import Admission
from reconciler.emulator.graph.service import created
from reconciler.emulator.model import quotas, resources
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.model.resources import Resource
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator

NOW = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
NEVER_AGAIN = (
    "Operation: Create; Exception: [Status Code: 429; Reason: Resource 'SubscriptionCountReached' has reached limit of "
    "'{limit}'. Please retry after '12/31/9999 11:59:59 PM']"
)


def parsed(text: str) -> Resource:
    return resources.parse(text, version=Version.BETA)


def subscription(text: str, *, tenant: str = "t", app: str = "a", expires_at: dt.datetime = NOW + HOUR) -> Subscription:
    return created(
        asked(text),
        parsed(text),
        caller=caller(tenant, app),
        version=Version.BETA,
        expires_at=expires_at,
        now=NOW,
    )


def asked(text: str) -> bodies.Creation:
    """What does not count here is left empty."""
    fields: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(bodies.Creation))
    return bodies.Creation(**fields | {"resource": text, "change_types": frozenset(), "expires_at": NOW})


def caller(tenant: str = "t", app: str = "a") -> Caller:
    return Caller(tenant, app, "p", frozenset(), delegated=False, expires_at=NOW + HOUR)


def test_every_quota_of_the_catalog_can_be_counted() -> None:
    """A new kind of ``per`` in the catalog needs a line in ``quotas.SCOPES``."""
    assert {quota.per for entry in ENTRIES for quota in entry.quotas} <= quotas.SCOPES.keys()


@pytest.mark.facts("2.1", "2.2")
@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        pytest.param({"text": "teams"}, {"text": "chats/c/messages"}, True, id="all-teams-resources"),
        pytest.param({"text": "teams"}, {"text": "teams/x", "app": "b"}, True, id="of-all-apps"),
        pytest.param({"text": "teams"}, {"text": "teams", "tenant": "u"}, False, id="of-one-organization"),
        pytest.param({"text": "users"}, {"text": "groups/g/members"}, True, id="users-and-groups"),
        pytest.param({"text": "teams/t/schedule/shifts"}, {"text": "teams/t/schedule/shifts"}, True, id="one-schedule"),
        pytest.param(
            {"text": "teams/t/schedule/shifts"},
            {"text": "teams/t/schedule/timeOffRequests"},
            False,
            id="other-requests",
        ),
        pytest.param({"text": "users/m/messages"}, {"text": "users/m/events", "app": "b"}, True, id="of-one-mailbox"),
        pytest.param({"text": "users/m/messages"}, {"text": "Users('m')/Messages", "app": "b"}, True, id="mailbox"),
        pytest.param({"text": "users/m/messages"}, {"text": "users/n/messages"}, False, id="another-mailbox"),
        pytest.param(
            {"text": "users/m/messages"}, {"text": "users/m/messages", "tenant": "u"}, False, id="mailbox-elsewhere"
        ),
    ],
)
def test_what_counts_together(first: dict[str, Any], second: dict[str, Any], together: bool) -> None:
    there, asked_for = subscription(**first), subscription(**second)
    subscriptions = Subscriptions()
    subscriptions.add(there)
    keys = [*quotas.keys(asked_for.resource, asked_for.owner)]
    assert [subscriptions.count(key, NOW) for key in keys] == [int(together)] * len(keys)


@pytest.mark.facts("2.2")
@pytest.mark.parametrize(
    ("owner", "counts"),
    [
        pytest.param(("t", "a"), [1, 1, 1], id="the-same"),
        pytest.param(("t", "b"), [0, 1, 0], id="another-app"),
        pytest.param(("u", "a"), [0, 0, 1], id="another-tenant"),
        pytest.param(("u", "b"), [0, 0, 0], id="another-of-both"),
    ],
)
def test_directory_resources_have_three_quotas(owner: tuple[str, str], counts: list[int]) -> None:
    """100 per app and tenant, 1,000 per tenant, 50,000 per app."""
    subscriptions = Subscriptions()
    subscriptions.add(subscription("users"))
    assert [subscriptions.count(key, NOW) for key in quotas.keys(parsed("users"), owner)] == counts


def test_what_ends_counts_no_more() -> None:
    subscriptions = Subscriptions()
    first, second = subscription("teams/x"), subscription("teams/y", expires_at=NOW + 2 * HOUR)
    [key] = quotas.keys(first.resource, first.owner)
    for each in (first, second):
        subscriptions.add(each)
    subscriptions.replace(dataclasses.replace(second, expires_at=NOW + 3 * HOUR))
    assert subscriptions.count(key, NOW) == 2
    assert subscriptions.count(key, NOW + HOUR) == 1
    subscriptions.remove(second)
    assert subscriptions.count(key, NOW + HOUR) == 0


def test_counting_does_not_look_at_all_of_them() -> None:
    """10,000 and their count: the catalog's own limit, without a request."""
    subscriptions = Subscriptions()
    one = subscription("teams")
    for number in range(10_000):
        resource = dataclasses.replace(one.resource, path=f"teams/{number}")
        subscriptions.add(dataclasses.replace(one, id=str(uuid.uuid4()), resource=resource))
    admission = Admission(
        behaviours=Behaviours({}), clock=StandingClock(), subscriptions=subscriptions, world=Everything()
    )
    with pytest.raises(Refusal) as caught:
        admission.check(asked("chats/c/messages"), parsed("chats/c/messages"), caller(app="b"))
    assert (caught.value.status, caught.value.code) == (403, "ExtensionError")
    assert "has reached its limit of '10000' 'ALL TEAMS RESOURCES' subscriptions" in caught.value.message
    admission.check(asked("teams"), parsed("teams"), caller(tenant="u"))
    admission.check(asked("users/m/messages"), parsed("users/m/messages"), caller())


class StandingClock(Clock):
    def now(self) -> dt.datetime:
        return NOW


class Everything:
    def knows(self, tenant: str, resource_path: str) -> bool:
        return bool(tenant and resource_path)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalog's quotas, all with a limit of two: the emulator runs in this process."""
    parse = resources.parse

    def parse_with_few(*args: Any, **kwargs: Any) -> Resource:
        found = parse(*args, **kwargs)
        fewer = tuple(Quota(limit=2, per=quota.per, shared=quota.shared) for quota in found.entry.quotas)
        return dataclasses.replace(found, entry=dataclasses.replace(found.entry, quotas=fewer))

    monkeypatch.setattr(resources, "parse", parse_with_few)


@pytest.mark.facts("2.1", "2.2", "3.5")
@pytest.mark.usefixtures("few")
def test_a_full_mailbox_says_it_with_429(create: Create, client: httpx.Client, emulator: RunningEmulator) -> None:
    """Over all apps, with the end of the calendar and without ``Retry-After``; another mailbox has its own."""
    assert create(resource="users/m/messages").status_code == 201
    client.headers["Authorization"] = f"Bearer {emulator.token(clientId=emulator.register()['clientId'])}"
    first = create(resource="users/m/messages").json()["id"]
    answer = create(resource="users/m/messages")
    assert error(answer) == (429, "ExtensionError", NEVER_AGAIN.format(limit=2))
    assert "retry-after" not in answer.headers
    assert create(resource="users/n/messages").status_code == 201
    client.delete(f"/v1.0/subscriptions/{first}")
    assert create(resource="users/m/messages").status_code == 201


@pytest.mark.facts("2.1")
@pytest.mark.usefixtures("few")
def test_a_full_organization_refuses_every_teams_resource(
    create: Create, client: httpx.Client, emulator: RunningEmulator
) -> None:
    """Counted over all Teams resources and all apps; the message names the limit."""
    assert create(resource="teams").status_code == 201
    client.headers["Authorization"] = f"Bearer {emulator.token(clientId=emulator.register()['clientId'])}"
    assert create(resource="teams/getAllChannels").status_code == 201
    status, code, message = error(create(resource="chats/c/messages"))
    assert (status, code) == (403, "ExtensionError")
    assert "reached its limit of '2' 'ALL TEAMS RESOURCES' subscriptions per organization" in message
    assert create(resource="users/m/messages").status_code == 201
    emulator.advance(7200)
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    assert create(resource="teams", expirationDateTime=soon(hours=4)).status_code == 201


@pytest.mark.facts("2.1", "2.2")
@pytest.mark.usefixtures("few")
def test_the_message_names_the_limit(create: Create, emulator: RunningEmulator) -> None:
    assert [create(resource="users").status_code for _ in range(2)] == [201, 201]
    reason = (
        f"App '{emulator.info['clientId']}' has reached its limit of '2' 'USERS AND GROUPS' subscriptions "
        f"per app and tenant on tenant '{emulator.info['tenantId']}'."
    )
    message = f"Operation: Create; Exception: [Status Code: Forbidden; Reason: {reason}]"
    assert error(create(resource="users")) == (403, "ExtensionError", message)
