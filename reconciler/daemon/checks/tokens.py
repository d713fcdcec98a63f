"""What the token endpoint said in, verdicts out: did it answer at all, and did it give a token. Pure."""

from reconciler.core.errors import CredentialRefused, GraphError, Throttled
from reconciler.daemon.checks.finding import Verdict, failed, fine

__all__ = ["endpoint_answered", "token_given"]

Said = frozenset[str] | GraphError
"""The permissions of the token that was given, or why there is none."""


def endpoint_answered(said: Said) -> Verdict:
    """An answer that says no is one, too."""
    if isinstance(said, GraphError) and said.status is None and not isinstance(said, CredentialRefused):
        return failed(
            str(said),
            cause="a firewall or a proxy is in the way, the authority is down, or its certificate is not trusted here",
            remedy="open the way to it from this machine; without a token nothing is read or renewed",
        )
    return fine("the token endpoint answers")


def token_given(said: Said) -> Verdict:
    if isinstance(said, Throttled):
        return failed(str(said), cause="too many tokens were asked for of late", remedy="wait a while, and try again")
    if isinstance(said, CredentialRefused):
        return failed(
            str(said),
            cause="the credential, the ids of the Tenant or this machine's clock are not as the authority wants them",
            remedy="see to what the message names; with a new credential everything goes on by itself",
        )
    if isinstance(said, GraphError):
        return failed(
            str(said),
            cause="the authority has trouble of its own, or something in between answers for it",
            remedy="try again in some minutes",
        )
    return fine(f"a token is given, with {len(said)} permission{'' if len(said) == 1 else 's'}")
