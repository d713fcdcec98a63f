"""A subscription as Graph returns it, read into what we compare."""

import dataclasses
import datetime as dt
import functools
import sys
from collections.abc import Mapping
from typing import Any

from reconciler.core.asked import Asked
from reconciler.core.catalog import ChangeType, Entry, Version
from reconciler.core.mark import Mark, UnknownMark, mark_of, unmarked
from reconciler.core.renewal import Kind
from reconciler.core.resource import Resource, ResourceError, read_resource
from reconciler.core.times import parse_time

__all__ = ["Live", "LiveError", "read_live"]


OPTIONAL = (
    "lifecycleNotificationUrl",
    "latestSupportedTlsVersion",
    "notificationQueryOptions",
    "encryptionCertificateId",
)


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
    def kind(self) -> Kind:
        return Kind(self.entry, self.asked.resource, self.asked.rich)


def read_live(body: Mapping[str, Any]) -> Live:
    """Read one item of LIST, or the answer of GET. Raises LiveError where it lacks what every subscription has."""
    try:
        identifier, text, url = (required(body, field) for field in ("id", "resource", "notificationUrl"))
        expires_at = parse_time(required(body, "expirationDateTime"))
        change_types = read_change_types(required(body, "changeType"))
        lifecycle_url, tls, query_options, certificate_id = (optional(body, field) for field in OPTIONAL)
        rich = flag(body, "includeResourceData")
    except ValueError as error:
        raise LiveError(f"a subscription that Graph returned is not understood: {error}{named(body)}") from error
    resource = read_leniently(text)
    mark, lifecycle_mark = mark_of(url), mark_of(lifecycle_url)
    asked = Asked(
        resource=resource.canonical if resource else text,
        change_types=change_types,
        rich=rich,
        lifecycle_url=sys.intern(unmarked(lifecycle_url)) if lifecycle_url else None,
        tls=tls,
        query_options=query_options,
        version=version_of(mark) or version_of(lifecycle_mark) or Version.V1,
    )
    return Live(
        id=identifier,
        asked=asked,
        resource_text=text,
        notification_url=sys.intern(unmarked(url)),  # thousands have the same, which is kept once
        expires_at=expires_at,
        mark=mark,
        lifecycle_mark=lifecycle_mark,
        certificate_id=certificate_id,
        entry=resource.entry if resource else None,
        resource=resource,
    )


def named(body: object) -> str:
    match body:
        case {"id": str(identifier)}:
            return f" ({identifier})"
    return ""


def required(body: Mapping[str, Any], field: str) -> str:
    found = optional(body, field)
    if found is None:
        raise ValueError(f"it lacks {field}")
    return found


def optional(body: Mapping[str, Any], field: str) -> str | None:
    """Null, absent and "" are the same (facts 1.2)."""
    if not isinstance(body, Mapping):
        raise ValueError("it is no JSON object")  # noqa: TRY004  whoever reads it sees one kind of error
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"its {field} is no text")
    return value or None


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
