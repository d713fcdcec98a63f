"""What is asked often costs the same however much is kept: SQLite says which index it takes for each question."""

import sqlite3

import pytest
from sqlalchemy import event

from reconciler.engine.inbox import State
from reconciler.store import Store
from reconciler.store.letters import Choice
from tests.store.support import NOW, entry, settled

CALLS = {
    "page": (lambda store: store.inbox().page("main", after=5, limit=9), {"SEARCH inbox USING INDEX inbox_waiting"}),
    "accepted": (
        lambda store: store.inbox().accepted(["a", "b"]),
        {"SEARCH inbox USING INDEX inbox_accepted"},
    ),
    "depths": (
        lambda store: store.inbox().depths(),
        {"SEARCH inbox USING COVERING INDEX inbox_kept", "SCAN inbox USING INDEX inbox_waiting"},
    ),
    "size": (lambda store: store.inbox().size(State.SET_ASIDE), {"SEARCH inbox USING INDEX inbox_kept"}),
    "purge": (
        lambda store: store.inbox().purge(done_before=NOW, set_aside_before=NOW, most=9),
        {
            "SEARCH inbox USING INDEX inbox_done",
            "SEARCH inbox USING COVERING INDEX inbox_kept",
            "SEARCH inbox USING INTEGER PRIMARY KEY",
        },
    ),
    "settle": (lambda store: store.inbox().settle([settled(1)]), {"SEARCH inbox USING INTEGER PRIMARY KEY"}),
    "letters": (
        lambda store: store.letters().list(Choice(states=frozenset({State.DEAD})), limit=9),
        {"SEARCH inbox USING INDEX inbox_kept"},
    ),
}


@pytest.mark.parametrize("name", CALLS)
async def test_indexes(tmp_path, name):
    call, expected = CALLS[name]
    async with Store.open(tmp_path, now=lambda: NOW) as store:
        await store.inbox().put([entry()])
        asked = []
        for engine in (store.reading, store.writer.engine):
            event.listen(engine, "before_cursor_execute", lambda *seen: asked.append(seen[2:4]))
        await call(store)
    found = {step for statement, values in asked if "inbox" in statement for step in plan(tmp_path, statement, values)}
    assert {step.partition(" (")[0] for step in found if "inbox" in step} == expected


def plan(folder, statement, values):
    connection = sqlite3.connect(folder / "reconciler.db")
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    connection.close()
    return [row[-1] for row in rows]
