"""A run that would replace something asks our own endpoint first: what Graph cannot validate is not deleted."""

import pytest

from tests.cli.support import endpoint, local_tenant, settings, subscription, write


@pytest.fixture
def manifests(environment, emulator, reconcile):
    folder = environment / "manifests"
    url = "https://localhost:${RECEIVER_PORT}/notifications"
    write(folder / "all.yaml", settings(), local_tenant(), endpoint(notificationUrl=url, lifecycleNotificationUrl=url))
    write(folder / "teams.yaml", subscription("hr", 1), subscription("it", 2))
    assert reconcile().code == 0
    return folder


@pytest.mark.parametrize("mode", ["refuse", "html", "wrong"])
def test_nothing_is_replaced_where_it_does_not_answer(reconcile, manifests, emulator, receiver, mode):
    write(manifests / "teams.yaml", subscription("hr", 1, changeTypes=["deleted"]), subscription("it", 2))
    before = {each["id"] for each in emulator.subscriptions()}
    receiver.mode = mode
    ran = reconcile("--format", "json")
    assert ran.code == 3
    assert ran.actions == [("replace", "hr", "Unsafe")]
    assert [each["code"] for each in ran.json["violations"]] == ["own-receiver"]
    assert {each["id"] for each in emulator.subscriptions()} == before
    receiver.mode = "ok"
    assert reconcile().code == 0
    assert len({each["id"] for each in emulator.subscriptions()} & before) == 1


def test_whoever_knows_better_says_so(reconcile, manifests, emulator, receiver):
    """Here Graph does not validate it either, so that the rehearsal fails before anything is deleted."""
    write(manifests / "teams.yaml", subscription("hr", 1, changeTypes=["deleted"]), subscription("it", 2))
    receiver.mode = "refuse"
    ran = reconcile("--allow", "own-receiver", "--format", "json")
    assert ran.actions == [("replace", "hr", None)]
    assert [each["result"] for each in ran.json["outcomes"]] == ["failed"]
    assert len(emulator.subscriptions()) == 2


def test_it_is_not_asked_where_nothing_is_replaced(reconcile, manifests, receiver):
    receiver.received.clear()
    assert reconcile().code == 0
    assert reconcile("--dry-run", "--replace", "hr").code == 0
    assert receiver.received == []
