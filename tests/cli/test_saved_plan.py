"""A plan that is saved, reviewed and carried out later: only if it is still the plan."""

import json

import pytest

from tests.cli.support import endpoint, local_tenant, settings, subscription, write


@pytest.fixture
def manifests(environment, emulator):
    folder = environment / "manifests"
    url = "https://localhost:${RECEIVER_PORT}/notifications"
    public = endpoint(notificationUrl=url, lifecycleNotificationUrl=url)
    write(folder / "all.yaml", settings(), local_tenant(), public)
    write(folder / "teams.yaml", subscription("hr", 1), subscription("it", 2))
    return folder


def writes(emulator):
    return [
        each["method"]
        for each in emulator.requests()
        if each["method"] in {"POST", "PATCH", "DELETE"} and "/subscriptions" in each["path"]
    ]


def test_what_was_reviewed_is_carried_out(reconcile, manifests, emulator):
    planned = reconcile("--dry-run", "--out", "plan.json")
    assert planned.code == 0
    assert (
        json.loads((manifests.parent / "plan.json").read_text())["digest"]
        == reconcile("--dry-run", "--format", "json").json["digest"]
    )
    applied = reconcile("apply", "plan.json", "--format", "json")
    assert (applied.code, [each["result"] for each in applied.json["outcomes"]]) == (0, ["done", "done"])
    assert reconcile("--dry-run", "--detailed-exitcode").code == 0


def test_the_world_has_moved(reconcile, manifests, emulator):
    reconcile("--dry-run", "--out", "plan.json")
    write(manifests / "teams.yaml", subscription("hr", 1, changeTypes=["updated", "deleted"]), subscription("ops", 3))
    before = len(writes(emulator))
    applied = reconcile("apply", "plan.json")
    assert applied.code == 3
    assert len(writes(emulator)) == before
    assert "contoso: create it, " in applied.out.partition("not any more: ")[2]
    assert "now: contoso: create ops" in applied.out
    assert "not any more: contoso: create hr" in applied.out
    assert "now: contoso: create hr" in applied.out


def test_what_is_created_is_part_of_the_promise(reconcile, manifests):
    """Not only that something of this name is: what it is about, too, and where it delivers."""
    reconcile("--dry-run", "--out", "plan.json")
    for spec in ({"resource": "/users"}, {"changeTypes": ["deleted"]}):
        write(manifests / "teams.yaml", subscription("hr", 1, **spec), subscription("it", 2))
        assert reconcile("apply", "plan.json").code == 3
    write(manifests / "teams.yaml", subscription("hr", 1), subscription("it", 2))
    assert reconcile("apply", "plan.json").code == 0


def test_a_second_time_there_is_nothing_left_of_it(reconcile, manifests):
    reconcile("--dry-run", "--out", "plan.json")
    assert reconcile("apply", "plan.json").code == 0
    again = reconcile("apply", "plan.json")
    assert (again.code, again.out.count("not any more")) == (3, 2)


def test_renewals_that_are_due_by_now_are_no_other_plan(reconcile, manifests, emulator):
    assert reconcile().code == 0
    assert reconcile("--dry-run", "--out", "plan.json").code == 0
    emulator.advance(60 * 3600)
    applied = reconcile("--renew-within", "3d", "--dry-run", "--format", "json")
    assert {action for action, _, _ in applied.actions} == {"renew"}
    assert reconcile("apply", "plan.json").code == 0


def test_what_the_plan_was_asked_for_with_goes_with_it(reconcile, manifests):
    reconcile("--dry-run", "--only", "hr", "--renew-within", "3d", "--policy", "create-only", "--out", "plan.json")
    assert json.loads((manifests.parent / "plan.json").read_text())["asked"] == {
        "only": ["hr"],
        "policy": "create-only",
        "renew_within": "3d",
    }
    applied = reconcile("apply", "plan.json", "--format", "json")
    assert [each["name"] for each in applied.json["outcomes"]] == ["hr"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param(lambda text: text.replace('"hr"', '"hx"'), "edited after it was saved", id="a-name"),
        pytest.param(
            lambda text: text.replace('"create": 2', '"create": 1'), "edited after it was saved", id="a-count"
        ),
        pytest.param(
            lambda text: text.replace('"schemaVersion": 1', '"schemaVersion": 2'),
            "schemaVersion 2",
            id="another-version",
        ),
        pytest.param(
            lambda text: text.replace('"SavedPlan"', '"Plan"'), "only a file that --out has written", id="another-kind"
        ),
        pytest.param(lambda text: text[: len(text) // 2], "not JSON", id="half-of-it"),
        pytest.param(lambda _: "[]", "only a file that --out has written", id="a-list"),
        pytest.param(lambda _: "", "not JSON", id="empty"),
    ],
)
def test_a_file_that_is_not_as_it_was_saved(reconcile, manifests, emulator, edit, said):
    reconcile("--dry-run", "--out", "plan.json")
    file = manifests.parent / "plan.json"
    file.write_text(edit(file.read_text()))
    before = len(writes(emulator))
    ran = reconcile("apply", "plan.json")
    assert ran.code == 4
    assert said in ran.out
    assert "plan.json:1:1" in ran.out
    assert len(writes(emulator)) == before


def test_a_seal_made_anew_does_not_make_a_plan(reconcile, manifests):
    """The digest is over the changes, so what a reviewer reads is what is carried out."""
    from reconciler.cli.saved_plan import seal

    reconcile("--dry-run", "--out", "plan.json")
    file = manifests.parent / "plan.json"
    found = json.loads(file.read_text())
    found["changes"].pop()
    found.pop("seal")
    file.write_text(json.dumps(found | {"seal": seal(found)}))
    assert reconcile("apply", "plan.json").code == 4


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"changes": "x"}, id="changes-are-a-word"),
        pytest.param({"changes": [1]}, id="a-change-is-a-number"),
        pytest.param({"changes": None}, id="no-changes"),
        pytest.param({"asked": [1]}, id="asked-is-a-list"),
        pytest.param({"asked": {"policy": "zzz"}}, id="no-such-policy"),
        pytest.param({"asked": {"renew_within": "zzz"}}, id="no-duration"),
        pytest.param({"asked": {"selector": [1]}}, id="no-labels"),
        pytest.param({"asked": {"allow": ["nonsense"]}}, id="no-such-code"),
        pytest.param({"asked": {"adoptions": -5}}, id="less-than-none"),
        pytest.param({"asked": {"only": "hr"}}, id="a-word-in-place-of-a-list"),
        pytest.param({"tenants": [1, {}]}, id="tenants-are-no-words"),
    ],
)
def test_whoever_can_make_a_seal_can_make_no_mess(reconcile, manifests, changed):
    from reconciler.cli.saved_plan import seal

    reconcile("--dry-run", "--out", "plan.json")
    file = manifests.parent / "plan.json"
    found = json.loads(file.read_text()) | changed
    found.pop("seal")
    file.write_text(json.dumps(found | {"seal": seal(found)}))
    ran = reconcile("apply", "plan.json")
    assert (ran.code, "edited after it was saved" in ran.out) == (4, True)


def test_a_plan_sets_no_option_that_is_no_matter_of_a_plan(reconcile, manifests):
    from reconciler.cli.saved_plan import seal

    reconcile("--dry-run", "--out", "plan.json")
    file = manifests.parent / "plan.json"
    found = json.loads(file.read_text())
    found["asked"] |= {"files": ["/nowhere"], "owner": "somebody", "allow_cloud": ["evil.example"]}
    found.pop("seal")
    file.write_text(json.dumps(found | {"seal": seal(found)}))
    assert reconcile("apply", "plan.json").code == 0


def test_from_standard_input(reconcile, manifests):
    reconcile("--dry-run", "--out", "plan.json")
    assert reconcile("apply", "-", stdin=(manifests.parent / "plan.json").read_text()).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["apply"], 64, "PLAN", id="no-plan"),
        pytest.param(["apply", "missing.json"], 4, "cannot be read", id="missing"),
        pytest.param(["--out", "plan.json"], 64, "--out goes with --dry-run", id="out-without-dry-run"),
        pytest.param(["--dry-run", "--out", "nowhere/plan.json"], 64, "there is no folder", id="no-folder"),
        pytest.param(["--dry-run", "--out", "manifests"], 64, "it is a folder", id="a-folder"),
        pytest.param(["apply", "plan.json", "--only", "hr"], 64, "--only", id="options-of-a-pass"),
        pytest.param(["--dry-run", "--replace", "nobody"], 64, "none of that name", id="replace-nobody"),
        pytest.param(["--dry-run", "--limit", "0"], 64, "greater than zero", id="limit-zero"),
    ],
)
def test_wrong_usage(reconcile, manifests, arguments, code, said):
    ran = reconcile(*arguments)
    assert ran.code == code
    assert said in ran.out + ran.err


def test_another_owner(reconcile, manifests):
    reconcile("--dry-run", "--out", "plan.json")
    ran = reconcile("apply", "plan.json", "--owner", "somebody")
    assert (ran.code, "of the owner 'contoso-test'" in ran.out) == (4, True)


def test_a_plan_with_a_tenant_unread_is_not_saved(reconcile, manifests, monkeypatch):
    write(manifests / "more.yaml", local_tenant("fabrikam", tenantId="11111111-1111-4111-8111-111111111111"))
    write(manifests / "teams.yaml", subscription("hr", 1, tenant="contoso"))
    ran = reconcile("--dry-run", "--out", "plan.json")
    assert ran.code == 1
    assert "not every tenant could be read" in ran.err
    assert not (manifests.parent / "plan.json").exists()


def test_from_a_snapshot_to_graph(reconcile, manifests, emulator):
    """Reviewed where there is no credential, carried out where there is one."""
    reconcile("status", "--live-out", "live.json")
    assert reconcile("--dry-run", "--live", "live.json", "--out", "plan.json").code == 0
    assert reconcile("apply", "plan.json").code == 0
