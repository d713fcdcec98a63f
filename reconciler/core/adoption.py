"""A manifest that wants to adopt, and what is live, in; which foreign subscription becomes ours, or why none, out.

the foreign one is …                               change
alike, and its clientState is known or needless    adopt    its URL is patched, everything else stays
of another owner who is named as the previous one  adopt    birth and key are kept
another in a field that Graph fixes                replace
signed with a secret that nobody here knows        replace
delivered to Event Hubs or Event Grid              replace  there is no place for a mark
of another owner                                   Blocked
one of several                                     Blocked
not there                                          create   as if nothing had been asked for
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from reconciler.core.asked import Difference
from reconciler.core.catalog import ChangeType
from reconciler.core.change import Change
from reconciler.core.client_state import FIXED_KEY
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.pair import Verdict, difference_of_urls, replacement
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.review import change_of
from reconciler.core.world import World

__all__ = ["Candidates", "paced"]

UNPATCHED = frozenset({"lifecycleNotificationUrl"})
"""Nobody can change it, so it stays as it is."""

UNTOLD = UNPATCHED | {"graphVersion"}
"""On which Graph version one without a mark was made, LIST does not tell."""


Alike = tuple[str, frozenset[ChangeType]]
"""Canonical resource and change types."""


class Candidates:
    """What lives in one world and may be adopted."""

    def __init__(self, world: World, *, owner: str, now: dt.datetime) -> None:
        self.world, self.owner = world, owner
        self.by_id = {live.id.lower(): live for live in world.live if live.expires_at > now}
        self.by_likeness: dict[Alike, list[Live]] = defaultdict(list)
        for live in self.by_id.values():
            mark = world.mark_of(live)
            if mark is None or mark.owner != owner:
                self.by_likeness[live.asked.resource, live.asked.change_types].append(live)

    def of(self, desired: Desired) -> Sequence[Live]:
        """The one with the id that the manifest names, else those that are alike and not ours."""
        if desired.adopt is None:
            return ()
        if desired.adopt.id is not None:
            named = self.by_id.get(desired.adopt.id.lower())
            return (named,) if named else ()
        return self.by_likeness.get((desired.asked.resource, desired.asked.change_types), ())

    def adoption(self, desired: Desired, *, previous_owners: Collection[str]) -> Change | None:
        """The change that makes it ours; None where there is nothing to adopt, so that it is to be created."""
        found = self.of(desired)
        if not found:
            return None
        if len(found) > 1:
            found = sorted(found, key=lambda live: live.id)
            ids = ", ".join(each.id for each in found)
            change = change_of(asked(found[0]), desired, found[0], None)
            return change.withhold(Withheld.BLOCKED, f"say which one with management.adopt: {{id: …}}: {ids}")
        return judged(desired, found[0], self.world, owner=self.owner, previous_owners=previous_owners)


def judged(desired: Desired, live: Live, world: World, *, owner: str, previous_owners: Collection[str]) -> Change:
    mark = world.mark_of(live)
    change = change_of(asked(live), desired, live, None)
    if mark is None:
        return taken_over(desired, live, None)
    if mark.owner == owner:
        why = f"{live.id} is our own {mark.name!r}: remove its manifest and name it in management.previously"
        return change.withhold(Withheld.BLOCKED, why)
    if not isinstance(mark, Mark):
        return change.withhold(Withheld.BLOCKED, f"{live.id} bears a mark of version {mark.version}: upgrade first")
    if mark.owner not in previous_owners:
        why = f"{live.id} is {mark.name!r} of the owner {mark.owner!r} (--previous-owner {mark.owner} lets it through)"
        return change.withhold(Withheld.BLOCKED, why)
    return taken_over(desired, live, mark)


def asked(live: Live, *differences: Difference) -> Verdict:
    message = f"the manifest asks for it: {live.id} is taken over as it is, only its notificationUrl is patched"
    return Verdict(Action.ADOPT, Reason.ADOPTION_REQUESTED, message, differences)


def taken_over(desired: Desired, live: Live, mark: Mark | None) -> Change:
    """By a PATCH of its URL where that is enough, else by a replacement."""
    if live.asked.resource.lower() != desired.asked.resource.lower():
        said = (
            f"{live.id} is about {live.resource_text}, and the manifest about {desired.resource.text}: correct the id"
        )
        return change_of(asked(live), desired, live, None).withhold(Withheld.BLOCKED, said)
    left = UNTOLD if mark is None else UNPATCHED
    fixed = tuple(each for each in live.asked.differences(desired.asked) if each.field not in left)
    url = difference_of_urls(live, desired)
    moved = (url,) if url.before != url.after else ()
    if why := obstacle(desired, live, mark, fixed):
        said = f"the manifest asks for it, and {live.id} cannot be taken over as it is, {why}"
        return change_of(replacement(desired, Reason.ADOPTION_REQUESTED, said, (*fixed, *moved)), desired, live, None)
    return change_of(asked(live, *moved), desired, live, None)


def obstacle(desired: Desired, live: Live, mark: Mark | None, fixed: Sequence[Difference]) -> str | None:
    """Why a PATCH of its URL is not enough."""
    if fixed:
        return f"Graph cannot patch {', '.join(each.field for each in fixed)}"
    if not (desired.takes_query and live.takes_query):
        return "what it delivers to leaves no room for a mark"
    key = mark.key if mark else FIXED_KEY
    if mark is None and desired.external:
        return None
    if key not in desired.accepted_keys:
        missing = "give management.adopt.clientState" if mark is None else f"its key {key!r} is not in the ring"
        return f"its clientState is not known here ({missing})"
    return None


def paced(changes: Iterable[Change], limit: int | None) -> Iterator[Change]:
    """At most so many adoptions in a run: each makes Graph validate somebody's endpoint."""
    done = 0
    for change in changes:
        mine = change.reason is Reason.ADOPTION_REQUESTED and change.withheld is None
        done += mine
        if mine and limit is not None and done > limit:
            yield change.withhold(Withheld.PACED, f"no more than {limit} are adopted in one run (--limit {limit})")
        else:
            yield change
