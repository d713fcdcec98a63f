"""Places in manifests, and problems found there."""

import dataclasses
import enum

__all__ = ["Problem", "Severity", "Source"]


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Source:
    """A place in a manifest, counted from one, as editors count."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Severity(enum.StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Problem:
    """Something wrong with the manifests, the place it was found at, and the rule that says so."""

    source: Source
    rule: str
    message: str
    severity: Severity = Severity.ERROR
    tenant: str | None = dataclasses.field(default=None, compare=False)

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.source}: {warning}{self.message} [{self.rule}]"
