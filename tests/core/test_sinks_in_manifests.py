"""``kind: Sink`` and what refers to it: what it comes to, and what is said of each mistake."""

import datetime as dt

import pytest
from hypothesis import given

from reconciler.cli.schema import schema
from reconciler.core.manifest import Text, read_manifests
from reconciler.core.manifest.fields import MIB
from reconciler.core.manifest.sink_kinds import FileTarget, HttpTarget, NatsTarget, StdoutTarget
from tests.core.test_manifests import BASE, SUBSCRIPTION, examined, report, rules, secrets

BUS = "servers: ['nats://localhost:4222'], subject: 'graph.{type}'"


def a_sink(spec, name="events"):
    return f"apiVersion: reconciler/v1\nkind: Sink\nmetadata: {{name: {name}}}\nspec: {{{spec} }}\n"


def spec_of(spec):
    manifests = read_manifests([Text("m.yaml", a_sink(spec))], {})
    assert manifests.problems == ()
    (item,) = manifests.sinks
    return item.manifest.spec


def test_the_defaults():
    spec = spec_of("stdout: {}")
    assert isinstance(spec.target, StdoutTarget)
    assert (spec.default, spec.lanes) == (False, 16)
    waits = (spec.retry.give_up_after, spec.retry.first, spec.retry.longest)
    assert waits == (dt.timedelta(days=1), dt.timedelta(seconds=1), dt.timedelta(minutes=5))


@pytest.mark.parametrize("spec", ["stdout: ", "stdout: null", "stdout: {}"])
def test_stdout_needs_no_braces(spec):
    assert isinstance(spec_of(spec).target, StdoutTarget)


def test_a_file():
    assert spec_of("file: {path: e.jsonl}").target == FileTarget.model_validate(
        {"path": "e.jsonl", "maxSize": "100MiB", "keep": 5}
    )
    assert spec_of("file: {path: e.jsonl, maxSize: 2GiB, keep: 0}").target.max_size == 2048 * MIB


def test_a_webhook():
    target = spec_of(
        "http: {url: 'https://a.com/e', signingKeys: [{env: A}, {file: b}], headers: {X-Key: {env: C}}, caFile: ca.pem}"
    ).target
    assert isinstance(target, HttpTarget)
    assert list(map(str, target.keys)) == ["environment variable A", "file b"]
    assert (str(target.headers["X-Key"]), target.timeout.seconds) == ("environment variable C", 10)
    assert list(map(str, spec_of("http: {url: 'https://a.com', signingKey: {env: A}}").target.keys)) == [
        "environment variable A"
    ]
    assert spec_of("http: {url: 'https://a.com'}").target.keys == ()


def test_a_bus():
    target = spec_of(f"nats: {{{BUS}, user: me, password: {{env: A}}}}").target
    assert isinstance(target, NatsTarget)
    assert (target.servers, target.subject, target.user) == (["nats://localhost:4222"], "graph.{type}", "me")


def test_a_function():
    assert spec_of("python: 'contoso.events:Handler.take'").target == "contoso.events:Handler.take"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param("", "sink", id="nothing"),
        pytest.param("stdout: {}, python: 'a:b'", "sink", id="two"),
        pytest.param("kafka: {}", "unknown-key", id="another-kind"),
        pytest.param("stdout: {path: a}", "unknown-key", id="a-key-too-many"),
        pytest.param("stdout: {}, lanes: 0", "invalid-value", id="no-lane"),
        pytest.param("stdout: {}, lanes: 65", "invalid-value", id="too-many-lanes"),
        pytest.param("stdout: {}, retry: {first: 0s}", "invalid-value", id="no-wait"),
        pytest.param("stdout: {}, retry: {for: 0s}", "invalid-value", id="no-retry"),
        pytest.param("file: {}", "missing-key", id="no-path"),
        pytest.param("file: {path: a, maxSize: 100MB}", "invalid-value", id="another-unit"),
        pytest.param("file: {path: a, maxSize: 0MiB}", "invalid-value", id="no-size"),
        pytest.param("file: {path: a, maxSize: 9000GiB}", "invalid-value", id="too-large"),
        pytest.param("file: {path: a, maxSize: 100}", "invalid-value", id="a-number"),
        pytest.param("file: {path: a, keep: -1}", "invalid-value", id="fewer-than-none"),
        pytest.param("http: {url: 'http://a.com'}", "invalid-url", id="no-tls"),
        pytest.param("http: {url: 'http://10.0.0.1/'}", "invalid-url", id="no-tls-in-a-network"),
        pytest.param("http: {url: 'http://localhost.contoso.com/'}", "invalid-url", id="no-tls-in-disguise"),
        pytest.param("http: {url: 'ftp://localhost/'}", "invalid-url", id="no-http"),
        pytest.param("http: {url: 'https:///e'}", "invalid-url", id="no-host"),
        pytest.param("http: {url: 'https://a.com/#e'}", "invalid-url", id="a-fragment"),
        pytest.param("http: {url: 'https://a.com:x/'}", "invalid-url", id="no-port"),
        pytest.param("http: {url: 'https://me:SECRET@a.com/'}", "literal-secret", id="a-password"),
        pytest.param("http: {url: 'https://a.com', headers: {'a b': {env: A}}}", "invalid-value", id="no-header-name"),
        pytest.param("http: {url: 'https://a.com', headers: {A: {env: A}, a: {env: A}}}", "sink", id="header-twice"),
        pytest.param("http: {url: 'https://a.com', headers: {Host: {env: A}}}", "sink", id="our-header"),
        pytest.param("http: {url: 'https://a.com', timeout: 0s}", "invalid-value", id="no-time"),
        pytest.param("nats: {servers: [], subject: a}", "invalid-value", id="no-server"),
        pytest.param("nats: {servers: ['http://a'], subject: a}", "invalid-url", id="no-nats"),
        pytest.param("nats: {servers: ['nats://a/b'], subject: a}", "invalid-url", id="a-path"),
        pytest.param("nats: {servers: ['nats://me:SECRET@a'], subject: a}", "literal-secret", id="a-password-there"),
        *(
            pytest.param(f"nats: {{servers: ['nats://a'], subject: '{subject}'}}", "invalid-value", id=f"subject-{n}")
            for n, subject in enumerate(["a..b", ".a", "a.", "a.*", ">", "$JS.API", "a b", "{name}", "{type", "", "ä"])
        ),
        pytest.param(f"nats: {{{BUS}, stream: 'a.b'}}", "invalid-value", id="no-stream"),
        pytest.param(f"nats: {{{BUS}, password: {{env: A}}}}", "sink", id="no-user"),
        *(
            pytest.param(f"python: '{function}'", "invalid-value", id=f"function-{n}")
            for n, function in enumerate(["a", "a.b", ":b", "a:", "a:b:c", "1a:b", "a:b()", "../a:b", "a :b"])
        ),
    ],
)
def test_what_is_wrong(spec, expected):
    assert rules(report(a_sink(spec), BASE)) == {expected}


@pytest.mark.parametrize(
    "url",
    ["https://a.com", "http://localhost:8080/e", "http://127.0.0.1/", "http://[::1]:80/e?code=1", "HTTPS://A.COM"],
)
def test_what_is_a_webhook(url):
    assert spec_of(f"http: {{url: '{url}'}}").target.url == url


@pytest.mark.parametrize(
    "place",
    [
        "http: {{url: 'https://a.com', signingKey: {0}}}",
        "http: {{url: 'https://a.com', signingKeys: [{{env: A}}, {0}]}}",
        "http: {{url: 'https://a.com', headers: {{Authorization: {0}}}}}",
        "nats: {{servers: ['nats://a'], subject: a, credentials: {0}}}",
        "nats: {{servers: ['nats://a'], subject: a, user: me, password: {0}}}",
        "nats: {{servers: ['nats://a'], subject: a, token: {0}}}",
    ],
)
@given(secret=secrets)
def test_a_literal_secret_is_a_problem_and_not_shown(place, secret):
    found = report(a_sink(place.format(secret)), BASE)
    assert rules(found) == {"literal-secret"}
    assert not [line for line in found if secret.strip("'\"") in line]


def test_the_key_is_where_the_problem_is_said_to_be():
    (line,) = report(a_sink("http: {url: 'https://a.com', headers: {'a b': {env: A}}}"), BASE)
    assert line == (
        "m.yaml:4:54: spec.http.headers.a b should be the name of a header, as Authorization [invalid-value]"
    )


def test_names_are_unique():
    assert rules(report(a_sink("stdout: {}"), BASE, Text("o.yaml", a_sink("stdout: {}")))) == {"duplicate-name"}


OTHER = SUBSCRIPTION.replace("watch", "other").replace("88b2", "99c3")
ELSEWHERE = (
    "apiVersion: reconciler/v1\nkind: Endpoint\nmetadata: {name: theirs}\nspec: {notificationUrl: 'https://a.com'}\n"
)


def forwarded(*sinks, more=""):
    """The sink of a subscription beside these, or the problems there are."""
    wanted = examined(
        BASE, *(Text(f"{n}.yaml", text) for n, text in enumerate(sinks)), Text("m.yaml", SUBSCRIPTION + more)
    )
    if wanted.errors:
        return list(map(str, wanted.errors))
    return wanted.desired[0].sink


ONE, TWO = a_sink("stdout: {}", "one"), a_sink("stdout: {}", "two")
DEFAULT = a_sink("stdout: {}, default: true", "usual")


@pytest.mark.parametrize(
    ("sinks", "more", "expected"),
    [
        pytest.param([], "", None, id="there-is-none"),
        pytest.param([ONE], "", "one", id="the-only-one"),
        pytest.param([ONE, DEFAULT, TWO], "", "usual", id="the-default"),
        pytest.param([ONE, DEFAULT], "  sink: one\n", "one", id="named"),
        pytest.param(
            [ONE, TWO],
            "",
            ["m.yaml:6:3: name the sink: there are several (one, two) [missing-reference]"],
            id="several",
        ),
        pytest.param(
            [ONE],
            "  sink: ome\n",
            ["m.yaml:8:9: there is no Sink 'ome', did you mean 'one'? [missing-reference]"],
            id="a-name-that-is-nowhere",
        ),
        pytest.param(
            [], "  sink: one\n", ["m.yaml:8:9: there is no Sink 'one' [missing-reference]"], id="none-of-that-name"
        ),
    ],
)
def test_which_sink_a_subscription_takes(sinks, more, expected):
    assert forwarded(*sinks, more=more) == expected


@pytest.mark.parametrize("reference", ["", "  sink: one\n"], ids=["implied", "named"])
def test_a_broken_sink_does_not_make_every_subscription_complain(reference):
    found = forwarded(a_sink("stdout: {}, lanes: 0", "one"), more=reference)
    assert [line.partition(":")[0] for line in found] == ["0.yaml"]


def test_what_another_application_receives_is_not_forwarded():
    theirs = ELSEWHERE.replace("{notif", "{receiver: external, notif")
    wanted = examined(
        Text("tenant.yaml", BASE.content.split("---")[0]),
        Text("m.yaml", SUBSCRIPTION),
        *(Text(f"{n}.yaml", text) for n, text in enumerate([theirs, ONE, TWO])),
    )
    assert wanted.errors == ()
    assert wanted.desired[0].sink is None


def test_when_silence_is_worth_a_word():
    (desired,) = examined(BASE, Text("m.yaml", SUBSCRIPTION + "  silentAfter: 12h\n")).desired
    assert desired.silent_after == dt.timedelta(hours=12)
    (plain,) = examined(BASE, Text("m.yaml", SUBSCRIPTION)).desired
    assert plain.silent_after is None
    assert desired.asked.digest == plain.asked.digest
    assert rules(report(SUBSCRIPTION + "  silentAfter: 0s\n", BASE)) == {"invalid-value"}


def test_the_sink_is_nothing_that_graph_is_asked_for():
    (without,) = examined(BASE, Text("m.yaml", SUBSCRIPTION)).desired
    (with_one,) = examined(BASE, Text("m.yaml", SUBSCRIPTION), Text("s.yaml", ONE)).desired
    assert with_one.sink == "one"
    assert with_one.asked == without.asked
    assert with_one.mark("o", birth="b", key="k1") == without.mark("o", birth="b", key="k1")


SETTINGS = "apiVersion: reconciler/v1\nkind: Settings\nmetadata: {name: all}\nspec: "


def test_the_inbox():
    inbox = examined(Text("s.yaml", SETTINGS + "{}")).settings.inbox
    assert (inbox.keep, inbox.set_aside.keep) == (dt.timedelta(hours=4), dt.timedelta(days=7))
    assert inbox.set_aside.size == 256 * MIB
    given = "{inbox: {keep: 0s, setAside: {keep: 1d, size: 1GiB}}}"
    inbox = examined(Text("s.yaml", SETTINGS + given)).settings.inbox
    assert (inbox.keep, inbox.set_aside.size) == (dt.timedelta(), 1024 * MIB)


def test_editors_know_of_it():
    found = schema()["$defs"]
    assert set(found["SinkSpec"]["properties"]) == {
        "stdout", "file", "http", "nats", "python", "default", "lanes", "retry"
    }  # fmt: skip
    assert set(found["Retry"]["properties"]) == {"for", "first", "longest"}
