"""Where Graph and its token endpoint are: the four clouds by name, and what a custom one consists of (facts 9.2)."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CLOUDS", "Cloud"]


@dataclasses.dataclass(frozen=True, slots=True)
class Cloud:
    """Two origins without a path: ``https://graph.microsoft.com`` and ``https://login.microsoftonline.com``.

    A token is good for one cloud only. ``ca_file`` names the one authority that is trusted there; None is the machine's
    trust. ``known`` is for the clouds of this module alone: a token may be sent there without anybody's leave.
    """

    name: str
    graph: str
    authority: str
    ca_file: str | None = None
    known: bool = False
    audience: str = "api://AzureADTokenExchange"
    """Whom the token of another issuer is meant for that is shown here in a secret's place; each Entra has a name."""

    @property
    def scope(self) -> str:
        """What a token is asked for: the permissions that an administrator has consented to (facts 9.1)."""
        return f"{self.graph}/.default"


KNOWN = (
    Cloud("global", "https://graph.microsoft.com", "https://login.microsoftonline.com", known=True),
    Cloud(
        "usgov",
        "https://graph.microsoft.us",
        "https://login.microsoftonline.us",
        known=True,
        audience="api://AzureADTokenExchangeUSGov",
    ),
    Cloud(
        "usgov-dod",
        "https://dod-graph.microsoft.us",
        "https://login.microsoftonline.us",
        known=True,
        audience="api://AzureADTokenExchangeUSGov",
    ),
    Cloud(
        "china",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        known=True,
        audience="api://AzureADTokenExchangeChina",
    ),
)

CLOUDS: Mapping[str, Cloud] = MappingProxyType({cloud.name: cloud for cloud in KNOWN})
"""The clouds of facts 9.2, by the name that a manifest gives them."""
