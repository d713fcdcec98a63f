"""A cloud that is allowed may still lead elsewhere: no token and no credential follows it there."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import CLIENT_ID, TENANT_ID, endpoint, settings, subscription, tenant, write
from tests.cli.trap import Liar, Trap, said

SECRET = "the-client-secret-of-the-pipeline"


@pytest.fixture
def elsewhere(running) -> Iterator[Trap]:
    trap = Trap(running.info)
    yield trap
    trap.close()


@pytest.fixture
def entered(reconcile, environment, running, monkeypatch):
    """A dry run in a cloud that is allowed, and that lies."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    folder = environment / "manifests"
    folder.mkdir()
    (folder / "ca.pem").write_bytes(Path(running.info["caFile"]).read_bytes())

    def run(**lies: bytes):
        liar = Liar(running.info, **lies)
        with contextlib.closing(liar):
            cloud = liar.cloud | {"caFile": "ca.pem"}
            write(folder / "all.yaml", settings(), endpoint(), subscription(), tenant(cloud=cloud))
            return reconcile("--dry-run", "--allow-cloud", liar.host), liar

    return run


def test_one_that_does_not_lie_is_read(entered):
    """Or else the tests below would prove nothing."""
    ran, liar = entered()
    assert ran.code == 0
    assert b"Bearer the-token-of-the-tenant" in liar.heard
    assert SECRET.encode() in liar.heard


@pytest.mark.parametrize(
    "link",
    ["https://{host}/v1.0/subscriptions?$skiptoken=1", "//{host}/next", "https://localhost@{host}/", "http://{host}/"],
)
def test_a_next_link_to_another_host_is_not_followed(entered, elsewhere, link):
    page = {"value": [], "@odata.nextLink": link.format(host=elsewhere.host)}
    ran, _ = entered(list=said(200, page))
    assert elsewhere.connections == 0
    assert ran.code == 3, "what was not read whole is not known to be missing"
    assert "so it was not followed" in ran.out + ran.err


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(entered, elsewhere, status):
    ran, _ = entered(list=said(status, None, Location=f"https://{elsewhere.host}/"))
    assert elsewhere.connections == 0
    assert f"Graph answered {status}" in ran.err


def test_a_token_endpoint_elsewhere_gets_no_credential(entered, elsewhere):
    origin = f"https://{elsewhere.host}/t"
    metadata = {"issuer": origin, "authorization_endpoint": f"{origin}/a", "token_endpoint": f"{origin}/token"}
    ran, _ = entered(metadata=said(200, metadata))
    assert (ran.code, elsewhere.connections) == (1, 0)
    assert "to another origin" in ran.err


@pytest.mark.parametrize("cloud", ["global", "usgov", "usgov-dod", "china"])
def test_a_name_of_a_cloud_is_no_place_for_another_host(reconcile, environment, elsewhere, cloud):
    """Keys of a custom cloud beside a name are none."""
    spec = tenant(cloud=cloud)
    spec["spec"]["authority"] = f"https://{elsewhere.host}"
    write(environment / "manifests" / "all.yaml", settings(), endpoint(), subscription(), spec)
    ran = reconcile("--dry-run")
    assert (ran.code, elsewhere.connections) == (4, 0)
    assert "[unknown-key]" in ran.out


@pytest.mark.parametrize("key", ["tenantId", "clientId"])
@pytest.mark.parametrize("sly", ["../../evil", "x@{host}", "{host}/x", "common", f"{TENANT_ID}/../x", f"{CLIENT_ID}\n"])
def test_an_id_leads_nowhere(reconcile, environment, elsewhere, key, sly):
    """The tenant's id becomes part of the token endpoint's URL, so it is a GUID and nothing else."""
    spec = tenant(**{key: sly.format(host=elsewhere.host)})
    write(environment / "manifests" / "all.yaml", settings(), endpoint(), subscription(), spec)
    ran = reconcile("--dry-run", "--format", "json")
    assert (ran.code, elsewhere.connections) == (4, 0)
    assert json.loads(ran.out)["problems"]


@pytest.mark.parametrize("credential", ["file", "github"])
def test_no_federated_token_goes_to_a_cloud_that_is_not_allowed(
    reconcile, environment, elsewhere, monkeypatch, credential
):
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"https://{elsewhere.host}/github")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-token-of-the-job")
    spec = {"tokenFile": "token"} if credential == "file" else {}
    document = tenant(cloud=elsewhere.cloud, credential={"workloadIdentity": spec})
    file = write(environment / "manifests" / "all.yaml", settings(), endpoint(), subscription(), document)
    (file.parent / "token").write_text("e30.e30.x")
    ran = reconcile("--dry-run")
    assert (ran.code, elsewhere.connections) == (1, 0)
    assert f"allow that with --allow-cloud {elsewhere.host}" in ran.err
