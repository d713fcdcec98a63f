"""The private address of a running receiver in, verdicts out: is it ready, and how slow are its answers (facts 5.2)."""

import re
from collections.abc import Iterator, Mapping

from reconciler.daemon.asking import Reply, fetch
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned
from reconciler.daemon.checks.running import Check, said

__all__ = ["figures", "ready", "receiver_checks", "slow_answers"]

SLOW_STATE, DROP_STATE = 0.10, 0.15
"""Of the answers of ten minutes, over 3 s and over 10 s: then Graph delays deliveries, or drops them (facts 5.2)."""

SAMPLE = re.compile(r"^(reconciler_answers_[a-z0-9_]+) (\S+)$", re.MULTILINE)
READY, UNREADY = 200, 503
NAMED = "name its --private address with --private HOST:PORT"
SECONDS = 5.0


def receiver_checks(private: tuple[str, int] | None) -> Iterator[Check]:
    if private is None:
        subject, unknown = "the receiver", "not asked: the receiver's private address is not known"
        for id_ in ("receiver-ready", "slow-answers"):
            yield Check(id=id_, subject=subject, ask=said(skipped(unknown, remedy=NAMED)))
        return
    host, port = private
    origin = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def readiness() -> Verdict:
        return ready(await fetch(f"{origin}/readyz", within=SECONDS))

    async def slowness() -> Verdict:
        return slow_answers(await fetch(f"{origin}/metrics", within=SECONDS))

    asked = Check(id="receiver-ready", subject=f"the receiver at {host}:{port}", ask=readiness)
    yield asked
    yield Check(id="slow-answers", subject=asked.subject, ask=slowness)


def ready(reply: Reply) -> Verdict:
    if reply.answer is None:
        return no_answer(reply)
    if reply.answer.status == READY:
        return fine("it says that it is ready")
    if reply.answer.status == UNREADY:
        return failed(
            f"it says that it is not ready: {problems_in(reply) or 'without a reason'}",
            cause="one of its own checks fails",
            remedy="see to what it names; its log tells more",
        )
    return failed(
        f"/readyz answered {reply.answer.status}", cause="another program answers there", remedy=f"correct it: {NAMED}"
    )


def no_answer(reply: Reply) -> Verdict:
    return failed(
        f"it does not answer: {reply.failure}",
        cause="the receiver does not run, or its private address is another one",
        remedy=f"look whether it runs, and {NAMED}",
    )


def problems_in(reply: Reply) -> str:
    try:
        problems = reply.answer.json()["problems"] if reply.answer else {}
        return "; ".join(f"{name}: {why}" for name, why in sorted(problems.items()))
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def slow_answers(reply: Reply) -> Verdict:
    if reply.answer is None:
        return no_answer(reply)
    found = figures(reply.answer.content)
    try:
        answers, slow, late = (found[f"reconciler_answers_{name}"] for name in NAMES)
    except KeyError:
        return failed(
            "/metrics has no figures of a receiver",
            cause="another program answers there",
            remedy=f"correct it: {NAMED}",
        )
    if not answers:
        return skipped("it has answered nothing in the last 10 minutes")
    shares = f"of its {answers:.0f} answers in 10 minutes {slow:.1%} took over 3 s and {late:.1%} over 10 s"
    if slow > SLOW_STATE or late > DROP_STATE:
        effect = "drops notifications for 10 minutes, for good" if late > DROP_STATE else "delays them by 10 minutes"
        return failed(f"{shares}: Graph {effect} (facts 5.2)", cause=OVERLOADED, remedy=RELIEVE)
    if slow > SLOW_STATE / 2 or late > DROP_STATE / 2:
        return warned(f"{shares}, over 10 % and 15 % Graph delays and drops", cause=OVERLOADED, remedy=RELIEVE)
    return fine(shares)


NAMES = ("in_window", "over_3s_ratio", "over_10s_ratio")
OVERLOADED = "the store is slow, or the machine has too much to do"
RELIEVE = "look at the disk or the database of the store, and at the load; several receivers can share one store"


def figures(text: bytes) -> Mapping[str, float]:
    """The series without labels, by name."""
    return {name: number(value) for name, value in SAMPLE.findall(text.decode(errors="replace"))}


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
