"""Event hubs and partner topics: how they are compared, and what may be shown of them (facts 1.1)."""

import pytest

from reconciler.core.catalog import Version
from reconciler.core.destinations import canonical
from reconciler.core.mark import Mark, addressed, takes_query
from reconciler.core.redaction import redact
from reconciler.core.review import host_of

HUB = "EventHub:https://contoso.servicebus.windows.net/eventhubname/graph?tenantId=contoso.com"
VAULT = "EventHub:https://contoso.vault.azure.net/secrets/graph?tenantId=contoso.com"
GRID = "EventGrid:?azuresubscriptionid=8A8A&resourcegroup=Graph&partnertopic=Users&location=westeurope"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(HUB, HUB, True, id="itself"),
        pytest.param(HUB, HUB.replace("contoso.service", "CONTOSO.service"), True, id="hub-host-in-capitals"),
        pytest.param(HUB, HUB.replace("EventHub:https", "eventhub:HTTPS"), True, id="hub-scheme-in-another-case"),
        pytest.param(HUB + "&a=1", HUB.replace("?", "?a=1&"), True, id="hub-parameters-in-another-order"),
        pytest.param(HUB, HUB.replace("/graph", "/Graph"), False, id="another-hub"),
        pytest.param(HUB, HUB.replace("contoso.com", "fabrikam.com"), False, id="hub-of-another-tenant"),
        pytest.param(HUB, VAULT, False, id="hub-and-vault"),
        pytest.param(GRID, GRID.removesuffix("&location=westeurope"), True, id="grid-without-location"),
        pytest.param(GRID, GRID.replace("westeurope", "eastus"), True, id="grid-in-another-location"),
        pytest.param(GRID, GRID.lower(), True, id="grid-in-lower-case"),
        pytest.param(
            GRID, "EventGrid:?partnertopic=Users&azuresubscriptionid=8A8A&resourcegroup=Graph", True, id="grid-shuffled"
        ),
        pytest.param(GRID, GRID.replace("Users", "Groups"), False, id="another-topic"),
        pytest.param("https://H/n?b=1&a=2", "https://h/n?a=2&b=1", False, id="https-is-compared-to-the-letter"),
    ],
)
def test_what_is_the_same_destination(one, other, same):
    assert (canonical(one) == canonical(other)) is same
    assert (canonical(redact(one)) == canonical(redact(other))) is same


@pytest.mark.parametrize("url", [HUB, VAULT, GRID], ids=["hub", "vault", "grid"])
def test_what_may_be_shown(url):
    shown = redact(url)
    assert shown.partition("?")[0] == url.partition("?")[0]
    for value in ("contoso.com", "8A8A", "Graph", "Users", "westeurope"):
        assert value not in shown.partition("?")[2]
    assert redact(shown) == shown


@pytest.mark.parametrize(
    ("url", "host"),
    [(HUB, "contoso.servicebus.windows.net"), (GRID, "eventgrid"), ("https://h/n", "h")],
    ids=["hub", "grid", "https"],
)
def test_the_host_of_it(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "takes"), [(HUB, False), (GRID, False), ("HTTPS://h/n", True)], ids=["hub", "grid", "https"]
)
def test_where_a_mark_is_written(url, takes):
    mark = Mark("me", "mail", "0123456789", "k1", "abcdef0123", Version.V1)
    assert takes_query(url) is takes
    assert addressed(url, mark) == (f"{url}?reconciler={mark}" if takes else url)
