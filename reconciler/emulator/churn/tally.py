"""How it went so far, in numbers."""

import collections
import dataclasses


@dataclasses.dataclass(slots=True)
class Tally:
    done: int = 0
    seconds: float = 0.0
    """Since the start."""
    behind: int = 0
    """Writes that should have begun by now: the emulator, or this machine, is too slow for the rate."""
    reasons: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    """Why writes failed: status and code."""
    rate: float = 0.0
    """Writes a second since the last reading."""
    _read: tuple[float, int] = (0.0, 0)

    @property
    def failed(self) -> int:
        return self.reasons.total()

    def read(self, *, seconds: float, behind: int) -> None:
        before, ended = self._read
        if seconds > before:
            self.rate = (self.done + self.failed - ended) / (seconds - before)
        self.seconds, self.behind = seconds, behind
        self._read = (seconds, self.done + self.failed)

    def as_json(self) -> dict[str, object]:
        return {
            "seconds": round(self.seconds, 3),
            "done": self.done,
            "failed": self.failed,
            "rate": round(self.rate, 1),
            "behind": self.behind,
            "reasons": dict(sorted(self.reasons.items())),
        }

    def __str__(self) -> str:
        return (
            f"{self.seconds:.0f} s: {self.done} done, {self.failed} failed, {self.rate:.1f} a second, "
            f"{self.behind} behind"
        )

    def summary(self) -> str:
        ended = self.done + self.failed
        average = ended / self.seconds if self.seconds else 0.0
        said = f"{ended} writes in {self.seconds:.1f} s, {average:.1f} a second: {self.done} done, {self.failed} failed"
        if self.reasons:
            said += f" ({', '.join(f'{count} with {reason}' for reason, count in self.reasons.most_common())})"
        return said
