"""The tenants where an owner has subscriptions left, told alike by a store written to and one only looked at."""

import datetime as dt

import pytest

from reconciler.core.errors import StoreError
from reconciler.store import Store
from tests.store.support import CLIENT, NOW, TENANT, remembered

MOMENT = dt.timedelta(microseconds=1)
PACIFIC = dt.timezone(dt.timedelta(hours=-8))


async def known(folder, *, now=NOW):
    """What both kinds of store say."""
    async with Store.open(folder, now=lambda: NOW) as store:
        written = await store.known_tenants("me", now=now)
    assert await Store.read(folder).known_tenants("me", now=now) == written
    return written


async def fill(folder, *subscriptions, owner="me", tenant_id=TENANT, client_id=CLIENT):
    async with Store.open(folder, now=lambda: NOW) as store:
        await store.journal(owner=owner, tenant_id=tenant_id, client_id=client_id).remember(subscriptions)


async def test_no_store_and_an_empty_one(location, tmp_path):
    assert await Store.read(tmp_path / "none").known_tenants("me", now=NOW) == {}
    assert await Store.read(location).known_tenants("me", now=NOW) == {}
    assert list(tmp_path.iterdir()) == []
    assert await known(location) == {}


async def test_applications_are_counted_together_and_owners_apart(location):
    await fill(location, remembered(), remembered("s2"))
    await fill(location, remembered("s3"), client_id="other")
    await fill(location, remembered(), tenant_id="OTHER")
    await fill(location, remembered("s4"), remembered("s5"), owner="you")
    await fill(location, remembered(), owner="you", tenant_id="theirs")
    assert await known(location) == {TENANT: 3, "other": 1}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, {TENANT: 1}, id="end-unknown"),
        pytest.param({"expires_at": NOW + MOMENT}, {TENANT: 1}, id="lasts"),
        pytest.param({"expires_at": NOW}, {}, id="ends-now"),
        pytest.param({"expires_at": NOW - MOMENT}, {}, id="ended"),
        pytest.param({"deleted_at": NOW}, {}, id="deleted"),
        pytest.param({"deleted_at": NOW, "expires_at": NOW + MOMENT}, {}, id="deleted-before-its-end"),
    ],
)
async def test_what_is_counted(location, changes, expected):
    await fill(location, remembered(**changes))
    assert await known(location) == expected
    assert await known(location, now=NOW.astimezone(PACIFIC)) == expected


async def test_a_time_without_an_offset_is_refused(location):
    async with Store.open(location) as store:
        with pytest.raises(StoreError, match="without an offset"):
            await store.known_tenants("me", now=NOW.replace(tzinfo=None))
