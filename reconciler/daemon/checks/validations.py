"""What a URL answered to Graph's question in, verdicts out: is there anybody at this path, and does he know the answer.

Pure, as ``answers`` is.
"""

from reconciler.daemon.asking import Handshake
from reconciler.daemon.checks.finding import Verdict, failed, fine

__all__ = ["path_served", "validated"]

NOT_FOUND, MOVED = 404, range(300, 400)
AT_THE_DOOR = frozenset({401, 403, 407})
OUR_OWN = "our own receiver serves the paths of Endpoints with receiver: self"


def path_served(asked: Handshake, *, served: str | None) -> Verdict:
    """``served`` is the path at which our own receiver waits for this URL; None where another program answers."""
    status = asked.reply.answer.status if asked.reply.answer else None
    if status == NOT_FOUND:
        return failed(
            "somebody answers, and nothing is served at this path (404)",
            cause="the URL has another path than the receiver, or something in front of it rewrites or holds it back",
            remedy=f"compare the path with {looked_at(served)}",
        )
    return fine(f"the path answers, with {status}")


def looked_at(served: str | None) -> str:
    if served is None:
        return "those of the application that serves it"
    return f"the rules of what stands in front: {OUR_OWN}, and waits for this one at {served} (paths, in the Endpoint)"


def validated(asked: Handshake) -> Verdict:
    problem = asked.problem
    if problem is None:
        return fine("it repeats the validation token byte for byte")
    status = asked.reply.answer.status if asked.reply.answer else 0
    if status in AT_THE_DOOR:
        return failed(
            problem,
            cause="something in front asks for a login, or lets only some in",
            remedy="let Graph in without a login: what it sends is verified by clientState (facts 4, 5.4)",
        )
    if status in MOVED:
        return failed(
            problem,
            cause="something in front redirects, and Graph wants 200 from the URL itself",
            remedy="give the Endpoint the URL that is redirected to, or end the redirect",
        )
    if status >= 500:
        return failed(
            problem,
            cause="the receiver is down or broken, and something in front answers for it",
            remedy="look whether the receiver runs and what it logs; GET /readyz at its private address tells",
        )
    return failed(
        problem,
        cause="what answers there is no receiver of notifications, or it decodes the token never or twice",
        remedy="answer 200, text/plain, with the token decoded exactly once and nothing else (facts 4)",
    )
