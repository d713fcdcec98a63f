"""One manifest that makes many subscriptions: from values, from a CSV file, in several tenants."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.desired import Adopt
from reconciler.core.manifest import Text, read_manifests
from reconciler.core.manifest.blanks import BlankError, read_form
from reconciler.core.manifest.rows import read_rows
from reconciler.core.resource import read_resource
from reconciler.core.wanted import SetFile, Wanted, examine, set_files
from tests.core.test_manifests import BASE, report, rules

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
A, B = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b", "0be2bf47-16c8-47cf-b4a5-4b9b187c508b"


def template(spec: str, *, resource: str = "/teams/{value}/channels", name: str = "channels") -> str:
    return f"""
apiVersion: reconciler/v1
kind: Subscription
metadata: {{name: {name}}}
spec:
  resource: {resource}
  changeTypes: [created]
  {spec}
"""


def tenant(name: str, labels: Mapping[str, str], number: int = 1) -> Text:
    content = f"""
apiVersion: reconciler/v1
kind: Tenant
metadata: {{name: {name}, labels: {dict(labels)}}}
spec:
  tenantId: 0f2e8f59-862a-483b-9ca8-82a10665e1{number:02}
  clientId: 6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55
  credential: {{secret: {{env: AZURE_CLIENT_SECRET}}}}
"""
    return Text(f"{name}.yaml", content)


def examined(*contents: str, csv: bytes | str = b"", texts: tuple[Text, ...] = (BASE,)) -> Wanted:
    named = [Text(f"{number}.yaml", content, "folder") for number, content in enumerate(contents)]
    manifests = read_manifests([*texts, *named], {})
    return examine(manifests, {}, owner="contoso-prod", now=NOW, sets=dict.fromkeys(set_files(manifests), csv))


def resources(wanted: Wanted) -> dict[str, str]:
    assert wanted.errors == ()
    return {each.name: each.resource.text for each in wanted.desired}


def said(wanted: Wanted) -> list[str]:
    return list(map(str, wanted.problems))


class TestValues:
    def test_one_for_each_key(self):
        wanted = examined(template(f"forEach: {{values: {{it: {B}, hr: {A}}}}}"))
        assert resources(wanted) == {"channels-hr": f"/teams/{A}/channels", "channels-it": f"/teams/{B}/channels"}
        assert {each.template for each in wanted.desired} == {"channels"}
        assert {str(each.source) for each in wanted.desired} == {"0.yaml:2:1"}

    def test_the_order_of_writing_changes_nothing(self):
        spec = "forEach: {values: {%s}}"
        one, other = (examined(template(spec % pairs)) for pairs in (f"a: {A}, b: {B}", f"b: {B}, a: {A}"))
        assert one.desired == other.desired

    def test_a_plain_one_has_no_template(self):
        (desired,) = examined(template("draft: false", resource="/teams")).desired
        assert (desired.name, desired.template, desired.previously, desired.adopt) == (
            "channels",
            None,
            frozenset(),
            None,
        )

    @pytest.mark.parametrize(
        ("resource", "value", "expected"),
        [
            pytest.param("/teams/{value}", A, f"/teams/{A}", id="guid"),
            pytest.param(
                f"/teams/{A}/channels/{{value}}/messages",
                "19:abc_d-e@thread.tacv2",
                f"/teams/{A}/channels/19:abc_d-e@thread.tacv2/messages",
                id="channel",
            ),
            pytest.param(
                "solutions/virtualEvents/webinars/{value}/registrations",
                f"{A}@{B}",
                f"solutions/virtualEvents/webinars/{A}@{B}/registrations",
                id="virtual-event",
            ),
            pytest.param(
                "solutions/virtualEvents/events/getEventsFromOrganizers(organizerIds=['{value}'])",
                A,
                f"solutions/virtualEvents/events/getEventsFromOrganizers(organizerIds=['{A}'])",
                id="quoted",
            ),
            pytest.param(
                "communications/onlineMeetings(joinWebUrl='{value}')/meetingCallEvents",
                "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NTg%40thread.v2/0?context=%7b%7d",
                "communications/onlineMeetings(joinWebUrl='https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F"
                "19%253ameeting_NTg%2540thread.v2%2F0%3Fcontext%3D%257b%257d')/meetingCallEvents",
                id="join-url-encoded-once-more",
            ),
            pytest.param("/users/{value}/mailFolders('{key}')/messages", "u=,+", None, id="signs-of-ids"),
        ],
    )
    def test_what_is_filled_in(self, resource, value, expected):
        written = template(f'forEach: {{values: {{a: "{value}"}}}}', resource=f'"{resource}"')
        found = examined(written.replace("changeTypes: [created]", f"changeTypes: [{change_of(resource)}]"))
        assert [each.resource.text for each in found.desired] == [
            expected or "/users/u=,+/mailFolders('a')/messages",
        ]

    def test_the_query_options_too(self):
        more = "notificationQueryOptions: $filter=id eq '{value}' and x eq '{key}'"
        wanted = examined(template(f"forEach: {{values: {{hr: {A}}}}}\n  {more}"))
        (desired,) = wanted.desired
        assert desired.asked.query_options == f"$filter=id eq '{A}' and x eq 'hr'"

    def test_two_equal_values_would_take_each_others_place(self):
        (line,) = said(examined(template(f"forEach: {{values: {{a: {A}, b: {A}}}}}")))
        assert line.startswith("0.yaml:8:66: Graph would refuse this one beside 'channels-a' at 0.yaml:8:25: ")
        assert line.endswith("[slot-taken]")

    def test_a_name_that_another_one_has(self):
        other = template("draft: false", resource="/teams", name="channels-hr")
        (line,) = said(examined(template(f"forEach: {{values: {{hr: {A}}}}}"), other))
        assert line == (
            "1.yaml:4:18: the name 'channels-hr' is taken in tenant 'contoso' by the Subscription at 0.yaml:8:26"
            " [duplicate-name]"
        )

    @pytest.mark.parametrize("key", ["HR", "h_r", "-hr", "hr-", "h r", "h.r", "ü"])
    def test_a_key_that_is_no_name(self, key):
        (line,) = report(template(f'forEach: {{values: {{"{key}": {A}}}}}'), BASE)
        assert "should be made of a-z, 0-9 and -, with no - at its ends [invalid-value]" in line

    @pytest.mark.parametrize("given", ["{values: [a]}", "{values: {a: 1}}", "x", "{values: {a: null}}"])
    def test_a_mistake_in_it_makes_no_other_one(self, given):
        """What it would have filled in is not complained about."""
        assert rules(report(template(f"forEach: {given}"), BASE)) <= {"invalid-value", "for-each"}

    def test_what_is_wrong_with_all_of_them_is_said_once(self):
        lines = report(template(f"forEach: {{values: {{a: {A}, b: {B}}}}}\n  expiry: {{lifetime: 30d}}"), BASE)
        assert [line.rsplit(" ", 1)[1] for line in lines] == ["[lifetime]"]

    def test_a_resource_that_nobody_knows_is_said_once(self):
        lines = report(template(f"forEach: {{values: {{a: {A}, b: {B}}}}}", resource="/teamz/{value}/channels"), BASE)
        assert rules(lines) == {"unknown-resource"}
        assert len(lines) == 1

    def test_what_differs_in_the_query_is_looked_at_for_each(self):
        values = "forEach: {values: {a: subject, b: body}}"
        written = template(values, resource="/users/u/messages?$select={value}")
        (line,) = [line for line in report(written, BASE) if "[slot-taken]" not in line]
        assert "does not take body in $select" in line
        assert line.endswith("[query-option]")

    def test_a_resource_that_cannot_be_understood_is_said_once(self):
        lines = report(template(f"forEach: {{values: {{a: {A}, b: {B}}}}}", resource="/teams//{value}"), BASE)
        assert [line.rsplit(" ", 1)[1] for line in lines] == ["[resource-syntax]"]


def change_of(resource: str) -> str:
    return "updated" if "meetingCallEvents" in resource or resource == "/teams/{value}" else "created"


@given(st.text(min_size=1), st.sampled_from(["/teams/{value}/channels", "/users('{value}')/messages"]))
def test_no_value_changes_the_shape_of_a_resource(value, resource):
    """Whatever can be filled in is one id, and reads as that."""
    form = read_form(resource)
    try:
        text = form.fill({"value": value})
    except BlankError:
        return
    read = read_resource(text)
    assert read.entry is read_resource(form.example()).entry or value.lower().startswith("get")
    assert read.canonical.count("/") == 2
    assert not read.options


class TestRows:
    def test_one_for_each_row(self):
        wanted = examined(template("forEach: {file: teams.csv}"), csv=f"key,value\nhr,{A}\nit,{B}\n".encode())
        assert resources(wanted) == {"channels-hr": f"/teams/{A}/channels", "channels-it": f"/teams/{B}/channels"}
        assert {str(each.source) for each in wanted.desired} == {"0.yaml:2:1"}

    @pytest.mark.parametrize(
        "csv",
        [
            pytest.param(f"key,value\nhr,{A}\n", id="plain"),
            pytest.param(f"\ufeffkey,value\nhr,{A}\n", id="bom"),
            pytest.param(f"key,value\r\nhr,{A}", id="of-windows-without-an-end"),
            pytest.param(f'"key","value"\n"hr","{A}"\n\n', id="quoted-with-an-empty-line"),
            pytest.param(f"value,key\n{A},hr\n", id="another-order"),
            pytest.param(f"\nkey,value\nhr,{A}\n", id="an-empty-line-first"),
        ],
    )
    def test_spellings(self, csv):
        wanted = examined(template("forEach: {file: teams.csv}"), csv=csv.encode())
        assert resources(wanted) == {"channels-hr": f"/teams/{A}/channels"}

    def test_the_order_of_rows_changes_nothing(self):
        spec, lines = template("forEach: {file: teams.csv}"), [f"hr,{A}", f"it,{B}"]
        one, other = (examined(spec, csv="\n".join(["key,value", *rows]).encode()) for rows in (lines, lines[::-1]))
        assert one.desired == other.desired

    def test_further_columns(self):
        csv = f"key,value,channel\nhr,{A},19:x@thread.tacv2\n".encode()
        wanted = examined(
            template("forEach: {file: t.csv}", resource="/teams/{value}/channels/{channel}/messages"), csv=csv
        )
        assert resources(wanted) == {"channels-hr": f"/teams/{A}/channels/19:x@thread.tacv2/messages"}

    def test_a_column_that_is_not_there(self):
        written = template("forEach: {file: t.csv}", resource="/teams/{value}/channels/{channel}/messages")
        (line,) = said(examined(written, csv=f"key,value,chanel\nhr,{A},c\n".encode()))
        assert line == "0.yaml:6:13: forEach has no column 'channel' to fill in, did you mean 'chanel'? [for-each]"

    def test_a_header_alone_is_worth_a_word(self):
        wanted = examined(template("forEach: {file: teams.csv}"), csv=b"key,value\n")
        assert wanted.errors == ()
        assert said(wanted) == [
            "folder/teams.csv:1:1: warning: no row follows the header, so 'channels' makes no subscription [for-each]"
        ]

    @pytest.mark.parametrize(
        ("csv", "expected"),
        [
            pytest.param(b"", "1:1: the first line must name the columns key and value", id="empty"),
            pytest.param(b"name,id\n", "1:1: the first line must name the columns key and value", id="header"),
            pytest.param(b"key;value\n", "1:1: the first line must name .*: the columns are separated by", id="excel"),
            pytest.param(b"key,value,a b\n", "1:1: the name of a column is made of .* 'a b' is not", id="column"),
            pytest.param(b"key,value,key\n", "1:1: the column 'key' stands here twice", id="column-twice"),
            pytest.param(b"key,value\nhr\n", r"2:1: the row has 1 of 2 columns \(key, value\)", id="too-short"),
            pytest.param(b"key,value\nhr,a,b\n", "2:1: the row has 3 of 2 columns", id="too-long"),
            pytest.param(b"key,value\n\nhr,\n", "3:1: the column 'value' is empty", id="no-value"),
            pytest.param(b"key,value\n,a\n", "2:1: the column 'key' is empty", id="no-key"),
            pytest.param(b"key,value\nHR,a\n", "2:1: the key 'HR' should be made of a-z", id="key"),
            pytest.param(b"key,value\nhr,a\nhr,b\n", "3:1: the key 'hr' stands in line 2 already", id="key-twice"),
            pytest.param(b"key,value\nhr,a\0b\n", r"2:1: 'a\\x00b' cannot stand in {value}: '\\x00'", id="nul"),
            pytest.param(b'key,value\nhr,"a\n', "2:1: this row cannot be read as CSV: unexpected end", id="quote-open"),
            pytest.param(b'key,value\nhr,"a"b\n', "2:1: this row cannot be read as CSV: ',' expected", id="quote"),
            pytest.param(b"key,value\nhr,a\nit,\xff\n", "3:1: this is not UTF-8 text", id="latin"),
            pytest.param("key,value\nhr,a\n".encode("utf-16"), "1:1: this is not UTF-8 text", id="utf-16"),
            pytest.param(b"key,value\nhr, a\n", "2:1: ' a' cannot stand in {value}: ' '", id="space"),
            pytest.param(b"key,value\n" + b"k" * 60 + b",a\n", "2:1: the name 'channels-k+' is over 63", id="long"),
            pytest.param(b"key,value\nhr," + b"a" * 200_000, "2:1: this row cannot be read as CSV: field", id="huge"),
        ],
    )
    def test_a_broken_row(self, csv, expected):
        wanted = examined(template("forEach: {file: teams.csv}"), csv=csv)
        (line,) = said(wanted)
        assert line.endswith("[set-row]")
        assert re.match(f"folder/teams.csv:{expected}", line), line
        assert wanted.errors

    def test_all_problems_of_all_rows_at_once(self):
        csv = f"key,value\nhr\nX,a\nit,{A}\nlaw,a/b\nit,b\n".encode()
        wanted = examined(template("forEach: {file: teams.csv}"), csv=csv)
        assert [line.split(": ")[0] for line in said(wanted)] == [
            f"folder/teams.csv:{number}:1" for number in (2, 3, 5, 6)
        ]

    def test_two_sets_of_one_file_say_what_is_wrong_with_it_once(self):
        sets = [template("forEach: {file: teams.csv}", name=name) for name in ("one", "two")]
        assert len(said(examined(*sets, csv=b"key,value\nhr\n"))) == 1

    def test_a_file_that_is_not_there(self):
        (line,) = said(examined(template("forEach: {file: teams.csv}"), csv="the file teams.csv cannot be read: gone"))
        assert line == "0.yaml:8:19: the file teams.csv cannot be read: gone [unreadable-file]"

    def test_a_taken_place_and_a_taken_name_are_told_at_the_row(self):
        other = template("draft: false", resource="/teams", name="channels-b")
        csv = f"key,value\na,{A}\nb,{B}\nc,{A}\n".encode()
        lines = said(examined(other, template("forEach: {file: teams.csv}"), csv=csv))
        assert [line.split(":")[1] + line.rsplit(" ", 1)[1] for line in lines] == [
            "3[duplicate-name]",
            "4[slot-taken]",
        ]
        assert "at folder/teams.csv:2:1" in lines[1]

    def test_the_files_are_named_once_and_relative_to_their_manifest(self):
        manifests = read_manifests(
            [
                Text("a.yaml", template("forEach: {file: ../t.csv}"), "a/b"),
                Text("b.yaml", template("forEach: {file: ../t.csv}", name="x"), "a/b"),
            ],
            {},
        )
        (file,) = set_files(manifests)
        assert file == SetFile("../t.csv", "a/b")
        assert file.shown == "a/t.csv"


@given(st.binary())
def test_no_bytes_end_in_an_exception(content):
    read = read_rows(b"key,value\n" + content, "t.csv")
    assert all(row.key and row.source for row in read.rows)
    assert {problem.rule for problem in read.problems} <= {"set-row"}


class TestTenants:
    TEXTS = (
        Text("endpoint.yaml", BASE.content.split("---")[1]),
        tenant("a", {"env": "prod", "region": "eu"}, 1),
        tenant("b", {"env": "prod"}, 2),
        tenant("c", {"env": "test"}, 3),
    )

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            pytest.param("tenant: a", ["a"], id="one"),
            pytest.param("tenants: [c, a]", ["a", "c"], id="named"),
            pytest.param("tenants: {labels: {env: prod}}", ["a", "b"], id="labelled"),
            pytest.param("tenants: {labels: {env: prod, region: eu}}", ["a"], id="all-labels"),
        ],
    )
    def test_one_in_each(self, spec, expected):
        wanted = examined(template(spec, resource="/teams"), texts=self.TEXTS)
        assert said(wanted) == []
        assert [(each.tenant, each.name, each.template) for each in wanted.desired] == [
            (name, "channels", None) for name in expected
        ]

    def test_with_a_set_it_is_the_product(self):
        spec = f"tenants: [a, b]\n  forEach: {{values: {{hr: {A}, it: {B}}}}}"
        wanted = examined(template(spec), texts=self.TEXTS)
        assert [(each.tenant, each.name) for each in wanted.desired] == [
            ("a", "channels-hr"),
            ("a", "channels-it"),
            ("b", "channels-hr"),
            ("b", "channels-it"),
        ]

    def test_labels_that_no_tenant_has(self):
        (line,) = said(examined(template("tenants: {labels: {env: prd}}", resource="/teams"), texts=self.TEXTS))
        assert line == (
            "0.yaml:8:21: no Tenant has the labels env=prd, there are env=prod, env=test, region=eu [tenants]"
        )

    def test_the_same_mistake_in_two_tenants_is_one(self):
        written = template("tenants: [a, b]\n  expiry: {lifetime: 30d}", resource="/teams")
        assert [line.rsplit(" ", 1)[1] for line in said(examined(written, texts=self.TEXTS))] == ["[lifetime]"]

    @pytest.mark.parametrize("spec", ["tenants: [a, broken]", "tenants: {labels: {env: nothing}}", "tenants: [broken]"])
    def test_a_broken_tenant_is_enough(self, spec):
        broken = Text("broken.yaml", "apiVersion: reconciler/v1\nkind: Tenant\nmetadata: {name: broken}\nspec: {}\n")
        wanted = examined(template(spec, resource="/teams"), texts=(*self.TEXTS, broken))
        assert {problem.source.path for problem in wanted.problems} == {"broken.yaml"}


class TestManagement:
    @pytest.mark.parametrize(
        ("management", "expected"),
        [
            pytest.param("{}", None, id="nothing"),
            pytest.param("{adopt: false}", None, id="no"),
            pytest.param("{adopt: true}", Adopt(), id="the-only-one"),
            pytest.param(f"{{adopt: {{id: {A}}}}}", Adopt(A), id="by-id"),
            pytest.param(
                f"{{adopt: {{id: {A}, clientState: {{env: OLD}}}}}}", Adopt(A, verifiable=True), id="verifiable"
            ),
            pytest.param("{adopt: {clientState: {file: old}}}", Adopt(verifiable=True), id="the-only-one-verifiable"),
        ],
    )
    def test_adoption(self, management, expected):
        wanted = examined(template(f"management: {management}", resource="/teams"))
        (desired,) = wanted.desired
        assert desired.adopt == expected
        assert wanted.beside == ((("folder", "old"),) if "file" in management else ())

    @pytest.mark.parametrize("adopt", ["hunter2", "{id: [x]}", "[true]", "1"])
    def test_what_is_no_adoption(self, adopt):
        lines = report(template(f"management: {{adopt: {adopt}}}", resource="/teams"), BASE)
        assert rules(lines) == {"invalid-value"}
        assert "hunter2" not in lines[0]

    def test_former_names(self):
        wanted = examined(template("management: {previously: [old, older]}", resource="/teams"))
        assert [each.previously for each in wanted.desired] == [{"old", "older"}]

    def test_former_names_of_a_set_take_the_key(self):
        wanted = examined(template(f"forEach: {{values: {{hr: {A}}}}}\n  management: {{previously: [old]}}"))
        assert [each.previously for each in wanted.desired] == [{"old-hr"}]

    def test_a_former_name_may_have_blanks_of_its_own(self):
        """How a single one, or one with another key, becomes one of a set."""
        spec = f"forEach: {{values: {{hr: {A}}}}}\n  management: {{previously: ['{{key}}', 'team-{{key}}']}}"
        assert [each.previously for each in examined(template(spec)).desired] == [{"hr", "team-hr"}]

    def test_its_own_name_in_a_column_is_no_former_name(self):
        spec = f"forEach: {{values: {{hr: {A}}}}}\n  management: {{previously: ['channels-{{key}}', 'x-{{key}}']}}"
        (each,) = examined(template(spec)).desired
        assert (each.name, each.previously) == ("channels-hr", frozenset({"x-hr"}))

    @pytest.mark.parametrize(
        ("former", "rule"),
        [
            pytest.param("{nothing}", "for-each", id="no-such-column"),
            pytest.param("{value}", "set-row", id="a-value-that-is-no-name"),
        ],
    )
    def test_what_is_no_name(self, former, rule):
        spec = f"forEach: {{values: {{hr: '19:A_b@thread.tacv2'}}}}\n  management: {{previously: ['{former}']}}"
        found = [each.rule for each in examined(template(spec, resource="/chats/{value}/messages")).problems]
        assert found == [rule]

    def test_blanks_without_a_set(self):
        found = [
            str(each) for each in examined(template("management: {previously: ['{key}']}", resource="/teams")).problems
        ]
        assert len(found) == 1
        assert "[for-each]" in found[0]

    def test_a_former_name_may_be_in_use_in_another_tenant(self):
        mine = template("tenant: a\n  management: {previously: [old]}", resource="/teams")
        other = template("tenant: b", resource="/teams", name="old")
        assert said(examined(mine, other, texts=TestTenants.TEXTS)) == []

    @pytest.mark.parametrize("receiver", ["self", "external"])
    def test_who_receives(self, receiver):
        key = "" if receiver == "external" else "\n  clientStateKey: {env: A}"
        own = BASE.content.replace("clientStateKey: {env: RECONCILER_CLIENT_STATE_KEY}", f"receiver: {receiver}{key}")
        (desired,) = examined(template("draft: false", resource="/teams"), texts=(Text("b.yaml", own),)).desired
        assert desired.external is (receiver == "external")


class TestMetadata:
    def test_annotations_are_allowed_and_not_read(self):
        written = template("draft: false", resource="/teams").replace("channels}", "channels, annotations: {a/b: c}}")
        assert said(examined(written)) == []

    def test_a_namespace_is_not(self):
        written = template("draft: false", resource="/teams").replace("channels}", "channels, namespace: x}")
        (line,) = said(examined(written))
        assert "unknown key 'namespace' in metadata: manifests have none, leave namespace: out of" in line


def test_ten_thousand_are_validated_once(monkeypatch: Any):
    """What is the same for all of a set is looked at for one of them."""
    from reconciler.core import wanted

    asked: list[Any] = []

    def check(each: Any) -> list[Any]:
        asked.append(each)
        return []

    monkeypatch.setattr(wanted, "check_subscription", check)
    csv = "key,value\n" + "".join(f"t{number},{number:08}-16c8-47cf-b4a5-4b9b187c508b\n" for number in range(10_000))
    assert len(examined(template("forEach: {file: teams.csv}"), csv=csv.encode()).desired) == 10_000
    assert len(asked) == 1
