"""A host in, whether its name resolves out."""

import asyncio
import ipaddress
import socket
import urllib.request

from reconciler.core.hosts import on_loopback
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned

__all__ = ["behind_proxy", "resolves"]

SHOWN = 3


async def resolves(host: str, *, public: bool, proxy: bool = False) -> Verdict:
    """``public`` where Graph must find it, too: addresses of inside are then worth a word. Raises nothing for a no.

    ``proxy`` where one of the environment asks on our behalf, and resolves names by itself.
    """
    if proxy:
        return skipped("not asked: a proxy of the environment (HTTPS_PROXY) resolves names by itself")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        return failed(
            f"the name does not resolve: {said}",
            cause="it is misspelled, its DNS entry is missing, or this machine's resolver does not answer",
            remedy=f"correct the name, or its DNS entry; `getent hosts {host}` asks the same resolver",
        )
    addresses = sorted({str(each[4][0]) for each in found})
    return judged(addresses, public=public)


def judged(addresses: list[str], *, public: bool) -> Verdict:
    shown = ", ".join(addresses[:SHOWN]) + (f" and {len(addresses) - SHOWN} more" if len(addresses) > SHOWN else "")
    if public and not any(map(is_global, addresses)):
        return warned(
            f"from here it resolves to {shown}, which Graph cannot reach",
            cause="names resolve to other addresses inside than outside, or the entry is for inside only",
            remedy="ask a public resolver as well: what follows is about the address from here",
        )
    return fine(f"it resolves to {shown}")


def is_global(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_global


def behind_proxy(host: str) -> bool:
    """Whether the environment has a proxy for it, by the same variables as httpx reads."""
    if on_loopback(host) or urllib.request.proxy_bypass(host):
        return False
    return any(urllib.request.getproxies().get(scheme) for scheme in ("https", "all"))
