"""What a host's name tells by itself; nobody is asked."""

import ipaddress

__all__ = ["on_loopback"]


def on_loopback(host: str) -> bool:
    """Whether a host, as a URL names it, is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
