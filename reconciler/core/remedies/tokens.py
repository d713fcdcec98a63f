"""Errors of the token endpoint, by the number after AADSTS: where each comes from and what helps.

Numbers and meanings are from Microsoft's page of error codes (MicrosoftDocs/entra-docs,
``docs/identity-platform/reference-error-codes.md``, read at commit 04f6554) unless another source is named.
"""

import re
from collections.abc import Iterator, Mapping

from reconciler.core.refusals import TOKEN_REMEDIES
from reconciler.core.remedies.cause import Cause, said

__all__ = ["TOKENS"]

PAGE = "Microsoft Entra error codes"
FIELD = "texts that public repositories quote"
FEDERATION = (
    "let issuer, subject and audience of the federated credential be those of the token, letter by letter: the text"
    " names what was presented"
)
CODES: Mapping[str, tuple[str, str, str]] = {
    "50196": (
        "the application asks for tokens far too often, the endpoint takes it for a loop",
        "end other programs with this clientId that ask without keeping what they get",
        PAGE,
    ),
    "500011": (
        "the tenant does not know the service that a token is asked for",
        "check the Tenant's cloud and tenantId: Graph's address belongs to a cloud",
        PAGE,
    ),
    "53003": (
        "a Conditional Access policy of the tenant blocks the application, by its address or its risk for example",
        "let an administrator look into the sign-in logs, and except the application or let its address through",
        PAGE,
    ),
    "530032": (
        "a security policy of the tenant blocks the application",
        "let an administrator look into the sign-in logs, and let it through",
        PAGE,
    ),
    "70011": ("the scope is not valid", "check the Tenant's cloud: the scope is made from it", PAGE),
    "70021": (
        "the application has no federated credential that fits the token of this workload",
        FEDERATION,
        "Azure/azure-workload-identity, docs/book/src/troubleshooting.md",
    ),
    "700211": (
        "the application has no federated credential with this issuer",
        FEDERATION,
        FIELD,
    ),
    "700213": (
        "the application has no federated credential with this subject; GitHub's has repository and branch in it",
        FEDERATION,
        FIELD,
    ),
    "700016": (
        "the tenant does not know the application: it was never consented to there, or one id is wrong",
        "",
        PAGE,
    ),
    "700024": (
        "the assertion that proves who asks is not valid at this time: it has ended, or a clock is wrong",
        "",
        FIELD,
    ),
    "700027": ("the assertion's signature fits no certificate of the application", "", PAGE),
    "7000112": ("somebody disabled the application", "", PAGE),
    "7000215": ("the client secret is not one of the application's; often the secret's id was given", "", PAGE),
    "7000218": (
        "the request had neither a secret nor an assertion",
        "give the Tenant a credential that is not empty",
        PAGE,
    ),
    "7000222": ("the client secret has expired", "", PAGE),
    "7000229": (
        "the application has no service principal in the tenant: nobody consented to it there",
        "let an administrator of the tenant consent to the application",
        FIELD,
    ),
    "90002": ("the tenant does not exist in this cloud", "", PAGE),
    "90038": (
        "the tenant belongs to a national cloud, and another one was asked",
        "give the Tenant the cloud that it is in",
        PAGE,
    ),
    "900023": ("what was given as tenantId is no tenant's id", "", FIELD),
    "900382": (
        "the application and the tenant are in different clouds",
        "give the Tenant the cloud that it is in",
        PAGE,
    ),
}
"""Cause, remedy and source; where we sort by the number, the remedy is the one that our own message names."""

PASSING = {
    "90006": "the token endpoint is away for a moment",
    "90012": "the token endpoint took too long",
    "90024": "the token endpoint had no time for the request",
    "90033": "the directory behind the token endpoint is away for a moment",
}


UNSAID = said(r"(?!)")
"""Found in no text: known by its code alone."""


def causes() -> Iterator[Cause]:
    for number in sorted({*CODES, *TOKEN_REMEDIES}):
        what, _, helps = TOKEN_REMEDIES.get(number, "").partition(": ")
        cause, remedy, source = CODES.get(number, (what, helps, FIELD))
        yield Cause(
            text=number_of(number),
            status=401,
            code="invalid_client",
            cause=cause,
            remedy=helps or remedy,
            source=source,
        )
    yield passing(UNSAID, "the token endpoint is too busy")
    for number, cause in PASSING.items():
        yield passing(number_of(number), cause)


def passing(text: re.Pattern[str], cause: str) -> Cause:
    remedy = "nothing: it is tried again"
    return Cause(text=text, status=503, code="temporarily_unavailable", cause=cause, remedy=remedy, source=PAGE)


def number_of(number: str) -> re.Pattern[str]:
    return said(rf"AADSTS{number}\b", rf"error_codes\W+{number}\b")


TOKENS = tuple(causes())
