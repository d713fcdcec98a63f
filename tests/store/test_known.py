"""What the receiver looks up, of all tenants and applications of an owner."""

import pytest

from reconciler.store import Store
from reconciler.store.known import Known
from tests.store.support import CLIENT, NOW, TENANT, remembered


@pytest.fixture
async def store(location):
    async with Store.open(location, now=lambda: NOW) as opened:
        yield opened


async def remember(store, *subscriptions, owner="me", tenant_id=TENANT, client_id=CLIENT):
    await store.journal(owner=owner, tenant_id=tenant_id, client_id=client_id).remember(subscriptions)


async def test_nothing(store):
    assert await store.known_subscriptions("me") == {}


async def test_tenants_and_applications_are_told_together_and_owners_apart(store):
    await remember(store, remembered(), remembered("gone", name="old", birth="b2", key="k2", deleted_at=NOW))
    await remember(store, remembered("s2"), client_id="other")
    await remember(store, remembered("s3"), tenant_id="OTHER")
    await remember(store, remembered("s4"), owner="you")
    assert await store.known_subscriptions("me") == {
        "gone": Known("gone", TENANT, "old", "b2", "k2"),
        "s1": Known("s1", TENANT, "mail", "0123456789", "k1"),
        "s2": Known("s2", TENANT, "mail", "0123456789", "k1"),
        "s3": Known("s3", "other", "mail", "0123456789", "k1"),
    }


@pytest.mark.parametrize("living", ["a", "z"])
async def test_one_that_is_there_counts_before_one_that_is_deleted(store, living):
    for client in ("a", "z"):
        deleted_at = None if client == living else NOW
        await remember(store, remembered(birth=client, deleted_at=deleted_at), client_id=client)
    assert (await store.known_subscriptions("me"))["s1"].birth == living
