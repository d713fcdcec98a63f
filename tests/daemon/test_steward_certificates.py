"""A certificate is turned: by PATCH once every replica can open it, by a replacement where Graph does not do that."""

import json

import pytest

from reconciler.core.certificate import PublicCertificate
from reconciler.daemon.contradicting import Contradicting
from reconciler.daemon.presence import Presence
from reconciler.engine.inbox import Entry
from reconciler.receiver.observing import Told
from tests.daemon.household import Household
from tests.support.world import certificate


@pytest.fixture(scope="module")
def certificates() -> tuple[PublicCertificate, PublicCertificate]:
    return certificate("first"), certificate("second")


Pair = tuple[PublicCertificate, PublicCertificate]


async def settle(home: Household, certificates: Pair) -> None:
    first, second = certificates
    home.presence.thumbprints = frozenset({first.thumbprint, second.thumbprint})
    await home.presence.show()
    await home.settle(*(home.team(f"t{number}", number, certificate=first) for number in range(3)))


def turned(home: Household, certificates: Pair) -> None:
    home.want(*(home.team(f"t{number}", number, certificate=certificates[1]) for number in range(3)))


def in_use(home: Household) -> set[str]:
    return {each["encryptionCertificateId"] for each in home.emulator.subscriptions()}


@pytest.mark.behaviour(certificate_patch="taken")
async def test_it_waits_until_every_replica_has_loaded_the_key(home: Household, certificates: Pair) -> None:
    first, second = certificates
    await settle(home, certificates)
    other = Presence(home.chronicle, home.clock, frozenset({first.thumbprint}))
    await other.show()
    await home.presence.show()
    turned(home, certificates)
    for _ in range(20):
        await home.live(minutes=1)
        await other.show()
        await home.presence.show()
    assert home.writes() == []
    assert set(home.conditions().values()) == {"pending"}
    assert "not every replica has loaded" in home.document["subscriptions"][0]["message"]

    other.thumbprints = frozenset({first.thumbprint, second.thumbprint})
    await other.show()
    await home.presence.show()
    home.house.wish("a replica has loaded it")
    await home.live(seconds=5)
    assert home.writes() == ["PATCH 200"] * 3
    assert in_use(home) == {second.thumbprint}


@pytest.mark.behaviour(certificate_patch="taken")
async def test_a_replica_that_is_gone_is_not_waited_for(home: Household, certificates: Pair) -> None:
    await settle(home, certificates)
    other = Presence(home.chronicle, home.clock, frozenset({certificates[0].thumbprint}))
    await other.show()
    await home.presence.show()
    turned(home, certificates)
    await home.live(minutes=2)
    await home.presence.show()
    await home.live(hours=1)
    assert in_use(home) == {certificates[1].thumbprint}


async def test_nothing_is_rolled_out_while_the_store_does_not_tell(home: Household, certificates: Pair) -> None:
    await settle(home, certificates)
    for deed in ("INSERT", "UPDATE"):
        home.scene.forbid("replicas", deed)
    await home.presence.show()
    turned(home, certificates)
    await home.live(hours=2)
    assert home.writes() == []
    for deed in ("INSERT", "UPDATE"):
        home.scene.permit("replicas", deed)


@pytest.mark.parametrize("how", ["refused", "ignored"])
async def test_a_patch_that_does_not_turn_it(home: Household, certificates: Pair, how: str) -> None:
    """Each is replaced then, in waves, and none is patched again."""
    await settle(home, certificates)
    home.emulator.behave(certificate_patch=how)
    turned(home, certificates)
    await home.live(hours=6)
    assert in_use(home) == {certificates[1].thumbprint}
    assert home.held() == ["t0", "t1", "t2"]
    written = home.writes()
    assert written.count("POST 201") == written.count("DELETE 204") == 3
    assert written.count("PATCH 400" if how == "refused" else "PATCH 200") <= 6
    assert home.troubles() == {}
    gaps = await home.gaps()
    assert len(gaps) == 3
    assert all(" replaced " in gap and not gap.endswith("open") for gap in gaps)
    await home.live(days=3)
    assert "POST 201" not in home.writes()


def delivered(home: Household, name: str, thumbprint: str) -> Entry:
    """A notification that is encrypted for a certificate."""
    content = {
        "encryptedContent": {"encryptionCertificateId": thumbprint, "encryptionCertificateThumbprint": thumbprint}
    }
    now = home.clock.now()
    return Entry(
        event_id="e",
        received_at=now,
        since=now,
        path="",
        query="",
        subscription_id=home.id_of(name),
        change="updated",
        resource="teams",
        body=json.dumps(content).encode(),
        encrypted=True,
    )


@pytest.mark.behaviour(certificate_patch="taken")
async def test_a_delivery_that_contradicts(home: Household, certificates: Pair) -> None:
    """Graph took the PATCH, and goes on with the old one: for four hours that may be an old notification."""
    first, second = certificates
    await settle(home, certificates)
    turned(home, certificates)
    await home.live(minutes=1)
    assert home.writes() == ["PATCH 200"] * 3
    contradicting = Contradicting(home.clock, home.house.by_tenant_id)
    before = home.id_of("t0")
    for _ in range(8):
        await home.live(minutes=30)
        contradicting.told(Told.ACCEPTED, delivered(home, "t0", first.thumbprint))
        await contradicting.remember()
    assert home.writes() == []

    await home.live(minutes=30)
    contradicting.told(Told.ACCEPTED, delivered(home, "t0", first.thumbprint))
    contradicting.told(Told.ACCEPTED, delivered(home, "t1", second.thumbprint))
    await contradicting.remember()
    await home.live(hours=2)
    written = home.writes()
    assert (written.count("DELETE 204"), written.count("POST 201")) == (1, 1)
    assert home.id_of("t0") != before
    assert in_use(home) == {second.thumbprint}
