"""A tenant on a local Graph, well and with each of its faults: which check says so, and which ones are left out."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from reconciler.core.catalog import Version
from reconciler.core.times import spell_time
from reconciler.daemon.checks.finding import Level, failed
from reconciler.daemon.checks.running import Check, run, said
from reconciler.daemon.checks.tenants import Tenant, Way, tenant_checks
from reconciler.engine.clock import SystemClock
from reconciler.engine.ports import Remembered
from reconciler.graph.authentication import Access, CertificateCredential, SecretCredential
from reconciler.graph.calls import Patience
from reconciler.graph.client import Graph
from tests.core.world import CERTIFICATE, OWNER, a_mark, want
from tests.support.key_pairs import pair

READER = "Application.Read.All"
ALL = [
    "tenant-access",
    "cloud-name",
    "clock-offset",
    "credential-days",
    "token-endpoint",
    "token",
    "permissions",
    "subscriptions-listed",
    "marks-readable",
    "quota",
    "places-free",
]
WITHOUT_TOKEN = dict.fromkeys(ALL[6:], "skipped")


@pytest.fixture
def access(emulator, cloud):
    info = emulator.info
    return Access(info["tenantId"], info["clientId"], cloud, SecretCredential(info["clientSecret"]))


@pytest.fixture
def with_certificate(access, emulator):
    certificate, key = (Path(emulator.info[name]).read_text("utf-8") for name in ("clientCertificate", "clientKey"))
    return dataclasses.replace(access, credential=CertificateCredential(certificate, key))


@pytest.fixture
def registered(emulator, access):
    def register(**app):
        made = emulator.register(**app)
        return dataclasses.replace(
            access, client_id=made["clientId"], credential=SecretCredential(made["clientSecret"])
        )

    return register


@pytest.fixture
def create(emulator, receiver):
    def post(resource, *, mark=None, **changes):
        query = f"?reconciler={mark}" if mark else ""
        body = {
            "changeType": "updated",
            "notificationUrl": receiver.url(f"/notifications{query}"),
            "lifecycleNotificationUrl": receiver.url("/lifecycle"),
            "resource": resource,
            "expirationDateTime": spell_time(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)),
        }
        return emulator.write("POST", "/v1.0/subscriptions", body | changes)["id"]

    return post


async def findings(access, desired=(), *, remembered=None, store=None):
    async def remember():
        return remembered or {}

    patience = Patience(tries=1)
    async with Graph(clock=SystemClock(), patience=patience) as graph:
        way = access if isinstance(access, str) else Way(access, graph.tenant(access))
        tenant = Tenant(name="contoso", way=way, desired=desired, owner=OWNER, remembered=remember)
        checks = [*([store] if store else []), *tenant_checks([tenant], now=SystemClock().now, store=store)]
        return await run(checks)


async def examined(access, desired=None, **more):
    found = await findings(access, [want("hr", resource="teams/1")] if desired is None else desired, **more)
    return {each.check: each for each in found}


def not_well(found):
    return {name: each.level.value for name, each in found.items() if each.level is not Level.OK}


QUIET = {"credential-days": "skipped", "marks-readable": "skipped"}
"""Of a secret, and where none of ours is live yet."""


async def test_all_is_well(access):
    found = await examined(access)
    assert list(found) == ALL
    assert not_well(found) == QUIET
    assert found["permissions"].subject == "Tenant contoso, /teams/{team-id}"


async def test_all_is_well_with_a_certificate(with_certificate):
    found = await examined(with_certificate)
    assert list(found) == [*ALL[:4], "credential-key", *ALL[4:]]
    assert not_well(found) == {"marks-readable": "skipped"}
    assert "is good for" in found["credential-days"].verdict.found


async def test_no_way_in():
    found = await examined("no credential of Tenant 'contoso' is present")
    assert not_well(found) == {"tenant-access": "failure", "token-endpoint": "skipped", "token": "skipped"} | (
        WITHOUT_TOKEN
    )


async def test_graph_under_a_name_that_does_not_resolve(access):
    nowhere = dataclasses.replace(
        access.cloud, graph="https://graph.contoso.invalid", authority="https://login.contoso.invalid"
    )
    found = await examined(dataclasses.replace(access, cloud=nowhere))
    assert not_well(found) == WITHOUT_TOKEN | {
        "cloud-name": "failure",
        "clock-offset": "skipped",
        "credential-days": "skipped",
        "token-endpoint": "skipped",
        "token": "skipped",
    }


async def test_graph_is_away(access):
    away = dataclasses.replace(access.cloud, graph="https://localhost:1", authority="https://localhost:1")
    found = await examined(dataclasses.replace(access, cloud=away))
    assert not_well(found) == WITHOUT_TOKEN | {
        "clock-offset": "failure",
        "credential-days": "skipped",
        "token-endpoint": "failure",
        "token": "skipped",
    }


async def test_graph_is_not_trusted(access):
    untrusted = dataclasses.replace(access.cloud, ca_file=None)
    found = await examined(dataclasses.replace(access, cloud=untrusted))
    assert {"clock-offset": "failure", "token-endpoint": "failure"}.items() <= not_well(found).items()


@pytest.mark.parametrize(("seconds", "level"), [(60, "warning"), (600, "failure")])
async def test_the_clocks_disagree(access, emulator, seconds, level):
    emulator.advance(seconds)
    found = await examined(access)
    assert not_well(found) == QUIET | {"clock-offset": level}
    assert "behind Graph's" in found["clock-offset"].verdict.found


async def test_a_wrong_secret(access):
    wrong = dataclasses.replace(access, credential=SecretCredential("hunter2"))
    found = await examined(wrong)
    assert not_well(found) == {"credential-days": "skipped", "token": "failure"} | WITHOUT_TOKEN
    assert "the client secret is wrong" in found["token"].verdict.found
    assert "hunter2" not in repr(found)


async def test_a_certificate_and_a_key_that_do_not_belong_together(with_certificate):
    credential = dataclasses.replace(with_certificate.credential, private_key=pair("another").key_pem.decode())
    found = await examined(dataclasses.replace(with_certificate, credential=credential))
    assert not_well(found) == {"credential-key": "failure", "token": "failure"} | WITHOUT_TOKEN
    assert "PRIVATE KEY" not in repr(found)


async def test_a_certificate_that_is_not_registered(with_certificate):
    other = pair("unregistered", days=3)
    credential = CertificateCredential(other.pem.decode(), other.key_pem.decode())
    found = await examined(dataclasses.replace(with_certificate, credential=credential))
    assert not_well(found) == {"credential-days": "warning", "token": "failure"} | WITHOUT_TOKEN
    assert "not registered" in found["token"].verdict.found


async def test_a_permission_is_missing(registered):
    access = registered(roles=["Team.ReadBasic.All"])
    desired = [want("hr", resource="teams/1"), want("all", resource="teams"), want("mail")]
    found = await findings(access, desired)
    permissions = {each.subject: each.level for each in found if each.check == "permissions"}
    assert permissions == {
        "Tenant contoso, /teams": Level.OK,
        "Tenant contoso, /teams/{team-id}": Level.OK,
        "Tenant contoso, /users/{user-id}/messages": Level.FAILURE,
    }


async def test_a_permission_that_may_have_been_given_for_one_team(registered):
    found = await examined(registered(roles=["User.Read.All"]))
    assert not_well(found)["permissions"] == "warning"


async def test_the_list_fails(access, emulator):
    answers = [{"method": "LIST", "status": 500, "count": 9}]
    emulator.faults({"answers": answers})
    found = await examined(access)
    assert not_well(found) == {
        "credential-days": "skipped",
        "subscriptions-listed": "failure",
        "marks-readable": "skipped",
        "quota": "skipped",
        "places-free": "skipped",
    }


async def test_the_list_breaks_off(access, emulator, create):
    for number in range(3):
        create(f"teams/{number}")
    emulator.faults({"list": "breaks-off"})
    found = await examined(access)
    assert not_well(found)["subscriptions-listed"] == "warning"
    assert "not whole" in found["subscriptions-listed"].verdict.found


async def test_marks_and_places(access, create):
    create("teams/1", mark=a_mark("hr"))
    stranger = create("teams/2")
    lost = create("teams/3")
    remembered = {lost: Remembered(lost, name="it", version=Version.V1, birth="0123456789", key="k1")}
    desired = [want("hr", resource="teams/1"), want("new", resource="teams/2")]
    found = await examined(access, desired, remembered=remembered)
    assert not_well(found) == {"credential-days": "skipped", "marks-readable": "warning", "places-free": "failure"}
    assert found["subscriptions-listed"].verdict.found == "3 are listed"
    assert lost in found["marks-readable"].verdict.found
    assert f"'new' by {stranger}" in found["places-free"].verdict.found
    assert "3 of 10000 are live, and 1 more are wanted" in found["quota"].verdict.found


async def test_a_store_that_cannot_be_read_is_not_asked(access):
    broken = said(failed("it is damaged", cause="a disk", remedy="move it away"))
    store = Check(id="store-revision", subject="the store", ask=broken)
    found = await examined(access, store=store)
    assert found["marks-readable"].verdict.found == "not checked: store-revision of the store failed"


RICH = [want("hr", resource="teams/1", certificate=CERTIFICATE)]


@pytest.mark.parametrize(
    ("app", "level"),
    [
        ({"roles": ["Team.ReadBasic.All", READER]}, Level.OK),
        ({"roles": ["Team.ReadBasic.All", READER], "appRoleAssignmentRequired": True}, Level.WARNING),
        ({"roles": ["Team.ReadBasic.All"], "appRoleAssignmentRequired": True}, Level.SKIPPED),
    ],
    ids=["not-required", "required", "may-not-be-read"],
)
async def test_whether_an_assignment_is_required(registered, app, level):
    """Facts 7.1."""
    found = await examined(registered(**app), RICH)
    assert found["app-role-assignment"].level is level


async def test_without_resource_data_nobody_asks(registered):
    assert "app-role-assignment" not in await examined(registered(roles=[READER]))


async def test_two_tenants_of_one_cloud_ask_for_its_name_and_time_once(access):
    async with Graph(clock=SystemClock()) as graph:
        way = Way(access, graph.tenant(access))

        async def remember():
            return {}

        both = [Tenant(name=name, way=way, desired=(), owner=OWNER, remembered=remember) for name in ("a", "b")]
        found = await run(list(tenant_checks(both, now=SystemClock().now)))
    assert [each.check for each in found].count("clock-offset") == 1
    assert [each.subject for each in found if each.check == "token"] == ["Tenant a", "Tenant b"]
