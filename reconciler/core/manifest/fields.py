"""The kinds of values that stand in manifests, each strict about its own form."""

import datetime as dt
import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from reconciler.core.destinations import EVENT_GRID, EVENT_HUB, is_event_grid, is_event_hub, parameters
from reconciler.core.guids import GUID
from reconciler.core.mark import KEY_LENGTH, NAME, NAME_LENGTH, OWNER_LENGTH, PARAMETER, query_of
from reconciler.core.times import LONGEST, parse_duration

__all__ = [
    "MIB",
    "UNESCAPED",
    "Destination",
    "Duration",
    "FileReference",
    "Filled",
    "Guid",
    "KeyId",
    "Model",
    "Name",
    "Origin",
    "Owner",
    "Positive",
    "SecretRef",
    "SecretReference",
    "Share",
    "Size",
    "Url",
    "UrlPath",
    "not_literal",
]

MIB = 1024 * 1024
LARGEST = 1024 * 1024 * MIB
UNITS = {"KiB": 1024, "MiB": MIB, "GiB": 1024 * MIB}

WORD = f"^{NAME.pattern}$"
VARIABLE_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
UNESCAPED = re.compile(r"[^\x21-\x7e]|[\"<>\\^`{|}]")
"""What stands in no URL as it is. Python drops tabs and line ends in one without a word."""


def duration(value: object) -> dt.timedelta:
    try:
        found = parse_duration(value if isinstance(value, str) else "")
    except ValueError as error:
        raise PydanticCustomError("invalid-value", "write a duration such as 90s, 45m, 12h or 3d") from error
    if found > LONGEST:
        raise PydanticCustomError("invalid-value", "a duration is {days}d at the most", {"days": LONGEST.days})
    return found


def share(value: object) -> float:
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%", value) if isinstance(value, str) else None
    if not match or float(match.group(1)) > 100:
        raise PydanticCustomError("invalid-value", "write a share such as 25%")
    return float(match.group(1)) / 100


def positive(value: dt.timedelta) -> dt.timedelta:
    if not value:
        raise PydanticCustomError("invalid-value", "write a duration over 0s")
    return value


def size(value: object) -> int:
    """In bytes."""
    match = re.fullmatch(r"(\d{1,9})([KMG]iB)", value, re.ASCII) if isinstance(value, str) else None
    found = int(match[1]) * UNITS[match[2]] if match else 0
    if not 0 < found <= LARGEST:
        raise PydanticCustomError("invalid-value", "write a size such as 512KiB, 100MiB or 2GiB, 1024GiB at the most")
    return found


def url(value: str) -> str:
    """A URL that Graph can deliver to, and that has room for our mark."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise PydanticCustomError("invalid-url", "this is not a URL") from error
    if parts.scheme.lower() != "https" or not parts.hostname or port == 0:
        raise PydanticCustomError("invalid-url", "Graph delivers to https:// URLs only")
    if "@" in parts.netloc or parts.fragment or UNESCAPED.search(value):
        raise PydanticCustomError("invalid-url", "the URL must have no user, no #fragment and no unescaped characters")
    no_mark_of_ours(value)
    return value


def no_mark_of_ours(value: str) -> None:
    if any(name == PARAMETER for name, _ in query_of(value)):
        raise PydanticCustomError(
            "reserved-parameter", "the parameter 'reconciler' is where ownership is written, rename yours"
        )


def destination(value: str) -> str:
    """Where notifications go: a URL, an event hub, or a partner topic of Event Grid, as Graph spells them (facts 1.1).

    Of the last two only that is checked which the documentation has in every form of theirs.
    """
    if is_event_hub(value):
        return event_hub(value)
    return event_grid(value) if is_event_grid(value) else url(value)


def event_hub(value: str) -> str:
    """``EventHub:``, and the URL of a hub, or of the secret in a key vault that has its connection string."""
    address = url(value[len(EVENT_HUB) :])
    require(value, address.partition("?")[2], ("tenantId",))
    return value


def event_grid(value: str) -> str:
    """``EventGrid:?`` and a query. ``location`` is for creating the topic, which may be there already."""
    opening, _, query = value.partition("?")
    if len(opening) > len(EVENT_GRID) or "#" in value or UNESCAPED.search(value):
        raise PydanticCustomError(
            "invalid-url", "write EventGrid:?azuresubscriptionid=…&resourcegroup=…&partnertopic=…&location=…"
        )
    no_mark_of_ours(value)
    require(value, query, ("azuresubscriptionid", "resourcegroup", "partnertopic"))
    return value


def require(value: str, query: str, names: tuple[str, ...]) -> None:
    given = {name.lower() for name, text in parameters(query) if text}
    lacking = [name for name in names if name.lower() not in given]
    if lacking:
        raise PydanticCustomError(
            "invalid-url",
            "an {kind} destination needs the parameters {names}",
            {"kind": value.partition(":")[0], "names": ", ".join(lacking)},
        )


def origin(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname if parts.port != 0 else None
    except ValueError as error:
        raise PydanticCustomError("invalid-url", "this is not a URL") from error
    more = parts.path.strip("/") or any(sign in value for sign in "@?#")
    if parts.scheme != "https" or not host or more or UNESCAPED.search(value):
        raise PydanticCustomError("invalid-url", "write an origin such as https://graph.contoso.com, without a path")
    return value.rstrip("/")


Word = Annotated[str, StringConstraints(pattern=WORD)]
Name = Annotated[Word, Field(max_length=NAME_LENGTH)]
Owner = Annotated[Word, Field(max_length=OWNER_LENGTH)]
KeyId = Annotated[Word, Field(max_length=KEY_LENGTH)]
ONE_GUID = f"^{GUID}$"
Guid = Annotated[str, StringConstraints(pattern=ONE_GUID)]
Filled = Annotated[str, StringConstraints(min_length=1)]
Url = Annotated[str, AfterValidator(url), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https://"})]
Destination = Annotated[
    str,
    AfterValidator(destination),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^(https://|EventHub:https://|EventGrid:\\?)"}),
]
Origin = Annotated[str, AfterValidator(origin), WithJsonSchema({"type": "string", "format": "uri"})]
Duration = Annotated[
    dt.timedelta, PlainValidator(duration), WithJsonSchema({"type": "string", "pattern": "^([0-9]+[dhms])+$"})
]
Positive = Annotated[Duration, AfterValidator(positive)]
Size = Annotated[int, PlainValidator(size), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}[KMG]iB$"})]
Share = Annotated[float, PlainValidator(share), WithJsonSchema({"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$"})]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[^?#\s]*$")]


class Model(BaseModel):
    """Strict: no unknown key, no conversion, nothing changed afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
        defer_build=True,  # until one is read: no run has manifests of all kinds
    )


def not_literal(value: object) -> object:
    if isinstance(value, str | int | float):
        raise PydanticCustomError(
            "literal-secret", "a secret is never written into a manifest: refer to it with env: or file:"
        )
    return value


class FileReference(Model):
    """A file, relative to the manifest."""

    file: Filled


class SecretReference(Model):
    """Where a secret stands: an environment variable or a file, one trailing newline is cut."""

    env: Annotated[str, StringConstraints(pattern=VARIABLE_NAME)] | None = None
    file: Filled | None = None

    @model_validator(mode="after")
    def one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise PydanticCustomError("secret-reference", "a secret stands in exactly one place: env: or file:")
        return self

    def __str__(self) -> str:
        return f"environment variable {self.env}" if self.env else f"file {self.file}"


SecretRef = Annotated[SecretReference, BeforeValidator(not_literal)]
