"""An answer of Graph or of the token endpoint that is no success in, a GraphError sorted by what to do next out.

Many refusals share the code ``ExtensionError`` and only the text tells them apart (facts 3.3), so the table reads texts
first and falls back to statuses. The first rule that fits decides: the order is the policy.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Collection, Iterable

from reconciler.core.errors import (
    Conflict,
    CredentialRefused,
    Denied,
    Details,
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
from reconciler.core.guids import GUID

__all__ = ["RULES", "Refusal", "Rule", "redacted", "rule_for", "sort_refusal", "stopless"]

LONGEST_TEXT = 600

INNER_STATUS = re.compile(r"\[Status Code: (\w+)")
INNER_STATUSES = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "Conflict": 409,
    "TooManyRequests": 429,
    "429": 429,
    "InternalServerError": 500,
    "BadGateway": 502,
    "ServiceUnavailable": 503,
    "GatewayTimeout": 504,
}

MINUTES = re.compile(r"can only be (\d{1,7}) minutes in the future", re.IGNORECASE)
BEYOND = re.compile(r"beyond allowed max '(?:(\d{1,5})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?'", re.IGNORECASE)
QUERY = re.compile(r"(https?://[^\s?'\"<>]*)\?[^\s'\"<>]*", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What Graph answered, as far as sorting needs it; what it left out is None or empty."""

    operation: str
    """What was asked, as the message names it: ``PATCH subscription <id>``."""

    status: int | None
    code: str = ""
    text: str = ""
    request_id: str | None = None
    retry_after: float | None = None
    """In seconds."""

    subscription_id: str | None = None
    """The subscription that the request was for, None for LIST and POST."""

    answered_by: str = "Graph"

    @property
    def inner_status(self) -> int | None:
        """The workload's own status where Graph wraps one: the outer is 403 or 500 for others at times (facts 3.4)."""
        found = INNER_STATUS.search(self.text)
        return INNER_STATUSES.get(found[1], self.status) if found else self.status


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A class of errors and the conditions, all of which must hold; one left out always does."""

    kind: type[GraphError]
    facts: str
    text: re.Pattern[str] | None = None
    codes: frozenset[str] = frozenset()
    statuses: Collection[int | None] = ()
    of_subscription: bool = False
    told_to_wait: bool = False
    remedy: str = ""

    def fits(self, refusal: Refusal) -> bool:
        return all(
            (
                not self.text or self.text.search(refusal.text),
                not self.codes or refusal.code.lower() in self.codes,
                not self.statuses or self.statuses_fit(refusal),
                not self.of_subscription or refusal.subscription_id,
                not self.told_to_wait or refusal.retry_after is not None,
            )
        )

    def statuses_fit(self, refusal: Refusal) -> bool:
        """A missing subscription is told by the answer itself; a workload's NotFound is about the resource."""
        return (refusal.status if self.of_subscription else refusal.inner_status) in self.statuses


def texts(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


ENDPOINT = (
    "this is our own endpoint: it must be reachable from the internet, with a certificate that is publicly trusted,"
    " and answer the validation request with 200 and the token as plain text within 10 s"
)
GHOST = "remove one, or wait: a subscription removed in the last 3 hours may still count"
PERMISSION = "grant the application a permission that `reconcile catalog RESOURCE` names, with admin consent"
TOKEN = "check the application's credential and this machine's clock"  # noqa: S105 - a remedy, not a password
LIFETIME = "ask for a shorter lifetime"

TOKEN_REMEDIES = {
    "7000215": "the client secret is wrong: give its value, not its id",
    "7000222": "the client secret has expired: make a new one for the application",
    "7000112": "the application is disabled: enable it, or name another clientId",
    "700016": "the tenant does not know the application: check clientId, tenantId and an administrator's consent",
    "700024": "the assertion is not valid now: check this machine's clock, or what renews the token file",
    "70021": "no federated credential of the application fits: compare issuer, subject and audience",
    "700211": "no federated credential of the application has this issuer: register it",
    "700212": "no federated credential of the application has this audience: compare it with workloadIdentity's",
    "700213": "no federated credential of the application has this subject: register it as the text spells it",
    "700027": "the certificate is not registered with the application: upload it there",
    "900023": "this is no tenant's id: check tenantId",
    "90002": "the tenant does not exist in this cloud: check tenantId and cloud",
}
"""By the number after AADSTS, which is in every answer of the token endpoint."""

TOKEN_RULES: tuple[Rule, ...] = (
    *(
        Rule(kind=CredentialRefused, facts="9.1", text=texts(rf"AADSTS{number}\b"), remedy=remedy)
        for number, remedy in TOKEN_REMEDIES.items()
    ),
    Rule(kind=Transient, facts="9.1", codes=frozenset({"temporarily_unavailable"})),
    Rule(
        kind=CredentialRefused,
        facts="9.1",
        text=texts(r"AADSTS\d+"),
        statuses={None, 400, 401, 403, 404},
        remedy=TOKEN,
    ),
    Rule(
        kind=CredentialRefused,
        facts="9.1",
        codes=frozenset(
            {"invalid_client", "invalid_request", "invalid_scope", "invalid_tenant", "unauthorized_client"}
        ),
        statuses={None, 400, 401, 403, 404},
        remedy=TOKEN,
    ),
)

RULES: tuple[Rule, ...] = (
    *TOKEN_RULES,
    Rule(
        kind=EndpointRefused,
        facts="3.5",
        text=texts(
            "subscription validation request (?:timed out|failed)",
            "notification endpoint must respond",
            "must exactly match validationtoken",
        ),
        remedy=ENDPOINT,
    ),
    Rule(
        kind=Full,
        facts="3.5",
        text=texts(
            r"reached its limit of", r"maximum number of subscriptions", r"subscriptioncountreached", r"12/31/9999"
        ),
        remedy=GHOST,
    ),
    Rule(kind=Full, facts="3.3", codes=frozenset({"quotalimitreached"}), remedy=GHOST),
    Rule(kind=LifetimeRefused, facts="1.3, 3.5", text=texts(MINUTES.pattern, BEYOND.pattern), remedy=LIFETIME),
    Rule(kind=Transient, facts="3.5", text=texts("on backend 'unknown'", "a task was canceled")),
    Rule(kind=Transient, facts="3.5", text=texts("get subscriptions list is not supported")),
    Rule(
        kind=Invalid,
        facts="3.5",
        text=texts("specified method is not supported"),
        remedy="Graph does not let one subscribe to this resource in this version",
    ),
    Rule(kind=Conflict, facts="3.5", codes=frozenset({"objectidentifierinuse"})),
    Rule(kind=Conflict, facts="3.5", statuses={409}, remedy="only one subscription of this kind may exist"),
    Rule(kind=Gone, facts="3.1", statuses={404}, of_subscription=True),
    Rule(
        kind=CredentialRefused,
        facts="3.5",
        codes=frozenset({"invalidauthenticationtoken", "unauthenticated"}),
        remedy=TOKEN,
    ),
    Rule(kind=Denied, facts="1.6, 3.5", statuses={401, 403}, remedy=PERMISSION),
    Rule(kind=Throttled, facts="8.3", statuses={429}),
    Rule(kind=Throttled, facts="8.3", statuses={503, 504}, told_to_wait=True),
    Rule(kind=Transient, facts="3.5", statuses={408, *range(500, 600)}),
    Rule(kind=Invalid, facts="3.5", statuses={404}, remedy="what is to be watched does not exist"),
    Rule(kind=Invalid, facts="3.5", statuses={400}, remedy="change the manifest"),
)

NO_RULE = Rule(kind=Unsorted, facts="3.5")


def rule_for(refusal: Refusal) -> Rule:
    return next((rule for rule in RULES if rule.fits(refusal)), NO_RULE)


def sort_refusal(refusal: Refusal) -> GraphError:
    """Find the error that says what to do next; its message names the request, Graph's words and the remedy."""
    rule = rule_for(refusal)
    message = sentence(refusal, rule.remedy)
    details: Details = {
        "status": refusal.status,
        "code": refusal.code or None,
        "request_id": refusal.request_id,
    }
    ceiling = ceiling_of(refusal.text)
    if rule.kind is LifetimeRefused and ceiling is not None:
        return LifetimeRefused(message, ceiling=ceiling, **details)
    if rule.kind is Conflict:
        return Conflict(message, subscription_id=id_in(refusal.text), **details)
    if rule.kind is Throttled:
        return Throttled(message, retry_after=refusal.retry_after, **details)
    return rule.kind(message, **details)


def sentence(refusal: Refusal, remedy: str) -> str:
    """One sentence without a final stop: what was asked, what Graph said, what helps."""
    words = [str(word) for word in (refusal.status, refusal.code) if word]
    said = f"{' '.join(words)}: {stopless(refusal.text)}" if refusal.text else " ".join(words)
    return "; ".join(part for part in (f"{refusal.operation}: {refusal.answered_by} answered {said}", remedy) if part)


def stopless(text: str) -> str:
    """On one line, cut where it grows too long, without the final stop."""
    line = " ".join(text.split())
    short = line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
    return short.rstrip(" .")


def ceiling_of(text: str) -> dt.timedelta | None:
    """The longest lifetime that the text allows: ``10070 minutes``, or a .NET TimeSpan such as ``3.00:00:00``."""
    if found := MINUTES.search(text):
        return dt.timedelta(minutes=int(found[1]))
    if found := BEYOND.search(text):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return None


def id_in(text: str) -> str | None:
    found = re.search(GUID, text)
    return found[0] if found else None


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Graph may quote what it was sent: take out these values, and the query of every URL (it may hold a key)."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "[hidden]")
    return QUERY.sub(r"\1?…", text)
