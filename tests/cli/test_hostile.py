"""Manifests from a pull request are hostile: a dry run of them sends nothing anywhere, reads nothing, tells nothing."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import CLIENT_STATE_KEY
from tests.cli.support import (
    TENANT_ID,
    endpoint,
    live,
    local_tenant,
    manifest,
    settings,
    snapshot,
    subscription,
    taken,
    tenant,
    write,
)
from tests.cli.trap import Trap
from tests.support.emulator import RunningEmulator

SECRET = "the-client-secret-of-the-pipeline"


@pytest.fixture
def trap(running) -> Iterator[Trap]:
    trap = Trap(running.info)
    yield trap
    trap.close()


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("RECONCILER_CLIENT_STATE_KEY", CLIENT_STATE_KEY)


def folder(environment: Path, *documents) -> Path:
    return write(environment / "manifests" / "all.yaml", settings(), endpoint(), subscription(), *documents).parent


@pytest.mark.parametrize("command", [["--dry-run"], [], ["status"]], ids=["dry-run", "apply", "status"])
def test_a_cloud_of_its_own_gets_no_request(reconcile, environment, trap, command):
    folder(environment, tenant(cloud=trap.cloud))
    ran = reconcile(*command)
    assert (ran.code, trap.connections) == (1, 0)
    assert f"a token would be sent to {trap.host}: allow that with --allow-cloud {trap.host}" in ran.err


@pytest.mark.parametrize("known", ["graph", "authority"])
def test_half_a_cloud_of_its_own_neither(reconcile, environment, trap, known):
    origins = {"graph": "https://graph.microsoft.com", "authority": "https://login.microsoftonline.com"}
    folder(environment, tenant(cloud=trap.cloud | {known: origins[known]}))
    options = ["--allow-cloud", "graph.microsoft.com", "--allow-cloud", "login.microsoftonline.com"]
    ran = reconcile("--dry-run", *options)
    assert (ran.code, trap.connections) == (1, 0)
    assert f"--allow-cloud {trap.host}" in ran.err


def test_a_host_that_only_looks_allowed_neither(reconcile, environment, trap):
    allowed = "graph.contoso.com"
    sly = f"https://{allowed}@{trap.host}"
    folder(environment, tenant(cloud={"graph": sly, "authority": sly}))
    ran = reconcile("--dry-run", "--allow-cloud", allowed)
    assert ran.code in {1, 4}
    assert trap.connections == 0


@pytest.mark.parametrize("sign", ["\t", "\n", "\r", "\x7f", " ", "\u00ad"])
def test_a_host_with_a_sign_that_python_drops_neither(reconcile, environment, sign):
    """urlsplit reads lo<tab>gin.contoso.com as login.contoso.com."""
    sly = f"https://lo{sign}gin.contoso.com"
    folder(environment, tenant(cloud={"graph": "https://graph.contoso.com", "authority": sly}))
    ran = reconcile("--dry-run", "--allow-cloud", "login.contoso.com", "--allow-cloud", "graph.contoso.com")
    assert ran.code == 4
    assert "spec.cloud.authority: write an origin such as https://graph.contoso.com" in ran.out + ran.err


@pytest.mark.parametrize("how", ["option", "port", "environment", "upper-case"])
def test_a_cloud_that_is_allowed_is_asked(reconcile, environment, trap, running, monkeypatch, how):
    """Or else the tests above would prove nothing."""
    (environment / "manifests").mkdir()
    (environment / "manifests" / "ca.pem").write_bytes(Path(running.info["caFile"]).read_bytes())
    folder(environment, tenant(cloud=trap.cloud | {"caFile": "ca.pem"}))
    options = {
        "option": ["--allow-cloud", "localhost"],
        "port": ["--allow-cloud", trap.host],
        "environment": [],
        "upper-case": ["--allow-cloud", "LOCALHOST"],
    }[how]
    if how == "environment":
        monkeypatch.setenv("RECONCILER_ALLOW_CLOUD", f"elsewhere.contoso.com,{trap.host}")
    ran = reconcile("--dry-run", *options)
    assert ran.code == 1
    assert trap.heard.startswith(b"GET /" + TENANT_ID.encode())
    assert SECRET not in ran.out + ran.err


@pytest.fixture
def outside(environment: Path, running: RunningEmulator) -> Path:
    """Files next to the manifests' folder, all of which would be good to have."""
    place = environment / "private"
    place.mkdir()
    for name in ("caFile", "clientCertificate", "clientKey"):
        (place / name).write_bytes(Path(running.info[name]).read_bytes())
    (place / "secret").write_text(SECRET)
    (place / "manifest.yaml").write_text(json.dumps(subscription("outside", 9)))
    return place


def paths_to(outside: Path, name: str) -> dict[str, str]:
    inside = outside.parent / "manifests"
    inside.mkdir(exist_ok=True)
    (inside / "file-link").symlink_to(outside / name)
    (inside / "folder-link").symlink_to(outside)
    (inside / "below").mkdir()
    return {
        "absolute": str(outside / name),
        "parent": f"../private/{name}",
        "winding": f"below/../../private/{name}",
        "symlink": "file-link",
        "symlinked-folder": f"folder-link/{name}",
    }


WAYS = ["absolute", "parent", "winding", "symlink", "symlinked-folder"]
NOT_READ = "lies outside of the manifests' folder, a dry run does not read it"


@pytest.mark.parametrize("way", WAYS)
def test_a_ca_file_outside_is_not_read(reconcile, environment, outside, trap, way):
    path = paths_to(outside, "caFile")[way]
    (environment / "manifests" / "folder-link").unlink() if way != "symlinked-folder" else None
    file = write(environment / "manifests" / "all.yaml", settings(), endpoint(), subscription(),
                 tenant(cloud=trap.cloud | {"caFile": path}))  # fmt: skip
    ran = reconcile("-f", file, "--dry-run", "--allow-cloud", "localhost")
    assert (ran.code, trap.connections) == (1, 0)
    assert f"caFile: the file {path} {NOT_READ}" in ran.err


@pytest.mark.parametrize("way", WAYS)
def test_a_certificate_outside_is_not_read(reconcile, environment, outside, way):
    path = paths_to(outside, "clientCertificate")[way]
    certificate = manifest("Certificate", "rich", {"certificate": {"file": path}})
    file = write(environment / "manifests" / "all.yaml", settings(), endpoint(), tenant(), certificate,
                 subscription(certificate="rich"))  # fmt: skip
    for command in (["validate"], ["--dry-run"]):
        ran = reconcile("-f", file, *command)
        assert ran.code == 4
        assert f"the file {path} {NOT_READ} [unreadable-file]" in ran.out


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_a_credential_outside_counts_as_absent(reconcile, environment, outside, emulator, way, kind):
    path = paths_to(outside, "secret" if kind == "secret" else "clientKey")[way]
    inside = environment / "manifests"
    (inside / "client.pem").write_bytes((outside / "clientCertificate").read_bytes())
    secret = {"secret": {"file": path}}
    certificate = {"certificate": {"certificate": {"file": "client.pem"}, "privateKey": {"file": path}}}
    credential = secret if kind == "secret" else certificate
    file = write(inside / "all.yaml", settings(), endpoint(), local_tenant(credential=credential), subscription())
    before = len(emulator.requests())
    ran = reconcile("-f", file, "--dry-run")
    assert (ran.code, len(emulator.requests())) == (1, before)
    assert f"no credential of Tenant 'contoso' is present: the file {path} {NOT_READ}" in ran.err
    either = [credential, {"secret": {"env": "GOOD"}}]
    write(file, settings(), endpoint(), local_tenant(credential=either), subscription())
    os.environ["GOOD"] = emulator.info["clientSecret"]
    try:
        assert reconcile("-f", file, "--dry-run").code == 0
    finally:
        del os.environ["GOOD"]


@pytest.mark.parametrize("command", [["validate"], ["--dry-run"]], ids=["validate", "dry-run"])
def test_a_manifest_that_points_outside_is_not_followed(reconcile, environment, outside, command):
    inside = folder(environment, tenant())
    (inside / "link.yaml").symlink_to(outside / "manifest.yaml")
    (inside / "links").symlink_to(outside)
    ran = reconcile(*command)
    assert ran.code == 4
    said = "neither a dry run nor validate follows it [path-outside]"
    assert f"manifests/link.yaml:1:1: this file lies outside of manifests, {said}" in ran.out
    assert f"manifests/links:1:1: this folder lies outside of manifests, {said}" in ran.out
    assert "outside'" not in ran.out


def test_an_apply_does_follow_it(reconcile, environment, emulator, receiver, outside):
    urls = {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url("/lifecycle")}
    inside = write(environment / "manifests" / "all.yaml", settings(), local_tenant(), endpoint(**urls)).parent
    (inside / "links").symlink_to(outside)
    assert reconcile("--format", "json").actions == [("create", "outside", None)]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://127.0.0.1.evil.example", "https://localhost@evil.example", "https://[::1"]
)  # fmt: skip
def test_an_emulator_that_is_not_on_loopback_is_not_talked_to(reconcile, environment, running, monkeypatch, origin):
    home = environment / "home"
    home.mkdir()
    for key in ("graph", "authority"):
        (home / "emulator.json").write_text(json.dumps(running.info | {key: origin}))
        monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(home))
        folder(environment, local_tenant())
        ran = reconcile("--dry-run")
        assert ran.code == 1
        assert f"names {origin}, the emulator is on loopback only" in ran.err


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"graph": 1}', "\xff"])
def test_a_damaged_home_of_the_emulator(reconcile, environment, monkeypatch, content):
    home = environment / "home"
    home.mkdir()
    (home / "emulator.json").write_bytes(content.encode("latin-1"))
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(home))
    folder(environment, local_tenant())
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert "emulator.json cannot be read" in ran.err
    assert "start the local Graph anew" in ran.err


def test_the_emulator_is_only_for_those_who_asked_for_it(reconcile, environment, monkeypatch):
    folder(environment, local_tenant())
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert "cloud: emulator needs RECONCILER_EMULATOR_HOME, the folder that `reconcile emulator --home` was" in ran.err
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", "/nowhere")
    assert "/nowhere/emulator.json does not exist: start the local Graph with" in reconcile("--dry-run").err


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_ever_printed(reconcile, environment, emulator, receiver, monkeypatch, form):
    """Of the environment, of files, of URLs: in no command, whether it ends well or not."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.info["clientSecret"])
    monkeypatch.setenv("WRONG", "wrong-secret-that-is-secret-too")
    query = {"notificationUrl": receiver.url("/notifications?code=key-in-a-query&b=other-key")}
    query["lifecycleNotificationUrl"] = receiver.url("/lifecycle?code=key-of-the-lifecycle-url")
    good = {"secret": {"env": "AZURE_CLIENT_SECRET"}}
    wrong = local_tenant("wrong", clientId=emulator.register()["clientId"], credential={"secret": {"env": "WRONG"}})
    file = write(environment / "manifests" / "all.yaml", settings(), endpoint(**query), wrong,
                 local_tenant(credential=good), subscription(tenant="contoso"))  # fmt: skip
    printed = ""
    kept = ["status", "--live-out", "live.json"]
    for arguments in (["validate"], ["--dry-run"], [], ["status"], kept, ["--dry-run", "--live", "live.json"]):
        ran = reconcile(*arguments, "--format", form)
        printed += ran.out + ran.err
    changed = endpoint(**query | {"notificationUrl": receiver.url("/notifications?code=a-newer-key&b=other-key")})
    write(file, settings(), changed, wrong, local_tenant(credential=good), subscription(tenant="contoso"))
    for mode in ("refuse", "ok"):
        receiver.mode = mode
        for arguments in (["--dry-run"], ["--dry-run", "--live", "live.json"], []):
            ran = reconcile(*arguments, "--format", form)
            printed += ran.out + ran.err
    assert "code=redacted-" in printed
    assert "AADSTS7000215" in printed
    assert "this is our own endpoint" in printed
    states = [each["clientState"] for each in emulator.subscriptions()]
    assert len(states) == 1
    keys = ["key-in-a-query", "other-key", "key-of-the-lifecycle-url", "a-newer-key"]
    secrets = [CLIENT_STATE_KEY, emulator.info["clientSecret"], "wrong-secret-that-is-secret-too", *keys, *states]
    assert [secret for secret in secrets if secret in printed] == []


def test_a_literal_secret_is_refused_and_not_repeated(reconcile, environment):
    folder(environment, tenant(credential={"secret": "typed-into-the-manifest"}))
    for form in ("text", "json"):
        ran = reconcile("--dry-run", "--format", form)
        assert ran.code == 4
        assert "literal-secret" in ran.out + ran.err
        assert "typed-into-the-manifest" not in ran.out + ran.err


@pytest.mark.parametrize("place", ["clientStateKey", "clientState"])
def test_a_private_key_as_a_secret_is_not_repeated(reconcile, environment, place):
    folder(environment, tenant())
    write(environment / "manifests" / "b.yaml", endpoint("b", receiver="external", **{place: "-----BEGIN SECRET-----"}))
    ran = reconcile("validate")
    assert ran.code == 4
    assert "BEGIN SECRET" not in ran.out + ran.err


def test_urls_are_redacted_on_both_sides_and_still_compared(offline):
    def plan(old: str, new: str):
        url = "https://hooks.contoso.com/notifications?code={}"
        found = live(notificationUrl=url.format(old))
        write(Path("manifests") / "endpoint.yaml", endpoint("hook", notificationUrl=url.format(new)))
        return offline([subscription(endpoint="hook")], [found])

    assert plan("one", "one").actions == []
    changed = plan("one", "two")
    assert changed.actions == [("update", "hr", None)]
    (difference,) = changed.json["changes"][0]["differences"]
    assert difference["from"] != difference["to"]
    assert "code=redacted-" in difference["from"]


def test_a_name_of_a_file_forges_no_line(reconcile, environment):
    inside = folder(environment, tenant())
    (inside / "x\n::error::forged\x1b[2K.yaml").write_text("kind: Nothing")
    ran = reconcile("validate")
    assert ran.code == 4
    assert "\n::error::" not in ran.out
    assert "manifests/x\\u000a::error::forged\\u001b[2K.yaml:1:7: unknown kind 'Nothing'" in ran.out


def test_a_snapshot_of_a_stranger_says_nothing_by_itself(reconcile, environment):
    folder(environment, tenant())
    theirs = live("hr", 1, notificationUrl="https://hooks.contoso.com/notifications?code=not-redacted-at-all")
    (environment / "live.json").write_text(snapshot(taken(theirs)))
    ran = reconcile("--dry-run", "--live", "live.json")
    assert ran.code == 0
    assert "not-redacted-at-all" not in ran.out + ran.err
