"""What was written and what came of it in, the account out: nothing missing, and nothing twice without a reason.

A change has a number. Graph may deliver its notification again when the answer got lost, and the receiver may forward
it again when it was killed before it could write down that it had; both is said in the events themselves.
"""

import collections
import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

__all__ = ["Account", "Arrival", "Letter", "account", "arrival_of"]


@dataclasses.dataclass(frozen=True, slots=True)
class Arrival:
    """An event as a sink got it; ``told`` is what is in it, whatever else Graph's repetition may change."""

    number: int
    event_id: str
    possible_duplicate: bool
    told: str


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter."""

    number: int | None
    """None where nobody can tell which change it was about."""

    reason: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    missing: Collection[int]
    unknown: Collection[int]
    """Came, though nobody has written it."""

    unexplained: Sequence[Letter]
    """Dead letters without a reason, or of which nobody can tell what they were."""

    contradictory: Collection[str]
    """Ids of events that came again with something else in them."""

    unmarked: Collection[int]
    """Came as several events, of which too few say that they may be duplicates."""

    forwarded: int
    dead: int
    repeats: int
    """The same event again: the receiver was killed, or an answer of the sink got lost."""

    copies: int
    """Another event for the same change: Graph has delivered it again."""

    @property
    def problems(self) -> dict[str, Any]:
        names = ("missing", "unknown", "unexplained", "contradictory", "unmarked")
        return {name: found for name in names if (found := getattr(self, name))}


def account(written: Collection[int], arrivals: Sequence[Arrival], letters: Sequence[Letter]) -> Account:
    """For every number that was written, at least one arrival or one dead letter with a reason."""
    by_number = grouped((each.number, each) for each in arrivals)
    by_id = grouped((each.event_id, each) for each in arrivals)
    dead = {each.number for each in letters if each.number is not None and each.reason}
    found = by_number.keys() | dead
    return Account(
        missing=sorted(set(written) - found),
        unknown=sorted(found - set(written)),
        unexplained=[each for each in letters if each.number is None or not each.reason],
        contradictory=[event for event, same in by_id.items() if len({(each.number, each.told) for each in same}) > 1],
        unmarked=sorted(number for number, alike in by_number.items() if not marked(alike)),
        forwarded=len(by_number),
        dead=len(dead - by_number.keys()),
        repeats=len(arrivals) - len(by_id),
        copies=len(by_id) - len(by_number),
    )


def marked(alike: Iterable[Arrival]) -> bool:
    """All but the first of the events for one change say that they may be duplicates."""
    flags = {each.event_id: each.possible_duplicate for each in alike}
    return sum(not flag for flag in flags.values()) <= 1


def grouped(pairs: Iterable[tuple[Any, Arrival]]) -> Mapping[Any, list[Arrival]]:
    found = collections.defaultdict(list)
    for key, each in pairs:
        found[key].append(each)
    return found


def arrival_of(event: Mapping[str, Any]) -> Arrival:
    """A CloudEvent; -1 is the number of one that has none."""
    data = event["data"]
    told = {name: value for name, value in data.items() if name != "duplicate"}
    return Arrival(number_of(data), event["id"], data.get("duplicate") == "possible", repr(told))


def number_of(data: Mapping[str, Any]) -> int:
    """Rich ones have it in a name, basic ones in the id of what was made."""
    text = data["content"]["displayName"] if data["content"] else str(data["resource"])
    number = text.rpartition("soak-")[2].rstrip("')")
    return int(number) if number.isdigit() else -1
