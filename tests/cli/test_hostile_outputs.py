"""What neither a pull request's manifests nor strangers' subscriptions get printed in any form: secrets, commands.

Query values of URLs are shown as ``redacted-`` with 8 digits of their digest, and a text of theirs stays on its line.
"""

import hashlib
import json
import re
import socket
import time
from pathlib import Path

import pytest

from tests.cli.conftest import CLIENT_STATE_KEY
from tests.cli.support import (
    HOOK,
    LIFECYCLE,
    endpoint,
    live,
    local_tenant,
    manifest,
    settings,
    snapshot,
    subscription,
    taken,
    team,
    tenant,
    write,
)

FORMS = ["text", "json", "markdown", "github", "sarif", "junit"]
SECRETS = {
    "wanted": "key-of-the-manifest",
    "wanted-bare": "bare-key-without-a-name",
    "lifecycle": "key-of-the-lifecycle",
    "theirs": "key-of-what-is-live",
    "foreign": "key-of-a-stranger",
    "state": "client-state-of-a-stranger",
    "client-secret": "client-secret-of-the-pipeline",
    "key": CLIENT_STATE_KEY,
}


def shown(secret):
    return f"redacted-{hashlib.sha256(secret.encode()).hexdigest()[:8]}"


@pytest.fixture
def folder(environment, monkeypatch):
    """A plan in which all of it has its place: update, create, replace, delete, a foreign subscription in the way."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRETS["client-secret"])
    monkeypatch.setenv("RECONCILER_CLIENT_STATE_KEY", SECRETS["key"])
    wanted = f"{HOOK}?code={SECRETS['wanted']}&{SECRETS['wanted-bare']}"
    hooks = [
        endpoint(notificationUrl=wanted),
        endpoint("second", notificationUrl=HOOK, lifecycleNotificationUrl=f"{LIFECYCLE}?code={SECRETS['lifecycle']}"),
    ]
    subscriptions = [
        *(subscription(*each, endpoint="public") for each in (("hr", 1), ("new", 2), ("blocked", 4))),
        subscription("it", 5, endpoint="second"),
    ]
    found = [
        live("hr", 1, notificationUrl=f"{HOOK}?code={SECRETS['theirs']}"),
        live("gone", 3, notificationUrl=f"{HOOK}?code={SECRETS['theirs']}"),
        live(None, 4, notificationUrl=f"{HOOK}?sig={SECRETS['foreign']}", clientState=SECRETS["state"]),
        live("it", 5),
    ]
    (environment / "live.json").write_text(snapshot(taken(*found)))
    return write(environment / "manifests" / "all.yaml", settings(), tenant(), *hooks, *subscriptions).parent


def leaks(text):
    return sorted(name for name, secret in SECRETS.items() if secret in text)


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_plan_shows_a_secret(reconcile, folder, form):
    ran = reconcile("--dry-run", "--live", "live.json", "--verbose", "--format", form)
    assert ran.code == 0
    assert leaks(ran.out + ran.err) == []


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_but_that_they_differ_is_shown(reconcile, folder, form):
    """Or else the test above would prove nothing."""
    out = reconcile("--dry-run", "--live", "live.json", "--format", form).out
    assert [name for name in ("lifecycle", "theirs", "wanted", "wanted-bare") if shown(SECRETS[name]) not in out] == []


@pytest.mark.parametrize("form", FORMS)
def test_no_report_and_no_summary_of_a_step_shows_one(reconcile, folder, environment, monkeypatch, form):
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.setenv(name, str(environment / name))
    ran = reconcile("--dry-run", "--live", "live.json", "--verbose", "--report", f"{form}=report")
    assert ran.code == 0
    written = [each for each in environment.iterdir() if each.is_file() and each.name != "live.json"]
    assert "report" in {each.name for each in written}
    assert leaks("".join(each.read_text() for each in written)) == []


def test_no_saved_plan_shows_one(reconcile, folder, environment):
    assert reconcile("--dry-run", "--live", "live.json", "--out", "plan.json").code == 0
    assert leaks((environment / "plan.json").read_text()) == []


@pytest.mark.parametrize("command", [["explain", "hr"], ["explain", "gone"], ["explain", "new"]], ids=" ".join)
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_story_shows_one(reconcile, folder, command, form):
    ran = reconcile(*command, "--live", "live.json", "--format", form)
    assert ran.code in {0, 1}
    assert len(ran.out + ran.err) > 50
    assert leaks(ran.out + ran.err) == []


BAD = {
    "too-long": {"notificationUrl": f"{HOOK}?code={SECRETS['wanted']}&x={'y' * 1100}"},
    "hosts-differ": {"notificationUrl": f"https://a.contoso.com/?code={SECRETS['wanted']}"},
    "http": {"notificationUrl": f"http://hooks.contoso.com/?code={SECRETS['wanted']}"},
    "user": {"notificationUrl": f"https://me:{SECRETS['wanted']}@hooks.contoso.com/"},
    "fragment": {"notificationUrl": f"{HOOK}?code={SECRETS['wanted']}#x"},
    "reserved": {"notificationUrl": f"{HOOK}?reconciler={SECRETS['wanted']}"},
    "no-text": {"notificationUrl": [SECRETS["wanted"]]},
    "unknown-key": {SECRETS["wanted"]: HOOK},
    "literal": {"clientStateKey": SECRETS["wanted"]},
    "path": {"paths": {"notification": f"/n?code={SECRETS['wanted']}"}},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_no_problem_shows_one(reconcile, folder, bad, form):
    """What is wrong is said by its place, not by its value; only keys are repeated."""
    write(folder / "b.yaml", endpoint("b", **bad))
    ran = reconcile("validate", "--format", form)
    found = leaks(ran.out + ran.err)
    assert found == (["wanted"] if SECRETS["wanted"] in bad else [])


def test_no_secret_of_a_credential_is_in_a_snapshot(reconcile, environment, emulator, receiver, monkeypatch):
    """Nor the key of a URL, ours or a stranger's."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.info["clientSecret"])
    urls = {
        "notificationUrl": receiver.url(f"/n?code={SECRETS['wanted']}"),
        "lifecycleNotificationUrl": receiver.url("/l"),
    }
    own = local_tenant(credential={"secret": {"env": "AZURE_CLIENT_SECRET"}})
    write(environment / "manifests" / "all.yaml", settings(), own, endpoint(**urls), subscription())
    assert reconcile().code == 0
    assert reconcile("status", "--live-out", "kept.json").code == 0
    kept = (environment / "kept.json").read_text()
    (state,) = {each["clientState"] for each in emulator.subscriptions()}
    assert [
        each for each in (SECRETS["wanted"], emulator.info["clientSecret"], CLIENT_STATE_KEY, state) if each in kept
    ] == []
    assert shown(SECRETS["wanted"]) in kept


class TestEnvironment:
    """${NAME} in a manifest is for what the pipeline means for manifests, and for nothing else of its environment."""

    NAMES = ("AZURE_CLIENT_SECRET", "RECONCILER_CLIENT_STATE_KEY", "PATH", "HOME", "VAR_X")

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("written", ["${%s}", "a-${%s}-b", "${%s:-none}", "$${%s}", "${RECONCILER_VAR_%s}", "$%s"])
    def test_is_not_read(self, reconcile, folder, monkeypatch, name, written):
        monkeypatch.setenv(name, "from-the-environment")
        label = written % name
        write(folder / "b.yaml", subscription("x", 8, {"x": label}, endpoint="public", resource=f"/teams/{label}"))
        for command in (["validate"], ["--dry-run", "--live", "live.json"], ["render"]):
            ran = reconcile(*command)
            assert "from-the-environment" not in ran.out + ran.err

    def test_but_what_is_meant_for_manifests(self, reconcile, folder, monkeypatch):
        monkeypatch.setenv("RECONCILER_VAR_NAME", "from-the-environment")
        write(folder / "b.yaml", subscription("${NAME}", 8, endpoint="public"))
        ran = reconcile("--dry-run", "--live", "live.json")
        assert "from-the-environment" in ran.out

    def test_a_value_is_no_template_again(self, reconcile, folder, monkeypatch):
        monkeypatch.setenv("RECONCILER_VAR_NAME", "${AZURE_CLIENT_SECRET}")
        write(folder / "b.yaml", subscription("x", 8, endpoint="public", resource="/teams/${NAME}"))
        ran = reconcile("validate")
        assert SECRETS["client-secret"] not in ran.out + ran.err


FORGED = "x\n::error file=forged::said\r\n::add-mask::x\x1b[2K\u2028::notice::y"


def forged(text):
    """Lines that GitHub's runner would obey, and escapes that a terminal would."""
    lines = [line for line in re.split("[\r\n]", text) if line.startswith(("::error file=forged", "::add-mask"))]
    return lines + re.findall("\x1b", text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", [["validate"], ["--dry-run", "--live", "live.json"]], ids=["validate", "dry-run"])
def test_no_manifest_forges_a_command_of_the_runner(reconcile, folder, form, command):
    odd = [
        manifest("Subscription", FORGED, {"resource": FORGED, "changeTypes": [FORGED]}),
        manifest(FORGED, "a", {}),
        subscription("ok", 8, {FORGED: FORGED}, endpoint="public", resource=f"/users/{FORGED}/messages"),
    ]
    write(folder / "b.yaml", *odd)
    ran = reconcile(*command, "--format", form)
    assert ran.code == 4
    assert forged(ran.out + ran.err) == []


@pytest.mark.parametrize("form", FORMS)
def test_no_strangers_subscription_forges_one(reconcile, folder, environment, form):
    url = f"{HOOK}/{FORGED}?a={FORGED}"
    theirs = live(None, 4) | {"resource": f"{team(4)}{FORGED}", "notificationUrl": url, "id": f"4{FORGED}"}
    named = live("gone", 3, applicationId=FORGED, id=f"3{FORGED}")
    (environment / "live.json").write_text(snapshot(taken(theirs, named)))
    ran = reconcile("--dry-run", "--live", "live.json", "--verbose", "--format", form)
    assert ran.code in {0, 1, 3}
    assert forged(ran.out + ran.err) == []


@pytest.mark.parametrize("command", [["validate"], ["--dry-run"], ["--dry-run", "--live", "live.json"]], ids=" ".join)
def test_a_dry_run_asks_no_url_of_the_manifests(reconcile, environment, emulator, command):
    """Whether an endpoint answers is for those who apply: a pull request's could stand behind the runner's firewall."""
    (environment / "live.json").write_text(snapshot(taken()))
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        urls = dict.fromkeys(
            ("notificationUrl", "lifecycleNotificationUrl"), f"https://localhost:{trap.getsockname()[1]}/"
        )
        sink = manifest("Sink", "web", {"http": {"url": urls["notificationUrl"]}})
        file = environment / "manifests" / "all.yaml"
        write(file, settings(), local_tenant(), endpoint(**urls), sink, subscription(sink="web"))
        assert reconcile(*command).code == 0
        with pytest.raises(BlockingIOError):
            trap.accept()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch owned']",
        "!!python/object/new:subprocess.Popen [['touch', 'owned']]",
        "!!python/name:os.system",
        "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch owned']",
        "!include /etc/passwd",
        "!!binary aGVsbG8=",
        "!ENV ${AZURE_CLIENT_SECRET}",
    ],
)
@pytest.mark.parametrize("place", ["kind: {}", "metadata: {{name: {}}}", "spec: {{labels: {}}}", "{}"])
def test_a_tag_of_yaml_constructs_nothing(reconcile, folder, environment, text, place):
    (folder / "b.yaml").write_text(
        f"apiVersion: reconciler/v1\n{place.format(text)}\n" if place != "{}" else f"{text}\n"
    )
    ran = reconcile("validate")
    assert ran.code == 4
    assert "b.yaml:" in ran.out
    assert not (environment / "owned").exists()
    assert leaks(ran.out + ran.err) == []


LONGEST = 8
"""Seconds, of which each takes less than one: what grows with the square of its length takes minutes."""

BOMBS = {
    "aliases": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "deep": "[" * 50_000,
    "deep-mapping": "{a: " * 50_000,
    "number": f"a: {'9' * 100_000}",
    "long-line": f"a: {'x' * 5_000_000}",
    "many-documents": "---\n" * 100_000,
    "open-variables": f"a: {'${A:-' * 50_000}",
    "zero": 'a: "\\0"\n\x00',
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_of_yaml_is_a_problem_and_no_crash(reconcile, folder, bomb):
    (folder / "b.yaml").write_text(bomb)
    began = time.monotonic()
    ran = reconcile("validate", "--format", "json")
    assert time.monotonic() - began < LONGEST
    assert ran.code in {0, 4}
    assert isinstance(json.loads(ran.out), dict)
    assert "Traceback" not in ran.out + ran.err


def test_the_folder_of_the_test_is_in_order(reconcile, folder):
    """All of the above have what is wrong from themselves."""
    assert reconcile("validate").code == 0
    assert Path("manifests/all.yaml").is_file()
