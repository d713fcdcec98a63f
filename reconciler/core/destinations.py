"""What Graph delivers to besides HTTPS: how the address of an event hub or a partner topic is compared.

Graph does not return it as it was sent (facts 1.1): a partner topic comes back without its location. So these are
compared loosely, and everything else to the letter.
"""

__all__ = ["EVENT_GRID", "EVENT_HUB", "canonical", "is_event_grid", "is_event_hub", "parameters"]

EVENT_HUB, EVENT_GRID = "EventHub:", "EventGrid:"

SAID_ONCE = "location"
"""Where a partner topic is to be made; the answer to POST lacks it already."""


def is_event_hub(url: str) -> bool:
    return url[: len(EVENT_HUB)].lower() == EVENT_HUB.lower()


def is_event_grid(url: str) -> bool:
    return url[: len(EVENT_GRID)].lower() == EVENT_GRID.lower()


def canonical(url: str) -> str:
    """Equal for addresses that mean the same destination; an HTTPS URL as it is."""
    if is_event_hub(url):
        address, _, query = url[len(EVENT_HUB) :].partition("?")
        scheme, joint, rest = address.partition("://")
        host, slash, path = rest.partition("/")
        pairs = sorted(f"{name.lower()}={value}" for name, value in parameters(query))
        return f"{EVENT_HUB}{scheme.lower()}{joint}{host.lower()}{slash}{path}?{'&'.join(pairs)}"
    if is_event_grid(url):
        pairs = sorted(f"{name}={value}" for name, value in parameters(url.partition("?")[2].lower()))
        return f"{EVENT_GRID}?{'&'.join(pair for pair in pairs if not pair.startswith(f'{SAID_ONCE}='))}"
    return url


def parameters(query: str) -> list[tuple[str, str]]:
    """Names and values as they stand."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return [(name, value) for name, _, value in pairs]
