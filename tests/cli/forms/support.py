"""Tables as runs find them, and tables by chance with text in them that means something to each form."""

import dataclasses
from typing import Any

from hypothesis import strategies as st

from reconciler.cli.forms.table import Table
from reconciler.core.asked import Difference
from reconciler.core.change import Change, Plan, Summary, Violation
from reconciler.core.desired import Desired
from reconciler.core.errors import ReconcilerError
from reconciler.core.reasons import Action, Order, Reason, Withheld
from reconciler.core.source import Problem, Severity, Source
from reconciler.core.world import World
from reconciler.engine.outcome import Outcome, Result
from reconciler.engine.report import Report
from tests.core.world import OTHER_TENANT, OWNER, TENANT, have, want

HOSTILE = (
    "a|b\nc\r::error::forged\x1b[2K\u202e`` `@octocat #1 <img src=x> </details> [x](javascript:y) ]]> &amp; %0A"
    " ##[add-mask]x \u2028 \x00 \U0001f600 gh-7 https://evil.example www.evil.example -->"
)

texts = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from([HOSTILE, "::stop-commands::x", "plain words", "`", "@a", "]]>", "\ud800", "  ", "100%, a:b"]),
)
maybe = st.one_of(st.none(), texts)
places = st.builds(Source, texts, st.integers(1, 99), st.integers(1, 9))
problems = st.builds(
    Problem, places, st.sampled_from(["lifetime", "unknown-key"]), texts, st.sampled_from(Severity), maybe
)


def wanted(name: str, template: str | None, place: Source, tenant: str) -> Desired:
    return want(name, template=template, source=place, tenant=tenant)


names = st.sampled_from(["a", "b", "channels-hr", "channels-it"])
desireds = st.builds(
    wanted, names, st.sampled_from([None, "channels"]), places, st.sampled_from([TENANT, OTHER_TENANT])
)


@st.composite
def changes(draw: Any) -> Change:
    desired = draw(desireds)
    action = draw(st.sampled_from(Action))
    live = (
        None if action is Action.CREATE else have(desired, id=draw(st.sampled_from("123")), resource_text=draw(texts))
    )
    word = draw(st.one_of(st.none(), st.sampled_from(Withheld)))
    return Change(
        name=desired.name,
        tenant=desired.tenant,
        action=action,
        reason=draw(st.sampled_from(Reason)),
        message=draw(texts),
        desired=None if action is Action.DELETE else desired,
        live=live,
        differences=tuple(draw(st.lists(st.builds(Difference, texts, maybe, maybe), max_size=2))),
        withheld=word,
        why_withheld=draw(texts) if word else None,
        order=draw(st.sampled_from(Order)) if action is Action.REPLACE else None,
        may_miss=draw(st.booleans()),
        warnings=tuple(draw(st.lists(texts, max_size=1))),
    )


def outcome_of(change: Change, result: Result, said: str, request_id: str | None) -> Outcome:
    identifier = change.live.id if change.live else None
    return Outcome(change.name, change.tenant, change.action, result, said, request_id, identifier, change.reason)


@st.composite
def reports(draw: Any) -> Report:
    found = sorted(draw(st.lists(changes(), max_size=6)), key=lambda change: change.sort_key)
    violations = draw(st.lists(st.builds(Violation, st.just("removals"), texts, st.just(("a",))), max_size=2))
    outcomes = None
    if draw(st.booleans()):
        outcomes = tuple(outcome_of(each, draw(st.sampled_from(Result)), draw(texts), draw(maybe)) for each in found)
    live = tuple(draw(st.lists(st.builds(have, desireds, mark=st.none(), resource_text=texts), max_size=2)))
    unread = {OTHER_TENANT: ReconcilerError(draw(texts))} if draw(st.booleans()) else {}
    plan = Plan(tuple(found), Summary(create=len(found)), tuple(violations))
    return Report(plan, outcomes, unread, {TENANT: World(TENANT, live)})


tables = st.builds(
    Table,
    problems=st.lists(problems, max_size=3).map(tuple),
    report=st.one_of(st.none(), reports()),
    desired=st.lists(desireds, max_size=3).map(tuple),
    owner=st.just(OWNER),
    places=st.dictionaries(st.sampled_from([TENANT, OTHER_TENANT]), places),
    partial=st.booleans(),
    verbose=st.booleans(),
    verdict=st.just("1 error, nothing was read from Graph or changed there."),
)


def change(name: str = "hr", action: Action = Action.CREATE, tenant: str = TENANT, **fields: Any) -> Change:
    """A change as a plan has it; what is not given is ordinary."""
    desired = None if action is Action.DELETE else want(name, tenant=tenant, template=fields.pop("template", None))
    if desired and (place := fields.pop("place", None)):
        desired = dataclasses.replace(desired, source=place)
    live = (
        None if action is Action.CREATE else have(desired, resource_text=fields.pop("resource", "/users/hr/messages"))
    )
    said = {"reason": Reason.MISSING, "message": "Graph has no subscription of this name", **fields}
    return Change(name, tenant, action, desired=desired, live=live, **said)


def table(*found: Change, outcomes: Any = None, violations: Any = (), **fields: Any) -> Table:
    """A run that came to these changes; what is wanted are they, unless said otherwise."""
    counts = {action.value: sum(each.action is action for each in found) for action in Action}
    ordered = tuple(sorted(found, key=lambda each: each.sort_key))
    plan = Plan(ordered, Summary(**counts), tuple(violations))
    report = Report(plan, outcomes, fields.pop("unread", {}), fields.pop("worlds", {TENANT: World(TENANT)}))
    given = {"desired": tuple(each.desired for each in found if each.desired), "partial": True, **fields}
    return Table(report=report, owner=OWNER, **given)


def problem(message: str = "unknown key 'coler'", *, severity: Severity = Severity.ERROR, line: int = 7) -> Problem:
    return Problem(Source("manifests/a.yaml", line, 3), "unknown-key", message, severity)
