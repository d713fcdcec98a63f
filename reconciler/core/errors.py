"""What can go wrong, sorted by what to do next.

ReconcilerError
├── UsageError              the command line asks for something that cannot be
├── ManifestError           the manifests are at fault: every problem of every file
├── StoreError              what must outlive the process cannot be read or written
└── GraphError              Graph, the token endpoint or the network said no
    ├── Transient           retry
    │   └── AnswerLost      retry, but the request may have been carried out
    ├── Throttled           wait as told, then retry
    ├── EndpointRefused     our own URL did not answer Graph's validation: retry in 30 s to 15 min
    ├── Gone                the subscription does not exist any more: create it anew
    ├── Conflict            another subscription is in the way: it is ours, or the change is blocked
    ├── Full                a quota, or a ghost of a removed subscription: hourly
    ├── Denied              a person must act; retrying is noise
    │   └── CredentialRefused   the credential itself is at fault, so nothing in its tenant works
    ├── Invalid             Graph will refuse it until the manifest changes: daily
    │   └── LifetimeRefused the lifetime is over a ceiling that the text names: ask for less
    └── Unsorted            none of the known texts: retry, capped
"""

import datetime as dt
from collections.abc import Sequence
from typing import Self, TypedDict, Unpack

from reconciler.core.source import Problem

__all__ = [
    "AnswerLost",
    "Conflict",
    "CredentialRefused",
    "Denied",
    "EndpointRefused",
    "Full",
    "Gone",
    "GraphError",
    "Invalid",
    "LifetimeRefused",
    "ManifestError",
    "ReconcilerError",
    "SecretError",
    "StoreError",
    "Throttled",
    "Transient",
    "Unsorted",
    "UsageError",
]


class ReconcilerError(Exception):
    """The base of everything that the project raises on purpose."""


class UsageError(ReconcilerError):
    """The command line asks for something that cannot be."""


class SecretError(ReconcilerError):
    """A secret that a manifest refers to cannot be read."""


class StoreError(ReconcilerError):
    """What must outlive the process cannot be read or written."""


class ManifestError(ReconcilerError):
    """All the problems of all the manifests, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class Details(TypedDict, total=False):
    """What Graph said besides the message; left out where no answer came."""

    status: int | None
    code: str | None
    request_id: str | None


class GraphError(ReconcilerError):
    """A call failed; ``status``, ``code`` and ``request_id`` are Graph's, None where no answer came."""

    def __init__(self, message: str, **details: Unpack[Details]) -> None:
        self.message = message
        self.status = details.get("status")
        self.code = details.get("code")
        self.request_id = details.get("request_id")
        super().__init__(message)

    def adding(self, words: str) -> Self:
        """The same error with more to say."""
        more = type(self).__new__(type(self))
        more.__dict__.update(self.__dict__)
        more.message = f"{self.message}{words}"
        more.args = (more.message,)
        return more

    def __str__(self) -> str:
        return f"{self.message} (request-id {self.request_id})" if self.request_id else self.message


class Transient(GraphError):
    """It may work in a moment: retry."""


class AnswerLost(Transient):
    """No answer came, or none that tells: the request may have been carried out."""


class Throttled(GraphError):
    """Too many requests: wait for ``retry_after``, in seconds, or back off where Graph does not say."""

    def __init__(self, message: str, *, retry_after: float | None = None, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after


class EndpointRefused(GraphError):
    """Our own URL did not answer Graph's validation request."""


class Gone(GraphError):
    """The subscription does not exist any more: create it anew."""


class Conflict(GraphError):
    """Another subscription is in the way; ``subscription_id`` names it where Graph does."""

    def __init__(self, message: str, *, subscription_id: str | None = None, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.subscription_id = subscription_id


class Full(GraphError):
    """A quota is used up, or the ghost of a removed subscription still counts (facts 3.5)."""


class Denied(GraphError):
    """A permission or a credential is missing or wrong: a person must act; retrying is noise."""


class CredentialRefused(Denied):
    """No token is given, or none that Graph takes: nothing in the tenant works until the credential is mended."""


class Invalid(GraphError):
    """Graph will refuse the request until the manifest changes."""


class LifetimeRefused(Invalid):
    """The lifetime asked for is over ``ceiling``, which Graph's text names."""

    def __init__(self, message: str, *, ceiling: dt.timedelta, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.ceiling = ceiling


class Unsorted(GraphError):
    """None of the texts that Graph is known for: retry, capped."""
