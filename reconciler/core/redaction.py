"""What may be shown of a URL: its query may hold secrets of whoever wrote it, its mark does not."""

import hashlib
import re

from reconciler.core.destinations import is_event_grid
from reconciler.core.mark import PARAMETER

__all__ = ["REDACTED", "redact"]

REDACTED = re.compile(r"redacted-[0-9a-f]{8}", re.ASCII)


def redact(url: str) -> str:
    """The URL with each query value but the mark replaced by ``redacted-`` and 8 hex digits of its SHA-256.

    Equal values stay equal and others differ, so that redacted URLs can still be compared. Redacting twice changes
    nothing. A partner topic is the same in any letter case, so its values are covered as they are in lower case.
    """
    path, question, query = url.partition("?")
    pairs = query.lower() if is_event_grid(url) else query
    return path + question + "&".join(map(redact_pair, pairs.split("&")))


def redact_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return redact_value(name) if name else ""
    return pair if name == PARAMETER else f"{name}={redact_value(value)}"


def redact_value(value: str) -> str:
    if REDACTED.fullmatch(value):
        return value
    digest = hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
    return f"redacted-{digest[:8]}"
