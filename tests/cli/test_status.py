"""``status`` on the emulator: how each subscription stands, from Graph and the store, and a check that fails."""

import asyncio
import dataclasses
import datetime as dt

import pytest

from reconciler.core.errors import EndpointRefused
from reconciler.engine.chronicle import Trouble
from reconciler.store import Store
from tests.cli.support import OWNER, local_tenant, subscription, write

HOUR = dt.timedelta(hours=1)


def ago(hours):
    return dt.datetime.now(dt.UTC) - hours * HOUR


@pytest.fixture
def store(tmp_path, monkeypatch):
    folder = tmp_path / "store"
    monkeypatch.setenv("RECONCILER_STATE", str(folder))
    return folder


@pytest.fixture
def applied(reconcile, emulator, local, store):
    """Three of ours."""
    local(*(subscription(f"team-{number}", number) for number in (1, 2, 3)))
    assert reconcile().code == 0
    return local


def into(folder, deed):
    async def carry_out():
        async with Store.open(folder) as opened:
            await deed(opened)

    asyncio.run(carry_out())


def trouble(name, **fields):
    made = Trouble(
        tenant="contoso",
        name=name,
        action="renew",
        kind=EndpointRefused.__name__,
        message="the notification URL did not answer",
        request_id="4a5b",
        essence="e",
        since=ago(2),
        at=ago(1),
        attempts=3,
        next_try=ago(-1),
    )
    return dataclasses.replace(made, **fields)


def conditions(ran):
    return {each["name"]: each for tenant in ran.json["tenants"] for each in tenant["conditions"]}


def patch(emulator, expires_at):
    """Of the first subscription."""
    (first,) = (each for each in emulator.subscriptions() if "team-1" in each["notificationUrl"])
    with emulator.client(headers={"Authorization": f"Bearer {emulator.token()}"}) as client:
        body = {"expirationDateTime": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        client.patch(f"/v1.0/subscriptions/{first['id']}", json=body).raise_for_status()


def delete(emulator, name):
    (found,) = (each for each in emulator.subscriptions() if f".{name}." in each["notificationUrl"])
    with emulator.client(headers={"Authorization": f"Bearer {emulator.token()}"}) as client:
        client.delete(f"/v1.0/subscriptions/{found['id']}").raise_for_status()


def test_each_as_it_stands(reconcile, applied, emulator, store):
    applied(
        *(subscription(f"team-{number}", number) for number in (1, 2)),
        subscription("new", 9),
        subscription("asleep", 8, management={"suspend": True}),
    )
    tenant_id, an_hour_ago = emulator.info["tenantId"], ago(1)
    into(store, lambda opened: opened.chronicle(OWNER).trouble([trouble("team-2")]))
    into(store, lambda opened: opened.inbox().hear({(tenant_id.lower(), "team-1"): an_hour_ago}))
    ran = reconcile("status", "--format", "json")
    assert ran.code == 0
    found = conditions(ran)
    assert {name: (each["condition"], each["reason"], each["withheld"]) for name, each in found.items()} == {
        "asleep": ("pending", "Missing", "Suspended"),
        "new": ("pending", "Missing", None),
        "team-1": ("ready", None, None),
        "team-2": ("stalled", "EndpointRefused", None),
    }
    first = found["team-1"]
    listed = {each["id"]: each for each in emulator.subscriptions()}
    assert first["granted"] in {"PT71H55M", "PT71H54M59S", "PT71H54M58S"}
    assert first["expiresAt"][:19] == listed[first["subscriptionId"]]["expirationDateTime"][:19]
    assert first["renewsAt"] < first["expiresAt"]
    assert first["lastNotification"][:19] == an_hour_ago.isoformat()[:19]
    assert found["team-2"]["requestId"] == "4a5b"
    (tenant,) = ran.json["tenants"]
    assert {each["name"] for each in tenant["subscriptions"]} == {"team-1", "team-2", "team-3"}
    assert (tenant["name"], tenant["tenantId"], tenant["complete"]) == ("contoso", tenant_id, True)
    text = reconcile("status").out.splitlines()
    assert text[0] == "contoso: 3 live, 4 wanted (1 ready, 2 pending, 1 stalled), 1 that no manifest wants"
    assert [line.split()[0] for line in text[1:] if line[2] != " "] == [
        "subscription",
        "asleep",
        "new",
        "team-1",
        "team-2",
    ]
    assert text[-1].startswith("      renew failed 3 times in 2h, again in 59m ")
    assert text[-1].endswith("s: the notification URL did not answer (request-id 4a5b) (EndpointRefused)")
    assert [line.endswith("  1h ago") for line in text if line.startswith("  team-")] == [True, False]


def test_it_writes_nothing(reconcile, applied, emulator, store):
    before = {each: each.read_bytes() for each in store.rglob("*") if each.is_file()}
    seen = len(emulator.requests())
    for options in ([], ["--check"], ["--format", "json"]):
        reconcile("status", *options)
    assert {each["method"] for each in emulator.requests()[seen:] if "/subscriptions" in each["path"]} == {"GET"}
    assert {each: each.read_bytes() for each in store.rglob("*") if each.is_file()} == before


def test_without_a_store(reconcile, applied, tmp_path, monkeypatch):
    monkeypatch.setenv("RECONCILER_STATE", str(tmp_path / "none"))
    ran = reconcile("status", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert {each["condition"] for each in conditions(ran).values()} == {"ready"}
    assert {each["granted"] for each in conditions(ran).values()} == {None}
    assert not (tmp_path / "none").exists()


def test_without_an_owner_nobody_knows_what_is_wanted(reconcile, applied, environment):
    applied(subscription("team-1", 1), owner=None)
    ran = reconcile("status")
    assert ran.code == 4
    assert "nobody says whose subscriptions these are" in ran.out
    assert reconcile("status", "--live-out", "live.json").code == 0
    assert reconcile("status", "--owner", OWNER).code == 0


def test_only_one_tenant(reconcile, applied):
    assert reconcile("status", "--tenant", "contoso").code == 0
    assert reconcile("status", "--tenant", "other").code == 64


def test_no_colour_where_nobody_sees_it(reconcile, applied, monkeypatch):
    assert "\x1b" not in reconcile("status").out
    monkeypatch.setattr("reconciler.cli.status.shows_colours", lambda: True)
    assert "\x1b[32mready" in reconcile("status").out


@pytest.mark.parametrize(
    ("terminal", "environment", "shown"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "xterm"}, False),
    ],
)
def test_when_colours_are_shown(monkeypatch, terminal, environment, shown):
    from reconciler.cli.colours import shows_colours

    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    assert shows_colours() is shown


@pytest.mark.usefixtures("applied")
class TestCheck:
    def test_all_is_well(self, reconcile):
        assert reconcile("status", "--check") == reconcile("status", "--check", "--min-lead", "2d")
        ran = reconcile("status", "--check")
        assert (ran.code, ran.out, ran.err) == (0, "", "")
        ran = reconcile("status", "--check", "--format", "json")
        assert (ran.code, ran.json["wrong"], ran.json["unread"], ran.json["minLead"]) == (0, [], {}, "PT30M")

    def test_one_is_missing(self, reconcile, emulator):
        delete(emulator, "team-2")
        ran = reconcile("status", "--check")
        assert (ran.code, ran.err) == (1, "")
        assert ran.out == ("contoso/team-2: it is missing; create: Graph has no subscription of this name (Missing)\n")

    def test_one_ends_soon(self, reconcile, emulator):
        patch(emulator, ago(-1))
        assert reconcile("status", "--check").code == 0
        ran = reconcile("status", "--check", "--min-lead", "90m")
        assert ran.code == 1
        assert ran.out.startswith("contoso/team-1: it ends in 5")
        (wrong,) = reconcile("status", "--check", "--min-lead", "90m", "--format", "json").json["wrong"]
        assert (wrong["wrong"], wrong["name"], wrong["action"]) == ("ending", "team-1", "renew")

    def test_what_nobody_wants_may_end(self, reconcile, applied, emulator):
        patch(emulator, ago(-1))
        applied(subscription("team-2", 2), subscription("team-3", 3))
        assert reconcile("status", "--check", "--min-lead", "90m").code == 0

    def test_a_tenant_that_cannot_be_read(self, reconcile, applied, emulator, environment):
        away = local_tenant("away", tenantId="0f2e8f59-862a-483b-9ca8-82a10665e17d", clientId=emulator.info["clientId"])
        write(environment / "manifests" / "away.yaml", away)
        applied(*(subscription(f"team-{number}", number, tenant="contoso") for number in (1, 2, 3)))
        ran = reconcile("status", "--check")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("away could not be read: ")
        document = reconcile("status", "--check", "--format", "json").json
        assert (list(document["unread"]), document["wrong"]) == (["away"], [])

    def test_a_list_that_is_not_whole_is_said(self, reconcile, emulator):
        emulator.faults({"list": "foreign-next-link"})
        ran = reconcile("status", "--check")
        emulator.faults({})
        assert ran.code == 0, "what the store knows is asked for by its id"
        assert ran.err.startswith("contoso: the list is not whole: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--min-lead", "30m"], "--min-lead goes with --check"),
        (["--check", "--min-lead", "soon"], "'soon' is not a duration"),
        (["--check", "--live-out", "live.json"], "--live-out and --check do not go together"),
        (["--check", "--only", "x"], "unrecognized arguments"),
    ],
)
def test_wrong_usage(reconcile, arguments, says):
    ran = reconcile("status", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert says in ran.err
