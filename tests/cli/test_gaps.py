"""``gaps`` shows the ledger, from the store alone."""

import asyncio
import dataclasses
import datetime as dt
import re

import pytest

from reconciler.core.gap import Cause, Gap
from reconciler.store import Store
from tests.cli.support import OWNER, settings, subscription, tenant, write

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def gap(name="mail", **fields):
    made = Gap(
        id=f"g-{name}",
        tenant="contoso",
        tenant_id="t-1",
        name=name,
        subscription_id="s-1",
        resource="users/mail/messages",
        cause=Cause.MISSED,
        since=NOW - 3 * HOUR,
        until=NOW - HOUR,
        noted_at=NOW - HOUR,
    )
    return dataclasses.replace(made, **fields)


LEDGER = [
    gap(announced_at=NOW - HOUR),
    gap("chats", cause=Cause.ENDPOINT, until=None, noted_at=NOW - HOUR / 2),
    gap("teams", tenant="fabrikam", cause=Cause.REMOVED, noted_at=NOW - HOUR / 4),
    gap("old", since=NOW - 10 * DAY, until=NOW - 9 * DAY, noted_at=NOW - 9 * DAY),
    gap("forgotten", since=NOW - 30 * DAY, until=None, noted_at=NOW - 29 * DAY),
]


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    folder = tmp_path / "store"
    monkeypatch.setenv("RECONCILER_STATE", str(folder))
    monkeypatch.setenv("RECONCILER_OWNER", OWNER)

    async def fill():
        async with Store.open(folder) as store:
            for each in LEDGER:
                await store.chronicle(OWNER).note_gap(each)
            await store.chronicle("another").note_gap(gap("theirs"))

    asyncio.run(fill())
    return folder


def names(ran):
    return [each["subscription"] for each in ran.json["gaps"]]


@pytest.mark.usefixtures("ledger")
class TestLedger:
    def test_for_people(self, reconcile):
        ran = reconcile("gaps")
        start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (NOW - 3 * HOUR, NOW - HOUR))
        month = f"{NOW - 30 * DAY:%Y-%m-%d %H:%M}"
        assert (ran.code, ran.err) == (0, "")
        # How wide a column is depends on how long the open ones have been so, which goes on while the tests run.
        first, second, *rest = (re.split(" {2,}", line) for line in ran.out.splitlines())
        assert first == ["subscription", "cause", "from (UTC)", "to (UTC)", "how long", "announced"]
        assert second[:4] == ["contoso/forgotten", "missed", month, "still open"]
        assert second[4].startswith("30d ")
        assert rest[0] == ["contoso/mail", "missed", start, end, "2h", "yes"]
        assert rest[1][:4] == ["contoso/chats", "endpoint", start, "still open"]
        assert rest[1][4].startswith("3h ")
        assert rest[1][5] == "-"
        assert rest[2] == ["fabrikam/teams", "removed", start, end, "2h", "not yet"]
        assert len(rest) == 3

    @pytest.mark.parametrize(
        ("options", "wanted"),
        [
            ([], ["forgotten", "mail", "chats", "teams"]),
            (["--since", "30d"], ["forgotten", "old", "mail", "chats", "teams"]),
            (["--since", "30m"], ["forgotten", "chats"]),
            (["--only", "mail"], ["mail"]),
            (["--only", "mail", "--only", "teams"], ["mail", "teams"]),
            (["--only", "nobody"], []),
            (["--tenant", "fabrikam"], ["teams"]),
            (["--tenant", "fabrikam", "--only", "mail"], []),
            (["--owner", "another"], ["theirs"]),
        ],
    )
    def test_what_is_chosen(self, reconcile, options, wanted):
        ran = reconcile("gaps", "--format", "json", *options)
        assert (ran.code, names(ran)) == (0, wanted)

    def test_in_json(self, reconcile):
        document = reconcile("gaps", "--format", "json", "--only", "mail", "--only", "chats").json
        mail, chats = document.pop("gaps")
        assert document == {"schemaVersion": 1, "owner": OWNER}
        spelled = {
            name: moment.isoformat().replace("+00:00", "Z")
            for name, moment in {"from": NOW - 3 * HOUR, "to": NOW - HOUR, "half": NOW - HOUR / 2}.items()
        }
        assert mail == {
            "subscription": "mail",
            "tenant": "contoso",
            "tenantId": "t-1",
            "subscriptionId": "s-1",
            "resource": "users/mail/messages",
            "cause": "missed",
            "from": spelled["from"],
            "to": spelled["to"],
            "notedAt": spelled["to"],
            "announcedAt": spelled["to"],
        }
        assert (chats["to"], chats["notedAt"], chats["announcedAt"]) == (None, spelled["half"], None)

    def test_nothing_that_fits(self, reconcile):
        assert reconcile("gaps", "--only", "nobody").out == "Nothing is on record of the last 7d.\n"
        assert reconcile("gaps", "--only", "nobody", "--since", "12h").out == "Nothing is on record of the last 12h.\n"

    def test_manifests_that_are_not_valid_are_no_matter(self, reconcile, environment):
        write(environment / "manifests" / "all.yaml", settings(), subscription(changeTypes=["vanished"]))
        assert names(reconcile("gaps", "--format", "json", "--only", "mail")) == ["mail"]


def test_the_owner_of_the_manifests(reconcile, ledger, environment, monkeypatch):
    monkeypatch.delenv("RECONCILER_OWNER")
    write(environment / "manifests" / "all.yaml", settings(), tenant())
    assert names(reconcile("gaps", "--format", "json", "--only", "mail")) == ["mail"]
    write(environment / "manifests" / "all.yaml", settings(owner="another"), tenant())
    assert names(reconcile("gaps", "--format", "json")) == ["theirs"]


def test_nobody_says_whose(reconcile, ledger, environment, monkeypatch):
    monkeypatch.delenv("RECONCILER_OWNER")
    write(environment / "manifests" / "all.yaml", settings(owner=None), tenant())
    ran = reconcile("gaps")
    assert ran.code == 4
    assert "[owner-missing]" in ran.out
    (environment / "manifests" / "all.yaml").unlink()
    ran = reconcile("gaps")
    assert ran.code == 4
    assert "[no-documents]" in ran.out


def test_a_store_that_is_not_there_is_not_made(reconcile, tmp_path, monkeypatch):
    monkeypatch.setenv("RECONCILER_STATE", str(tmp_path / "none"))
    ran = reconcile("gaps", "--owner", OWNER)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Nothing is on record: the store ")
    assert ran.out.endswith("does not exist yet.\n")
    assert reconcile("gaps", "--owner", OWNER, "--format", "json").json["gaps"] == []
    assert not (tmp_path / "none").exists()


def test_what_others_wrote_is_shown_and_not_obeyed(reconcile, tmp_path, monkeypatch):
    folder = tmp_path / "store"
    monkeypatch.setenv("RECONCILER_STATE", str(folder))

    async def fill():
        async with Store.open(folder) as store:
            await store.chronicle(OWNER).note_gap(gap("a\x1b[2K\nforged"))

    asyncio.run(fill())
    ran = reconcile("gaps", "--owner", OWNER)
    assert len(ran.out.splitlines()) == 2
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gaps", "--since", "long ago"], "'long ago' is not a duration"),
        (["--only", "mail", "gaps"], "--only goes with a pass, not with gaps"),
        (["gaps", "--dry-run"], "unrecognized arguments"),
    ],
)
def test_wrong_usage(reconcile, arguments, says):
    ran = reconcile(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert says in ran.err
