"""A refusal in, what it means in our own words out."""

import dataclasses

from reconciler.core.backoff import BOUNDS
from reconciler.core.errors import (
    Conflict,
    CredentialRefused,
    Denied,
    EndpointRefused,
    Full,
    Gone,
    GraphError,
    Invalid,
    LifetimeRefused,
    Throttled,
    Transient,
    Unsorted,
)
from reconciler.core.refusals import Refusal, rule_for
from reconciler.core.remedies.cause import Cause
from reconciler.core.remedies.causes import CAUSES
from reconciler.core.remedies.pasted import read_pasted
from reconciler.core.remedies.tokens import TOKENS
from reconciler.core.times import spell_duration

__all__ = ["Explanation", "explain"]


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """Sentences without a final stop."""

    kind: type[GraphError]
    known: bool
    """Whether the text, the code or the status is one that we sort."""

    means: str
    cause: str
    remedy: str
    next: str
    """What this program does by itself."""

    source: str
    refusal: Refusal
    """As it was read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    means: str
    cause: str
    remedy: str


WORDS: dict[type[GraphError], Words] = {
    Transient: Words(
        "it may work in a moment", "something at Microsoft or on the way to it was away", "nothing: it is tried again"
    ),
    Throttled: Words(
        "too many requests",
        "more requests than Graph takes for now",
        "nothing: it waits as told; if it stays, lower pacing in the Settings",
    ),
    EndpointRefused: Words(
        "our own URL did not answer Graph's validation",
        "our own endpoint is not reachable, or does not answer with the token",
        "let the receiver answer; `reconcile doctor` asks it as Graph does",
    ),
    Gone: Words(
        "the subscription does not exist any more",
        "it ended, or somebody removed it",
        "nothing: it is created anew, and `reconcile gaps` shows what may have been missed",
    ),
    Conflict: Words(
        "another subscription is in the way",
        "Graph takes one of this kind, and has it",
        "see whose it is with `reconcile explain ID`; one of the two must go",
    ),
    Full: Words("a quota is used up", "there are as many subscriptions as Graph allows", "remove one, or let one end"),
    CredentialRefused: Words(
        "the credential is at fault, so nothing in its tenant works",
        "no token is given, or none that Graph takes",
        "check clientId, tenantId, cloud and credential of the Tenant, and this machine's clock",
    ),
    Denied: Words(
        "a person must act, retrying is noise",
        "the application lacks a permission, or an administrator's consent",
        "grant what `reconcile permissions` names, with admin consent",
    ),
    LifetimeRefused: Words(
        "the lifetime is over a ceiling that the text names",
        "more was asked for than Graph gives",
        "nothing: less is asked for",
    ),
    Invalid: Words(
        "Graph refuses it until the manifest changes",
        "Graph does not take what was asked for, or what is to be watched does not exist",
        "compare the manifest with what `reconcile catalog RESOURCE` allows",
    ),
    Unsorted: Words(
        "none of the texts that Graph is known for",
        "not known",
        "ask Microsoft with the request-id if it stays, and tell us the text",
    ),
}

AT_ONCE = "it is created anew at once, in the same pass"
BLOCKED = "it is taken over where the other is ours, else the change is Blocked until the other is gone"
PROBED = (
    "nothing else is sent for the tenant, and a probe reads the credential anew every 30 s to 5 min: one word is said"
)
ADDED: dict[type[GraphError], str] = {
    Denied: "; it is said once",
    Invalid: ", and at once when the manifest changes",
}
AGAIN = "it is tried again after 5 s, then ever more slowly, up to a tenth of the lifetime"


def explain(text: str, *, status: int | None = None) -> Explanation:
    """Of any text. ``status`` is the HTTP status that it came with, where that is known."""
    refusal = read_pasted(text, status=status)
    cause = cause_of(refusal)
    rule = rule_for(cause.completing(refusal) if cause else refusal)
    words = WORDS[rule.kind]
    return Explanation(
        kind=rule.kind,
        known=cause is not None or rule.kind is not Unsorted,
        means=words.means,
        cause=cause.cause if cause else words.cause,
        remedy=remedy_of(cause, rule.remedy, words),
        next=next_step(rule.kind),
        source=cause.source if cause else f"facts {rule.facts}",
        refusal=refusal,
    )


def cause_of(refusal: Refusal) -> Cause | None:
    """The text decides; only where none is known, the code does."""
    known = (*TOKENS, *CAUSES)
    said = (each for each in known if each.is_said(refusal))
    return next(said, None) or next((each for each in known if each.is_coded(refusal)), None)


def remedy_of(cause: Cause | None, rules: str, words: Words) -> str:
    if cause:
        return cause.remedy
    return rules or words.remedy


def next_step(kind: type[GraphError]) -> str:
    """What ``core.backoff`` comes to, in words."""
    if kind is Gone:
        return AT_ONCE
    if kind is Conflict:
        return BLOCKED
    if kind is CredentialRefused:
        return PROBED
    bounds = next((found for each, found in BOUNDS if issubclass(kind, each)), None)
    if bounds is None:
        return f"{'it waits as long as Graph says, else ' if kind is Throttled else ''}{AGAIN}"
    first, longest = spell_duration(bounds.first), spell_duration(bounds.longest)
    often = f"every {first}" if first == longest else f"after {first}, then ever more slowly, up to every {longest}"
    return f"it is tried again {often}{ADDED.get(kind, '')}"
