"""``reconcile doctor`` as a user runs it, against a local Graph: what it prints, and how it ends."""

import re
from pathlib import Path

import jsonschema
import pytest

from tests.cli.support import endpoint, local_tenant, settings, subscription, tenant, write
from tests.support.key_pairs import pair, write_pair
from tests.support.receiver import ValidationReceiver

DOCUMENT = Path(__file__).parents[2] / "docs" / "doctor.md"

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schemaVersion", "checkedAt", "owner", "findings", "summary"],
    "properties": {
        "schemaVersion": {"const": 1},
        "checkedAt": {"type": "string", "pattern": "Z$"},
        "owner": {"type": "string"},
        "summary": {
            "type": "object",
            "additionalProperties": False,
            "required": ["ok", "warning", "failure", "skipped"],
            "properties": {level: {"type": "integer"} for level in ("ok", "warning", "failure", "skipped")},
        },
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["check", "subject", "level", "found", "cause", "remedy"],
                "properties": {
                    "level": {"enum": ["ok", "warning", "failure", "skipped"]},
                    "check": {"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"},
                    "subject": {"type": "string", "minLength": 1},
                    "found": {"type": "string", "minLength": 1},
                    "cause": {"type": ["string", "null"]},
                    "remedy": {"type": ["string", "null"]},
                },
            },
        },
    },
}


def both(receiver):
    return {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url("/lifecycle")}


def levels(ran, level=None):
    """By check; of several findings of one check, all that differ."""
    found: dict[str, set[str]] = {}
    for each in ran.json["findings"]:
        found.setdefault(each["check"], set()).add(each["level"])
    return {check: values for check, values in found.items() if level is None or level in values}


@pytest.fixture
def doctor(reconcile):
    def run(*options):
        return reconcile("doctor", "--format", "json", *options)

    return run


@pytest.fixture
def wanted(local):
    """One subscription on a local Graph."""
    return local(subscription())


def test_all_is_well(emulator, example, doctor):
    ran = doctor()
    assert ran.code == 0, ran.out
    jsonschema.validate(ran.json, SCHEMA)
    assert levels(ran, "failure") == levels(ran, "warning") == {}
    assert len(levels(ran, "ok")) >= 15
    assert ran.json["owner"] == "contoso-demo"
    assert ran.json["summary"]["ok"] == sum(each["level"] == "ok" for each in ran.json["findings"])


def test_nothing_is_changed(emulator, wanted, doctor, environment):
    before, earlier = emulator.subscriptions(), len(emulator.requests())
    assert doctor().code == 0
    assert emulator.subscriptions() == before
    assert list((environment.parent / "state").iterdir()) == []
    asked = {
        (each["method"], each["path"].partition("?")[0].partition("(")[0]) for each in emulator.requests()[earlier:]
    }
    assert {method for method, path in asked if path.startswith(("/v1.0", "/beta"))} <= {"GET"}


def test_for_people(emulator, wanted, reconcile, receiver):
    """What failed stands last, with why and what to do."""
    receiver.modes = {"/lifecycle": "wrong"}
    ran = reconcile("doctor")
    assert ran.code == 1
    before, word, failure = ran.out.partition("FAILED")
    head, found, cause, remedy, *_, summary = failure.splitlines()
    assert f"{word}{head}" == (
        f"FAILED    endpoint-validation: Endpoint public, lifecycleNotificationUrl: {receiver.url('/lifecycle')}"
    )
    assert found == "          its answer is the token as it stood in the URL, still escaped"
    assert cause.startswith("          why: ")
    assert remedy.startswith("          do:  answer 200, text/plain")
    assert re.fullmatch(r"1 failed, \d+ not checked, \d+ well\.", summary)
    assert before.startswith("ok        client-state-keys: Endpoint public: the key can be read: k1\n")
    assert "\nskipped   endpoint-query: " in before


def test_a_line_that_a_manifest_forges(emulator, environment, reconcile, receiver):
    urls = {"notificationUrl": receiver.url("/n?%0AFAILED"), "lifecycleNotificationUrl": receiver.url("/l")}
    write(environment / "manifests" / "all.yaml", settings(), local_tenant(), endpoint(**urls), subscription())
    assert "\nFAILED" not in reconcile("doctor").out


def test_what_one_url_answers_wrongly(emulator, wanted, doctor, receiver):
    receiver.modes = {"/notifications": "refuse"}
    ran = doctor()
    assert ran.code == 1
    assert levels(ran, "failure") == {"endpoint-validation": {"failure", "ok"}}


def test_nobody_listens(emulator, environment, doctor):
    url = "https://localhost:1/n?code=hunter2"
    urls = {"notificationUrl": url, "lifecycleNotificationUrl": url}
    write(environment / "manifests" / "all.yaml", settings(), local_tenant(), endpoint(**urls), subscription())
    ran = doctor()
    assert ran.code == 1
    assert levels(ran, "failure") == {"endpoint-connects": {"failure"}}
    assert "hunter2" not in ran.out
    skipped = [each for each in ran.json["findings"] if each["check"] == "endpoint-validation"]
    assert skipped[0]["found"].startswith("not checked: endpoint-path of Endpoint public")


def test_a_real_tenant_wants_what_everybody_trusts(emulator, environment, doctor, receiver, monkeypatch):
    """The emulator's authority counts only where none but its tenants use an endpoint."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")
    custom = {"graph": "https://graph.contoso.invalid", "authority": "https://login.contoso.invalid"}
    write(
        environment / "manifests" / "all.yaml",
        settings(),
        tenant("real", cloud=custom),
        endpoint(**both(receiver)),
        subscription(),
    )
    ran = doctor("--allow-cloud", "graph.contoso.invalid", "--allow-cloud", "login.contoso.invalid")
    assert ran.code == 1
    assert levels(ran, "failure") == {"endpoint-certificate": {"failure"}, "cloud-name": {"failure"}}
    assert "hunter2" not in ran.out


def test_a_tenant_without_a_way_in(environment, reconcile, doctor, monkeypatch):
    write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(), subscription())
    monkeypatch.setattr("reconciler.daemon.checks.names.behind_proxy", lambda _: False)
    ran = doctor()
    assert ran.code == 1
    failures = levels(ran, "failure")
    assert failures.keys() >= {"client-state-keys", "tenant-access"}
    assert "AZURE_CLIENT_SECRET is not set" in ran.out
    assert "RECONCILER_CLIENT_STATE_KEY is not set" in ran.out
    assert levels(ran)["token"] == {"skipped"}


def test_key_pairs(emulator, local, doctor, environment):
    folder = environment / "manifests"
    good, wrong = write_pair(folder, "good"), write_pair(folder, "wrong")
    (folder / "wrong.key").write_bytes(pair("another").key_pem)
    certificates = [
        {"apiVersion": "reconciler/v1", "kind": "Certificate", "metadata": {"name": name}, "spec": spec}
        for name, spec in {"good": good, "wrong": wrong, "rotated": {**good, "previous": [wrong]}}.items()
    ]
    local(subscription(certificate="good"), *certificates)
    ran = doctor()
    assert ran.code == 1
    failures = {(each["check"], each["subject"]) for each in ran.json["findings"] if each["level"] == "failure"}
    assert failures == {
        ("encryption-key", "Certificate wrong"),
        ("encryption-key", "Certificate rotated, previous wrong.pem"),
    }
    assert "PRIVATE KEY" not in ran.out


def test_a_receiver_that_does_not_run(emulator, wanted, doctor):
    ran = doctor("--private", "127.0.0.1:1")
    assert levels(ran, "failure") == {"receiver-ready": {"failure"}, "slow-answers": {"failure"}}


def test_only_one_tenant(emulator, environment, doctor, receiver):
    other = emulator.register()
    ids = {name: other[name] for name in ("tenantId", "clientId")}
    secret = {"secret": {"file": "secret"}}
    with ValidationReceiver(emulator.info) as elsewhere:
        write(
            environment / "manifests" / "all.yaml",
            settings(),
            local_tenant("contoso"),
            local_tenant("fabrikam", **ids, credential=secret),
            endpoint("public", **both(receiver)),
            endpoint("private", **both(elsewhere)),
            subscription("a", tenant="contoso", endpoint="public"),
            subscription("b", tenant="fabrikam", endpoint="private"),
        )
        (environment / "manifests" / "secret").write_text(other["clientSecret"], encoding="utf-8")
        ran = doctor("--tenant", "fabrikam")
    assert ran.code == 0, ran.out
    subjects = {each["subject"] for each in ran.json["findings"]}
    assert any(each.startswith("Endpoint private") for each in subjects)
    assert not any(each.startswith(("Endpoint public", "Tenant contoso")) for each in subjects)


def test_marks_of_what_a_pass_created(emulator, wanted, reconcile, doctor):
    assert reconcile().code == 0
    ran = doctor()
    assert ran.code == 0, ran.out
    assert levels(ran)["marks-readable"] == {"ok"}
    assert levels(ran)["store-revision"] == {"ok"}


def test_invalid_manifests_and_wrong_usage(environment, doctor):
    file = environment / "manifests" / "all.yaml"
    write(file, settings(), tenant(), endpoint(), subscription(changeTypes=["moved"]))
    assert doctor().code == 4
    write(file, {**settings(), "spec": {}}, tenant(), endpoint(), subscription())
    ran = doctor()
    assert ran.code == 4
    assert ran.rules == ["owner-missing"]
    write(file, settings(), tenant(), endpoint(), subscription())
    assert doctor("--tenant", "nobody").code == 64
    assert doctor("--private", "nowhere").code == 64


def test_the_documentation_has_every_check_in_its_order(emulator, environment, doctor, receiver):
    folder = environment / "manifests"
    info = emulator.info
    paths = {
        name: {"file": info[key]}
        for name, key in {"certificate": "clientCertificate", "privateKey": "clientKey"}.items()
    }
    urls = {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url()}
    certificate = {
        "apiVersion": "reconciler/v1",
        "kind": "Certificate",
        "metadata": {"name": "rich"},
        "spec": write_pair(folder, "rich"),
    }
    by_certificate = local_tenant(credential={"certificate": paths})
    write(
        folder / "all.yaml",
        settings(),
        by_certificate,
        endpoint(**urls),
        certificate,
        subscription(certificate="rich"),
    )
    text = DOCUMENT.read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert [each["check"] for each in doctor().json["findings"]] == documented
