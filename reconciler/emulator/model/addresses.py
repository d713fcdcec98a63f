"""Where Graph delivers to: HTTPS, Event Hubs or Event Grid. There is no Azure here, so the last two are only believed.

Nothing is asked of them (facts 4.8: a message arrives that needs no reply), and what is sent to them is dropped.
"""

import urllib.parse

EVENT_HUB, EVENT_GRID = "eventhub:", "eventgrid:?"
NEEDED = frozenset({"azuresubscriptionid", "partnertopic", "resourcegroup"})


def is_https(url: str) -> bool:
    return url.lower().startswith("https:")


def is_event_grid(url: str) -> bool:
    return url.lower().startswith(EVENT_GRID)


def is_valid(url: str) -> bool:
    """Facts 1.1, 4.9: nothing without TLS."""
    if any(char.isspace() for char in url):
        return False
    if is_event_grid(url):
        return names(url[len(EVENT_GRID) :]).issuperset(NEEDED)
    if url.lower().startswith(EVENT_HUB):
        address = url[len(EVENT_HUB) :]
        return is_https_url(address) and "tenantid" in names(address.partition("?")[2])
    return is_https_url(url)


def is_https_url(url: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme.lower() == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def names(query: str) -> set[str]:
    """In lower case, of the parameters that have a value."""
    return {name.lower() for name, value in urllib.parse.parse_qsl(query) if value}


def as_returned(url: str) -> str:
    """A partner topic without its location (facts 1.1); all else as it was sent."""
    if not is_event_grid(url):
        return url
    opening, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair.partition("=")[0].lower() != "location"]
    return f"{opening}?{'&'.join(kept)}"
