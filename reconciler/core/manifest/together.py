"""What takes all subscriptions together to judge: their names, their places at Graph, their URLs."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.catalog import Entry, Version
from reconciler.core.manifest.kinds import AdoptSpec, Endpoint
from reconciler.core.manifest.read import Item
from reconciler.core.manifest.resolved import Resolved
from reconciler.core.mark import Mark, addressed, marked, takes_query
from reconciler.core.source import Problem, Severity, Source

__all__ = ["check_adoptions", "check_former_names", "check_slots", "check_subscription_names", "check_urls"]

LONG_URL, LONGEST_URL = 512, 1024


def check_slots(resolved: Iterable[Resolved]) -> Iterator[Problem]:
    """Two subscriptions that Graph would not have side by side (facts 2.1, 2.4)."""
    seen: dict[tuple[str, str], Resolved] = {}
    for each in resolved:
        slot = each.resource.slot(each.item.manifest.spec.change_types)
        first = seen.setdefault((each.tenant, slot), each)
        if first is not each:
            message = (
                f"Graph would refuse this one beside {first.name!r} at {first.source}:"
                f" {competes_for(each.resource.entry)}"
            )
            yield each.problem("slot-taken", message, "spec", "resource")


def competes_for(entry: Entry | None) -> str:
    if not entry or not entry.exclusive:
        return "both are about the same resource and change types"
    if entry.slot:
        return f"all of {entry.slot} compete for one place per app and tenant"
    return "it takes one per app and resource, whatever the change types"


def check_subscription_names(resolved: Iterable[Resolved]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Resolved] = {}
    for each in resolved:
        first = seen.setdefault((each.tenant, each.name), each)
        if first is not each:
            message = f"the name {each.name!r} is taken in tenant {each.tenant!r} by the Subscription at {first.source}"
            yield each.problem("duplicate-name", message, "metadata", "name")


def check_former_names(resolved: Sequence[Resolved]) -> Iterator[Problem]:
    """A former name belongs to one subscription, and to none that has it still."""
    renamed = [each for each in resolved if each.item.manifest.spec.management.previously]
    if not renamed:
        return
    current = {(each.tenant, each.name): each for each in resolved}
    claimed: dict[tuple[str, str], Resolved] = {}
    for each in renamed:
        for name in sorted(each.previously):
            holder = current.get((each.tenant, name))
            first = claimed.setdefault((each.tenant, name), each)
            if holder or first is not each:
                message = still_used(name, each, holder or first)
                yield each.problem("previously-in-use", message, "spec", "management", "previously")


def still_used(name: str, each: Resolved, other: Resolved) -> str:
    if other.name == each.name:
        return f"{name!r} is the name that it has, previously is for those that it had"
    if other.name == name:
        return (
            f"{name!r} is still the name of the Subscription at {other.source}: delete that, or take the name out (two"
            " that swap their names take two runs, by way of a third name)"
        )
    return f"{other.name!r} at {other.source} was previously {name!r}, too: only one of them can have been"


def check_adoptions(resolved: Iterable[Resolved]) -> Iterator[Problem]:
    """An id is that of one subscription in one tenant."""
    seen: dict[str, Resolved] = {}
    for each in resolved:
        adopt = each.item.manifest.spec.management.adopt
        if not isinstance(adopt, AdoptSpec) or adopt.id is None:
            continue
        first = seen.setdefault(adopt.id.lower(), each)
        if first is not each:
            yield each.item.problem("adopt", wanted_twice(first, each), "spec", "management", "adopt", "id")
            if first.item is each.item:
                return


def wanted_twice(first: Resolved, each: Resolved) -> str:
    if first.item is each.item:
        return "an id is that of one subscription, and this manifest makes several: leave the id out, adopt: true looks"
    return f"{first.name!r} at {first.source} adopts the same one: only one of them can"


def check_urls(resolved: Iterable[Resolved], owner: str) -> Iterator[Problem]:
    """The URLs as Graph will have them, with their mark."""
    bases: dict[str, int] = {}
    for each in resolved:
        base = bases.get(each.endpoint.name)
        if base is None:
            base = bases[each.endpoint.name] = longest_url(each.endpoint, owner)
        longest = base + len(each.name)
        if longest <= LONG_URL:
            continue
        severity = Severity.ERROR if longest > LONGEST_URL else Severity.WARNING
        message = f"with the mark of {each.name!r} the URL grows to {longest} characters"
        message += ", over 1024" if longest > LONGEST_URL else ", over 512 nobody has tried it"
        yield Problem(place_of_mark(each.endpoint), "url-too-long", message, severity)


def place_of_mark(endpoint: Item[Endpoint]) -> Source:
    marked_in_lifecycle = not takes_query(endpoint.manifest.spec.notification_url)
    return endpoint.document.place("spec", "lifecycleNotificationUrl" if marked_in_lifecycle else "notificationUrl")


def longest_url(endpoint: Item[Endpoint], owner: str) -> int:
    """Without the name in its mark, of which each character is one in the URL, too."""
    spec, name = endpoint.manifest.spec, "a"
    key = max(spec.key_ids, key=len)
    mark = Mark(owner, name, "0" * 10, key, "0" * 10, Version.BETA, protected=True, left=True)
    return max(len(addressed(spec.notification_url, mark)), len(marked(spec.lifecycle, mark))) - len(name)
