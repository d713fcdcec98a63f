"""The subscriptions in memory, as they are written to a file and read again."""

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest

from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.model import quotas, resources
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions

NOW = dt.datetime(2031, 1, 1, 2, 3, 4, 567_890, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

FULL = Subscription(
    id="1",
    tenant="t",
    app="a",
    creator="u",
    version=Version.BETA,
    resource=resources.parse("me/messages?$select=subject", version=Version.BETA, user="u"),
    change_types=frozenset({ChangeType.CREATED, ChangeType.UPDATED}),
    change_type="updated, Created",
    notification_url="https://localhost/n?who=é",
    lifecycle_url="https://localhost/l",
    client_state="s",
    expires_at=NOW + HOUR,
    created_at=NOW,
    authorized_until=NOW + HOUR / 2,
    delegated=True,
    rich=True,
    certificate="eA==",
    certificate_id="c",
    tls_version="v1_3",
    query_options="q",
    url_app_id="x",
    content_type="application/json",
    renewed_at=NOW,
    reauthorized_at=NOW + HOUR / 4,
)
NOT_SET: dict[str, Any] = dict.fromkeys(
    (
        *("lifecycle_url", "client_state", "rich", "certificate", "certificate_id", "tls_version"),
        *("query_options", "url_app_id", "content_type", "renewed_at", "reauthorized_at"),
    )
)
TEAMS = resources.parse("teams", version=Version.V1)
BARE = dataclasses.replace(FULL, id="2", resource=TEAMS, version=Version.V1, delegated=False, **NOT_SET)


def held(*subscriptions: Subscription) -> Subscriptions:
    result = Subscriptions()
    for each in subscriptions:
        result.add(each)
    return result


def saved(*subscriptions: Subscription) -> Any:
    """As it comes out of a file."""
    return json.loads(json.dumps(held(*subscriptions).as_json()))


def test_what_is_saved_is_loaded() -> None:
    """Everything, in the same order; what was there before is gone, and the indexes are those of the new ones."""
    loaded = held(dataclasses.replace(FULL, id="3"))
    loaded.load(saved(FULL, BARE))
    assert [*loaded] == [FULL, BARE]
    assert [serial for serial, _ in loaded.owned(("t", "a"), NOW)] == [2, 3]
    assert [*loaded.following("t", ["users/u/messages"], NOW)] == [FULL]
    assert [*loaded.in_slot(("t", "a"), BARE.resource, NOW)] == [BARE]
    assert [loaded.count(key, NOW) for key in quotas.keys(BARE.resource, BARE.owner)] == [1]
    assert [*loaded.owned(("t", "a"), NOW + HOUR)] == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"version": "v2.0"}, "'v2.0' is no good value for 'version'", id="version"),
        pytest.param({"expires_at": None}, "None is no good value for 'expires_at'", id="no-instant"),
        pytest.param({"created_at": "today"}, "'today' is no good value for 'created_at'", id="bad-instant"),
        pytest.param({"resource": "nowhere"}, "resource 'nowhere' is not supported", id="resource"),
        pytest.param({"delegated": False}, "/me request is only valid", id="nobody-signed-in"),
        pytest.param({"more": 1}, "unknown key 'more'", id="unknown"),
        pytest.param({"id": None}, "None is no good value for 'id'", id="no-id"),
    ],
)
def test_what_cannot_be_loaded(changes: dict[str, Any], message: str) -> None:
    """Then everything stays as it was."""
    [data] = saved(FULL)
    subscriptions = held(BARE)
    with pytest.raises(EmulatorError) as caught:
        subscriptions.load([data | changes])
    assert message in str(caught.value)
    assert [*subscriptions] == [BARE]


@pytest.mark.parametrize("data", [None, {}, [1], [{}]])
def test_what_is_no_list_of_subscriptions(data: object) -> None:
    with pytest.raises(EmulatorError, match="subscription"):
        Subscriptions().load(data)


def test_an_id_that_comes_twice() -> None:
    [data] = saved(FULL)
    with pytest.raises(EmulatorError, match="an id comes twice"):
        Subscriptions().load([data, data])


def test_as_it_was_before() -> None:
    """Each state from when it began until the next one, for its owner only."""
    subscriptions = held(FULL)
    later = dataclasses.replace(FULL, expires_at=NOW + 2 * HOUR)
    assert subscriptions.find("1", NOW + HOUR / 2) is not None
    subscriptions.replace(later)
    assert subscriptions.find("1", NOW + HOUR) is not None
    subscriptions.remove(later)

    def ago(minutes: int, owner: tuple[str, str] = ("t", "a")) -> list[Subscription]:
        return [each for _, each in subscriptions.owned_then(owner, NOW + HOUR, ago=dt.timedelta(minutes=minutes))]

    assert [ago(0), ago(10), ago(40), ago(60), ago(61)] == [[], [later], [FULL], [FULL], []]
    assert ago(10, ("t", "b")) == []


def test_renewals_take_no_place() -> None:
    """Each leaves an end behind that is outdated; what is in force still ends in time."""
    subscriptions = held(FULL)
    for minute in range(5000):
        subscriptions.replace(dataclasses.replace(FULL, expires_at=NOW + HOUR + dt.timedelta(minutes=minute)))
    assert len(subscriptions._expirations) < 2000
    end = NOW + HOUR + dt.timedelta(minutes=4999)
    assert subscriptions.find(FULL.id, end - dt.timedelta(minutes=1)) is not None
    assert subscriptions.find(FULL.id, end) is None
