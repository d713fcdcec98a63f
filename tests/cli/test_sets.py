"""Sets, tenants and rendered manifests, as a user has them: from a folder, from a CSV file, through kustomize."""

import dataclasses
import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.arguments import parse
from reconciler.cli.loading import Loaded, load
from reconciler.cli.referred import referred_files
from reconciler.core.desired import Desired
from reconciler.core.source import Source
from tests.cli.support import (
    EXAMPLE,
    endpoint,
    live,
    manifest,
    settings,
    snapshot,
    subscription,
    taken,
    team,
    tenant,
    write,
)

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
OTHER = "11111111-1111-4111-8111-111111111111"


def a_set(name: str = "teams", **spec: Any) -> Any:
    given = {"forEach": {"file": "teams.csv"}, "resource": "/teams/{value}", "changeTypes": ["updated"]}
    return manifest("Subscription", name, given | spec)


def rows(*numbers: int) -> str:
    return "key,value\n" + "".join(f"t{number},{team(number).removeprefix('/teams/')}\n" for number in numbers)


@pytest.fixture
def folder(environment: Path) -> Path:
    write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(), subscription("hr", 9), a_set())
    (environment / "manifests" / "teams.csv").write_text(rows(1, 2), encoding="utf-8")
    return environment / "manifests"


def loaded(*arguments: str) -> Loaded:
    return load(parse(["validate", *arguments]), confined=True, now=NOW)


def alone(desired: Desired) -> Desired:
    """What it comes to, wherever it is written."""
    return dataclasses.replace(desired, source=Source("x"), template=None)


class TestPlan:
    @pytest.fixture
    def plan(self, folder, reconcile):
        file = folder.parent / "live.json"
        file.write_text(snapshot(taken(live("hr", 9), live("teams-t1", 1), live("teams-t3", 3))), encoding="utf-8")
        return lambda *options: reconcile("--dry-run", "--live", file, "--format", "json", *options)

    def test_what_a_set_comes_to(self, plan):
        assert sorted(plan().actions) == [("create", "teams-t2", None), ("delete", "teams-t3", None)]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            pytest.param(["--only", "teams"], ["teams-t2"], id="template"),
            pytest.param(["--only", "teams-t2"], ["teams-t2"], id="one"),
            pytest.param(["--only", "hr", "--only", "teams-t1"], [], id="others"),
        ],
    )
    def test_only(self, plan, options, expected):
        ran = plan(*options)
        assert ran.code == 0
        assert [name for _, name, _ in ran.actions] == expected

    @pytest.mark.parametrize("options", [["--only", "team"], ["--only", "teams-t3"], ["--selector", "a=b"]])
    def test_what_matches_nothing(self, plan, options):
        ran = plan(*options)
        assert (ran.code, ran.out) == (64, "")

    def test_a_label_chooses_all_of_a_set(self, plan, folder):
        labelled = a_set()
        labelled["metadata"]["labels"] = {"area": "x"}
        write(folder / "all.yaml", settings(), tenant(), endpoint(), subscription("hr", 9), labelled)
        assert [name for _, name, _ in plan("--selector", "area=x").actions] == ["teams-t2"]

    def test_a_template_without_a_row_is_none(self, plan, folder):
        (folder / "teams.csv").write_text("key,value\n")
        assert plan("--only", "teams").code == 64
        assert plan().rules == ["for-each"]


class TestFile:
    @pytest.mark.parametrize("broken", ["key,value\nt1\n", "key,value\nt1,a/b\nt1,c\n", 'key,value\n"t1', "k,v\n"])
    def test_a_broken_row(self, reconcile, folder, broken):
        (folder / "teams.csv").write_text(broken)
        for command in (["validate"], ["render"], ["--dry-run"], []):
            ran = reconcile(*command)
            assert ran.code == 4
            assert "manifests/teams.csv:" in ran.out
            assert "[set-row]" in ran.out

    def test_a_file_that_is_not_there(self, reconcile, folder):
        (folder / "teams.csv").unlink()
        ran = reconcile("validate")
        assert ran.code == 4
        assert "the file teams.csv cannot be read: No such file or directory [unreadable-file]" in ran.out

    def test_a_large_one(self, reconcile, folder):
        """More than a certificate may have."""
        (folder / "teams.csv").write_text(
            rows(1).replace("\n", ",more\n", 1).replace("1\n", "1," + "x" * 120_000 + "\n")
        )
        many = "".join(
            f"u{number},{team(number + 100).removeprefix('/teams/')},{'x' * 120_000}\n" for number in range(10)
        )
        with (folder / "teams.csv").open("a") as file:
            file.write(many)
        assert reconcile("validate").out == "12 subscriptions in 1 tenant: valid\n"

    @pytest.mark.parametrize("how", ["up", "absolute", "link"])
    @pytest.mark.parametrize("command", ["validate", "render", "--dry-run"])
    def test_one_outside_is_not_read(self, reconcile, folder, environment, how, command):
        (environment / "outside.csv").write_text("secret line\n")
        (folder / "link.csv").symlink_to("../outside.csv")
        path = {"up": "../outside.csv", "absolute": str(environment / "outside.csv"), "link": "link.csv"}[how]
        write(folder / "all.yaml", settings(), tenant(), endpoint(), a_set(forEach={"file": path}))
        ran = reconcile(command)
        assert ran.code == 4
        assert "lies outside of the manifests' folder, a dry run does not read it [unreadable-file]" in ran.out
        assert "secret" not in ran.out + ran.err

    @pytest.mark.usefixtures("folder")
    def test_it_is_watched(self):
        assert list(referred_files(loaded().wanted)) == [Path("manifests", "teams.csv")]
        assert list(referred_files(loaded().condensed.wanted)) == [Path("manifests", "teams.csv")]

    @pytest.mark.parametrize(
        ("content", "same"),
        [
            pytest.param(rows(1, 2), True, id="nothing"),
            pytest.param(rows(2, 1), True, id="the-order-of-rows"),
            pytest.param(rows(1, 3), False, id="another-key"),
            pytest.param(rows(1, 2).replace("t2,", "t3,"), False, id="another-name"),
            pytest.param(rows(1, 2).replace("0002\n", "0004\n"), False, id="another-value"),
            pytest.param(rows(1), False, id="fewer"),
        ],
    )
    def test_the_digest_tells_whether_it_says_the_same(self, folder, content, same):
        before = loaded().spelling
        (folder / "teams.csv").write_text(content)
        assert (loaded().spelling == before) is same


class TestRender:
    def test_it_reads_to_the_same(self, reconcile, folder, environment):
        write(
            folder / "more.yaml",
            tenant("fabrikam", tenantId=OTHER),
            a_set("both", tenants=["contoso", "fabrikam"], changeTypes=["deleted"], resource="/teams/{value}/channels"),
            subscription("hr", 9, tenants=["fabrikam"], management={"previously": ["old"], "adopt": True}),
            subscription("mail", tenant="contoso", resource="/users/u/messages", expiry={"lifetime": "1d"}),
            manifest("Sink", "out", {"file": {"path": "out.jsonl"}}),
        )
        write(
            folder / "all.yaml",
            settings(),
            tenant(),
            endpoint(),
            a_set(tenant="contoso", management={"previously": ["groups"]}),
        )
        rendered = reconcile("render")
        assert (rendered.code, rendered.err) == (0, "")
        before = loaded().wanted
        write(environment / "other" / "none.yaml")
        (environment / "rendered.yaml").write_text(rendered.out)
        after = loaded("-f", "rendered.yaml").wanted
        assert list(map(alone, after.desired)) == list(map(alone, before.desired))
        assert len(after.desired) == 8
        assert after.problems == ()
        assert reconcile("validate", "-f", "-", stdin=rendered.out).out == "8 subscriptions in 2 tenants: valid\n"

    def test_the_example(self, reconcile, example, environment):
        """Its certificate's path is relative to the folder, and what is rendered to where one stands."""
        rendered = reconcile("render")
        before = loaded().wanted
        assert "file: manifests/certs/rich.pem" in rendered.out
        assert "env: RECONCILER_CLIENT_STATE_KEY" in rendered.out
        assert reconcile("render", "-f", "-", stdin=rendered.out).out == rendered.out
        (environment / "rendered.yaml").write_text(rendered.out)
        shutil.move(example, environment / "elsewhere")
        assert loaded("-f", "rendered.yaml").wanted.errors
        shutil.move(environment / "elsewhere", example)
        after = loaded("-f", "rendered.yaml").wanted
        assert list(map(alone, after.desired)) == list(map(alone, before.desired))
        assert after.problems == ()

    def test_variables_are_filled_in(self, reconcile, folder):
        write(
            folder / "more.yaml", subscription("new", resource="/teams/${TEAM}", management={"previously": ["${OLD}"]})
        )
        out = reconcile("render", "--var", "TEAM=a-team", "--var", "OLD=on").out
        (new,) = (each for each in yaml.safe_load_all(out) if each["metadata"]["name"] == "new")
        assert new["spec"]["resource"] == "/teams/a-team"
        assert new["spec"]["management"]["previously"] == ["on"]
        assert reconcile("validate", "-f", "-", stdin=out).code == 0

    def test_a_variable_within_a_variable(self, reconcile, folder):
        write(folder / "more.yaml", subscription("new", 20, labels={"a": "${A}"}))
        ran = reconcile("render", "--var", "A=${B}")
        assert (ran.code, ran.out) == (1, "")
        assert "a variable's value has ${B} in it" in ran.err

    @pytest.mark.usefixtures("folder")
    def test_json(self, reconcile):
        text, spelled = reconcile("render").out, reconcile("render", "--format", "json").json
        assert spelled == {"manifests": list(yaml.safe_load_all(text))}

    def test_the_same_bytes_whatever_the_order(self, reconcile, folder):
        before = reconcile("render").out
        documents = [settings(), tenant(), endpoint(), subscription("hr", 9), a_set()]
        for number, each in enumerate(reversed(documents)):
            write(folder / f"{number}.yaml", each)
        (folder / "all.yaml").unlink()
        (folder / "teams.csv").write_text(rows(2, 1))
        assert reconcile("render").out == before

    def test_one_tenant(self, reconcile, folder):
        write(folder / "more.yaml", tenant("fabrikam", tenantId=OTHER), subscription("x", tenants=["fabrikam"]))
        write(folder / "all.yaml", settings(), tenant(), endpoint(), a_set(tenant="contoso"))
        found = list(yaml.safe_load_all(reconcile("render", "--tenant", "fabrikam").out))
        assert [each["metadata"]["name"] for each in found] == ["settings", "fabrikam", "public", "x"]
        assert reconcile("render", "--tenant", "litware").code == 64

    def test_invalid_manifests(self, reconcile, folder):
        write(folder / "more.yaml", subscription("x", changeTypes=["gone"]))
        ran = reconcile("render")
        assert ran.code == 4
        assert "[change-type]" in ran.out
        assert "apiVersion" not in ran.out

    def test_query_values_are_covered_and_cannot_be_read_by_mistake(self, reconcile, folder):
        write(
            folder / "all.yaml", settings(), tenant(), endpoint(notificationUrl="https://h.com/n?code=hunter2"), a_set()
        )
        ran = reconcile("render")
        assert "hunter2" not in ran.out + ran.err
        assert "query values of URLs are covered" in ran.err
        assert "[invalid-url]" in reconcile("validate", "-f", "-", stdin=ran.out).out
        shown = reconcile("render", "--show-queries")
        assert "https://h.com/n?code=hunter2" in shown.out
        assert reconcile("validate", "-f", "-", stdin=shown.out).code == 0

    def test_no_secret_is_read(self, reconcile, folder):
        """They stay references, whether they can be read or not."""
        write(folder / "all.yaml", settings(), tenant(), endpoint(clientStateKey={"file": "absent.key"}), a_set())
        assert "file: manifests/absent.key" in reconcile("render").out


KUSTOMIZED = """apiVersion: reconciler/v1
kind: Endpoint
metadata:
  labels:
    team: graph
  name: public
spec:
  clientStateKey:
    env: RECONCILER_CLIENT_STATE_KEY
  lifecycleNotificationUrl: https://localhost:${RECEIVER_PORT:-9443}/lifecycle
  notificationUrl: https://localhost:${RECEIVER_PORT:-9443}/notifications
  receiver: self
---
apiVersion: reconciler/v1
kind: Settings
metadata:
  labels:
    team: graph
  name: settings
spec:
  limits:
    floor: 3
    removals: 25%
    replacements: 10%
  owner: contoso-demo
  policy: full
---
apiVersion: reconciler/v1
kind: Subscription
metadata:
  annotations:
    config.kubernetes.io/origin: |
      path: teams.yaml
  labels:
    area: teams
    team: graph
  name: channels
spec:
  changeTypes:
  - created
  - updated
  - deleted
  forEach:
    values:
      "42": fbe2bf47-16c8-47cf-b4a5-4b9b187c508b
      "on": 0be2bf47-16c8-47cf-b4a5-4b9b187c508b
  resource: /teams/{value}/channels
---
apiVersion: reconciler/v1
kind: Subscription
metadata:
  labels:
    area: meetings
    team: graph
  name: all-hands-calls
spec:
  changeTypes:
  - updated
  resource: communications/onlineMeetings(joinWebUrl='https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F19%253ameeting_NTg%2540thread.v2%2F0')/meetingCallEvents
---
apiVersion: reconciler/v1
kind: Tenant
metadata:
  labels:
    team: graph
  name: contoso
spec:
  cloud: emulator
"""  # noqa: E501
"""What ``kustomize build`` prints of manifests like the example's: keys sorted, what YAML would misread quoted."""


class TestKustomize:
    def test_its_output_is_read(self, reconcile):
        ran = reconcile("validate", "-f", "-", stdin=KUSTOMIZED)
        assert (ran.code, ran.out) == (0, "3 subscriptions in 1 tenant: valid\n")
        rendered = list(yaml.safe_load_all(reconcile("render", "-f", "-", stdin=KUSTOMIZED).out))
        names = [each["metadata"]["name"] for each in rendered if each["kind"] == "Subscription"]
        assert names == ["all-hands-calls", "channels-42", "channels-on"]

    def test_a_namespace_says_what_to_do(self, reconcile):
        ran = reconcile(
            "validate", "-f", "-", stdin=KUSTOMIZED.replace("  name: public", "  name: public\n  namespace: x")
        )
        assert ran.code == 4
        assert (
            "unknown key 'namespace' in metadata: manifests have none, leave namespace: out of the kustomization"
            in ran.out
        )

    @pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml"])
    def test_its_own_file_is_left_out_of_a_folder(self, reconcile, folder, name):
        content = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [all.yaml]\n"
        (folder / name).write_text(content)
        assert reconcile("validate").out == "3 subscriptions in 1 tenant: valid\n"
        ran = reconcile("validate", "-f", folder / name)
        assert ran.code == 4
        assert "unknown kind 'Kustomization': what `kustomize build` makes of it can be read with -f -" in ran.out


def test_the_example_of_the_documentation(reconcile, environment):
    """docs/manifests.md shows a set that works as it stands."""
    text = (EXAMPLE.parent / "docs" / "manifests.md").read_text(encoding="utf-8")
    _, _, section = text.partition("## Sets and tenants")
    shown = section.partition("```yaml\n")[2].partition("```")[0]
    table = section.partition("```csv\n")[2].partition("```")[0]
    write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint())
    (environment / "manifests" / "channels.yaml").write_text(shown)
    (environment / "manifests" / "teams.csv").write_text(table)
    ran = reconcile("render", "--format", "json")
    assert ran.code == 0, ran.out
    names = [each["metadata"]["name"] for each in json.loads(ran.out)["manifests"] if each["kind"] == "Subscription"]
    assert names == ["channels-hr", "channels-it"]
