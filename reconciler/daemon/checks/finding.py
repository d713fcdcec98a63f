"""What came of a check: the nouns that all of them share."""

import dataclasses
import enum

__all__ = ["Finding", "Level", "Verdict", "failed", "fine", "skipped", "warned"]


class Level(enum.StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"
    """Not checked; the reason is in ``found``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """Sentences without a final stop, for a person at night: what was found, what it comes from, what helps."""

    level: Level
    found: str
    cause: str | None = None
    remedy: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and what it is about: ``subject`` names the tenant, the endpoint, the certificate, …"""

    check: str
    subject: str
    verdict: Verdict

    @property
    def level(self) -> Level:
        return self.verdict.level


def fine(found: str) -> Verdict:
    return Verdict(Level.OK, found)


def warned(found: str, *, cause: str, remedy: str) -> Verdict:
    return Verdict(Level.WARNING, found, cause, remedy)


def failed(found: str, *, cause: str, remedy: str) -> Verdict:
    return Verdict(Level.FAILURE, found, cause, remedy)


def skipped(found: str, *, cause: str | None = None, remedy: str | None = None) -> Verdict:
    return Verdict(Level.SKIPPED, found, cause, remedy)
