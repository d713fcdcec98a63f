"""A case in, what would be done out and why, what keeps failing, and what it takes."""

from collections.abc import Iterator

from reconciler.cli.case import Case
from reconciler.cli.explained import Row
from reconciler.cli.permissions_text import one_of
from reconciler.core.change import Change
from reconciler.core.mark import Mark
from reconciler.core.permissions import Purpose, needed
from reconciler.core.remedies import explain
from reconciler.core.times import spell_time

__all__ = ["change_rows", "permission_rows", "trouble_rows"]


def permission_rows(case: Case) -> Iterator[Row]:
    """What an application's token needs for this one."""
    if case.desired is None:
        return
    found = needed([case.desired])
    for need in found.needs:
        key = "to subscribe" if need.purpose is Purpose.SUBSCRIBE else f"to read {need.path}"
        specific = one_of(need.resource_specific[:1])
        yield Row(key, one_of(need.least), f"or {specific}, granted by its owner" if specific else None)
    for _ in found.unsupported:
        yield Row("to subscribe", None, "only the token of a signed-in user may")
    for need in found.undocumented:
        key = "to subscribe" if need.purpose is Purpose.SUBSCRIBE else f"to read {need.path}"
        yield Row(key, None, "not documented")
    for _ in found.uncatalogued:
        yield Row("to subscribe", None, "the catalog does not know the resource")


def change_rows(case: Case) -> Iterator[Row]:
    if case.unread:
        yield Row("nothing", "the tenant could not be read", case.unread)
        return
    if not case.changes:
        yield Row("nothing", *idle(case))
    for number, change in enumerate(case.changes, start=1):
        yield from rows_of(change, f" {number}" if len(case.changes) > 1 else "")
    for violation in case.seen.report.plan.violations:
        if case.name in violation.names:
            yield Row(f"unsafe, {violation.code}", violation.message, f"--allow {violation.code} lets it through")


def idle(case: Case) -> tuple[str, str | None]:
    if case.desired:
        return "it is as the manifest says", None
    if not case.ours:
        return "it is foreign, and foreign ones are never touched", None
    if isinstance(case.mark, Mark) and case.mark.left:
        return "it was left on purpose when its manifest went: it ends by itself", None
    return "no manifest wants it, and this run does not prune", "a run prunes that reads Settings, and folders or -"


def rows_of(change: Change, number: str) -> Iterator[Row]:
    yield Row(f"change{number}", f"{change.action} {change.reason}", change.message)
    for difference in change.differences:
        yield Row(f"{difference.field}{number}", f"{difference.before or 'none'} → {difference.after or 'none'}")
    if change.order:
        yield Row(f"order{number}", change.order, "notifications may be missed meanwhile" if change.may_miss else None)
    if change.withheld:
        yield Row(f"withheld{number}", change.withheld, change.why_withheld)
    if change.warnings:
        yield Row(f"mind{number}", list(change.warnings))


def trouble_rows(case: Case) -> Iterator[Row]:
    """What the store has to tell; nothing where none was looked into."""
    if not case.seen.store:
        return
    heard = case.seen.heard.get((case.tenant, case.name))
    yield Row("last notification", spell_time(heard) if heard else None)
    trouble = case.trouble
    if trouble is None:
        yield Row("failing", "no")
        return
    times = "once" if trouble.attempts == 1 else f"{trouble.attempts} times since {spell_time(trouble.since)}"
    yield Row("failing", f"{trouble.action}, {times}", trouble.kind)
    yield Row("error", trouble.message, f"request-id {trouble.request_id}" if trouble.request_id else None)
    yield Row("next try", spell_time(trouble.next_try))
    found = explain(trouble.message)
    if found.known:
        yield Row("cause", found.cause)
        yield Row("remedy", found.remedy)
