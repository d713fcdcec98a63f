"""``reconcile explain NAME``: the whole story of one subscription, from a snapshot and from Graph."""

import asyncio
import datetime as dt
import json
import socket
from pathlib import Path

import pytest

from reconciler.engine.chronicle import Trouble
from reconciler.store import Store
from tests.cli.support import (
    HOOK,
    LATER,
    NOW,
    OWNER,
    SOON,
    endpoint,
    live,
    local_tenant,
    settings,
    snapshot,
    subscription,
    taken,
    team,
    tenant,
    write,
)

LEFT = "it was left on purpose when its manifest went: it ends by itself"
FOREIGN = "00000000-0000-4000-8000-000000000005"


@pytest.fixture
def explain(environment, reconcile, monkeypatch):
    """Explain ``name`` from a snapshot; no socket may be opened."""

    def run(name, documents, subscriptions=(), *options, form="json", complete=True, **spec):
        write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(**spec), *documents)
        file = environment / "live.json"
        file.write_text(snapshot(taken(*subscriptions, complete=complete)), encoding="utf-8")
        monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket"))
        return reconcile("explain", name, "--live", file, "--format", form, *options)

    return run


def told(ran):
    """Of the only one: section and key → value and why."""
    assert ran.code == 0, ran.err
    [found] = ran.json["subscriptions"]
    return {
        f"{section} {key}": (row["value"], row["why"])
        for section, rows in found["sections"].items()
        for key, row in rows.items()
    }


def text_at(place):
    """The rest of the line that a place is in."""
    path, line, column = place.rsplit(":", 2)
    return Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1][int(column) - 1 :]


def test_one_that_is_as_wanted(explain):
    story = told(explain("hr", [subscription("hr", 1)], [live("hr", 1)]))
    assert story["desired resource"][0] == team(1)
    assert text_at(story["desired resource"][1]).startswith(f'"{team(1)}"')
    assert story["desired changeTypes"][0] == ["updated"]
    assert text_at(story["desired changeTypes"][1]) == "["
    assert story["desired graphVersion"] == ("v1.0", "the catalog's first for team")
    assert story["desired endpoint"] == ("public", "the only one that there is")
    assert story["desired notificationUrl"][0] == HOOK
    assert text_at(story["desired notificationUrl"][1]).startswith(f'"{HOOK}"')
    assert story["live id"] == (live("hr", 1)["id"], None)
    assert story["live expires"] == (LATER, "in 2d 23h")
    assert story["live granted"] == ("2d 23h 55m", None)
    assert story["mark owner"] == (OWNER, "ours")
    assert story["mark digest"][1] == "as wanted: nothing that Graph fixes differs"
    assert story["mark key"] == ("k1", "the first of the endpoint's keys")
    assert story["lifetime ceiling"] == ("3d", "the catalog, facts 1.3")
    assert story["lifetime asked for"][0] == "2d 23h 55m"
    assert story["renewal before its end"] == ("23h 58m 20s", "a third of it: renewed at two thirds")
    assert story["permissions to subscribe"][0] == "Team.ReadBasic.All or TeamSettings.Read.All"
    assert story["place held by"] == (live("hr", 1)["id"], "itself")
    assert story["place quotas"][0] == ["10,000 per organization, all Teams resources"]
    assert story["to be done nothing"] == ("it is as the manifest says", None)
    assert not any(key.startswith("store ") for key in story)


def test_the_key_of_one_that_was_adopted(explain):
    adopt = {"adopt": {"clientState": {"env": "LEGACY"}}}
    wanted, has = subscription("hr", 1, management=adopt), live("hr", 1, mark={"key": "fixed"})
    assert told(explain("hr", [wanted], [has]))["mark key"] == (
        "fixed",
        "what it had when it was adopted, never derived",
    )


def test_the_renewal_is_when_a_plan_renews(explain, environment, reconcile):
    """A second before, nothing is to be done; at the moment that is told, the renewal is."""
    documents, subscriptions = [subscription("hr", 1)], [live("hr", 1)]
    due = dt.datetime.fromisoformat(told(explain("hr", documents, subscriptions))["renewal due"][0])
    for moment, expected in ((due, []), (due + dt.timedelta(seconds=1), ["renew"])):
        now = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        ran = reconcile("explain", "hr", "--live", environment / "live.json", "--now", now, "--format", "json")
        assert [each["action"] for each in ran.json["subscriptions"][0]["changes"]] == expected


@pytest.mark.parametrize(
    ("expiry", "key", "expected"),
    [
        ({"renewBefore": "12h"}, "renewal before its end", ("12h", "expiry.renewBefore")),
        (
            {"renewBefore": "60h"},
            "renewal before its end",
            ("1d 11h 57m 30s", "half of it, as expiry.renewBefore is more"),
        ),
        ({"lifetime": "2d"}, "lifetime asked for", ("2d", "expiry.lifetime of the manifest")),
        ({"lifetime": "2d"}, "renewal counted from", ("2d 5m", "what would be asked for now, which is less")),
        ({}, "renewal counted from", ("2d 23h 55m", "what Graph granted")),
    ],
    ids=["before", "capped", "lifetime", "counted-from-less", "granted"],
)
def test_why_it_is_renewed_then(explain, expiry, key, expected):
    assert told(explain("hr", [subscription("hr", 1, expiry=expiry)], [live("hr", 1)]))[key] == expected


def test_what_would_be_done_and_why(explain):
    ran = explain(
        "hr", [subscription("hr", 1)], [live("hr", 1, expirationDateTime=SOON)], notificationUrl=HOOK + "?code=hunter2"
    )
    story = told(ran)
    assert story["to be done change"] == ("update NotificationUrlChanged", "it is delivered elsewhere")
    assert story["to be done notificationUrl"][0].startswith(f"{HOOK} → {HOOK}?code=redacted-")
    assert [each["reason"] for each in ran.json["subscriptions"][0]["changes"]] == ["NotificationUrlChanged"]
    assert "hunter2" not in ran.out + ran.err


def test_one_whose_place_is_taken(explain):
    documents = [subscription("all", resource="/teams", changeTypes=["created"])]
    story = told(explain("all", documents, [live(None, 5, resource="/teams", changeType="updated")]))
    assert story["place held by"] == (FOREIGN, "foreign, without a mark")
    assert story["to be done change"][0] == "create Missing"
    assert story["to be done withheld"][0] == "Blocked"
    assert FOREIGN in story["to be done withheld"][1]
    assert story["live live"] == ("none", None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("old", {"desired wanted": "no", "mark owner": OWNER, "to be done change": "delete NotInManifests"}),
        ("left", {"mark for when its manifest is gone": "left alone", "to be done nothing": LEFT}),
        (FOREIGN, {"mark mark": None, "to be done nothing": "it is foreign, and foreign ones are never touched"}),
        ("00000000-0000-4000-8000-000000000006", {"mark owner": "fabrikam", "mark name": "theirs"}),
    ],
    ids=["orphan", "left", "foreign", "another-owner"],
)  # fmt: skip
def test_one_that_no_manifest_wants(explain, name, expected):
    found = [
        live("old", 3),
        live("left", 4, mark={"left": True}),
        live(None, 5),
        live("theirs", 6, mark={"owner": "fabrikam"}),
    ]
    story = told(explain(name, [subscription("hr", 1)], [live("hr", 1), *found]))
    assert {key: story[key][0] for key in expected} == expected
    assert ("lifetime ceiling" in story) is (name in {"old", "left"})


def test_by_the_id_of_one_that_is_wanted(explain):
    story = told(explain(live("hr", 1)["id"], [subscription("hr", 1)], [live("hr", 1)]))
    assert story["desired resource"][0] == team(1)


def test_a_mark_of_a_later_version(explain):
    url = f"{HOOK}?reconciler=7.{OWNER}.hr.whatever.comes"
    story = told(explain("hr", [subscription("hr", 1)], [live(None, 1, notificationUrl=url)]))
    assert story["mark version"][0] == "7"
    assert story["to be done withheld"][0] == "Blocked"


def test_an_incomplete_list_is_not_taken_for_an_empty_one(explain):
    story = told(explain("hr", [subscription("hr", 1)], [], complete=False))
    assert story["live live"][0] == "not known"
    assert story["to be done withheld"][0] == "Unsafe"


def test_which_manifest_a_certificate_is_of(explain):
    fields = {"includeResourceData": True, "encryptionCertificateId": "A" * 40, "mark": {"digest": "0" * 10}}
    stranger = live("hr", 1, **fields)
    story = told(explain("hr", [subscription("hr", 1)], [stranger]))
    assert story["live certificate"] == (
        "A" * 40, "of no certificate that the manifests know: what it delivers cannot be opened here",
    )  # fmt: skip
    assert story["to be done resource data"][0] == "encrypted → none"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hrr", "'hrr' is neither wanted by the manifests nor live, did you mean 'hr'?"),
        ("ol", "did you mean 'old'?"),
        ("nothing-like-it", "neither wanted by the manifests nor live\n"),
        ("\x1b[31mred", "'\\x1b[31mred' is neither"),
    ],
    ids=["wanted", "owned", "far", "escape"],
)
def test_an_unknown_name(explain, name, words):
    ran = explain(name, [subscription("hr", 1)], [live("hr", 1), live("old", 3)])
    assert ran.code == 64
    assert words in ran.err


def test_two_tenants_with_one_name_in_each(environment, reconcile):
    second = tenant("fabrikam", tenantId="1f2e8f59-862a-483b-9ca8-82a10665e17d")
    documents = [subscription("hr", 1, tenant="contoso"), subscription("hr", 1, tenant="fabrikam")]
    write(environment / "manifests" / "all.yaml", settings(), tenant(), second, endpoint(), *documents)
    other = taken(name="fabrikam", tenantId="1f2e8f59-862a-483b-9ca8-82a10665e17d")
    (environment / "live.json").write_text(snapshot(taken(live("hr", 1)), other), encoding="utf-8")
    arguments = ("explain", "hr", "--live", "live.json", "--format", "json")
    assert [each["tenant"] for each in reconcile(*arguments).json["subscriptions"]] == ["contoso", "fabrikam"]
    [found] = reconcile(*arguments, "--tenant", "fabrikam").json["subscriptions"]
    assert found["subscriptionId"] is None


@pytest.mark.parametrize(
    ("content", "words"),
    [("{}", "is it another file?"), (json.dumps({"kind": "Snapshot", "schemaVersion": 9}), "take a new one")],
    ids=["another-file", "another-version"],
)
def test_a_file_that_is_no_snapshot(environment, reconcile, content, words):
    write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(), subscription("hr", 1))
    (environment / "live.json").write_text(content, encoding="utf-8")
    ran = reconcile("explain", "hr", "--live", "live.json")
    assert ran.code == 4
    assert words in ran.out


def test_for_people(explain):
    ran = explain("hr", [subscription("hr", 1)], [live("hr", 1)], form="text")
    lines = ran.out.splitlines()
    assert lines[0] == "hr (contoso)"
    headings = [line for line in lines[1:] if line and not line.startswith(" ")]
    assert headings == ["desired", "live", "mark", "lifetime", "renewal", "permissions", "place", "to be done"]
    assert "  expires                   2026-03-04T11:00:00Z  (in 2d 23h)" in lines
    assert explain("hr", [subscription("hr", 1)], [live("hr", 1)], form="text").out == ran.out


def test_from_graph_and_the_store(local, reconcile, emulator, environment):
    local(subscription("hr", 1))
    assert reconcile().code == 0
    at = dt.datetime.fromisoformat(NOW)
    failing = Trouble(
        tenant="contoso", name="hr", action="renew", kind="EndpointRefused",
        message="PATCH: Graph answered 400 ValidationError: Subscription validation request timed out",
        request_id="4a5b", essence="e", since=at, at=at, attempts=3, next_try=at + dt.timedelta(hours=1),
    )  # fmt: skip

    async def remember():
        async with Store.open(environment.parent / "state" / "reconciler") as store:
            await store.chronicle(OWNER).trouble([failing])
            await store.inbox().hear({(emulator.info["tenantId"].lower(), "hr"): at})

    asyncio.run(remember())
    story = told(reconcile("explain", "hr", "--format", "json"))
    [made] = emulator.subscriptions()
    assert story["live id"][0] == made["id"]
    assert story["live granted"][0].startswith("2d 23h 5")
    assert story["store last notification"] == (NOW, None)
    assert story["store failing"] == (f"renew, 3 times since {NOW}", "EndpointRefused")
    assert "within 10 s" in story["store cause"][0]
    assert "publicly trusted" in story["store remedy"][0]
    assert story["to be done nothing"][0] == "it is as the manifest says"


def test_a_tenant_that_cannot_be_read(environment, reconcile, emulator):
    another = {"env": "AZURE_CLIENT_SECRET"}
    write(
        environment / "manifests" / "all.yaml",
        settings(),
        local_tenant(credential={"secret": another}),
        endpoint(),
        subscription("hr", 1),
    )
    ran = reconcile("explain", "hr", "--format", "json")
    assert ran.code == 1
    [found] = ran.json["subscriptions"]
    assert "AZURE_CLIENT_SECRET" in found["unread"]
    assert found["sections"]["live"]["live"]["value"] == "not known"
    assert found["sections"]["desired"]["resource"]["value"] == team(1)
    unknown = reconcile("explain", "old")
    assert unknown.code == 1
    assert "contoso could not be read" in unknown.err
