"""Values to store, and other processes that open the same store."""

import asyncio
import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

from reconciler.core.catalog import Version
from reconciler.engine.inbox import Entry, Inbox, Settled, State
from reconciler.engine.ports import Intent, Remembered
from reconciler.store import Store

NOW = dt.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=dt.UTC)
TENANT = "0a0b0c0d-0000-0000-0000-000000000001"
CLIENT = "0a0b0c0d-0000-0000-0000-00000000000a"

PRELUDE = """
import asyncio, os, signal, sys
from pathlib import Path
from reconciler.engine.inbox import State
from reconciler.store import Store
from tests.store.support import CLIENT, TENANT, entry, intent, remembered
store = Store.open(sys.argv[1])
journal = store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT)
inbox = store.inbox()
"""


def remembered(subscription_id: str = "s1", **changes: Any) -> Remembered:
    fields: dict[str, Any] = {"name": "mail", "version": Version.V1, "birth": "0123456789", "key": "k1"}
    return Remembered(**{"id": subscription_id, **fields, **changes})


def intent(name: str = "mail", **changes: Any) -> Intent:
    return Intent(**{"name": name, "birth": "0123456789", "created_at": NOW, **changes})


def entry(event_id: str = "e1", **changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "received_at": NOW,
        "since": NOW,
        "path": "/hook",
        "query": "mark=v1",
        "subscription_id": "s1",
        "change": "updated",
        "resource": "users/u1/messages/m1",
        "body": b'{"id": 1}',
        "sink": "main",
    }
    return Entry(**{"event_id": event_id, **fields, **changes})


def settled(number: int, state: State = State.DONE, **changes: Any) -> Settled:
    fields: dict[str, Any] = {"at": NOW, "reason": "Forwarded" if state is State.DONE else "Refused"}
    return Settled(**{"id": number, "state": state, **fields, **changes})


async def waiting(inbox: Inbox, sink: str = "main") -> dict[str, int]:
    """Ids of those that wait in a sink, by event id, in the order of arrival."""
    return {each.event_id: each.id for each in await inbox.page(sink, after=0, limit=10_000)}


def start(location: Path | str, script: str) -> "subprocess.Popen[str]":
    """Another process with the store at ``location`` open, ready to run ``script``."""
    command = [sys.executable, "-c", PRELUDE + script, str(location)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def filled(folder: Path) -> Path:
    """A folder with a store that was written and closed; returns the file."""

    async def fill() -> None:
        async with Store.open(folder) as store:
            await store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT).remember(
                remembered(f"s{n}") for n in range(50)
            )

    asyncio.run(fill())
    return folder / "reconciler.db"
