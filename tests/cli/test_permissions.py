"""``reconcile permissions``: what the manifests need, for people and for pipelines, and what a token lacks."""

import asyncio
import datetime as dt
import socket

import pytest

from reconciler.cli.granted import missing_permissions
from reconciler.cli.loading import load
from reconciler.cli.wiring import new_graph, open_tenants
from tests.cli.support import EXAMPLE, endpoint, manifest, settings, subscription, tenant, write

NOW = dt.datetime.now(dt.UTC)
TEAM, CHANNEL = "Team.ReadBasic.All", "Channel.ReadBasic.All"
WEBINAR = "/solutions/virtualEvents/webinars/0a1b2c3d-0000-4000-8000-000000000001@0a1b2c3d-0000-4000-8000-000000000002"


@pytest.fixture
def written(environment):
    def write_all(*documents):
        return write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(), *documents)

    return write_all


@pytest.fixture
def granted(emulator):
    """The application of the local Graph, with these permissions only."""

    def grant(*roles):
        given = {name: emulator.info[name] for name in ("tenantId", "clientId", "clientSecret")}
        emulator.register(**given, roles=list(roles))

    return grant


def test_for_people(written, reconcile):
    written(subscription("hr", 1), subscription("it", 2), subscription("event", resource=WEBINAR))
    ran = reconcile("permissions")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "contoso: 2 application permissions",
        "  Team.ReadBasic.All",
        (
            "      to subscribe to /teams/{team-id}: 2 subscriptions (hr, it); or TeamSettings.Read.All;"
            " or TeamSettings.Read.Group, for this one alone, by its owner"
        ),
        (
            "      after a gap, to read /teams/{team-id}: 2 subscriptions (hr, it); or TeamSettings.Read.All;"
            " or TeamSettings.Read.Group, for this one alone, by its owner"
        ),
        "  VirtualEvent.Read.All",
        "      to subscribe to /solutions/virtualEvents/webinars/{webinar-id}: 1 subscription (event)",
        (
            "  not documented: which permission it takes after a gap, to read"
            " /solutions/virtualEvents/webinars/{webinar-id}: 1 subscription (event)"
        ),
        (
            "  note: reading virtual events with an application's token takes a Teams application access policy for"
            " each organizer, and lists show only what those organize (facts 2.4, 2.6) (event)"
        ),
    ]


def test_for_pipelines(written, reconcile):
    written(subscription("hr", 1))
    [found] = reconcile("permissions", "--format", "json", "--no-resync").json["tenants"]
    need = {
        "purpose": "subscribe",
        "resource": "/teams/{team-id}",
        "anyOf": [TEAM, "TeamSettings.Read.All", "TeamSettings.ReadWrite.All"],
        "resourceSpecific": ["TeamSettings.Read.Group", "TeamSettings.ReadWrite.Group"],
        "subscriptions": ["hr"],
    }
    assert found == {
        "name": "contoso",
        "kind": "application",
        "permissions": [{"permission": TEAM, "needs": [need]}],
        "unsupported": [],
        "undocumented": [],
        "uncatalogued": [],
        "notes": [],
        "check": None,
    }


def test_no_call_is_made_and_no_credential_needed(reconcile, monkeypatch):
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket"))
    monkeypatch.setenv("RECONCILER_VAR_RECEIVER_PORT", "8443")
    ran = reconcile("permissions", "-f", EXAMPLE)
    assert ran.code == 0
    assert "'Microsoft Graph Change Tracking' holds an app role" in ran.out


def test_what_only_a_user_may_is_said_although_it_is_invalid(written, reconcile):
    presence = "/communications/presences/0a1b2c3d-0000-4000-8000-000000000001"
    file = written(subscription("p", resource=presence, certificate="rich"), rich())
    file.with_name("rich.pem").write_bytes((EXAMPLE / "certs" / "rich.pem").read_bytes())
    ran = reconcile("permissions")
    assert ran.code == 0
    assert "not possible with the token of an application: to subscribe to /communications/presences/" in ran.out
    assert "Presence.Read.All" in reconcile("permissions", "--delegated").out
    assert reconcile("validate").code == 4


def rich():
    return manifest("Certificate", "rich", {"certificate": {"file": "rich.pem"}})


def test_delegated(written, reconcile):
    written(subscription("hr", 1), subscription("all", resource="/teams"))
    ran = reconcile("permissions", "--delegated")
    assert ran.out.startswith("contoso: 1 delegated permission\n")
    assert "not possible with the token of a signed-in user: to subscribe to /teams: 1 subscription (all)" in ran.out


@pytest.mark.parametrize(
    ("roles", "code", "missing", "excess"),
    [
        pytest.param([TEAM], 0, [], [], id="all"),
        pytest.param([TEAM, "Mail.Read"], 0, [], ["Mail.Read"], id="excess"),
        pytest.param([CHANNEL], 1, ["/teams/{team-id}", "/teams/{team-id}"], [CHANNEL], id="missing"),
    ],
)
def test_compared_with_a_token(granted, local, reconcile, roles, code, missing, excess):
    granted(*roles)
    local(subscription("hr", 1))
    ran = reconcile("permissions", "--check", "--format", "json")
    [found] = ran.json["tenants"]
    assert ran.code == code
    assert [each["resource"] for each in found["check"]["missing"]] == missing
    assert (found["check"]["excess"], found["check"]["roles"]) == (excess, sorted(roles))


def test_what_is_missing_is_said(granted, local, reconcile):
    granted("Mail.Read")
    local(subscription("all", resource="/teams/getAllChannels"))
    ran = reconcile("permissions", "--check", "--no-resync")
    assert ran.code == 1
    assert ran.out.splitlines()[-2:] == [
        (
            "  MISSING: Channel.ReadBasic.All or ChannelSettings.Read.All, to subscribe to /teams/getAllChannels:"
            " 1 subscription (all)"
        ),
        "  in excess: the token also has Mail.Read, needed for nothing here",
    ]


def test_a_token_that_names_nothing(granted, local, reconcile):
    granted()
    local(subscription("hr", 1))
    ran = reconcile("permissions", "--check")
    assert ran.code == 1
    assert "NOT COMPARED: the token names no permission" in ran.out


def test_nothing_is_needed_where_nothing_is_wanted(granted, local, reconcile):
    granted()
    local()
    ran = reconcile("permissions", "--check")
    assert ran.code == 0
    assert ran.out.startswith("contoso: no permission is needed\n")


def test_no_token(local, reconcile, emulator):
    local(subscription("hr", 1))
    emulator.register(tenantId=emulator.info["tenantId"], clientId=emulator.info["clientId"], clientSecret="another")
    ran = reconcile("permissions", "--check")
    assert ran.code == 1
    assert "NOT COMPARED: there is no token" in ran.out
    assert "AADSTS7000215" in ran.out


def warned(folder, emulator):
    """What a pass is told before it writes."""
    from reconciler.cli.arguments import parse

    options = parse(["-f", str(folder)])

    async def look():
        loaded = load(options, confined=False, now=NOW)
        async with new_graph(loaded) as graph:
            opened, _ = open_tenants(loaded.wanted.tenants, graph, loaded, options)
            return await missing_permissions(opened, loaded.wanted.desired)

    return asyncio.run(look())


@pytest.mark.parametrize(
    ("roles", "paths"),
    [
        pytest.param([TEAM, CHANNEL], [], id="all"),
        pytest.param([CHANNEL], ["/teams/{team-id}"], id="one"),
        pytest.param(["Mail.Read"], ["/teams/getAllChannels", "/teams/{team-id}"], id="both"),
        pytest.param([], [], id="opaque"),
    ],
)
def test_a_warning_before_anything_is_written(granted, local, emulator, roles, paths):
    granted(*roles)
    folder = local(subscription("hr", 1), subscription("all", resource="/teams/getAllChannels"))
    found = warned(folder, emulator)
    assert [each.message.split()[8].rstrip(",") for each in found] == paths
    for each in found:
        assert (each.rule, each.severity, each.tenant) == ("permission-missing", "warning", "contoso")
        assert each.source.path.endswith("all.yaml")


def test_without_a_token_nothing_is_said(local, emulator):
    emulator.register(tenantId=emulator.info["tenantId"], clientId=emulator.info["clientId"], clientSecret="another")
    assert warned(local(subscription("hr", 1)), emulator) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--check", "--delegated"), 64, "do not go together"),
        (("--tenant", "contosso"), 64, "did you mean 'contoso'?"),
        (("--tenant", "contoso"), 0, ""),
    ],
    ids=["both", "unknown-tenant", "tenant"],
)
def test_wrong_usage(written, reconcile, arguments, code, words):
    written(subscription("hr", 1))
    ran = reconcile("permissions", *arguments)
    assert ran.code == code
    assert words in ran.err


def test_invalid_manifests(written, reconcile):
    written(subscription("hr", 1, endpoint="none"))
    assert reconcile("permissions").code == 4
