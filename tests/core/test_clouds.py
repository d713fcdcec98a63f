"""The clouds of facts 9.2."""

import dataclasses

import pytest

from reconciler.core.clouds import CLOUDS, Cloud


@pytest.mark.parametrize(
    ("name", "graph", "authority"),
    [
        ("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
        ("usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us"),
        ("usgov-dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    ],
)
def test_the_clouds_of_facts_9_2(name, graph, authority):
    cloud = CLOUDS[name]
    assert (cloud.name, cloud.graph, cloud.authority) == (name, graph, authority)
    assert cloud.scope == f"{graph}/.default"
    assert cloud.known
    assert cloud.ca_file is None


def test_there_are_no_others():
    assert set(CLOUDS) == {"global", "usgov", "usgov-dod", "china"}


def test_a_custom_cloud_is_not_known():
    assert Cloud("lab", "https://localhost:1", "https://localhost:1").known is False


def test_a_cloud_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CLOUDS["global"].graph = "https://elsewhere.example"  # type: ignore[misc]  # its refusal is the point
