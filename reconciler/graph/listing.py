"""The pages of LIST in, a Listing out that says whether it is whole.

A walk that fails, is capped or never ends is "unknown", not "empty" (facts 3.2): what it lacks may well be there.
"""

import asyncio
import dataclasses
from collections.abc import Iterable
from typing import Any

from reconciler.core.catalog import Version
from reconciler.core.errors import GraphError
from reconciler.engine.ports import Body, Listing
from reconciler.graph.answers import Answer
from reconciler.graph.calls import Calls, Request
from reconciler.graph.pacing import Kind

__all__ = ["Caps", "walk_both"]


@dataclasses.dataclass(frozen=True, slots=True)
class Caps:
    """Where a walk ends that Graph does not end; more than 50 empty pages in a row were seen (facts 3.2)."""

    pages: int = 1000
    empty_in_a_row: int = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    bodies: tuple[Body, ...]
    next_link: str | None


@dataclasses.dataclass(slots=True)
class Found:
    """What both walks have shown so far, by id, the first of each: v1.0's, then beta's that v1.0 does not show."""

    stable: dict[str, Body] = dataclasses.field(default_factory=dict)
    beta: dict[str, Body] = dataclasses.field(default_factory=dict)

    def add(self, version: Version, bodies: Iterable[Body]) -> None:
        """Most are shown by both: ten thousand of them are not kept twice until the end."""
        for body in bodies:
            if version is Version.V1:
                self.stable.setdefault(body["id"], body)
                self.beta.pop(body["id"], None)
            elif body["id"] not in self.stable:
                self.beta.setdefault(body["id"], body)

    @property
    def bodies(self) -> tuple[Body, ...]:
        return (*self.stable.values(), *self.beta.values())


@dataclasses.dataclass(slots=True)
class Walk:
    """One version's pages so far; ``failure`` is why there are no more of them."""

    version: Version
    found: Found
    pages: int = 0
    empty: int = 0
    links: set[str] = dataclasses.field(default_factory=set)
    failure: GraphError | str | None = None

    @property
    def why(self) -> str | None:
        return f"{self.version.value} after page {self.pages}: {self.failure}" if self.failure else None


async def walk_both(calls: Calls, root: str, caps: Caps) -> Listing:
    """List v1.0 and beta at once, since each may hide what the other shows; raise where neither has a first page."""
    found = Found()
    walks = await asyncio.gather(
        *(walk(calls, root, Walk(version, found), caps) for version in (Version.V1, Version.BETA))
    )
    first = walks[0].failure
    if isinstance(first, GraphError) and not any(each.pages for each in walks):
        raise first
    reasons = [each.why for each in walks if each.why]
    on_beta = frozenset(found.beta) if first is None else frozenset()
    return Listing(found.bodies, "; ".join(reasons) or None, on_beta)


async def walk(calls: Calls, root: str, state: Walk, caps: Caps) -> Walk:
    """Follow the pages to the end; a page that fails is retried by itself, so the walk goes on from there."""
    link: str | None = f"{root}/{state.version.value}/subscriptions"
    while link and not state.failure:
        try:
            page = await calls.call(request_for(link, state.version), page_of)
        except GraphError as error:
            state.failure = error
        else:
            link = page.next_link
            turn(state, page, caps)
    return state


def turn(state: Walk, page: Page, caps: Caps) -> None:
    state.found.add(state.version, page.bodies)
    state.pages += 1
    state.empty = 0 if page.bodies else state.empty + 1
    if page.next_link is None:
        return
    if page.next_link in state.links:
        state.failure = "Graph repeats a nextLink, so the list never ends"
    elif state.pages >= caps.pages:
        state.failure = f"the list goes on after {caps.pages} pages"
    elif state.empty >= caps.empty_in_a_row:
        state.failure = f"{caps.empty_in_a_row} pages in a row were empty, and the list goes on"
    state.links.add(page.next_link)


def request_for(link: str, version: Version) -> Request:
    return Request(method="GET", url=link, kind=Kind.LIST, operation=f"GET {version.value} subscriptions")


def page_of(answer: Answer) -> Page:
    """Raises ValueError, with what is wrong."""
    page: Any = body_of(answer)
    values = page.get("value") if isinstance(page, dict) else None
    if not isinstance(values, list) or not all(map(is_subscription, values)):
        raise ValueError("something other than a page of subscriptions")
    link = page.get("@odata.nextLink")
    return Page(tuple(values), str(link) if link else None)


def subscription_of(answer: Answer) -> Body:
    """Raises ValueError, with what is wrong."""
    body: Any = body_of(answer)
    if not is_subscription(body):
        raise ValueError("something other than a subscription")
    found: Body = body
    return found


def body_of(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise ValueError("a body that is no JSON") from error


def is_subscription(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("id"), str) and bool(body["id"])
