"""Two URLs of a subscription that others serve in, an ``Endpoint`` for them out.

The values in their queries may be secrets, so variables stand in their place.
"""

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from reconciler.core.manifest.common import API_VERSION

__all__ = ["External", "external", "unwritable"]

USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)@(.*)", re.DOTALL)
NO_NAME = re.compile(r"[^A-Z0-9]+")
LONGEST_NAME = 40
"""Of the part of a variable's name that the parameter gives."""


@dataclasses.dataclass(frozen=True, slots=True)
class External:
    """An ``Endpoint`` that another application serves, with variables where its URLs have values."""

    name: str
    notification_url: str
    lifecycle_url: str | None
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    """The values, as they stand in the URLs."""

    obstacle: str | None = None
    """Why it cannot be written into a manifest."""

    @property
    def document(self) -> dict[str, Any]:
        spec = {"notificationUrl": self.notification_url}
        if self.lifecycle_url:
            spec["lifecycleNotificationUrl"] = self.lifecycle_url
        return {
            "apiVersion": API_VERSION,
            "kind": "Endpoint",
            "metadata": {"name": self.name},
            "spec": spec | {"receiver": "external"},
        }


def external(notification_url: str, lifecycle_url: str | None) -> External:
    """The same URLs always come to the same name and the same variables."""
    said = f"{notification_url}\n{lifecycle_url or ''}"
    tag = hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()[:8]
    values = Values(f"EXTERNAL_{tag.upper()}_")
    notification = values.covered(notification_url)
    lifecycle = values.covered(lifecycle_url) if lifecycle_url else None
    obstacle = unwritable(notification_url) or unwritable(lifecycle_url or "")
    return External(f"external-{tag}", notification, lifecycle, values.found, obstacle)


def unwritable(text: str) -> str | None:
    """Why a text cannot stand in a manifest as it is."""
    if "${" in text:
        return "it has ${ in it, which a manifest would take for a variable"
    return None if text.isprintable() else "it has characters in it that cannot be seen"


class Values:
    """Takes values out of URLs, and gives each a variable."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.found: dict[str, str] = {}

    def covered(self, url: str) -> str:
        """The URL with a variable for every value of its query, and for whatever else is nobody's business."""
        rest, hash_sign, fragment = url.partition("#")
        path, question, query = rest.partition("?")
        if user := USER.fullmatch(path):
            path = f"{user[1]}{self.variable('USER', user[2])}@{user[3]}"
        pairs = "&".join(self.pairs(query))
        return f"{path}{question}{pairs}{hash_sign}{self.variable('FRAGMENT', fragment)}"

    def pairs(self, query: str) -> Iterator[str]:
        for pair in query.split("&"):
            name, equals, value = pair.partition("=")
            # Without an equals sign nobody knows whether it is a name or a value.
            yield f"{name}={self.variable(name, value)}" if equals else self.variable("QUERY", name)

    def variable(self, name: str, value: str) -> str:
        """Equal values of one parameter share theirs; where there is none, no variable is needed."""
        if not value:
            return ""
        given = NO_NAME.sub("_", unquote(name).upper()).strip("_")[:LONGEST_NAME] or "QUERY"
        variable, count = f"{self.prefix}{given}", 1
        while self.found.setdefault(variable, value) != value:
            count += 1
            variable = f"{self.prefix}{given}_{count}"
        return f"${{{variable}}}"
