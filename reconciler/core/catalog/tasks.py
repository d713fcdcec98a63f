"""Tasks of To Do: in the global cloud only (facts 1.3, 1.6, 2.2)."""

import datetime as dt

from reconciler.core.catalog.model import ALL_CHANGES, Cloud, Entry, Permissions, Workload

TODO_TASKS = Entry(
    id="todo-tasks",
    path="users/{user-id}/todo/lists/{list-id}/tasks",
    summary="the tasks of one To Do list",
    workload=Workload.TASKS,
    change_types=ALL_CHANGES,
    change_types_verified=False,
    lifetime=dt.timedelta(minutes=4230),
    clouds=frozenset({Cloud.GLOBAL}),
    permissions=Permissions(delegated=("Tasks.ReadWrite",), application=("Tasks.ReadWrite.All",)),
    resync=("users/{user-id}/todo/lists/{list-id}/tasks/delta",),
    facts=("1.3", "1.6", "2.1", "2.2", "10.2"),
)

ENTRIES = (TODO_TASKS,)
