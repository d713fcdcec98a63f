"""The clouds of facts 9.2: where a token is asked for, for what, and that nobody else hears of it."""

import urllib.parse
from pathlib import Path

import httpx
import pytest

from reconciler.core.clouds import CLOUDS
from reconciler.core.errors import Unsorted
from reconciler.graph.authentication import Tokens
from reconciler.graph.credentials import Access, SecretCredential
from reconciler.graph.transport import TokenAnswer, TokenHttp, within

TENANT = "0f2e8f59-862a-483b-9ca8-82a10665e17d"
CLIENT = "6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55"

ROOTS = {
    "global": ("https://graph.microsoft.com", "https://login.microsoftonline.com"),
    "usgov": ("https://graph.microsoft.us", "https://login.microsoftonline.us"),
    "usgov-dod": ("https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
    "china": ("https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
}
AUDIENCES = {
    "global": "api://AzureADTokenExchange",
    "usgov": "api://AzureADTokenExchangeUSGov",
    "usgov-dod": "api://AzureADTokenExchangeUSGov",
    "china": "api://AzureADTokenExchangeChina",
}


class Noted(TokenHttp):
    """In the network's place: what msal asks for, answered as each cloud's token endpoint does."""

    def __init__(self, cloud):
        super().__init__(cloud)
        self.asked = []

    def send(self, method, url, **arguments):
        self.asked.append((method, url, dict(urllib.parse.parse_qsl(arguments.get("content") or ""))))
        authority = f"{httpx.URL(url).scheme}://{httpx.URL(url).host}"
        metadata = {"issuer": authority, "authorization_endpoint": f"{authority}/{TENANT}/oauth2/v2.0/authorize"}
        metadata["token_endpoint"] = f"{authority}/{TENANT}/oauth2/v2.0/token"
        said = metadata if method == "GET" else {"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}
        self.last = TokenAnswer(200, httpx.Response(200, json=said).text, {})
        return self.last


def test_the_clouds_are_those_of_the_facts():
    assert {name: (cloud.graph, cloud.authority) for name, cloud in CLOUDS.items()} == ROOTS
    assert {name: cloud.audience for name, cloud in CLOUDS.items()} == AUDIENCES
    assert all(cloud.known and cloud.name == name for name, cloud in CLOUDS.items())


@pytest.mark.parametrize("name", ROOTS)
async def test_a_token_is_asked_for_in_its_own_cloud_alone(name):
    """msal asks the global cloud about hosts that it does not know; it knows these."""
    cloud = CLOUDS[name]
    http = Noted(cloud)
    assert await Tokens(Access(TENANT, CLIENT, cloud, SecretCredential("hunter2")), http).token() == "abc"
    graph, authority = ROOTS[name]
    assert [(method, url) for method, url, _ in http.asked] == [
        ("GET", f"{authority}/{TENANT}/v2.0/.well-known/openid-configuration"),
        ("POST", f"{authority}/{TENANT}/oauth2/v2.0/token"),
    ]
    form = http.asked[-1][-1]
    assert (form["scope"], form["client_id"], form["client_secret"]) == (f"{graph}/.default", CLIENT, "hunter2")


async def test_two_clouds_with_one_authority_share_no_token():
    """usgov and usgov-dod ask one token endpoint, each for its own Graph."""
    scopes = []
    for name in ("usgov", "usgov-dod"):
        http = Noted(CLOUDS[name])
        await Tokens(Access(TENANT, CLIENT, CLOUDS[name], SecretCredential("hunter2")), http).token()
        scopes.append(http.asked[-1][-1]["scope"])
    assert scopes == ["https://graph.microsoft.us/.default", "https://dod-graph.microsoft.us/.default"]


OTHERS = [(name, other) for name in ROOTS for other in ROOTS if ROOTS[name][0] != ROOTS[other][0]]


@pytest.mark.parametrize(("name", "other"), OTHERS)
def test_a_token_of_one_cloud_is_not_sent_to_another(name, other):
    """Wherever a nextLink leads: what sends tokens to Graph goes to its own cloud only."""
    with pytest.raises(Unsorted, match="another origin"):
        within(f"{ROOTS[other][0]}/v1.0/subscriptions?$skiptoken=1", CLOUDS[name].graph)


@pytest.mark.parametrize("name", ROOTS)
def test_the_document_has_it(name):
    text = (Path(__file__).parents[2] / "docs" / "credentials.md").read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}`")]
    assert [cell in row for cell in (*ROOTS[name], f"`{AUDIENCES[name]}`")] == [True, True, True]
