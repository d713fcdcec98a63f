"""Exit codes, each with what leads to it; the strongest wins: 64 over 4 over 1 over 3 over 2 over 0."""

import json

import pytest

from tests.cli.support import HOOK, OWNER, SOON, live, local_tenant, snapshot, subscription, taken, write


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["no-such-command"], "invalid choice: 'no-such-command'"),
        (["--format", "yaml"], "invalid choice: 'yaml'"),
        (["--policy", "everything"], "invalid choice: 'everything'"),
        (["--live", "x.json"], "--live goes with --dry-run"),
        (["--now", "2026-01-31T12:00:00Z"], "--now goes with --dry-run"),
        (["--detailed-exitcode"], "--detailed-exitcode goes with --dry-run"),
        (["--dry-run", "validate"], "--dry-run goes with a pass, not with validate"),
        (["--only", "hr", "status"], "--only goes with a pass, not with status"),
        (["--dry-run", "--now", "yesterday"], "'yesterday' is not a time such as 2026-01-31T12:00:00Z"),
        (["--dry-run", "--now", "2026-01-31T12:00:00"], "is not a time such as"),
        (["--renew-within", "soon"], "'soon' is not a duration such as 90s, 45m, 12h or 3d"),
        (["--renew-within", "367d"], "'367d' is too long, a duration is 366d at the most"),
        (["--allow", "everything"], "--allow everything: no such code, known are empty, incomplete,"),
        (["--var", "NAME"], "'NAME' is not NAME=VALUE"),
        (["--selector", "area"], "'area' is not NAME=VALUE"),
        (["listen"], "the following arguments are required: --listen"),
        (["listen", "--listen", "9443"], "'9443' is not HOST:PORT"),
        (["listen", "--listen", ":9443", "--tls-cert", "x"], "--tls-cert and --tls-key go together"),
        (["emulator", "--listen", "0.0.0.0:0"], "it is not a loopback address"),
        (["emulator", "--behaviour", "twins=maybe"], "behaviour 'twins' cannot be 'maybe'"),
        (["--owner", "Not An Owner", "--dry-run"], "the owner 'Not An Owner' is not made of a-z, 0-9 and -"),
        (["--var-file", "none.env", "--dry-run"], "--var-file none.env cannot be read: No such file or directory"),
        (["catalog", "/no/such/thing"], "the catalog does not know '/no/such/thing'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage(reconcile, arguments, said):
    ran = reconcile(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--only", "people"], "--only people: the manifests have none of that name, did you mean 'the-people'?"),
        (["--tenant", "contosso"], "--tenant contosso: the manifests have none of that name, did you mean 'contoso'?"),
        (["--selector", "area=it"], "--selector area=it matches no subscription"),
        (["--allow", "removal"], "--allow removal: no such code, known are"),
    ],
    ids=lambda value: value[0].strip("-") if isinstance(value, list) else "",
)
def test_names_that_are_not_there(offline, option, said):
    ran = offline([subscription("the-people", labels={"area": "hr"})], [], *option)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err


def test_wrong_usage_wins_over_a_missing_owner(offline):
    ran = offline([subscription()], [], "--only", "hq", owner=None)
    assert ran.code == 64


@pytest.mark.parametrize("command", [["validate"], ["--dry-run"], [], ["status"]], ids=" ".join)
def test_invalid_manifests(reconcile, emulator, local, command):
    local(subscription(changeTypes=["vanished"]), subscription("it", resource="/teems"))
    before = len(emulator.requests())
    as_text, as_json = reconcile(*command), reconcile(*command, "--format", "json")
    assert (as_text.code, as_text.err, as_json.code, as_json.err) == (4, "", 4, "")
    assert "[change-type]\n" in as_text.out
    assert "[unknown-resource]\n" in as_text.out
    assert "\n2 errors, nothing was read from Graph or changed there.\n" in as_text.out
    assert set(as_json.json) == {"problems"}
    assert sorted(as_json.rules) == ["change-type", "unknown-resource"]
    assert len(emulator.requests()) == before


def test_wrong_usage_wins_over_invalid_manifests(offline):
    assert offline([subscription(changeTypes=["vanished"])], [], "--allow", "x").code == 64
    assert offline([subscription(changeTypes=["vanished"])], [], "--owner", "X").code == 64


def test_invalid_manifests_win_over_a_failure(reconcile, emulator, local, monkeypatch):
    local(subscription(changeTypes=["vanished"]))
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", "/nowhere")
    assert reconcile().code == 4


def test_a_tenant_that_cannot_be_read_fails_alone(reconcile, emulator, local, monkeypatch):
    folder = local(subscription("hr", tenant="contoso"), subscription("it", 2, tenant="fabrikam"))
    wrong = {"secret": {"env": "AZURE_CLIENT_SECRET"}}
    write(
        folder / "fabrikam.yaml", local_tenant("fabrikam", credential=wrong, clientId=emulator.register()["clientId"])
    )
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-secret-of-fabrikam")
    ran = reconcile("--dry-run", "--detailed-exitcode", "--format", "json")
    assert ran.code == 1
    assert ran.actions == [("create", "hr", None)]
    (problem,) = ran.json["problems"]
    assert (problem["rule"], problem["tenant"], problem["severity"]) == ("tenant-unread", "fabrikam", "error")
    assert (problem["path"], problem["line"], problem["column"]) == ("manifests/fabrikam.yaml", 1, 1)
    assert "AADSTS7000215" in problem["message"]
    assert reconcile("--dry-run", "--tenant", "contoso", "--detailed-exitcode").code == 2
    applied = reconcile("--format", "json")
    assert (applied.code, [each["name"] for each in applied.json["outcomes"]]) == (1, ["hr"])
    assert len(emulator.subscriptions()) == 1


def protected(**more):
    return subscription(management={"protect": True}, **more)


MANY = [live(f"old-{number}", number) for number in range(2, 8)]
NEWER = {"notificationUrl": "https://hooks.contoso.com/old", "expirationDateTime": SOON}
OTHER = {"changeType": "deleted"}


@pytest.mark.parametrize(
    ("documents", "subscriptions", "options", "expected"),
    [
        pytest.param([subscription()], [], [], (2, ["create hr None"]), id="pending"),
        pytest.param([subscription()], [live()], [], (0, []), id="nothing"),
        pytest.param(
            [subscription()], [live(expirationDateTime=SOON)], [], (0, ["renew hr None"]), id="due-renewals-alone"
        ),
        pytest.param([subscription()], [], ["--policy", "observe"], (0, ["create hr Policy"]), id="policy-alone"),
        pytest.param(
            [subscription(management={"suspend": True})], [], [], (0, ["create hr Suspended"]), id="suspended-alone"
        ),
        pytest.param(
            [protected()],
            [live(mark={"protected": True}, **OTHER)],
            [],
            (0, ["replace hr Protected"]),
            id="protected-alone",
        ),
        pytest.param(
            [subscription()],
            [live(), live("it", 2, mark={"protected": True})],
            [],
            (0, ["delete it Protected"]),
            id="protected-on-removal",
        ),
        pytest.param(
            [subscription(number=9)],
            [live(number=9) | {"notificationUrl": f"{HOOK}?reconciler=9.{OWNER}.hr.x"}],
            [],
            (2, ["update hr Blocked"]),
            id="blocked-is-pending",
        ),
        pytest.param(
            [subscription()],
            [live(), *MANY],
            [],
            (3, [f"delete old-{number} Unsafe" for number in range(2, 8)]),
            id="unsafe-also-in-a-dry-run",
        ),
        pytest.param(
            [subscription(), subscription("new", 20)],
            [live(), *MANY],
            [],
            (3, ["create new None", *(f"delete old-{number} Unsafe" for number in range(2, 8))]),
            id="unsafe-over-pending",
        ),
        pytest.param(
            [subscription()],
            [live(), *MANY],
            ["--allow", "removals"],
            (2, [f"delete old-{number} None" for number in range(2, 8)]),
            id="unsafe-let-through",
        ),
        pytest.param(
            [], [live()], [], (3, ["delete hr Unsafe"]), id="nothing-wanted"
        ),
        pytest.param(
            [], [live()], ["--allow", "empty"], (2, ["delete hr None"]), id="nothing-wanted-let-through"
        ),
        pytest.param(
            [subscription()],
            [live(**NEWER)],
            ["--policy", "create-only"],
            (0, ["update hr Policy", "renew hr None"]),
            id="what-is-withheld-is-renewed",
        ),
        pytest.param(
            [subscription()],
            [live(**NEWER)],
            ["--policy", "observe"],
            (0, ["update hr Policy"]),
            id="but-not-under-observe",
        ),
    ],
)  # fmt: skip
def test_dry_runs(offline, documents, subscriptions, options, expected):
    ran = offline(documents, subscriptions, "--detailed-exitcode", *options)
    assert (ran.code, [" ".join(map(str, each)) for each in ran.actions]) == expected
    plain = offline(documents, subscriptions, *options)
    assert plain.code == (0 if expected[0] == 2 else expected[0])


def test_an_incomplete_list_withholds_what_needs_it(offline):
    documents = [subscription(), subscription("it", 2), subscription("new", 3)]
    subscriptions = [live(), live("it", 2, changeType="deleted"), live("old", 4)]
    ran = offline(documents, subscriptions, complete=False)
    assert ran.code == 3
    assert ran.actions == [("replace", "it", "Unsafe"), ("create", "new", "Unsafe"), ("delete", "old", "Unsafe")]
    assert ran.rules == ["list-incomplete"]
    assert [each["code"] for each in ran.json["violations"]] == ["incomplete"]


def test_blocked_is_a_failure_of_an_apply_and_wins_over_unsafe(reconcile, emulator, receiver, local):
    local(*(subscription(f"team-{number}", number) for number in range(1, 6)))
    assert reconcile().code == 0
    local(subscription("new", 9), interval="1h")
    theirs = {
        "changeType": "updated",
        "resource": "/teams/0a1b2c3d-0000-4000-8000-000000000009",
        "notificationUrl": receiver.url("/theirs"),
        "lifecycleNotificationUrl": receiver.url("/theirs"),
        "expirationDateTime": emulator.subscriptions()[0]["expirationDateTime"],
    }
    with emulator.client(headers={"Authorization": f"Bearer {emulator.token()}"}) as client:
        client.post("/v1.0/subscriptions", json=theirs).raise_for_status()
    looked = reconcile("--dry-run", "--detailed-exitcode", "--format", "json")
    assert (looked.code, looked.actions[0]) == (3, ("create", "new", "Blocked"))
    applied = reconcile("--format", "json")
    assert applied.code == 1
    assert {each["result"] for each in applied.json["outcomes"]} == {"withheld"}
    assert len(emulator.subscriptions()) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the snapshot is not JSON"),
        ("[1, 2", "the snapshot is not JSON"),
        ("[]", 'the snapshot lacks "kind": "Snapshot", is it another file?'),
        (json.dumps({"changes": []}), 'the snapshot lacks "kind": "Snapshot", is it another file?'),
        (snapshot(taken(), schemaVersion=2), "the snapshot has schemaVersion 2, this program reads 1: take a new one"),
        (snapshot(taken(), takenAt="yesterday"), "the snapshot is not as"),
        (snapshot({"name": "contoso"}), "the snapshot is not as"),
        (snapshot(taken(subscriptions=["x"])), "the snapshot is not as"),
        (snapshot(taken(remembered={"x": {"granted": "3 days"}})), "the snapshot is not as"),
        (snapshot(taken(), taken()), "the snapshot has two tenants of one name"),
        ("\xff", "the snapshot cannot be read"),
    ],
)
def test_a_snapshot_that_cannot_be_read(reconcile, environment, text, said):
    file = environment / "live.json"
    file.write_bytes(text.encode("latin-1"))
    ran = reconcile("--dry-run", "--live", file)
    assert (ran.code, ran.err) == (4, "")
    assert ran.out.startswith(f"{file}:1:1: {said}")
    assert "[snapshot]\n" in ran.out


def test_a_snapshot_that_is_not_there(reconcile):
    ran = reconcile("--dry-run", "--live", "none.json", "--format", "json")
    assert (ran.code, ran.rules, ran.err) == (4, ["snapshot"], "")
    assert ran.json["problems"][0]["message"] == "the snapshot cannot be read: No such file or directory"
