"""``reconcile inbox list | show | retry | drop``: what was received and could not be forwarded, or not be believed.

Looking leaves no trace in the store. The others write to it, also while a receiver is at work there, which sees what is
to be tried again within seconds.
"""

import argparse
import asyncio
import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.cli.exits import Exit
from reconciler.cli.plain import plain
from reconciler.cli.wiring import state_location
from reconciler.core.errors import ReconcilerError
from reconciler.core.times import spell_duration, spell_time
from reconciler.engine.inbox import Entry, State
from reconciler.store import Store
from reconciler.store.letters import LETTERS, Choice, StoredLetters

__all__ = ["main"]

Deed = Callable[[StoredLetters, Choice], Any]


def main(options: argparse.Namespace) -> int:
    return ERRANDS[options.errand](options)


def choice(options: argparse.Namespace) -> Choice:
    return Choice(
        states=frozenset(map(State, options.states)) if options.states else LETTERS,
        ids=frozenset(options.ids) if getattr(options, "ids", None) else None,
        sink=options.sink,
        reason=options.reason,
        name=options.subscription,
    )


def listing(options: argparse.Namespace) -> int:
    letters = Store.read(state_location(options)).letters()
    found = asyncio.run(letters.list(choice(options), limit=options.limit, newest_first=options.newest_first))
    if options.format == "json":
        print(json.dumps([outline(entry) for entry in found], indent=2))
        return Exit.OK
    now = dt.datetime.now(dt.UTC)
    for entry in found:
        print(plain(line(entry, now)))
    if not found:
        print("nothing")
    elif len(found) == options.limit:
        print(f"… the first {options.limit}, --limit shows more")
    return Exit.OK


def line(entry: Entry, now: dt.datetime) -> str:
    why = f"{entry.state.value}: {entry.reason}" if entry.reason else entry.state.value
    what = " ".join(filter(None, (entry.change, entry.resource)))
    whose = entry.name or entry.subscription_id or "-"
    age = spell_duration(now - entry.received_at)
    return f"{entry.id:>8}  {why:<24}  {whose:<24}  {what}  ({age} ago{f', sink {entry.sink}' if entry.sink else ''})"


def outline(entry: Entry) -> Mapping[str, Any]:
    return {
        "id": entry.id,
        "eventId": entry.event_id,
        "status": entry.state.value,
        "reason": entry.reason,
        "message": entry.message,
        "receivedAt": spell_time(entry.received_at),
        "settledAt": spell_time(entry.settled_at) if entry.settled_at else None,
        "attempts": entry.attempts,
        "sink": entry.sink or None,
        "subscription": entry.name,
        "subscriptionId": entry.subscription_id or None,
        "tenantId": entry.tenant_id,
        "change": entry.change,
        "resource": entry.resource,
        "encrypted": entry.encrypted,
        "path": entry.path,
    }


def show(options: argparse.Namespace) -> int:
    entry = asyncio.run(Store.read(state_location(options)).letters().get(options.id))
    if entry is None:
        raise ReconcilerError(f"there is no notification {options.id} in the inbox: `reconcile inbox list` shows them")
    everything = {**outline(entry), "notification": notification(entry)}
    if options.format == "json":
        print(json.dumps(everything, indent=2))
        return Exit.OK
    for name, value in everything.items():
        if name != "notification":
            print(plain(f"{name:<16}{'-' if value is None else value}"))
    # As ASCII: a stranger may have written it.
    print(json.dumps(everything["notification"], indent=2) if entry.body else "(its content is not kept)")
    return Exit.OK


def notification(entry: Entry) -> Any:
    """As it came, but for its secret; what was encrypted stays so."""
    if not entry.body:
        return None
    item = json.loads(entry.body)
    return dict(without_secrets(item)) if isinstance(item, dict) else item


def without_secrets(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in item.items():
        yield name, "…" if name.lower() == "clientstate" and value is not None else value


def retry(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    count = asyncio.run(do(options, lambda letters, chosen: letters.retry(chosen, now=now)))
    return told(options, count, "will be tried again by the receiver", key="retried")


def drop(options: argparse.Namespace) -> int:
    count = asyncio.run(do(options, lambda letters, chosen: letters.drop(chosen)))
    return told(options, count, "dropped", key="dropped")


async def do(options: argparse.Namespace, deed: Deed) -> int:
    async with Store.open(state_location(options)) as store:
        return int(await deed(store.letters(), choice(options)))


def told(options: argparse.Namespace, count: int, words: str, *, key: str) -> int:
    """Fewer than were named is a failure: somebody believes them to be there."""
    missing = len(set(options.ids)) - count if options.ids else 0
    if options.format == "json":
        print(json.dumps({key: count, "notFound": missing}))
    else:
        print(f"{count} {'letter' if count == 1 else 'letters'} {words}")
    if missing > 0:
        raise ReconcilerError(
            f"{missing} of the ids are of no letter that fits: only dead letters and what was set aside can be"
            f" {'tried again' if key == 'retried' else 'dropped'}"
        )
    return Exit.OK


ERRANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "drop": drop,
    "list": listing,
    "retry": retry,
    "show": show,
}
