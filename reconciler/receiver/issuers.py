"""Who issues validation tokens, as the tokens spell it: a cloud in, its two issuers out (facts 7.3, 9.2).

The facts give the global cloud's issuers and leave the national ones to their metadata. Those here go by the host of
the authority, as Microsoft's own libraries have them built in; China's tokens name another host than the authority's.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from reconciler.core.clouds import CLOUDS, Cloud

__all__ = ["Issuers", "issuers_of"]


@dataclasses.dataclass(frozen=True, slots=True)
class Issuers:
    """With ``{tenant}`` in the tenant's place; one for each version of tokens."""

    v1: str
    v2: str


GLOBAL = Issuers("https://sts.windows.net/{tenant}/", "https://login.microsoftonline.com/{tenant}/v2.0")

NATIONAL: Mapping[str, Issuers] = MappingProxyType(
    {
        CLOUDS["china"].authority: Issuers(
            "https://sts.chinacloudapi.cn/{tenant}/", "https://login.partner.microsoftonline.cn/{tenant}/v2.0"
        ),
        CLOUDS["usgov"].authority: Issuers(GLOBAL.v1, "https://login.microsoftonline.us/{tenant}/v2.0"),
    }
)


def issuers_of(cloud: Cloud) -> Issuers:
    """The emulator and custom clouds spell theirs as the global cloud does (decision 22 of the design)."""
    return NATIONAL.get(cloud.authority, GLOBAL)
