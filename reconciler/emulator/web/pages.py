"""LIST page by page: the owner's subscriptions and the faults in, one page and what leads to the next out (facts 3.2).

A ``$skiptoken`` is opaque to clients; inside is ``<phase>.<number>``: after which serial number to go on, or how many
empty pages there were.
"""

import base64
import dataclasses
import itertools
from collections.abc import Iterable

from reconciler.emulator.faults import Faults, ListFault
from reconciler.emulator.model import refusals
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.model.subscriptions import Subscription

EMPTY_PAGES = 50
AFTER, BLANK = "after", "blank"

Numbered = Iterable[tuple[int, Subscription]]


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    items: tuple[Subscription, ...]
    next: str | None = None
    """The ``$skiptoken`` of the next page."""
    foreign: bool = False
    """The next link names another host."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    phase: str = AFTER
    number: int = 0

    @property
    def token(self) -> str:
        return base64.urlsafe_b64encode(f"{self.phase}.{self.number}".encode()).decode().rstrip("=")


def place(token: str | None) -> Place:
    """Raises ``Refusal`` for a token that is not ours."""
    if token is None:
        return Place()
    try:
        phase, _, number = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(".")
        return Place({AFTER: AFTER, BLANK: BLANK}[phase], int(number))
    except (KeyError, ValueError) as error:
        raise refusals.bad_request("The $skiptoken is not valid.") from error


def page(numbered: Numbered, here: Place, *, size: int, fault: ListFault | None) -> Page:
    """``numbered`` are those after ``here``, in order."""
    first = here == Place()
    match fault:
        case ListFault.EMPTY:
            return Page(())
        case ListFault.EMPTY_PAGES if first:
            return Page((), Place(BLANK, 1).token)
        case ListFault.EMPTY_PAGES if here.phase == BLANK and here.number < EMPTY_PAGES:
            return Page((), Place(BLANK, here.number + 1).token)
        case ListFault.ENDLESS if here.phase == BLANK:
            return Page((), Place(BLANK, here.number + 1).token)
        case ListFault.BREAKS_OFF | ListFault.FOREIGN_NEXT_LINK:
            return half(numbered, first=first, size=size, fault=fault)
    found = plain(numbered, size)
    return Page(found.items, Place(BLANK, 1).token) if fault is ListFault.ENDLESS and found.next is None else found


def plain(numbered: Numbered, size: int) -> Page:
    taken = list(itertools.islice(numbered, size + 1))
    items = tuple(subscription for _, subscription in taken[:size])
    return Page(items, Place(AFTER, taken[size - 1][0]).token if len(taken) > size else None)


def half(numbered: Numbered, *, first: bool, size: int, fault: ListFault) -> Page:
    """A first page that always has another one, however few there are."""
    if not first:
        raise Refusal(500, "InternalServerError", "An internal server error has occurred.")
    items = [subscription for _, subscription in numbered]
    token = Place(AFTER, 1).token
    return Page(tuple(items[: min(size, (len(items) + 1) // 2)]), token, fault is ListFault.FOREIGN_NEXT_LINK)


def kept(numbered: Numbered, faults: Faults) -> Numbered:
    """A short list leaves out those with an even serial number: about every second, and always the same."""
    short = faults.list is ListFault.SHORT
    return (
        (serial, each) for serial, each in numbered if each.id not in faults.omit and not (short and serial % 2 == 0)
    )


def later(numbered: Numbered, here: Place) -> Numbered:
    """Those that are not on the pages before."""
    after = here.number if here.phase == AFTER else 0
    return ((serial, each) for serial, each in numbered if serial > after)
