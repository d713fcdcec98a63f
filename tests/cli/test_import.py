"""What nobody manages here comes into the manifests, is adopted as it stands, and is then no news any more."""

import base64
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.imported_files import Beside
from reconciler.core.manifest import Text
from reconciler.core.mark import Mark, mark_of
from reconciler.core.times import spell_time
from tests.cli.conftest import Reconcile
from tests.cli.support import OWNER, Ran, endpoint, local_tenant, manifest, settings, subscription, team, tenant, write
from tests.support.emulator import RunningEmulator
from tests.support.key_pairs import pair, write_pair
from tests.support.receiver import ValidationReceiver

Post = Callable[..., str]
USER = "users/11111111-2222-4333-8444-555555555555"
SECRET = "not-for-your-eyes"
THEIRS = "their-client-state"
COPIED = {"resource", "changeType", "notificationUrl", "lifecycleNotificationUrl", "expirationDateTime"}


@pytest.fixture
def post(emulator: RunningEmulator, receiver: ValidationReceiver) -> Post:
    """Somebody else's program makes a subscription; its id."""

    def create(
        resource: str,
        changes: str = "updated",
        *,
        to: str = "/theirs",
        lifecycle: str | None = "/theirs-life",
        version: str = "v1.0",
        **more: Any,
    ) -> str:
        body = {
            "resource": resource,
            "changeType": changes,
            "notificationUrl": receiver.url(to),
            "expirationDateTime": spell_time(dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(hours=10)),
            "clientState": THEIRS,
        } | more
        if lifecycle:
            body["lifecycleNotificationUrl"] = receiver.url(lifecycle)
        return str(emulator.write("POST", f"/{version}/subscriptions", body)["id"])

    return create


def rich(name: str) -> dict[str, Any]:
    return {
        "includeResourceData": True,
        "encryptionCertificate": base64.b64encode(pair(name).pem).decode(),
        "encryptionCertificateId": pair(name).thumbprint,
    }


def documents(file: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(file.read_text(encoding="utf-8")) if each]


def named(found: list[dict[str, Any]], kind: str) -> list[str]:
    return [each["metadata"]["name"] for each in found if each["kind"] == kind]


def plan(reconcile: Reconcile, *options: object) -> Ran:
    return reconcile("--dry-run", "--format", "json", "--detailed-exitcode", *options)


@pytest.fixture
def folder(local: Callable[..., Path], environment: Path) -> Path:
    """Manifests with an endpoint and a certificate of our own."""
    found = local(manifest("Certificate", "rich-2026", {"certificate": {"file": "rich.pem"}}))
    write_pair(found, "rich")
    return found


@pytest.fixture
def foreign(post: Post) -> list[str]:
    """The ids of what can be adopted as it is."""
    return [
        post("/teams", "created,updated,deleted"),
        post(team(1), to=f"/hook?code={SECRET}&n=1", lifecycle=f"/hook-life?code={SECRET}"),
        post(f"{team(2)}/channels", "created,deleted", **rich("rich")),
        post(f"{USER}/messages", "created", lifecycle=None),
        post(f"{USER}/events", version="beta", latestSupportedTlsVersion="v1_3"),
    ]


def test_imported_adopted_and_no_news_any_more(reconcile, emulator, folder, foreign, post, tmp_path):
    twin = post(f"{USER}/messages", "created", lifecycle=None)
    post("/teams/getAllChannels", "created", **rich("lost"))
    others = post(team(3), to="/m?reconciler=1.them.hr.0123456789.k1.0123456789")
    before = {each["id"]: each for each in emulator.subscriptions()}
    asked = len(emulator.requests())

    imported = reconcile("import", "--into", folder)
    assert imported.code == 0
    assert {each["method"] for each in emulator.requests()[asked:]} <= {"GET", "POST"}
    assert not [
        each for each in emulator.requests()[asked:] if "/subscriptions" in each["path"] and each["method"] != "GET"
    ]
    assert list((tmp_path / "state").rglob("*")) == []
    assert imported.out == ""
    file, values = folder / "imported-contoso.yaml", folder / "imported-contoso.yaml.vars"
    assert f"contoso: 5 to be adopted, in {file}, 2 commented out (each says why)\n" in imported.err
    assert (
        f"contoso: left out 1 of the owner them (--previous-owner them imports them, too): {others}\n" in imported.err
    )
    assert f"--var-file {values} whenever" in imported.err
    assert values.stat().st_mode & 0o777 == 0o600
    assert SECRET not in file.read_text() + imported.err
    assert len(named(documents(file), "Endpoint")) == 3

    planned = plan(reconcile, "--var-file", values)
    assert planned.code == 2
    assert {(action, withheld) for action, _, withheld in planned.actions} == {("adopt", None)}
    adopted = {each["subscriptionId"] for each in planned.json["changes"]}
    assert {*foreign} ^ adopted in ({*()}, {foreign[3], twin})
    assert SECRET not in planned.out + planned.err

    applied = reconcile("--var-file", values)
    assert (applied.code, applied.out.count("done: adopted")) == (0, 5)
    after = {each["id"]: each for each in emulator.subscriptions()}
    assert after.keys() == before.keys()
    assert {each["clientState"] for each in after.values()} == {THEIRS}
    owners = {
        key: mark.owner for key, each in after.items() if isinstance(mark := mark_of(each["notificationUrl"]), Mark)
    }
    assert owners == dict.fromkeys(adopted, OWNER) | {others: "them"}
    assert plan(reconcile, "--var-file", values).code == 0

    again = reconcile("import", "--into", folder, "--var-file", values)
    assert again.code == 0
    assert "nothing to import in contoso: 5 are ours, 2 are commented out, 1 is another owner's\n" in again.err
    assert len(list(folder.glob("imported-*"))) == 2


def test_run_twice_it_adds_nothing_although_nothing_was_applied(reconcile, folder, foreign, post):
    twin = post(f"{USER}/messages", "created", lifecycle=None)
    first = reconcile("import", "--into", folder)
    assert first.code == 0
    values = folder / "imported-contoso.yaml.vars"
    again = reconcile("import", "--into", folder, "--var-file", values)
    assert again.err.endswith("nothing to import in contoso: 5 are in the manifests already, 1 is commented out\n")
    new = post(f"{USER}/contacts", "created")
    third = reconcile("import", "--into", folder, "--var-file", values)
    assert third.code == 0
    second = folder / "imported-contoso-2.yaml"
    assert f"contoso: 1 to be adopted, in {second}\n" in third.err
    assert [each["spec"]["management"]["adopt"]["id"] for each in documents(second)] == [new]
    assert twin not in second.read_text()
    assert {action for action, _, _ in plan(reconcile, "--var-file", values).actions} == {"adopt"}


def test_a_folder_that_is_not_read_counts_as_well(reconcile, folder, foreign, environment):
    elsewhere = environment / "review" / "contoso"
    assert reconcile("import", "--into", elsewhere).code == 0
    again = reconcile("import", "--into", elsewhere)
    assert "nothing to import in contoso: 5 are in the manifests already\n" in again.err
    assert sorted(each.name for each in elsewhere.iterdir()) == ["imported-contoso.yaml", "imported-contoso.yaml.vars"]


def test_printed_it_is_the_same_each_time_and_without_the_values(reconcile, folder, foreign):
    first, second = reconcile("import"), reconcile("import")
    assert first.out == second.out
    assert first.out.count("adopt: {id: ") == 5
    assert SECRET not in first.out + first.err
    text = first.out
    write_printed = folder / "printed.yaml"
    write_printed.write_text(text, encoding="utf-8")
    lacking = reconcile("validate")
    assert lacking.code == 4
    for name in ("CODE", "N"):
        assert f"_{name}" in first.err
        assert f"_{name} is not set" in lacking.out


def test_as_json(reconcile, folder, foreign, post):
    twin = post(f"{USER}/messages", "created", lifecycle=None)
    found = reconcile("import", "--format", "json").json
    assert found.keys() == {"manifests", "commentedOut"}
    assert len(named(found["manifests"], "Subscription")) == 5
    commented = found["commentedOut"][0]
    assert {
        commented["subscriptionId"],
        *(each["spec"]["management"]["adopt"]["id"] for each in found["manifests"] if each["kind"] == "Subscription"),
    } == {*foreign, twin}
    assert "both are about the same resource and change types" in commented["reason"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param([{"id": "a", "env": "KEY"}], "1 to be adopted", id="its-key-is-here"),
        pytest.param([{"id": "b", "env": "KEY"}], "0 to be adopted, 1 commented out", id="its-key-is-not"),
    ],
)
def test_a_previous_owner(reconcile, post, receiver, environment, keys, said):
    post(team(3), to="/m?reconciler=1.them.hr.0123456789.a.0123456789", lifecycle="/m")
    own = manifest("Endpoint", "own", {"notificationUrl": receiver.url("/m"), "clientStateKeys": keys})
    write(environment / "manifests" / "all.yaml", settings(), local_tenant(), own)
    assert "nothing to import in contoso: 1 is another owner's" in reconcile("import").err
    found = reconcile("import", "--previous-owner", "them")
    assert f"contoso: {said}" in found.err
    assert "# It is 'hr' of the owner 'them': --previous-owner them lets it through." in found.out


def test_half_a_list_is_written_with_a_warning(reconcile, emulator, folder, foreign):
    refused = {"method": "GET", "version": "beta", "status": 403, "code": "Forbidden", "message": "No."}
    emulator.faults({"answers": [refused]})
    found = reconcile("import")
    assert found.code == 0
    assert "contoso: the list is not whole, there may be more to import: " in found.err
    assert found.out.count("adopt: {id: ") == 4


def test_a_tenant_that_cannot_be_read_fails_alone(reconcile, folder, foreign):
    write(folder / "more.yaml", tenant("fabrikam"))
    found = reconcile("import", "--into", folder)
    assert found.code == 1
    assert "fabrikam could not be read: " in found.err
    spec = documents(folder / "imported-contoso.yaml")[-1]["spec"]
    assert spec["tenant"] == "contoso"
    assert not (folder / "imported-fabrikam.yaml").exists()


def test_an_endpoint_that_two_tenants_need_is_written_once(reconcile, emulator, folder, post, monkeypatch, receiver):
    app = emulator.register(tenantId="11111111-2222-4333-8444-000000000001")
    monkeypatch.setenv("OTHER_SECRET", app["clientSecret"])
    ids = {key: app[key] for key in ("tenantId", "clientId")}
    write(folder / "more.yaml", local_tenant("fabrikam", **ids, credential={"secret": {"env": "OTHER_SECRET"}}))
    post(team(1))
    with emulator.client(timeout=10) as client:
        client.headers["Authorization"] = f"Bearer {emulator.token(**ids)}"
        body = {key: value for key, value in emulator.subscriptions()[0].items() if key in COPIED}
        client.post("/v1.0/subscriptions", json=body).raise_for_status()
    assert reconcile("import", "--into", folder).code == 0
    contoso, fabrikam = (documents(folder / f"imported-{name}.yaml") for name in ("contoso", "fabrikam"))
    assert [each["kind"] for each in contoso + fabrikam] == ["Endpoint", "Subscription", "Subscription"]
    assert [each["spec"]["tenant"] for each in contoso[1:] + fabrikam] == ["contoso", "fabrikam"]
    assert [action for action, _, _ in plan(reconcile).actions] == ["adopt", "adopt"]


def test_only_the_tenant_that_is_asked_for(reconcile, folder, foreign):
    write(folder / "more.yaml", tenant("fabrikam"))
    found = reconcile("import", "--tenant", "contoso")
    assert (found.code, "fabrikam" in found.err) == (0, False)
    assert reconcile("import", "--tenant", "nobody").code == 64


def test_what_somebody_else_declared_is_not_adopted_over_it(reconcile, folder, post):
    write(folder / "more.yaml", subscription("hr", 1, endpoint="public"))
    post(team(1))
    found = reconcile("import")
    assert "contoso: 0 to be adopted, 1 commented out" in found.err
    assert "# # Graph would refuse this one beside 'hr'" in found.out


def test_what_a_manifest_finds_by_itself_is_not_written_again(reconcile, folder, post):
    write(folder / "more.yaml", subscription("hr", 1, endpoint="public", management={"adopt": True}))
    post(team(1))
    assert "nothing to import in contoso: 1 is in the manifests already\n" in reconcile("import").err


def test_comments_of_standard_input_count_as_well(reconcile, environment, post):
    twins = [post(f"{USER}/messages", "created", lifecycle=None) for _ in range(2)]
    text = write(environment / "all.yaml", settings(), local_tenant()).read_text(encoding="utf-8")
    found = reconcile("import", "-f", "-", stdin=f"{text}# adopt: {{id: {twins[0]}}}\n# id: {twins[1].upper()}\n")
    assert found.err.endswith("nothing to import in contoso: 2 are commented out\n")


@pytest.mark.parametrize(
    ("line", "in_force", "commented"),
    [
        pytest.param("    adopt: {id: 0A1b2c3d-1, clientState: {env: X}}", {"0a1b2c3d-1"}, set(), id="in-force"),
        pytest.param('"adopt": {"id": "0a1b2c3d-1"}', {"0a1b2c3d-1"}, set(), id="json"),
        pytest.param("#     adopt: {id: 0a1b2c3d-1}", set(), {"0a1b2c3d-1"}, id="commented-out"),
        pytest.param("adopt: {id: 0a1b2c3d-1}  # not id: 0a1b2c3d-2", {"0a1b2c3d-1"}, {"0a1b2c3d-2"}, id="both"),
        pytest.param("# valid: id: 0a1b2c3d-1", set(), {"0a1b2c3d-1"}, id="after-a-word-that-ends-alike"),
        pytest.param("tenantid: 0a1b2c3d-1", set(), set(), id="another-key"),
    ],
)
def test_ids_that_stand_in_a_file(line, in_force, commented):
    found = Beside([Text("m.yaml", line)])
    assert (found.in_force, found.commented) == (in_force, commented)


@pytest.mark.parametrize("into", ["a-file", "a-file/below", "no-entry/below"])
def test_a_folder_that_cannot_be_written_is_told_before_graph_is_asked(reconcile, emulator, folder, environment, into):
    (environment / "a-file").write_text("", encoding="utf-8")
    (environment / "no-entry").symlink_to("/proc/self/fdinfo")
    asked = len(emulator.requests())
    found = reconcile("import", "--into", environment / into)
    assert found.code == 64
    assert f"--into {environment / into} cannot be written: " in found.err
    assert len(emulator.requests()) == asked


def test_it_needs_valid_manifests(reconcile, local):
    local(subscription(resource="/nonsense"))
    assert reconcile("import").code == 4


def test_an_endpoint_beside_which_the_others_must_be_named_is_told(reconcile, post, environment, receiver):
    mine = endpoint(
        "mine",
        notificationUrl=receiver.url("/mine"),
        lifecycleNotificationUrl=receiver.url("/mine"),
        receiver="external",
    )
    write(environment / "manifests" / "all.yaml", settings(), local_tenant(), mine, subscription("hr", 7))
    post(team(1))
    found = reconcile("import")
    assert found.code == 0
    assert "beside the new manifests, these need a change before anything can be planned:\n" in found.err
    assert "name the endpoint: there are several (external-" in found.err
