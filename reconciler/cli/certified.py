"""Certificates as manifests declare them, and keys as they were kept, in; what is to be told of each out."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Collection, Iterable, Iterator

from reconciler.cli.loading import Loaded
from reconciler.cli.receiving import Place, key_pairs, read_pair
from reconciler.core.certificate import Outline, outline
from reconciler.core.source import Problem, Severity, Source
from reconciler.receiver.kept_keys import KEEP, Kept
from reconciler.receiver.private_keys import read_private_keys

__all__ = ["Certified", "Part", "PrivateKey", "certified"]


class Part(enum.StrEnum):
    CURRENT = "current"
    PREVIOUS = "previous"
    KEPT = "kept"
    """In no manifest any more; a copy of its key is kept for some days."""


class PrivateKey(enum.StrEnum):
    YES = "yes"
    NO = "no"
    """It is declared, and cannot be used from here."""

    ELSEWHERE = "elsewhere"
    """None is declared: somebody else opens what is encrypted for it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Certified:
    """One certificate; of a previous one whose file cannot be read, ``outline`` is None."""

    name: str | None
    """Of its ``Certificate``; None for one that is only kept."""

    part: Part
    source: Source | None
    outline: Outline | None
    private_key: PrivateKey
    kept_until: dt.datetime | None = None

    @property
    def thumbprint(self) -> str | None:
        return self.outline.thumbprint if self.outline else None


def certified(loaded: Loaded, kept: Collection[Kept]) -> tuple[list[Certified], list[Problem]]:
    """Each as it is declared, then what is only kept; and what is wrong with private keys, as warnings."""
    thumbprints = {each.thumbprint for each in kept}
    pairs = [declared(place, loaded, thumbprints) for place in key_pairs(loaded)]
    found = [each for each, _ in pairs]
    rest = only_kept(kept, {each.thumbprint for each in found})
    return [*found, *rest], sorted(problem for _, problems in pairs for problem in problems)


def declared(place: Place, loaded: Loaded, kept: Collection[str]) -> tuple[Certified, list[Problem]]:
    content = loaded.referenced.file(place.pair.certificate.file, place.base)
    told = outline(content) if isinstance(content, bytes) else None
    part = Part.PREVIOUS if place.previous else Part.CURRENT
    keys, problems = read_private_keys(read_pair(place, loaded.referenced))
    if keys.by_thumbprint or (told and told.thumbprint in kept):
        private_key = PrivateKey.YES
    else:
        private_key = PrivateKey.NO if place.pair.private_key else PrivateKey.ELSEWHERE
    warnings = [dataclasses.replace(each, severity=Severity.WARNING) for each in problems]
    return Certified(place.name, part, place.source, told, private_key), warnings


def only_kept(kept: Iterable[Kept], known: Collection[str | None]) -> Iterator[Certified]:
    for each in kept:
        if each.thumbprint not in known:
            told, until = outline(each.certificate), each.current_at + KEEP
            yield Certified(None, Part.KEPT, None, told, PrivateKey.YES, until)
