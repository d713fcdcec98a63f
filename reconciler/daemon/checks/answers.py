"""How an endpoint's answers look to Graph: replies in, verdicts out. Pure.

Whoever asks stands here and Graph stands outside: what works from here may still be closed to Graph, what does not work
from here is mostly closed to it, too.
"""

import datetime as dt

from reconciler.core.times import spell_duration
from reconciler.daemon.asking import LIMIT, Failure, Handshake, Reply, Stage, Tls
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned

__all__ = ["SLOW", "answers_in_time", "certificate_days", "certificate_fits", "connects", "keeps_query", "offers_tls"]

SLOW = 3.0
"""Seconds within which Graph wants a first notification answered (facts 5.1)."""

EXPIRES_SOON = dt.timedelta(days=14)

ADDRESS = "look at the port, the firewall, the load balancer, and whether the receiver runs"
LATE = "a receiver that is overloaded or blocked, or something in front of it that waits for it in vain"


def failure_at(reply: Reply, *stages: Stage) -> Failure | None:
    return reply.failure if reply.failure and reply.failure.stage in stages else None


def connects(reply: Reply) -> Verdict:
    if failure := failure_at(reply, Stage.CONNECTION):
        cause = (
            "a firewall drops it, or the machine is down" if failure.late else "nothing listens there, or it says no"
        )
        return failed(f"there is no connection: {failure}", cause=cause, remedy=ADDRESS)
    if failure := failure_at(reply, Stage.TLS):
        return failed(
            f"a connection, and then no TLS: {failure}",
            cause="what answers there speaks plain HTTP, or only versions of TLS before 1.2",
            remedy="serve HTTPS at this port: Graph delivers to nothing else (facts 5.5)",
        )
    return fine("it connects and speaks TLS")


def certificate_fits(reply: Reply, *, trusted: str) -> Verdict:
    """``trusted`` says whom it was held against."""
    if failure := failure_at(reply, Stage.TRUST):
        return failed(f"its certificate does not fit {trusted}: {failure}", **distrust(str(failure)))
    version = f", over {reply.tls.version}" if reply.tls else ""
    return fine(f"its chain is whole and fits {trusted}{version}")


def distrust(why: str) -> dict[str, str]:
    """Cause and remedy, by OpenSSL's words."""
    if "issuer" in why or "first certificate" in why:
        return {
            "cause": "an intermediate certificate is not sent along, or the authority is none that is publicly trusted",
            "remedy": "serve the full chain (fullchain.pem, not cert.pem), from a publicly trusted authority",
        }
    if "expired" in why:
        return {"cause": "it was not renewed in time", "remedy": "renew it, and let the server load the new one"}
    if "mismatch" in why or "not valid for" in why:
        return {
            "cause": "it is another host's",
            "remedy": "serve one that names this host, or correct the Endpoint's URL",
        }
    if "self" in why:
        return {
            "cause": "it is signed by itself or by a private authority, which Graph does not trust",
            "remedy": "serve one of a publicly trusted authority",
        }
    return {"cause": "it is not one that Graph would trust", "remedy": "serve one of a publicly trusted authority"}


def certificate_days(tls: Tls | None, now: dt.datetime) -> Verdict:
    if tls is None or tls.ends_at is None:
        return skipped("how long the certificate is good for is not known: something in between ended TLS")
    left = tls.ends_at - now
    if left < EXPIRES_SOON:
        return warned(
            f"its certificate ends in {spell_duration(left)}, on {tls.ends_at:%Y-%m-%d}",
            cause="it was not renewed yet, or the server has not loaded the new one",
            remedy="see to its renewal: once it has ended Graph delivers nothing, and validates nothing",
        )
    return fine(f"its certificate is good for {left.days} days, until {tls.ends_at:%Y-%m-%d}")


def offers_tls(reply: Reply, capped: Reply | None) -> Verdict:
    """``capped`` is the reply to a request that offered no more than TLS 1.2; None where the first one took that."""
    if capped is None or capped.tls:
        beside = f" beside {reply.tls.version}" if capped and reply.tls else ""
        return fine(f"it offers TLS 1.2{beside}")
    return failed(
        f"it offers {reply.tls.version if reply.tls else 'TLS'} and not TLS 1.2: {capped.failure}",
        cause="Graph takes v1_2 for the newest version where a subscription names none (facts 1.1, 5.5)",
        remedy="offer TLS 1.2 as well, or say latestSupportedTlsVersion: v1_3 in every Subscription of this endpoint",
    )


def answers_in_time(reply: Reply, *, slow: float = SLOW, limit: float = LIMIT) -> Verdict:
    if (reply.failure and reply.failure.late) or reply.seconds > limit:
        return failed(
            f"{reply.failure or f'it answers in {reply.seconds:.1f} s'}, and Graph waits for {limit:g} s (facts 4)",
            cause=LATE,
            remedy="answer validation requests before everything else, from a process that nothing blocks",
        )
    if reply.failure:
        return failed(
            f"the request ended without an answer: {reply.failure}",
            cause="the receiver, or something in front of it, broke off",
            remedy="look into the log of the receiver, and of what stands before it, at this moment",
        )
    found = f"it answers in {reply.seconds:.2f} s"
    if reply.seconds > slow:
        return warned(
            f"{found}, Graph calls an endpoint slow whose answers take over {slow:g} s (facts 5.2)",
            cause=LATE,
            remedy="look at the receiver's load, and at what stands between Graph and it",
        )
    return fine(found)


def keeps_query(asked: Handshake) -> Verdict:
    if asked.problem:
        return failed(
            f"with a further parameter in the query the validation fails: {asked.problem}",
            cause="the receiver, or something in front of it, takes the query apart too strictly",
            remedy="pass queries on whole: ownership is written in one (reconciler=…), and Graph repeats it",
        )
    return fine("a validation request with a mark in its query is answered as well")
