"""Whether an application's service principal wants whoever sends it data to hold an app role (facts 7.1)."""

import dataclasses

import pytest

from reconciler.core.errors import Denied, Unsorted
from reconciler.graph.authentication import SecretCredential
from tests.graph.support import answer

READER = ["Application.Read.All"]


@pytest.fixture
def registered(graph, access, emulator):
    def register(**app):
        made = emulator.register(**app)
        credential = SecretCredential(made["clientSecret"])
        return graph.tenant(dataclasses.replace(access, client_id=made["clientId"], credential=credential)), made

    return register


@pytest.mark.parametrize("required", [True, False])
async def test_it_is_read(registered, required):
    client, app = registered(roles=READER, appRoleAssignmentRequired=required)
    found = await client.service_principal(app["clientId"])
    assert found["appRoleAssignmentRequired"] is required


async def test_it_may_not_be_read(registered):
    client, app = registered(roles=["User.Read.All"])
    with pytest.raises(Denied) as caught:
        await client.service_principal(app["clientId"])
    assert caught.value.status == 403


async def test_an_answer_that_is_none(odd, scripted):
    scripted.script = lambda asked: answer(200, []) if "servicePrincipals" in asked.path else scripted.usual(asked)
    with pytest.raises(Unsorted, match="something other than an object"):
        await odd.service_principal("an'id")
    assert scripted.asked[-1].path == "/v1.0/servicePrincipals(appId='an%27id')?$select=appRoleAssignmentRequired"
