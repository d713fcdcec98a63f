"""The options of a read: a query in, what was asked for out, or Graph's refusal. All that is not here is refused."""

import base64
import dataclasses
import re

from starlette.requests import Request

from reconciler.emulator.model import filters, refusals
from reconciler.emulator.world import meetings
from reconciler.emulator.world.kinds import Properties

PAGE = 100
LARGEST_PAGE = 999
SIZE = re.compile(r"[0-9]{1,3}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    select: frozenset[str] = frozenset()
    """In lower case; empty: everything."""
    size: int = PAGE
    after: int = 0
    """The serial number after which to go on."""
    join_url: str | None = None
    """Without escapes; only the meeting with this one is wanted."""

    def shown(self, body: Properties) -> Properties:
        if not self.select:
            return body
        return {name: value for name, value in body.items() if name.lower() in self.select}

    def wants(self, body: Properties) -> bool:
        return self.join_url is None or meetings.plain(body.get("joinWebUrl") or "") == self.join_url


EVERYTHING = Query()


def query(request: Request, *, many: bool, filterable: bool = False) -> Query:
    """``many``: of a collection; ``filterable``: of meetings. Raises ``Refusal``."""
    result = Query()
    for name, value in request.query_params.multi_items():
        match name.lower().removeprefix("$"):
            case "select":
                result = dataclasses.replace(result, select=frozenset(value.lower().replace(" ", "").split(",")))
            case "top" if many:
                result = dataclasses.replace(result, size=size(value))
            case "skiptoken" if many:
                result = dataclasses.replace(result, after=place(value))
            case "filter" if many and filterable:
                result = dataclasses.replace(result, join_url=join_url(value))
            case _:
                raise refusals.bad_request(f"Query option '{name}' is not allowed.")
    return result


def size(text: str) -> int:
    number = int(text) if SIZE.fullmatch(text) else 0
    if not 0 < number <= LARGEST_PAGE:
        raise refusals.bad_request(f"Invalid value '{text}' for $top: it is a number from 1 to {LARGEST_PAGE}.")
    return number


def token(after: int) -> str:
    """Opaque to clients."""
    return base64.urlsafe_b64encode(f"after.{after}".encode()).decode().rstrip("=")


def place(text: str) -> int:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        return int(decoded.removeprefix("after."))
    except ValueError as error:
        raise refusals.bad_request("The $skiptoken is not valid.") from error


def join_url(text: str) -> str:
    """Of ``JoinWebUrl eq '…'``, the only condition there is."""
    try:
        values = filters.values(filters.parse(text))
    except ValueError as error:
        raise refusals.bad_request(f"Invalid filter clause: {error}.") from error
    if values.keys() != {"joinweburl"} or len(values["joinweburl"]) != 1:
        raise refusals.bad_request("Invalid filter clause: only JoinWebUrl eq '…' is supported.")
    return meetings.plain(values["joinweburl"][0])
