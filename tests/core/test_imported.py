"""What becomes of foreign subscriptions: manifests that take them over, and what cannot be written down."""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli.imported_text import spelled
from reconciler.core.change import Change
from reconciler.core.external import external
from reconciler.core.imported import Draft, Known, Sifted, draft, known_in, name_of, sift
from reconciler.core.live import Live, read_live
from reconciler.core.manifest import Manifests, Text, read_manifests
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.core.proved import Proved, prove
from reconciler.core.wanted import CertificateFile, Wanted, examine
from reconciler.core.world import World

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ME, THEM, TENANT = "me", "them", "contoso"
USER = "0a1b2c3d-0000-4000-8000-000000000001"
MESSAGES, EVENTS = f"users/{USER}/messages", f"users/{USER}/events"
HOOK, LIFE = "https://theirs.contoso.com/hook", "https://theirs.contoso.com/life"
MARK = "reconciler=1.{owner}.hr.0123456789.{key}.0123456789"
NOTHING: Mapping[CertificateFile, bytes | str] = {}
HERE = Known(endpoints={}, certificates={}, previous={}, several_tenants=False)


def body(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "resource": MESSAGES,
        "changeType": "created,updated",
        "notificationUrl": HOOK,
        "lifecycleNotificationUrl": LIFE,
        "expirationDateTime": "2026-03-03T11:30:00Z",
    } | changes


def live(number: int = 1, **changes: Any) -> Live:
    return read_live(body(number, **changes))


def marked(owner: str = THEM, key: str = "k1") -> dict[str, Any]:
    return {"notificationUrl": f"{HOOK}?{MARK.format(owner=owner, key=key)}"}


def manifest(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


TENANT_DOCUMENT = manifest("Tenant", TENANT, cloud="emulator")
OWN_ENDPOINT = manifest(
    "Endpoint", "own", notificationUrl="https://own.contoso.com/n", clientStateKey={"env": "RECONCILER_KEY"}
)


def subscription(name: str = "mine", **spec: Any) -> dict[str, Any]:
    return manifest("Subscription", name, **({"resource": MESSAGES, "changeTypes": ["created", "updated"]} | spec))


def read(*documents: Any, variables: Mapping[str, str] | None = None) -> Manifests:
    texts = [Text("m.yaml", each if isinstance(each, str) else json.dumps(each)) for each in documents]
    found = read_manifests(texts, variables or {})
    assert found.problems == ()
    return found


def examined(manifests: Manifests) -> Wanted:
    return examine(manifests, NOTHING, owner=ME, now=NOW)


def imported(lives: list[Live], *documents: Any, previous_owners: frozenset[str] = frozenset()) -> Proved:
    manifests = read(TENANT_DOCUMENT, *documents)
    known = known_in(manifests, NOTHING)
    drafts = [draft(each, known, tenant=TENANT, now=NOW) for each in sorted(lives, key=name_of)]
    options = Options(ME, prune=False, previous_owners=previous_owners)
    return prove(drafts, manifests, {TENANT: World(TENANT, tuple(lives))}, examined, now=NOW, options=options)


def reasons(proved: Proved) -> dict[str, str | None]:
    return {each.live.id[-1]: each.refused for each in proved.drafts}


@pytest.mark.parametrize(
    ("urls", "expected", "values"),
    [
        pytest.param((HOOK, LIFE), (HOOK, LIFE), {}, id="nothing-to-cover"),
        pytest.param((f"{HOOK}?code=s3cret", None), (f"{HOOK}?code=${{CODE}}", None), {"CODE": "s3cret"}, id="a-value"),
        pytest.param(
            (f"{HOOK}?a=1&b=&c", None), (f"{HOOK}?a=${{A}}&b=&${{QUERY}}", None), {"A": "1", "QUERY": "c"}, id="several"
        ),
        pytest.param(
            (f"{HOOK}?code=1", f"{LIFE}?code=1"),
            (f"{HOOK}?code=${{CODE}}", f"{LIFE}?code=${{CODE}}"),
            {"CODE": "1"},
            id="one-value-in-both-has-one-variable",
        ),
        pytest.param(
            (f"{HOOK}?code=1", f"{LIFE}?code=2"),
            (f"{HOOK}?code=${{CODE}}", f"{LIFE}?code=${{CODE_2}}"),
            {"CODE": "1", "CODE_2": "2"},
            id="two-values-have-two",
        ),
        pytest.param(
            (f"{HOOK}?%24key.%C3%A9=1", None), (f"{HOOK}?%24key.%C3%A9=${{KEY}}", None), {"KEY": "1"}, id="odd-name"
        ),
        pytest.param(
            ("https://joe:pass@h.com/p#x", None),
            ("https://${USER}@h.com/p#${FRAGMENT}", None),
            {"USER": "joe:pass", "FRAGMENT": "x"},
            id="user-and-fragment",
        ),
    ],
)
def test_values_of_urls_become_variables(urls, expected, values):
    made = external(*urls)
    prefix = f"EXTERNAL_{made.name.removeprefix('external-').upper()}_"
    assert (made.notification_url, made.lifecycle_url) == tuple(
        each and each.replace("${", f"${{{prefix}") for each in expected
    )
    assert made.variables == {f"{prefix}{name}": value for name, value in values.items()}


def test_other_urls_have_other_names_and_equal_ones_the_same():
    assert external(HOOK, LIFE) == external(HOOK, LIFE)
    assert (
        len({external(*each).name for each in ((HOOK, LIFE), (HOOK, None), (LIFE, HOOK), (f"{HOOK}?a=1", None))}) == 4
    )


@pytest.mark.parametrize(
    ("changes", "known", "expected"),
    [
        pytest.param({}, {}, {"changeTypes": ["created", "updated"]}, id="plain"),
        pytest.param(
            {"changeType": "Deleted, updated"}, {}, {"changeTypes": ["updated", "deleted"]}, id="in-their-order"
        ),
        pytest.param(
            {"resource": f"/Users/{USER}/Messages"}, {}, {"resource": f"/Users/{USER}/Messages"}, id="as-spelled"
        ),
        pytest.param({}, {"several_tenants": True}, {"tenant": TENANT}, id="several-tenants"),
        pytest.param({}, {"endpoints": {(HOOK, LIFE): "hook"}}, {"endpoint": "hook"}, id="the-endpoint-that-is-there"),
        pytest.param(
            {"lifecycleNotificationUrl": None},
            {"endpoints": {(HOOK, HOOK): "one"}},
            {"endpoint": "one"},
            id="an-endpoint-without-lifecycle-url",
        ),
        pytest.param(marked(), {"ring": {((HOOK, LIFE), "k1"): "own"}}, {"endpoint": "own"}, id="the-ring-that-signed"),
        pytest.param(
            {"latestSupportedTlsVersion": "v1_3"}, {}, {"latestSupportedTlsVersion": "v1_3"}, id="another-tls-version"
        ),
        pytest.param(
            {"latestSupportedTlsVersion": "v1_2"}, {}, {"latestSupportedTlsVersion": None}, id="the-default-tls-version"
        ),
        pytest.param({"notificationQueryOptions": "$x"}, {}, {"notificationQueryOptions": "$x"}, id="query-options"),
        pytest.param(
            {"includeResourceData": True, "encryptionCertificateId": "ab12"},
            {"certificates": {"AB12": "rich"}},
            {"certificate": "rich"},
            id="a-certificate-that-is-known",
        ),
        pytest.param(
            {"includeResourceData": True, "encryptionCertificateId": "ab12"},
            {"previous": {"AB12": "rich"}},
            {"certificate": "rich"},
            id="a-previous-certificate",
        ),
        pytest.param(
            {"encryptionCertificateId": "AB12"}, {"certificates": {"AB12": "rich"}}, {"certificate": None}, id="basic"
        ),
        pytest.param(
            {"resource": "/things"},
            {},
            {"uncatalogued": True, "expiry": {"lifetime": "1d23h"}},
            id="not-in-the-catalog",
        ),
        pytest.param(
            {"resource": "/things", "expirationDateTime": "2026-03-01T12:20:00Z"},
            {},
            {"expiry": {"lifetime": "1h"}},
            id="not-in-the-catalog-and-soon-over",
        ),
        pytest.param(
            {"notificationUrl": f"{HOOK}?{MARK.format(owner=THEM, key='k1').replace('=1.', '=1b.')}"},
            {},
            {"graphVersion": "beta"},
            id="another-owner's-mark-tells-the-version",
        ),
    ],
)
def test_draft(changes, known, expected):
    spec = draft(live(**changes), dataclasses.replace(HERE, **known), tenant=TENANT, now=NOW).document["spec"]
    assert {key: spec.get(key) for key in expected} == expected
    assert spec["management"] == {"adopt": {"id": live().id}}


def test_what_only_beta_lists_was_made_there():
    made = draft(live(), HERE, tenant=TENANT, now=NOW, on_beta=True)
    assert made.document["spec"]["graphVersion"] == "beta"
    assert "Only the beta version of Graph lists it." in made.remarks


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({}, "messages-11e594f4", id="by-its-entry"),
        pytest.param({"resource": "/things"}, "subscription-11e594f4", id="not-in-the-catalog"),
        pytest.param({"id": "00000000-0000-4000-8000-000000000001".upper()}, "messages-11e594f4", id="any-letter-case"),
    ],
)
def test_names_are_stable(changes, name):
    assert name_of(live(**changes)) == name


def test_sift():
    mine = live(1, **marked(ME))
    lives = [mine, live(2), live(3), live(4, expirationDateTime="2026-03-01T11:00:00Z"), live(5, **marked()), live(6)]
    world = World(TENANT, (*lives, live(7, **marked("old"))))
    found = sift(
        world,
        owner=ME,
        previous_owners={"old"},
        adopted={lives[1].id},
        commented={lives[2].id},
        now=NOW,
    )
    assert [each.id[-1] for each in found.new] == ["6", "7"]
    assert dataclasses.replace(found, new=()) == Sifted(
        ours=1, in_manifests=1, commented_out=1, ended=1, of_others={THEM: (lives[4].id,)}
    )


RICH: dict[str, Any] = {"includeResourceData": True, "encryptionCertificateId": "AB12"}


@pytest.mark.parametrize(
    ("lives", "documents", "expected"),
    [
        pytest.param([live()], [], {"1": None}, id="alone"),
        pytest.param([live(1), live(2, resource=EVENTS)], [OWN_ENDPOINT], {"1": None, "2": None}, id="two"),
        pytest.param([live(1), live(2)], [], {"1": None, "2": "both are about the same resource"}, id="twins"),
        pytest.param(
            [live(1, resource="/teams"), live(2, resource="/teams", changeType="deleted")],
            [],
            {"1": None, "2": "it takes one per app and resource"},
            id="one-place",
        ),
        pytest.param(
            [live()],
            [OWN_ENDPOINT, subscription()],
            {"1": "Graph would refuse this one beside 'mine'"},
            id="ours-is-declared",
        ),
        pytest.param([live(**RICH)], [], {"1": "no Certificate here has that thumbprint"}, id="unknown-certificate"),
        pytest.param(
            [live(resource=f"/communications/presences/{USER}", changeType="updated")],
            [],
            {"1": "needs the token of a signed-in user"},
            id="delegated-only",
        ),
        pytest.param(
            [live(resource="/users", changeType="created")],
            [],
            {"1": "Graph takes created for users"},
            id="change-types",
        ),
        pytest.param([live(resource="/a//{b}")], [], {"1": "resource"}, id="no-resource"),
        pytest.param(
            [live(notificationUrl="EventHub:https://v.vault.azure.net/secrets/s?tenantId=t")],
            [],
            {"1": "no room for a mark"},
            id="event-hub",
        ),
        pytest.param(
            [live(notificationUrl="http://a.b/c")], [], {"1": "https:// URLs only"}, id="a-url-that-is-refused"
        ),
        pytest.param([live(notificationUrl=f"{HOOK}/${{HOME}}")], [], {"1": "take for a variable"}, id="no-variable"),
        pytest.param([live(resource="/things/${HOME}")], [], {"1": "take for a variable"}, id="no-variable-either"),
        pytest.param([live(resource="/things/a\ud800b")], [], {"1": "cannot be seen"}, id="half-a-character"),
        pytest.param([live(id="an id that no manifest takes1")], [], {"1": "adopt.id"}, id="odd-id"),
        pytest.param([live(latestSupportedTlsVersion="v9_9")], [], {"1": "latestSupportedTlsVersion"}, id="odd-tls"),
        pytest.param(
            [live(1, notificationUrl=f"{HOOK}?a={'x' * 1100}"), live(2, resource=EVENTS)],
            [],
            {"1": "over 1024", "2": None},
            id="url-too-long",
        ),
        pytest.param([live(**marked())], [], {"1": "key 'k1' is not in the ring"}, id="signed-with-an-unknown-key"),
        pytest.param(
            [live(**marked())],
            [
                manifest(
                    "Endpoint", "o", notificationUrl=HOOK, lifecycleNotificationUrl=LIFE, clientStateKey={"env": "K"}
                )
            ],
            {"1": None},
            id="signed-with-a-key-of-ours",
        ),
    ],
)
def test_what_would_be_no_adoption_is_refused_with_a_reason(lives, documents, expected):
    proved = imported(lives, *documents, previous_owners=frozenset({THEM}))
    found = reasons(proved)
    assert found.keys() == expected.keys()
    for key, said in expected.items():
        assert found[key] is None if said is None else said in str(found[key])
    assert "<drafts>" not in str(found)
    assert proved.disturbed == ()


def test_subscriptions_that_name_no_endpoint_keep_the_only_one_of_our_own():
    other = subscription("events", resource=EVENTS)
    assert imported([live()], OWN_ENDPOINT, other).disturbed == ()
    theirs = manifest("Endpoint", "other", notificationUrl="https://x.contoso.com", receiver="external")
    assert [each.rule for each in imported([live()], theirs, other).disturbed] == ["missing-reference"]


PATHS = st.sampled_from(["/hook", "/hook?code=s3cr3t-one", "/hook?code=s3cr3t-two&x", "/${HOME}", "/b#f", "/ü"])
LIVES = st.lists(
    st.fixed_dictionaries(
        {
            "resource": st.sampled_from(
                [MESSAGES, EVENTS, "/teams", "/users", "/chats", "/things", "/a//b", "me/events"]
            ),
            "changeType": st.sampled_from(["created", "updated", "updated,created", "created,updated,deleted"]),
            "notificationUrl": st.one_of(PATHS.map("https://a.contoso.com".__add__), st.just("EventGrid:?a=b")),
            "lifecycleNotificationUrl": st.one_of(st.none(), PATHS.map("https://a.contoso.com".__add__)),
            "includeResourceData": st.booleans(),
            "latestSupportedTlsVersion": st.sampled_from([None, "v1_2", "v1_3"]),
        }
    ),
    max_size=8,
).map(lambda found: [live(number, **each) for number, each in enumerate(found, start=1)])


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(LIVES)
def test_what_is_written_reads_to_adoptions_and_nothing_else(lives):
    proved = imported(lives, OWN_ENDPOINT)
    text = spelled(TENANT, proved.drafts, Sifted())
    assert "s3cr3t" not in text
    assert text == spelled(TENANT, imported(list(reversed(lives)), OWN_ENDPOINT).drafts, Sifted())
    variables = {
        name: value for each in proved.drafts if each.endpoint for name, value in each.endpoint.variables.items()
    }
    wanted = examined(read(TENANT_DOCUMENT, OWN_ENDPOINT, text, variables=variables))
    assert wanted.errors == ()
    changes = plan(wanted.desired, World(TENANT, tuple(lives)), now=NOW, options=Options(ME)).changes
    assert list(map(told, changes)) == [("adopt", None, each) for each in taken(proved)]


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(LIVES)
def test_what_is_commented_out_is_what_it_was_without_the_comment_signs(lives):
    proved = imported(lives, OWN_ENDPOINT)
    text = spelled(TENANT, proved.drafts, Sifted())
    bare = "\n".join(line.removeprefix("# ") for line in text.partition("# What follows")[2].splitlines()[1:])
    read_back = read_manifests([Text("m.yaml", bare)], {})
    mentioned = {each.live.id for each in proved.drafts if each.refused}
    assert len(mentioned) == bare.count("kind: Subscription")
    assert all(each in bare for each in mentioned)
    assert not [each for each in read_back.problems if each.rule == "yaml-syntax"]


def told(change: Change) -> tuple[str, str | None, str | None]:
    return (change.action, change.withheld, change.live.id if change.live else None)


def taken(proved: Proved) -> list[str]:
    return [each.live.id for each in sorted(proved.drafts, key=by_name) if each.refused is None]


def by_name(each: Draft) -> str:
    return each.name


def test_the_same_is_imported_whatever_else_is_there():
    alone = imported([live()]).drafts[0]
    among = next(each for each in imported([live(), live(2, resource=EVENTS)]).drafts if each.live.id == live().id)
    assert alone == among
