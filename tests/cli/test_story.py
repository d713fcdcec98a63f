"""The story that the README tells: plan, apply, nothing to do, drift and its healing, prune, renew."""

import asyncio
import contextlib
import json
import time

from reconciler.cli.locking import one_writer
from reconciler.core.times import parse_time
from reconciler.store import Store
from tests.cli.conftest import Reconcile
from tests.cli.support import OWNER, Ran, subscription


def plan(reconcile: Reconcile, *options: object) -> Ran:
    return reconcile("--dry-run", "--format", "json", "--detailed-exitcode", *options)


def client_of(emulator):
    client = emulator.client(timeout=10)
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    return client


def test_from_nothing_to_nothing_to_do(reconcile, emulator, example):
    first = reconcile("--dry-run")
    assert first.code == 0
    assert "11 to create.\n" in first.out
    assert emulator.subscriptions() == []
    assert {action for action, _, _ in plan(reconcile).actions} == {"create"}
    assert plan(reconcile).code == 2

    applied = reconcile()
    assert (applied.code, applied.out.count("      done: lives until ")) == (0, 11)
    assert "11 done." in applied.out
    assert len(emulator.subscriptions()) == 11

    again = plan(reconcile)
    assert (again.code, again.actions, again.rules) == (0, [], [])
    assert again.json["summary"]["unchanged"] == 11
    assert reconcile().out.startswith("Nothing to do; 11 unchanged.")


def test_somebody_elses_hand_is_shown_and_healed(reconcile, emulator, receiver, example):
    assert reconcile().code == 0
    by_name = {name_in(each["notificationUrl"]): each for each in emulator.subscriptions()}
    with client_of(emulator) as client:
        client.delete(f"/v1.0/subscriptions/{by_name['all-teams']['id']}").raise_for_status()
        url = receiver.url("/elsewhere?code=not-for-your-eyes")
        patched = client.patch(f"/v1.0/subscriptions/{by_name['team-hr']['id']}", json={"notificationUrl": url})
        patched.raise_for_status()
        theirs = {
            "changeType": "updated",
            "notificationUrl": receiver.url("/theirs"),
            "lifecycleNotificationUrl": receiver.url("/theirs"),
            "resource": "/teams/0a1b2c3d-0000-4000-8000-00000000000a",
            "expirationDateTime": by_name["team-hr"]["expirationDateTime"],
        }
        foreign = client.post("/v1.0/subscriptions", json=theirs).raise_for_status().json()["id"]

    drifted = plan(reconcile)
    assert drifted.code == 2
    assert drifted.actions == [("create", "all-teams", None), ("update", "team-hr", None)]
    assert [each["reason"] for each in drifted.json["changes"]] == ["Missing", "MarkLost"]
    assert drifted.json["summary"]["foreign"] == 1
    assert "not-for-your-eyes" not in drifted.out
    shown = reconcile("--dry-run").out
    assert f"notificationUrl: {receiver.url('/elsewhere')}?code=redacted-" in shown
    assert f"→ {receiver.url('/notifications')}\n" in shown

    assert reconcile().code == 0
    assert plan(reconcile).actions == []
    urls = {each["id"]: each["notificationUrl"] for each in emulator.subscriptions()}
    assert urls[by_name["team-hr"]["id"]] == by_name["team-hr"]["notificationUrl"]
    assert urls[foreign] == receiver.url("/theirs")


def test_without_the_local_state_nothing_is_lost(reconcile, emulator, example, tmp_path):
    assert reconcile().code == 0
    for file in (tmp_path / "state").rglob("*.db*"):
        file.unlink()
    assert plan(reconcile).actions == []


def test_a_removed_manifest_is_pruned(reconcile, emulator, example):
    assert reconcile().code == 0
    (example / "meetings.yaml").unlink()
    removed = plan(reconcile)
    assert (removed.code, removed.actions) == (2, [("delete", "all-hands-calls", None)])
    assert removed.json["changes"][0]["reason"] == "NotInManifests"
    assert reconcile().code == 0
    assert len(emulator.subscriptions()) == 10
    assert plan(reconcile).actions == []


def test_renew_within_renews_early_and_is_no_pending_change(reconcile, emulator, example):
    assert reconcile().code == 0
    before = {each["id"]: parse_time(each["expirationDateTime"]) for each in emulator.subscriptions()}
    early = plan(reconcile, "--renew-within", "2d")
    assert early.code == 0
    assert {action for action, _, _ in early.actions} == {"renew"}
    time.sleep(1)  # expirations are asked for in whole seconds
    renewed = reconcile("--renew-within", "2d", "--only", "events-of-the-board")
    assert renewed.code == 0
    assert "⟳ events-of-the-board: renew, it ends in" in renewed.out
    after = {each["id"]: parse_time(each["expirationDateTime"]) for each in emulator.subscriptions()}
    assert sum(after[identifier] > before[identifier] for identifier in before) == 1
    assert sum(after[identifier] == before[identifier] for identifier in before) == 10


def test_clientstate_reaches_graph_and_never_the_report(reconcile, emulator, example):
    applied = reconcile("--format", "json")
    states = {each["clientState"] for each in emulator.subscriptions()}
    assert len(states) == 11
    assert not [state for state in states if state in applied.out + applied.err]
    assert {each["result"] for each in applied.json["outcomes"]} == {"done"}


def test_a_failed_change_stops_no_other(reconcile, emulator, local):
    local(subscription("hr", 1), subscription("it", 2))
    emulator.faults({"answers": [{"method": "POST", "status": 403, "code": "Forbidden", "message": "No consent."}]})
    applied = reconcile("--format", "json")
    assert applied.code == 1
    assert sorted(each["result"] for each in applied.json["outcomes"]) == ["done", "failed"]
    failed = next(each for each in applied.json["outcomes"] if each["result"] == "failed")
    assert "POST subscriptions: Graph answered 403 Forbidden: No consent" in failed["message"]
    assert failed["requestId"]
    assert reconcile().code == 0
    assert len(emulator.subscriptions()) == 2


def test_an_endpoint_that_does_not_answer_is_told_with_its_remedy(reconcile, emulator, receiver, local):
    local(subscription())
    receiver.mode = "refuse"
    applied = reconcile()
    assert applied.code == 1
    assert "      FAILED: POST subscriptions: Graph answered 400" in applied.out
    assert "this is our own endpoint: it must be reachable" in applied.out
    assert emulator.subscriptions() == []


def test_an_apply_without_the_client_state_key_names_the_variable(reconcile, emulator, local, monkeypatch):
    local(subscription())
    monkeypatch.delenv("RECONCILER_CLIENT_STATE_KEY")
    applied = reconcile()
    assert applied.code == 1
    said = "clientState of Endpoint 'public', key 'k1': the environment variable RECONCILER_CLIENT_STATE_KEY is not set"
    assert said in applied.out
    assert emulator.subscriptions() == []


def name_in(url: str) -> str:
    return url.partition("reconciler=")[2].split(".")[2]


def test_two_owners_leave_each_other_alone(reconcile, emulator, local):
    folder = local(subscription("hr", 1))
    assert reconcile().code == 0
    local(subscription("it", 2), owner="somebody-else")
    seen = plan(reconcile)
    assert seen.actions == [("create", "it", None)]
    assert seen.json["summary"]["foreign"] == 1
    assert reconcile().code == 0
    local(subscription("hr", 1), owner=OWNER)
    assert plan(reconcile, "-f", folder).actions == []
    assert json.loads(reconcile("--dry-run", "--format", "json").out)["owner"] == OWNER


@contextlib.contextmanager
def writing(folder, owner):
    """Somebody else writes for that owner."""
    stack = contextlib.AsyncExitStack()
    with asyncio.Runner() as runner:
        store = runner.run(stack.enter_async_context(Store.open(folder)))
        runner.run(stack.enter_async_context(one_writer(store, owner)))
        try:
            yield
        finally:
            runner.run(stack.aclose())


def test_one_run_writes_at_a_time(reconcile, emulator, local, environment):
    """Two that overlap would each create what the other one is about to. Looking is always possible."""
    local(subscription("hr"))
    assert reconcile("--state", "state").code == 0
    with writing(environment / "state", OWNER):
        ran = reconcile("--state", "state")
        assert ran.code == 1
        assert "another run, or a daemon, is writing with the store state/reconciler.db" in ran.err
        assert "wait for it, or look with --dry-run" in ran.err
        assert plan(reconcile, "--state", "state").code == 0
    assert reconcile("--state", "state").code == 0


def test_another_owner_writes_beside_it(reconcile, emulator, local, environment):
    local(subscription("hr"))
    assert reconcile("--state", "state").code == 0
    with writing(environment / "state", "somebody-else"):
        assert reconcile("--state", "state").code == 0
