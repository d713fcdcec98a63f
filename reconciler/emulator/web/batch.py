"""The JSON of ``$batch``: bytes in, up to 20 requests out, or Graph's refusal of the whole (facts 8.4)."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.emulator.model import refusals
from reconciler.emulator.model.incoming import json_object

MOST = 20
METHODS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})
KEYS = frozenset({"body", "dependsOn", "headers", "id", "method", "url"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One request of a batch."""

    id: str
    method: str
    url: str
    """Below the version, without a slash before it."""
    headers: Mapping[str, str]
    body: bytes
    after: str | None
    """The id that it depends on, in lower case: ids differ by more than that (facts 8.4)."""

    @property
    def key(self) -> str:
        return self.id.lower()


def parse(body: bytes, *, content_type: str) -> tuple[Item, ...]:
    """Raises ``Refusal``."""
    data = json_object(body, content_type)
    requests = data.get("requests")
    if not isinstance(requests, list) or not requests:
        raise refusals.bad_batch("'requests' must be a list with at least one request.")
    if len(requests) > MOST:
        raise refusals.bad_batch(f"{len(requests)} requests are more than the maximum of {MOST}.")
    items = tuple(item(each) for each in requests)
    check_ids(items)
    check_order(items)
    return items


def item(data: Any) -> Item:
    if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not data["id"]:
        raise refusals.bad_batch("each request must be an object with an 'id' that is a text.")
    identifier = data["id"]
    if unknown := sorted(data.keys() - KEYS):
        raise refusals.bad_batch(f"the request '{identifier}' has an unknown property '{unknown[0]}'.")
    headers = headers_of(identifier, data.get("headers"))
    if data.get("body") is not None and "content-type" not in headers:
        raise refusals.bad_request(f"Write request id : {identifier} does not contain Content-Type header or body.")
    return Item(
        id=identifier,
        method=method(identifier, data.get("method")),
        url=url(identifier, data.get("url")),
        headers=headers,
        body=b"" if data.get("body") is None else json.dumps(data["body"]).encode(),
        after=prerequisite(identifier, data.get("dependsOn")),
    )


def method(identifier: str, value: object) -> str:
    if not isinstance(value, str) or value.upper() not in METHODS:
        raise refusals.bad_batch(f"the request '{identifier}' has no method of {', '.join(sorted(METHODS))}.")
    return value.upper()


def url(identifier: str, value: object) -> str:
    """Relative, with a slash before it or not."""
    if not isinstance(value, str) or not value.strip("/") or "://" in value.partition("?")[0]:
        raise refusals.bad_batch(f"the request '{identifier}' has no relative url.")
    return value.removeprefix("/")


def headers_of(identifier: str, value: object) -> dict[str, str]:
    """With names in lower case."""
    value = {} if value is None else value
    if not isinstance(value, dict) or not all(isinstance(each, str) and each.isascii() for each in value.values()):
        raise refusals.bad_batch(f"the headers of the request '{identifier}' must be an object of texts.")
    return {name.lower(): each for name, each in value.items() if name.isascii()}


def prerequisite(identifier: str, value: object) -> str | None:
    value = [] if value is None else value
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise refusals.bad_batch(f"'dependsOn' of the request '{identifier}' must be a list of ids.")
    if len(value) > 1:
        raise refusals.bad_batch(f"the request '{identifier}' can depend on one other request only.")
    return value[0].lower() if value else None


def check_ids(items: Sequence[Item]) -> None:
    keys = {each.key for each in items}
    if len(keys) < len(items):
        raise refusals.bad_batch("ids must be unique, whatever their letter case.")
    for each in items:
        if each.after is not None and (each.after not in keys or each.after == each.key):
            raise refusals.bad_batch(f"the request '{each.id}' depends on '{each.after}', which is no other request.")


def check_order(items: Sequence[Item]) -> None:
    """Parallel, serial, or all on the same: nothing else is supported (facts 8.4)."""
    wanted = [each.after for each in items]
    serial = wanted == [None, *(each.key for each in items[:-1])]
    if not serial and len({*wanted} - {None}) > 1:
        raise refusals.bad_batch("requests depend on none, each on the one before it, or all on the same one.")
