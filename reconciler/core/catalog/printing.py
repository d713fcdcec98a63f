"""Universal Print (facts 1.1, 1.3, 1.6, 2.2). Change types are not verified."""

import datetime as dt
import functools

from reconciler.core.catalog.model import ALL_CHANGES, Entry, Permissions, Workload

TASKS = Permissions(application=("PrintTaskDefinition.ReadWrite.All",))

entry = functools.partial(
    Entry,
    workload=Workload.PRINT,
    change_types=ALL_CHANGES,
    change_types_verified=False,
    lifetime=dt.timedelta(minutes=4230),
    takes_query_options=True,
    facts=("1.1", "1.3", "1.6", "1.7", "2.2"),
)

PRINTER_JOBS = entry(
    id="printer-jobs",
    path="print/printers/{printer-id}/jobs",
    summary="the jobs of one printer",
    permissions=Permissions(application=("Printer.Read.All", "Printer.ReadWrite.All")),
)

PRINT_TASKS = entry(
    id="print-tasks",
    path="print/printtaskdefinition/{task-definition-id}/tasks",
    summary="the tasks of one task definition, by the path of the table of resources",
    permissions=TASKS,
    notes=("The example of the create page writes print/taskDefinitions/{task-definition-id}/tasks",),
)

PRINT_TASKS_AS_IN_THE_EXAMPLE = entry(
    id="print-task-definition-tasks",
    path="print/taskDefinitions/{task-definition-id}/tasks",
    summary="the tasks of one task definition, by the path of the create page's example",
    permissions=TASKS,
    notes=("The table of resources writes print/printtaskdefinition/{task-definition-id}/tasks",),
)

ENTRIES = (PRINTER_JOBS, PRINT_TASKS, PRINT_TASKS_AS_IN_THE_EXAMPLE)
