"""The key pairs that resource data is encrypted for in, verdicts out (facts 7.1). Pure."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator

from reconciler.core.certificate import LARGEST_KEY, SMALLEST_KEY, Outline, outline
from reconciler.core.source import Source
from reconciler.core.times import spell_duration
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned
from reconciler.daemon.checks.running import Check, said
from reconciler.receiver.private_keys import KeyPairFiles, read_private_keys

__all__ = ["EncryptionPair", "encryption_checks", "good_for", "pair_fits", "size_fits"]

SOON = dt.timedelta(days=30)
ROTATE = "make a new pair, name it in the Certificate's manifest, and keep this one under previous for a while"
SIZES = f"{SMALLEST_KEY} to {LARGEST_KEY} bits"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionPair:
    """The content of both files, or a sentence why there is none; ``private_key`` is None where none is declared."""

    subject: str
    certificate: bytes | str
    private_key: bytes | str | None = dataclasses.field(repr=False)
    previous: bool = False
    """Kept for what is still on its way: nothing new is encrypted for it."""

    @property
    def outline(self) -> Outline | str:
        if isinstance(self.certificate, str):
            return self.certificate
        return outline(self.certificate) or "the file holds no certificate in PEM"


def encryption_checks(pairs: Iterable[EncryptionPair], *, now: dt.datetime) -> Iterator[Check]:
    for pair in pairs:
        size = Check(id="encryption-size", subject=pair.subject, ask=said(size_fits(pair)))
        days = said(good_for(pair, now))
        yield size
        yield Check(id="encryption-days", subject=pair.subject, ask=days, needs=(size,))
        yield Check(id="encryption-key", subject=pair.subject, ask=said(pair_fits(pair)), needs=(size,))


def size_fits(pair: EncryptionPair) -> Verdict:
    found = pair.outline
    if isinstance(found, str):
        return failed(
            f"the certificate cannot be used: {found}",
            cause="the file is missing, may not be read, or is something else",
            remedy=f"give a PEM certificate with an RSA key of {SIZES}",
        )
    if found.bits is not None and SMALLEST_KEY <= found.bits <= LARGEST_KEY:
        return fine(f"its key is RSA with {found.bits} bits")
    return failed(
        f"its key is RSA with {found.bits} bits" if found.bits else "its key is not RSA",
        cause=f"Graph encrypts for RSA keys of {SIZES} only (facts 7.1)",
        remedy="make a certificate with such a key, and name it in the Certificate's manifest",
    )


def good_for(pair: EncryptionPair, now: dt.datetime) -> Verdict:
    """What Graph makes of an expired one is not documented (facts 7.1): we ourselves give it none that is."""
    found = pair.outline
    if isinstance(found, str):
        return skipped(found)
    left, when = found.not_after - now, f"{found.not_after:%Y-%m-%d}"
    ended = left <= dt.timedelta()
    if pair.previous:
        said_when = f"{'has ended' if ended else 'ends'} on {when}"
        return fine(f"it {said_when}, and is only kept for what is still on its way")
    if ended:
        return failed(f"it has ended on {when}", cause="it was not replaced in time", remedy=ROTATE)
    if left < SOON:
        return warned(f"it ends in {spell_duration(left)}, on {when}", cause="its end is near", remedy=ROTATE)
    return fine(f"it is good for {left.days} days, until {when}")


def pair_fits(pair: EncryptionPair) -> Verdict:
    if pair.private_key is None:
        return skipped(
            "no private key is declared for it: whoever gets its notifications opens them",
            remedy="declare privateKey if this receiver is to decrypt",
        )
    files = KeyPairFiles(Source(pair.subject), pair.certificate, pair.private_key, pair.previous)
    _, problems = read_private_keys([files])
    if problems:
        return failed(
            problems[0].message,
            cause="one of the two was replaced without the other, or the key cannot be read here",
            remedy="put the two that belong together in place; until then what is encrypted for it stays unread",
        )
    return fine("the private key belongs to it")
