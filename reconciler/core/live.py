"""A subscription as Graph returns it, read into what we compare."""

import dataclasses
import datetime as dt
import functools
import sys
from collections.abc import Mapping
from typing import Any

from reconciler.core.asked import Asked
from reconciler.core.catalog import ChangeType, Entry, Version
from reconciler.core.mark import Mark, UnknownMark, read_marked, takes_query
from reconciler.core.renewal import Kind
from reconciler.core.resource import Resource, ResourceError, read_resource
from reconciler.core.times import parse_time

__all__ = ["Live", "LiveError", "read_live"]

REQUIRED = ("id", "resource", "notificationUrl", "expirationDateTime", "changeType")
OPTIONAL = (
    "lifecycleNotificationUrl",
    "latestSupportedTlsVersion",
    "notificationQueryOptions",
    "encryptionCertificateId",
)
TEXTS = (*REQUIRED, *OPTIONAL)
OF_TEXTS = frozenset({str, type(None)})
NOBODY_REMEMBERS: Mapping[str, dt.timedelta] = {}


class LiveError(ValueError):
    """Graph returned something that is no subscription as documented (facts 1.1)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Live:
    """A subscription as Graph lists it; ``mark`` is None when it bears none that we can read."""

    id: str
    asked: Asked
    resource_text: str
    notification_url: str
    """Without its mark."""

    expires_at: dt.datetime
    mark: Mark | UnknownMark | None = None
    lifecycle_mark: Mark | UnknownMark | None = None
    certificate_id: str | None = None
    entry: Entry | None = None
    resource: Resource | None = None
    """None where Graph's spelling is not understood: then it is compared as it stands."""

    granted: dt.timedelta | None = None
    """The lifetime Graph last gave us. Graph does not tell, so we remember."""

    certificate_fixed: bool = False
    """Graph would not change the certificate: also remembered."""

    @property
    def slot(self) -> str:
        if self.resource:
            return self.resource.slot(sorted(self.asked.change_types))
        return f"{self.asked.resource} {','.join(sorted(self.asked.change_types))}"

    @property
    def takes_query(self) -> bool:
        return takes_query(self.notification_url)

    @property
    def marked_in_lifecycle(self) -> bool:
        """Whether it was created for a destination that leaves no room for a mark: then its lifecycle URL has all."""
        return isinstance(self.lifecycle_mark, Mark) and self.lifecycle_mark.digest is not None

    @property
    def whole_mark(self) -> Mark | UnknownMark | None:
        """The mark with its digest and what follows it, where one is to be read."""
        if self.mark or self.takes_query or not self.marked_in_lifecycle:
            return self.mark
        return self.lifecycle_mark

    @property
    def kind(self) -> Kind:
        return Kind(self.entry, self.asked.resource, self.asked.rich)


def read_live(body: Mapping[str, Any], granted: Mapping[str, dt.timedelta] = NOBODY_REMEMBERS) -> Live:
    """Read one item of LIST, or the answer of GET; ``granted`` has lifetimes by id.

    Raises LiveError where it lacks what every subscription has.
    """
    try:
        identifier, text, url, until, changes = required(body)
        lifecycle_url, tls, query_options, certificate_id = (body.get(field) or None for field in OPTIONAL)
        expires_at = parse_time(until)
        change_types = read_change_types(changes)
        rich = flag(body, "includeResourceData")
    except ValueError as error:
        raise LiveError(f"a subscription that Graph returned is not understood: {error}{named(body)}") from error
    resource = read_leniently(text)
    mark, url = read_marked(url)
    lifecycle_mark, lifecycle_url = read_marked(lifecycle_url) if lifecycle_url else (None, None)
    asked = Asked(
        resource=resource.canonical if resource else text,
        change_types=change_types,
        rich=rich,
        lifecycle_url=sys.intern(lifecycle_url) if lifecycle_url else None,
        tls=tls,
        query_options=query_options,
        version=version_of(mark) or version_of(lifecycle_mark) or Version.V1,
    )
    return Live(
        id=identifier,
        asked=asked,
        resource_text=text,
        notification_url=sys.intern(url),  # thousands have the same, which is kept once
        expires_at=expires_at,
        mark=mark,
        lifecycle_mark=lifecycle_mark,
        certificate_id=certificate_id,
        entry=resource.entry if resource else None,
        resource=resource,
        granted=granted.get(identifier),
    )


def named(body: object) -> str:
    match body:
        case {"id": str(identifier)}:
            return f" ({identifier})"
    return ""


def required(body: Mapping[str, Any]) -> list[str]:
    """What every subscription has. Null, absent and "" are the same (facts 1.2); what is there must be a text."""
    if not isinstance(body, dict | Mapping):
        raise ValueError("it is no JSON object")  # noqa: TRY004  whoever reads it sees one kind of error
    found: list[Any] = [body.get(field) for field in TEXTS]
    if not OF_TEXTS.issuperset(map(type, found)):
        no_text = [field for field in TEXTS if not isinstance(body.get(field), str | None)]
        if no_text:
            raise ValueError(f"its {no_text[0]} is no text")
    needed: list[str] = found[: len(REQUIRED)]
    if not all(needed):
        raise ValueError(f"it lacks {REQUIRED[list(map(bool, needed)).index(False)]}")
    return needed


def flag(body: Mapping[str, Any], field: str) -> bool:
    """Null, absent, "" and false are the same (facts 1.2)."""
    value = body.get(field)
    if value in (None, "") or isinstance(value, bool):
        return bool(value)
    raise ValueError(f"its {field} is neither true nor false")


@functools.lru_cache(maxsize=256)
def read_change_types(text: str) -> frozenset[ChangeType]:
    """Joined by commas, in any letter case, with or without spaces (facts 1.1)."""
    return frozenset(ChangeType(each.strip().lower()) for each in text.split(",") if each.strip())


def read_leniently(text: str) -> Resource | None:
    try:
        return read_resource(text)
    except ResourceError:
        return None


def version_of(mark: Mark | UnknownMark | None) -> Version | None:
    return mark.version if isinstance(mark, Mark) else None
