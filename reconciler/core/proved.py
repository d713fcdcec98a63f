"""Drafts of manifests in, the same with a reason at each that would not be a plain adoption out.

Nobody knows the rules twice: the drafts are examined and planned together with the manifests that they come beside, and
what has an error or comes to anything else than an adoption is refused, until nothing more is found.
"""

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reconciler.core.change import Change
from reconciler.core.external import External
from reconciler.core.imported import Draft
from reconciler.core.manifest import Manifests, Text, read_manifests
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.core.reasons import Action
from reconciler.core.source import Problem
from reconciler.core.wanted import Wanted
from reconciler.core.world import World

__all__ = ["Proved", "endpoints_of", "prove"]

Examine = Callable[[Manifests], Wanted]
PLACE = re.compile(r" at (?:<drafts>/[0-9]+):[0-9]+:[0-9]+")
Reasons = Mapping[int, str]
"""By the position of the draft."""


@dataclasses.dataclass(frozen=True, slots=True)
class Proved:
    drafts: tuple[Draft, ...]
    disturbed: tuple[Problem, ...] = ()
    """What is wrong with the manifests that were there before, only because of what comes beside them."""


def prove(
    drafts: Sequence[Draft],
    manifests: Manifests,
    worlds: Mapping[str, World],
    examine: Examine,
    *,
    now: dt.datetime,
    options: Options,
) -> Proved:
    """``examine`` is ``core.wanted.examine`` with the files that it needs; ``options`` are those of a plan."""
    while True:
        wanted = examine(beside(manifests, drafts))
        reasons = dict(mistakes(wanted.errors, drafts)) or dict(no_adoptions(wanted, drafts, worlds, now, options))
        if not reasons:
            return Proved(tuple(drafts), tuple(each for each in wanted.errors if not ours(each)))
        drafts = [
            dataclasses.replace(each, refused=reasons[index]) if index in reasons else each
            for index, each in enumerate(drafts)
        ]


def endpoints_of(drafts: Iterable[Draft]) -> list[External]:
    """Those that are not there yet, each once, by name."""
    found = {each.endpoint.name: each.endpoint for each in drafts if each.endpoint}
    return [found[name] for name in sorted(found)]


def beside(manifests: Manifests, drafts: Sequence[Draft]) -> Manifests:
    """What was there, and after it what is not refused."""
    kept = [(index, each) for index, each in enumerate(drafts) if each.refused is None]
    endpoints = endpoints_of(each for _, each in kept)
    texts = [Text(f"<drafts>/{each.name}", json.dumps(each.document, ensure_ascii=False)) for each in endpoints]
    texts += [Text(f"<drafts>/{index}", json.dumps(each.document, ensure_ascii=False)) for index, each in kept]
    variables = {name: value for each in endpoints for name, value in each.variables.items()}
    read = read_manifests(texts, variables)
    return dataclasses.replace(
        manifests,
        endpoints=(*manifests.endpoints, *read.endpoints),
        subscriptions=(*manifests.subscriptions, *read.subscriptions),
        problems=(*manifests.problems, *read.problems),
        broken=manifests.broken | read.broken,
        salvaged=(*manifests.salvaged, *read.salvaged),
    )


def ours(problem: Problem) -> bool:
    return problem.source.path.startswith("<drafts>/")


def mistakes(errors: Iterable[Problem], drafts: Sequence[Draft]) -> Iterator[tuple[int, str]]:
    """A mistake of an endpoint is one of all drafts that need it."""
    said: dict[str, list[str]] = {}
    for error in filter(ours, errors):
        said.setdefault(error.source.path.removeprefix("<drafts>/"), []).append(PLACE.sub("", error.message))
    for index, each in enumerate(drafts):
        found = said.get(str(index), []) + (said.get(each.endpoint.name, []) if each.endpoint else [])
        if found and each.refused is None:
            yield index, "; ".join(dict.fromkeys(found))


def no_adoptions(
    wanted: Wanted, drafts: Sequence[Draft], worlds: Mapping[str, World], now: dt.datetime, options: Options
) -> Iterator[tuple[int, str]]:
    """What a plan would make of them, if the lists were whole: one that is not is told of elsewhere."""
    changes: dict[tuple[str, str], Change] = {}
    for world in worlds.values():
        whole = dataclasses.replace(world, incomplete=None, shrank=None)
        for change in plan(wanted.desired, whole, now=now, options=options).changes:
            changes.setdefault((change.tenant, change.name), change)
    for index, each in enumerate(drafts):
        if each.refused is None and (why := otherwise(changes.get((each.tenant, each.name)), each)):
            yield index, why


def otherwise(change: Change | None, draft: Draft) -> str | None:
    """What would be done instead of adopting it."""
    if change is None or change.live is None or change.live.id != draft.live.id:
        return "a plan would not adopt it"
    if change.withheld is not None:
        return f"its adoption would be {change.withheld}: {change.why_withheld}"
    if change.action is not Action.ADOPT:
        return f"a plan would {change.action} it: {change.message}"
    return None
