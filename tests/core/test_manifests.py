"""One bad manifest for every rule, with its report beside it, and what holds for all reports."""

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.manifest import Text, read_manifests
from reconciler.core.wanted import Wanted, certificate_files, examine
from tests.core.rule_ids import rule_ids
from tests.core.test_certificate import pem, private_pem

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
FOLDER = Path(__file__).parents[1] / "manifests"
BASE = Text("base.yaml", (FOLDER / "common" / "base.yaml").read_text(encoding="utf-8"))
BAD = sorted(FOLDER.glob("*.yaml"))
RICH = """
apiVersion: reconciler/v1
kind: Certificate
metadata: {name: rich}
spec: {certificate: {file: rich.pem}}
"""


def examined(*texts: Text, certificate: bytes | str | None = None) -> Wanted:
    manifests = read_manifests(texts, {})
    content = pem("2048") if certificate is None else certificate
    files = dict.fromkeys(certificate_files(manifests), content)
    return examine(manifests, files, owner="contoso-prod", now=NOW)


def report(content: str, *beside: Text, certificate: bytes | str | None = None) -> list[str]:
    return list(map(str, examined(*beside, Text("m.yaml", content), certificate=certificate).problems))


def rules(lines: list[str]) -> set[str]:
    return {line.rsplit("[", 1)[1].rstrip("]") for line in lines}


FILES: dict[str, bytes | str] = {
    "certificate-expired": pem("2048", days=-1),
    "certificate-invalid": b"nonsense",
    "certificate-key": pem("ec"),
    "private-key": private_pem("2048") + pem("2048"),
    "unreadable-file": "the file rich.pem cannot be read: Permission denied",
}
"""Rules about what a manifest refers to."""


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.stem)
def test_a_bad_manifest_and_its_report(bad):
    content = bad.read_text(encoding="utf-8")
    expected = bad.with_suffix(".expected").read_text(encoding="utf-8").splitlines()
    found = [str(each) for each in examined(BASE, Text(bad.name, content)).problems]
    assert found == expected
    assert bad.stem in rules(found)


@pytest.mark.parametrize("rule", FILES)
def test_a_bad_certificate_is_reported_where_its_file_is_named(rule):
    (line,) = report(RICH, certificate=FILES[rule])
    assert line.startswith("m.yaml:5:28: ")
    assert line.endswith(f"[{rule}]")


def test_every_rule_is_shown_at_work():
    assert {bad.stem for bad in BAD} | set(FILES) == rule_ids()


def test_the_base_is_in_order():
    assert examined(BASE).problems == ()


@pytest.mark.parametrize("folder", ["manifests"])
def test_the_example_is_in_order(folder):
    example = FOLDER.parents[1] / folder
    texts = [Text(str(path), path.read_text(encoding="utf-8")) for path in sorted(example.glob("*.yaml"))]
    wanted = examined(*texts)
    assert wanted.problems == ()
    assert len(wanted.desired) > 5


SUBSCRIPTION = """
apiVersion: reconciler/v1
kind: Subscription
metadata: {name: watch}
spec:
  resource: teams/88b245ac-b0b2-f1aa-e34a-c81c27abdac2
  changeTypes: [updated]
"""
BEGINNING = "apiVersion: reconciler/v1\nkind: Tenant\n"


def test_all_problems_of_a_document_are_reported_at_once():
    found = report(f"{SUBSCRIPTION}  drafft: true\n  tenant: [x]\n  expiry: {{lifetime: soon}}\n", BASE)
    assert found == [
        "m.yaml:8:3: unknown key 'drafft' in spec, did you mean 'draft'? [unknown-key]",
        "m.yaml:9:11: spec.tenant should be a valid string [invalid-value]",
        "m.yaml:10:22: spec.expiry.lifetime: write a duration such as 90s, 45m, 12h or 3d [invalid-value]",
    ]


@pytest.mark.parametrize("key", ["lifetime", "renewBefore"])
@pytest.mark.parametrize("written", ["367d", "366d1s", "4000000d", "20000000d"])
def test_a_duration_has_an_upper_limit(key, written):
    """Or else the end of the subscription is in no calendar: OverflowError."""
    assert report(f"{SUBSCRIPTION}  expiry: {{{key}: {written}}}\n", BASE) == [
        f"m.yaml:8:{len(key) + 14}: spec.expiry.{key}: a duration is 366d at the most [invalid-value]"
    ]


def test_the_longest_duration_is_taken():
    assert "invalid-value" not in rules(report(f"{SUBSCRIPTION}  expiry: {{lifetime: 366d}}\n", BASE))


@pytest.mark.parametrize(
    "origin", ["lo\\tgin.contoso.com", "login.contoso.com?", "login.contoso.com#", "l\\u00f6gin.de"]
)
def test_what_is_no_origin(origin):
    cloud = f'{{graph: "https://graph.contoso.com", authority: "https://{origin}"}}'
    (line,) = report(f"{TENANT}  cloud: {cloud}\n  credential: {{secret: {{env: A}}}}\n", BASE)
    assert "spec.cloud.authority: write an origin such as" in line
    assert line.endswith("[invalid-url]")


def test_all_problems_of_all_files_are_reported_in_order():
    texts = [Text(name, SUBSCRIPTION.replace("teams/", "tems/")) for name in ("b.yaml", "a.yaml")]
    found = [str(each) for each in examined(BASE, *texts).problems]
    assert [line.partition(":")[0] for line in found] == ["a.yaml", "a.yaml", "a.yaml", "b.yaml"]
    assert rules(found) == {"duplicate-name", "slot-taken", "unknown-resource"}


@pytest.mark.parametrize(
    "tenant",
    [
        pytest.param(f"{BEGINNING}metadata: {{name: contoso}}\nspec: {{tenantId: x}}\n", id="a-bad-value"),
        pytest.param(f"{BEGINNING}metadata: {{name: contoso}}\nspec: {{cloud: off}}\n", id="a-yaml-boolean"),
        pytest.param(f"{BEGINNING}metadata: {{name: [contoso]}}\nspec: {{}}\n", id="its-name"),
        pytest.param(f"{BEGINNING}spec: {{cloud: emulator}}\n", id="no-name"),
        pytest.param("kind: Tennant\nmetadata: {name: contoso}\n", id="its-kind"),
        pytest.param(f"{BEGINNING}metadata: {{name: contoso\n", id="no-yaml"),
    ],
)
@pytest.mark.parametrize("reference", ["", "  tenant: contoso\n"], ids=["implied", "named"])
def test_a_broken_tenant_does_not_make_every_subscription_complain(tenant, reference):
    endpoint = Text("endpoint.yaml", BASE.content.split("---")[1])
    watches = [Text(f"{name}.yaml", SUBSCRIPTION.replace("watch", name) + reference) for name in ("a", "b", "c")]
    found = examined(endpoint, *watches, Text("tenant.yaml", tenant)).problems
    assert {problem.source.path for problem in found} == {"tenant.yaml"}


def test_but_a_name_that_is_nowhere_is_reported_beside_a_broken_one_that_has_another_name():
    broken = Text("tenant.yaml", f"{BEGINNING}metadata: {{name: fabrikam}}\nspec: {{}}\n")
    found = report(f"{SUBSCRIPTION}  tenant: contosso\n", BASE, broken)
    assert "m.yaml:8:11: there is no Tenant 'contosso', did you mean 'contoso'? [missing-reference]" in found


ENDPOINT = """
apiVersion: reconciler/v1
kind: Endpoint
metadata: {name: other}
spec:
  notificationUrl: https://hooks.contoso.com/n
  receiver: external
"""
TENANT = """
apiVersion: reconciler/v1
kind: Tenant
metadata: {name: other}
spec:
  tenantId: 11111111-862a-483b-9ca8-82a10665e17d
  clientId: 22222222-1c1f-4f3e-9a53-6f2a2f6f4a55
"""
SECRET_PLACES = {
    "client-secret": f"{TENANT}  credential: {{secret: SECRET}}\n",
    "client-secret-in-a-list": f"{TENANT}  credential: [{{secret: SECRET}}]\n",
    "credential": f"{TENANT}  credential: SECRET\n",
    "private-key": f"{TENANT}  credential: {{certificate: {{certificate: {{file: a}}, privateKey: SECRET}}}}\n",
    "passphrase": (
        f"{TENANT}  credential:\n"
        "    certificate: {certificate: {file: a}, privateKey: {env: B}, passphrase: SECRET}\n"
    ),
    "client-state-key": f"{ENDPOINT}  clientStateKey: SECRET\n",
    "client-state": f"{ENDPOINT}  clientState: SECRET\n",
    "key-ring": f"{ENDPOINT}  clientStateKeys: [SECRET]\n",
    "key-of-the-ring": f"{ENDPOINT}  clientStateKeys: [{{id: a, env: SECRET}}]\n",
    "no-list": f"{ENDPOINT}  clientStateKeys: SECRET\n",
    "env": f"{ENDPOINT}  clientStateKey: {{env: SECRET}}\n",
    "more": f"{ENDPOINT}  clientStateKey: {{env: A, value: SECRET}}\n",
    "in-a-list": f"{ENDPOINT}  clientStateKey: [SECRET]\n",
    "receiver-key": f"{RICH[:-2].replace('}}', '}, privateKey: SECRET}}')}\n".replace("}}}", "}}"),
    "url": f"{ENDPOINT}  clientStateKey: {{env: A}}\n".replace("contoso.com/n", "contoso.com/ n?code=SECRET"),
    "password-in-a-url": f"{ENDPOINT}  clientStateKey: {{env: A}}\n".replace("hooks.", "me:SECRET@hooks."),
    "password-of-a-cloud": f"{TENANT}  cloud: {{graph: 'https://me:SECRET@g.com', authority: 'https://l.com'}}\n",
}
secrets = st.sampled_from(
    [
        "hunter2 is it",
        "'31337 31337'",
        '"on and on"',
        "Zm9vYmFy/+==",
        "-----BEGIN RSA PRIVATE KEY-----",
        "s3cr3t-s3cr3t",
    ]
) | st.from_regex(r"[A-Z]{4}[a-z0-9!.~^-]{8,20}", fullmatch=True)


@given(st.sampled_from(sorted(SECRET_PLACES)), secrets)
def test_no_secret_is_ever_in_a_message(place, secret):
    found = report(SECRET_PLACES[place].replace("SECRET", secret), BASE)
    might_be_a_name = place in {"env", "key-of-the-ring"}
    assert found or might_be_a_name
    assert not [line for line in found if secret.strip("'\"") in line]


@pytest.mark.parametrize(
    "place", ["client-secret", "private-key", "passphrase", "client-state-key", "client-state", "key-ring"]
)
def test_a_literal_secret_says_what_to_do(place):
    found = report(SECRET_PLACES[place].replace("SECRET", "hunter2"), BASE)
    assert rules(found) == {"literal-secret"}
    assert "a secret is never written into a manifest: refer to it with env: or file:" in found[0]


def test_what_desired_comes_to():
    """Every default filled in."""
    content = (
        f"{SUBSCRIPTION.replace('watch', 'hr')}  certificate: rich\n  management: {{protect: true, onRemoval: leave}}\n"
    )
    wanted = examined(BASE, Text("m.yaml", content), Text("c.yaml", RICH))
    assert wanted.problems == ()
    (desired,) = wanted.desired
    assert (desired.tenant, desired.endpoint, desired.key_ids) == ("contoso", "public", ("k1",))
    assert desired.lifecycle_url == desired.notification_url == "https://hooks.contoso.com/notifications"
    assert desired.asked.rich
    assert desired.certificate
    assert (desired.version, desired.protect, desired.leave, desired.suspend) == ("v1.0", True, True, False)
    assert str(desired.source) == "m.yaml:2:1"


def test_each_rule_is_documented():
    """docs/manifests.md has a row for each rule, whichever layer it comes from."""
    text = (Path(__file__).parents[2] / "docs" / "manifests.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", text.partition("## Rules")[2], re.MULTILINE))
    assert rule_ids() <= documented


class TestOneMistakeHidesNoOther:
    BASE = """
apiVersion: reconciler/v1
kind: Subscription
metadata: {name: webinar}
spec:
  resource: solutions/virtualEvents/webinars/f7a1b2c3
"""

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            pytest.param(
                "  changeTypes: [updated, deleted]\n  certificate: rich\n  expirey: {lifetime: 1d}\n",
                ["change-type", "no-resource-data", "unknown-key"],
                id="an unknown key",
            ),
            pytest.param(
                "  changeTypes: [updated, vanished, deleted]\n  expiry: {lifetime: soon, renewBefore: 0s}\n",
                ["change-type", "change-type", "invalid-value", "lifetime"],
                id="values of the wrong form, one of them in a list",
            ),
            pytest.param(
                "  changeTypes: [deleted]\n  tenant: nope\n  expiry: {lifetime: 30d}\n",
                ["change-type", "lifetime", "missing-reference"],
                id="a missing reference",
            ),
            pytest.param("  certificate: [rich]\n", ["invalid-value", "missing-key"], id="nothing left to look at"),
        ],
    )
    def test_in_one_document(self, spec, expected):
        lines = report(self.BASE + spec, BASE, Text("rich.yaml", RICH))
        assert sorted(line.rsplit("[", 1)[1].rstrip("]") for line in lines) == expected

    def test_what_is_salvaged_is_never_wanted(self):
        found = examined(BASE, Text("m.yaml", self.BASE + "  changeTypes: [updated]\n  expirey: {}\n"))
        assert [each.name for each in found.desired] == []
