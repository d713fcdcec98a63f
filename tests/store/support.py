"""Values to store, and other processes that open the same store."""

import asyncio
import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

from reconciler.core.catalog import Version
from reconciler.engine.ports import Intent, Remembered
from reconciler.store import Store

NOW = dt.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=dt.UTC)
TENANT = "0a0b0c0d-0000-0000-0000-000000000001"
CLIENT = "0a0b0c0d-0000-0000-0000-00000000000a"

PRELUDE = """
import asyncio, os, signal, sys
from pathlib import Path
from reconciler.store import Store
from tests.store.support import CLIENT, TENANT, intent, remembered
store = Store.open(Path(sys.argv[1]))
journal = store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT)
"""


def remembered(subscription_id: str = "s1", **changes: Any) -> Remembered:
    fields: dict[str, Any] = {"name": "mail", "version": Version.V1, "birth": "0123456789", "key": "k1"}
    return Remembered(**{"id": subscription_id, **fields, **changes})


def intent(name: str = "mail", **changes: Any) -> Intent:
    return Intent(**{"name": name, "birth": "0123456789", "created_at": NOW, **changes})


def start(folder: Path, script: str) -> "subprocess.Popen[str]":
    """Another process with the store of ``folder`` open, ready to run ``script``."""
    command = [sys.executable, "-c", PRELUDE + script, str(folder)]
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
