"""An old key is safe to take away once nobody uses it and Graph has given up on what was encrypted for it."""

import datetime as dt
from typing import Any

import pytest

from reconciler.cli.certificate_use import Retiring, retirement, uses_of
from reconciler.core.catalog import Version
from reconciler.core.live import read_live
from reconciler.core.world import World
from reconciler.engine.ports import Remembered
from reconciler.engine.read import Reading
from tests.cli.support import OWNER, live

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
OLD, NEW = "A" * 40, "B" * 40


def rich(number: int, thumbprint: str | None = NEW, **changes: Any) -> dict[str, Any]:
    fields = {"includeResourceData": True, "encryptionCertificateId": thumbprint}
    return live(f"team-{number}", number, **fields, **changes)


def memory(number: int, thumbprint: str | None = NEW, **changes: Any) -> Remembered:
    identifier = f"00000000-0000-4000-8000-{number:012}"
    fields = {"certificate_id": thumbprint, "certified_at": NOW - 5 * HOUR} | changes
    return Remembered(identifier, f"team-{number}", Version.V1, f"{number:010}", "k1", **fields)


def reading(*bodies: dict[str, Any], memories: Any = (), **world: Any) -> Reading:
    found = tuple(read_live(body) for body in bodies)
    return Reading(World("contoso", found, **world), {each.id: each for each in memories}, {})


def retired(*readings: Reading | None) -> tuple[Retiring, dt.datetime | None]:
    tenants = {f"tenant-{number}": each for number, each in enumerate(readings)}
    found = retirement(OLD, uses_of(tenants, owner=OWNER, now=NOW), now=NOW)
    return found.state, found.at


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (5 * HOUR, (Retiring.SAFE, NOW - HOUR)),
        (4 * HOUR, (Retiring.SAFE, NOW)),
        (HOUR, (Retiring.WAITING, NOW + 3 * HOUR)),
    ],
)
def test_four_hours_after_the_last_one_has_moved_away(ago, expected):
    memories = [memory(1), memory(2, certified_at=NOW - ago)]
    assert retired(reading(rich(1), rich(2), memories=memories)) == expected


def test_of_all_tenants_the_last_one_counts():
    first = reading(rich(1), memories=[memory(1)])
    second = reading(rich(2), memories=[memory(2, certified_at=NOW - 2 * HOUR)])
    assert retired(first, second) == (Retiring.WAITING, NOW + 2 * HOUR)


@pytest.mark.parametrize("spell", [str.upper, str.lower])
def test_while_one_uses_it_it_is_in_use_however_it_is_spelled(spell):
    assert retired(reading(rich(1, spell(OLD)), rich(2))) == (Retiring.IN_USE, None)


def test_a_foreign_one_needs_it_as_well():
    theirs = rich(2, OLD)
    theirs["notificationUrl"] = theirs["notificationUrl"].replace(OWNER, "another")
    assert retired(reading(rich(1), theirs, memories=[memory(1)])) == (Retiring.IN_USE, None)


UNKNOWN = (Retiring.UNKNOWN, None)


@pytest.mark.parametrize(
    "memories",
    [
        pytest.param([], id="nothing"),
        pytest.param([memory(1)], id="of-one-nothing"),
        pytest.param([memory(1), memory(2, certified_at=None)], id="not-since-when"),
        pytest.param([memory(1), memory(2, None)], id="not-which"),
        pytest.param([memory(1), memory(2, OLD)], id="another-certificate-than-it-has"),
        pytest.param([memory(1), memory(2), memory(3, OLD)], id="one-vanished-before-its-end"),
    ],
)
def test_what_the_store_does_not_know_is_not_known(memories):
    assert retired(reading(rich(1), rich(2), memories=memories)) == UNKNOWN


def test_where_nobody_carries_resource_data_nothing_is_known():
    assert retired(reading(live())) == UNKNOWN


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(None, id="unread"),
        pytest.param(reading(incomplete="Graph answered 500"), id="incomplete"),
        pytest.param(reading(shrank="it is empty"), id="shrank"),
    ],
)
def test_a_tenant_that_is_not_known_in_full_makes_it_unknown(other):
    whole = reading(rich(1), memories=[memory(1)])
    assert retired(whole, other) == UNKNOWN
    uses = uses_of({"a": whole, "b": other}, owner=OWNER, now=NOW)
    assert retirement(OLD, uses, now=NOW).message == "not known: not everything could be read of b"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"deleted_at": NOW - HOUR}, (Retiring.WAITING, NOW + 3 * HOUR)),
        ({"expires_at": NOW - 2 * HOUR}, (Retiring.WAITING, NOW + 2 * HOUR)),
        ({"deleted_at": NOW - 9 * HOUR, "expires_at": NOW - HOUR}, (Retiring.SAFE, NOW - HOUR)),
    ],
    ids=["deleted", "expired", "deleted-before"],
)
def test_what_was_deleted_or_has_expired_used_it_until_then(changes, expected):
    ended = memory(2, OLD.lower(), **changes)
    assert retired(reading(rich(1), memories=[memory(1), ended])) == expected


def test_who_uses_what():
    unmarked = rich(4, NEW) | {"notificationUrl": "https://hooks.contoso.com/n", "lifecycleNotificationUrl": None}
    found = uses_of(
        {"contoso": reading(rich(2), rich(1), rich(3, None), unmarked, live("plain", 9))}, owner=OWNER, now=NOW
    )
    users = {name: [(user.tenant, user.name) for user in each] for name, each in found.ours.items()}
    assert users == {NEW: [("contoso", "team-1"), ("contoso", "team-2")], "": [("contoso", "team-3")]}
    assert found.foreign == {NEW: 1}
