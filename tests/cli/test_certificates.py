"""``certificates`` tells which certificate is in use where, and when an old key can be taken away."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.source import Source
from reconciler.engine.ports import Remembered
from reconciler.receiver.kept_keys import KeptKeys
from reconciler.receiver.private_keys import KeyPairFiles
from reconciler.store import Store
from tests.cli.conftest import Reconcile
from tests.cli.support import OWNER, TENANT_ID, Ran, endpoint, local_tenant, manifest, settings, subscription, write
from tests.cli.test_processes import LACKING, ran
from tests.support.emulator import RunningEmulator
from tests.support.key_pairs import pair, write_pair
from tests.support.receiver import ValidationReceiver

HOUR = dt.timedelta(hours=1)
FIRST, SECOND, EXPIRED = pair("first").thumbprint, pair("second").thumbprint, pair("expired", days=-5).thumbprint

Declare = Callable[..., None]


@pytest.fixture
def declare(local: Callable[..., Path], environment: Path, emulator: RunningEmulator) -> Declare:
    """Write manifests of a Certificate with the pairs of these names, the current one first, and who uses it."""

    def write_all(current: str, *previous: str, more: Iterable[Any] = (), **changes: Any) -> None:
        folder = environment / "manifests"
        pairs = [write_pair(folder, each) for each in previous]
        spec = write_pair(folder, current) | {"previous": pairs} | changes
        users = [
            subscription("all-teams", resource="/teams", certificate="rich"),
            subscription("hr", 1, certificate="rich"),
            subscription("plain", 2),
        ]
        local(manifest("Certificate", "rich", spec), *users, *more)

    return write_all


def state() -> Path:
    return Path.home().parent / "state" / "reconciler"


def told(found: Ran) -> dict[str | None, dict[str, Any]]:
    """By thumbprint; None is of a file that cannot be read."""
    return {each["thumbprint"]: each for each in found.json["certificates"]}


def retire(found: Ran, thumbprint: str = FIRST) -> tuple[str, str | None]:
    retirement = told(found)[thumbprint]["retire"]
    return retirement["state"], retirement["at"]


def rules(found: Ran) -> list[str]:
    return [each["rule"] for each in found.json["problems"]]


def remember(emulator: RunningEmulator, **changes: Any) -> None:
    """Change what the store knows of each subscription; ``certificate_id`` is what it has now, unless it is given."""

    async def write_down() -> None:
        async with Store.open(state()) as store:
            ids = {"tenant_id": emulator.info["tenantId"], "client_id": emulator.info["clientId"]}
            journal = store.journal(owner=OWNER, **ids)
            now = {each["id"]: each["encryptionCertificateId"] for each in emulator.subscriptions()}
            await journal.remember(
                changed(each, {"certificate_id": now.get(identifier)} | changes)
                for identifier, each in (await journal.remembered()).items()
            )

    asyncio.run(write_down())


def changed(memory: Remembered, changes: dict[str, Any]) -> Remembered:
    return dataclasses.replace(memory, **changes)


def keep(name: str, *, at: dt.datetime) -> None:
    made = pair(name)
    problems = KeptKeys(state() / "keys").keep([KeyPairFiles(Source("m.yaml"), made.pem, made.key_pem)], now=at)
    assert problems == ()


class TestInUse:
    def test_for_people(self, reconcile: Reconcile, declare: Declare) -> None:
        declare("first")
        assert reconcile().code == 0
        found = reconcile("certificates")
        assert (found.code, found.err) == (0, "")
        heading, row, users = found.out.splitlines()
        assert heading.split()[:4] == ["certificate", "part", "thumbprint", "ends"]
        end = pair("first").certificate.not_valid_after_utc
        assert row.split() == ["rich", "current", FIRST, f"{end:%Y-%m-%d}", "29", "2048", "yes", "2", "-"]
        assert users == "    in use by contoso/all-teams, contoso/hr"

    def test_for_programs(self, reconcile: Reconcile, declare: Declare, emulator: RunningEmulator) -> None:
        declare("first")
        assert reconcile().code == 0
        found = reconcile("certificates", "--format", "json")
        document = found.json
        assert (found.code, document["schemaVersion"], document["owner"]) == (0, 1, OWNER)
        assert (document["problems"], document["unknown"]) == ([], [])
        (one,) = document["certificates"]
        ids = {each["resource"]: each["id"] for each in emulator.subscriptions()}
        users = [{"tenant": "contoso", "name": "all-teams", "id": ids["/teams"]}]
        assert one.pop("subscriptions")[:1] == users
        assert one.pop("source").startswith("manifests/all.yaml:")
        end = pair("first").certificate.not_valid_after_utc
        assert one == {
            "name": "rich",
            "part": "current",
            "thumbprint": FIRST,
            "notAfter": end.isoformat().replace("+00:00", "Z"),
            "daysLeft": 29,
            "bits": 2048,
            "privateKey": "yes",
            "keptUntil": None,
            "inUse": 2,
            "foreign": 0,
            "retire": None,
        }

    def test_many_are_counted_and_some_named(self, reconcile: Reconcile, declare: Declare) -> None:
        declare("first", more=[subscription(f"t-{number}", number, certificate="rich") for number in range(10, 20)])
        assert reconcile().code == 0
        found = reconcile("certificates")
        assert found.out.splitlines()[-1].endswith("contoso/t-16, contoso/t-17 and 2 more")
        assert told(reconcile("certificates", "--format", "json"))[FIRST]["inUse"] == 12

    def test_a_foreign_one_is_counted_apart(
        self, reconcile: Reconcile, declare: Declare, emulator: RunningEmulator, receiver: ValidationReceiver
    ) -> None:
        declare("second", "first")
        assert reconcile().code == 0
        pem = b"".join(pair("first").pem.splitlines()[1:-1]).decode()
        theirs = {
            "changeType": "updated",
            "resource": "/teams/0a1b2c3d-0000-4000-8000-000000000042",
            "notificationUrl": receiver.url("/theirs"),
            "lifecycleNotificationUrl": receiver.url("/theirs"),
            "expirationDateTime": emulator.subscriptions()[0]["expirationDateTime"],
            "includeResourceData": True,
            "encryptionCertificate": pem,
            "encryptionCertificateId": FIRST.lower(),
        }
        with emulator.client(headers={"Authorization": f"Bearer {emulator.token()}"}) as client:
            client.post("/v1.0/subscriptions", json=theirs).raise_for_status()
        found = reconcile("certificates", "--format", "json")
        first = told(found)[FIRST]
        assert (first["inUse"], first["foreign"], retire(found)) == (0, 1, ("in-use", None))
        assert "0 and 1 foreign" in reconcile("certificates").out

    @pytest.mark.usefixtures("emulator")
    def test_there_is_none(self, reconcile: Reconcile, local: Callable[..., Path]) -> None:
        local(subscription())
        found = reconcile("certificates")
        assert (found.code, found.err) == (0, "")
        assert found.out == "There is no certificate: no subscription can carry resource data.\n"


class TestRotation:
    """From ``first`` to ``second``."""

    def test_the_old_key_is_in_use_until_a_run_has_moved_them(
        self, reconcile: Reconcile, declare: Declare, emulator: RunningEmulator
    ) -> None:
        emulator.behave(certificate_patch="taken")
        declare("first")
        assert reconcile().code == 0
        declare("second", "first")
        found = reconcile("certificates", "--format", "json")
        assert {name: each["inUse"] for name, each in told(found).items()} == {SECOND: 0, FIRST: 2}
        assert retire(found) == ("in-use", None)
        assert [line.split()[-2:] for line in reconcile("certificates").out.splitlines() if FIRST in line] == [
            ["in", "use"]
        ]
        applied = reconcile()
        assert applied.code == 0, applied.out
        found = reconcile("certificates", "--format", "json")
        assert {name: each["inUse"] for name, each in told(found).items()} == {SECOND: 2, FIRST: 0}
        assert told(found)[FIRST]["part"] == "previous"

    def test_then_it_is_safe_four_hours_after_the_last_has_moved(
        self, reconcile: Reconcile, declare: Declare, emulator: RunningEmulator
    ) -> None:
        declare("second", "first")
        assert reconcile().code == 0
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)

        remember(emulator, certified_at=now - HOUR)
        at = now + 3 * HOUR
        assert retire(reconcile("certificates", "--format", "json")) == (
            "waiting",
            at.isoformat().replace("+00:00", "Z"),
        )
        text = reconcile("certificates").out
        assert f"safe from {at:%Y-%m-%d %H:%M} UTC\n" in text
        assert "\nWhat the inbox still holds may need an old key: `reconcile inbox list`" in text

        remember(emulator, certified_at=now - 5 * HOUR)
        state, _ = retire(reconcile("certificates", "--format", "json"))
        assert state == "safe"
        assert [line.split()[-1] for line in reconcile("certificates").out.splitlines() if FIRST in line] == ["safe"]

    def test_or_that_is_not_known(self, reconcile: Reconcile, declare: Declare, emulator: RunningEmulator) -> None:
        declare("second", "first")
        assert reconcile().code == 0
        remember(emulator, certified_at=None)
        assert retire(reconcile("certificates", "--format", "json")) == ("unknown", None)
        said = "not known since when it is unused: wait 4 h after the next look that shows it unused"
        assert said in reconcile("certificates").out
        # Without a store as well.
        assert said in reconcile("certificates", "--state", "nowhere").out

    def test_of_a_tenant_that_is_not_looked_at_nothing_is_known(
        self, reconcile: Reconcile, declare: Declare, environment: Path, emulator: RunningEmulator
    ) -> None:
        declare("second", "first")
        assert reconcile().code == 0
        remember(emulator, certified_at=dt.datetime.now(dt.UTC) - 5 * HOUR)
        write(environment / "manifests" / "away.yaml", local_tenant("away", tenantId=TENANT_ID))
        file = environment / "manifests" / "all.yaml"
        file.write_text(file.read_text().replace('"changeTypes"', '"tenant": "contoso", "changeTypes"'))
        found = reconcile("certificates", "--tenant", "contoso")
        assert (found.code, found.err) == (0, "")
        assert "not known: not everything could be read of away\n" in found.out
        found = reconcile("certificates")
        assert found.code == 1
        assert "this tenant could not be read, what is in use there is not known: " in found.err
        assert found.err.endswith("[tenant-unread]\n")
        assert f"{SECOND}" in found.out
        assert "in use by contoso/all-teams" in found.out
        document = reconcile("certificates", "--format", "json")
        assert (document.code, rules(document)) == (1, ["tenant-unread"])
        assert document.json["problems"][0]["tenant"] == "away"

    def test_where_the_list_is_not_whole_nothing_is_known(
        self, reconcile: Reconcile, declare: Declare, emulator: RunningEmulator
    ) -> None:
        declare("second", "first")
        assert reconcile().code == 0
        remember(emulator, certified_at=dt.datetime.now(dt.UTC) - 5 * HOUR)
        emulator.faults({"list": "foreign-next-link"})
        found = reconcile("certificates", "--format", "json")
        emulator.faults({})
        assert (found.code, rules(found), retire(found)) == (0, ["list-incomplete"], ("unknown", None))


class TestUnknown:
    def test_a_certificate_in_use_that_nobody_knows(self, reconcile: Reconcile, declare: Declare) -> None:
        declare("first")
        assert reconcile().code == 0
        declare("second")
        found = reconcile("certificates")
        assert found.code == 0
        assert found.err.endswith(
            f": warning: 2 subscriptions of ours carry resource data for the certificate {FIRST}, which no Certificate"
            " has: put it under previous with its private key, and let a run move them to the current one"
            " [key-in-use]\n"
        )
        document = reconcile("certificates", "--format", "json")
        assert rules(document) == ["key-in-use"]
        (unknown,) = document.json["unknown"]
        names = [each["name"] for each in unknown["subscriptions"]]
        assert (unknown["thumbprint"], unknown["inUse"], names) == (FIRST, 2, ["all-teams", "hr"])

    def test_it_may_be_that_of_a_file_that_cannot_be_read(
        self, reconcile: Reconcile, declare: Declare, environment: Path
    ) -> None:
        declare("first")
        assert reconcile().code == 0
        declare("second", "first")
        (environment / "manifests" / "first.pem").unlink()
        found = reconcile("certificates", "--format", "json")
        assert rules(found) == ["key-in-use", "unreadable-file", "private-key-unusable"]
        message = found.json["problems"][0]["message"]
        assert "which no Certificate has, unless it is of a previous file that cannot be read:" in message
        one = told(found)[None]
        assert (one["name"], one["part"], one["notAfter"], one["retire"]) == ("rich", "previous", None, None)
        assert "  cannot be read  " in reconcile("certificates").out


class TestPrivateKeys:
    def test_present_absent_and_elsewhere(self, reconcile: Reconcile, declare: Declare, environment: Path) -> None:
        other = write_pair(environment / "manifests", "third")
        del other["privateKey"]
        declare("first", "second", more=[manifest("Certificate", "theirs", other)])
        (environment / "manifests" / "second.key").unlink()
        found = reconcile("certificates", "--format", "json")
        assert {each["thumbprint"]: each["privateKey"] for each in found.json["certificates"]} == {
            FIRST: "yes",
            SECOND: "no",
            pair("third").thumbprint: "elsewhere",
        }
        (problem,) = found.json["problems"]
        assert (problem["rule"], problem["severity"]) == ("private-key-unusable", "warning")

    def test_a_current_one_that_is_not_here_is_only_a_warning(
        self, reconcile: Reconcile, declare: Declare, environment: Path
    ) -> None:
        declare("first")
        (environment / "manifests" / "first.key").write_bytes(pair("second").key_pem)
        found = reconcile("certificates")
        assert found.code == 0
        assert "warning: the private key does not belong to the certificate beside it" in found.err

    def test_nothing_of_a_key_is_shown(self, reconcile: Reconcile, declare: Declare) -> None:
        declare("first", "second")
        keep("third", at=dt.datetime.now(dt.UTC))
        shown = "".join(
            found.out + found.err
            for found in (reconcile("certificates"), reconcile("certificates", "--format", "json"))
        )
        for name in ("first", "second", "third"):
            for line in pair(name).key_pem.decode().splitlines():
                assert line not in shown


class TestKept:
    def test_a_key_that_is_only_kept_is_told_until_when(self, reconcile: Reconcile, declare: Declare) -> None:
        """The certificate's files have changed in place."""
        declare("first")
        assert reconcile().code == 0
        declare("second")
        at = dt.datetime.now(dt.UTC).replace(microsecond=0) - HOUR
        keep("first", at=at)
        keep("second", at=at)
        found = reconcile("certificates", "--format", "json")
        assert (found.code, found.json["problems"], found.json["unknown"]) == (0, [], [])
        assert len(found.json["certificates"]) == 2, "what a manifest has is not told twice"
        one = told(found)[FIRST]
        until = at + dt.timedelta(days=7)
        assert (one["name"], one["part"], one["privateKey"], one["inUse"]) == (None, "kept", "yes", 2)
        assert one["keptUntil"] == until.isoformat().replace("+00:00", "Z")
        text = reconcile("certificates").out
        assert f"    in no manifest; its private key is kept until {until:%Y-%m-%d %H:%M} UTC\n" in text

    def test_beside_a_database_they_are_in_the_user_s_folder(
        self, reconcile: Reconcile, declare: Declare, tmp_path: Path
    ) -> None:
        declare("second")
        keep("first", at=dt.datetime.now(dt.UTC))
        database = f"sqlite:///{tmp_path}/elsewhere.db"
        found = reconcile("certificates", "--format", "json", "--state", database)
        assert told(found)[FIRST]["part"] == "kept"
        assert FIRST not in told(reconcile("certificates", "--format", "json", "--state", tmp_path / "elsewhere"))

    def test_one_that_is_damaged_is_warned_of(self, reconcile: Reconcile, declare: Declare) -> None:
        declare("second")
        keep("first", at=dt.datetime.now(dt.UTC))
        (state() / "keys" / f"{FIRST}.pem").write_bytes(b"")
        found = reconcile("certificates")
        assert found.code == 0
        assert f"keys/{FIRST}.pem:1:1: warning: " in found.err
        assert found.err.endswith("[private-key-unusable]\n")


def test_an_expired_previous_one_is_told(reconcile: Reconcile, declare: Declare, environment: Path) -> None:
    made = pair("expired", days=-5)
    (environment / "manifests").mkdir()
    (environment / "manifests" / "over.pem").write_bytes(made.pem)
    declare("first", previous=[{"certificate": {"file": "over.pem"}}])
    one = told(reconcile("certificates", "--format", "json"))[EXPIRED]
    assert (one["daysLeft"], one["privateKey"]) == (-6, "elsewhere")


@pytest.mark.parametrize("command", [["validate"], ["--dry-run"]], ids=["validate", "dry-run"])
def test_a_dry_run_reads_no_previous_one_outside_and_is_told_so(
    reconcile: Reconcile, declare: Declare, tmp_path: Path, command: list[str]
) -> None:
    outside = tmp_path / "outside.pem"
    outside.write_bytes(pair("second").pem)
    declare("first", previous=[{"certificate": {"file": str(outside)}}])
    found = reconcile(*command)
    assert found.code == 0
    said = f"the file {outside} lies outside of the manifests' folder, a dry run does not read it [unreadable-file]\n"
    assert f"warning: {said}" in found.out + found.err
    assert SECOND in told(reconcile("certificates", "--format", "json")), "which is no dry run of what others wrote"


def test_without_an_owner_nobody_knows_whose_they_are(reconcile: Reconcile, environment: Path) -> None:
    write(environment / "manifests" / "a.yaml", local_tenant(), endpoint())
    found = reconcile("certificates")
    assert found.code == 4
    assert "[owner-missing]" in found.out


def test_manifests_that_are_not_valid(reconcile: Reconcile, environment: Path) -> None:
    absent = manifest("Certificate", "rich", {"certificate": {"file": "absent.pem"}})
    write(environment / "manifests" / "a.yaml", settings(), local_tenant(), endpoint(), absent)
    found = reconcile("certificates")
    assert found.code == 4
    assert "[unreadable-file]" in found.out


def test_it_writes_nothing(reconcile: Reconcile, declare: Declare, environment: Path) -> None:
    declare("first")
    before = sorted(environment.rglob("*"))
    assert reconcile("certificates").code == 0
    assert sorted(environment.rglob("*")) == before
    assert not state().exists()


def test_it_needs_what_the_receiver_needs(declare: Declare) -> None:
    declare("first")
    without = f"LACKS = 'starlette'\n{LACKING}"
    found = ran("certificates", code=without)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == "reconcile: starlette is not installed: pip install '.[daemon]' in the checkout brings it\n"
    found = ran("certificates", "new", "rich-2027", "--bits", "2048", code=without)
    assert (found.returncode, found.stderr) == (0, "")
    assert Path("rich-2027.pem").exists()
