"""Answers of Graph in, by how much its clock is ahead of ours out. Arithmetic only, and no single answer decides.

An answer's ``Date`` has whole seconds and was written at some moment between our sending and receiving: it bounds the
offset, and tells no more. A slow answer, such as that of a PATCH that waited for our endpoints, tells the least.
"""

import dataclasses
import datetime as dt
import statistics
from collections.abc import Sequence

__all__ = ["ENOUGH", "Sample", "Skew"]

HALF_A_SECOND = dt.timedelta(seconds=0.5)
"""``Date`` has no fractions: what it says is half a second too early on average, and that much uncertain."""

NOISE = dt.timedelta(seconds=2)
"""What is off by no more than this, beside what is uncertain, is not worth a correction."""

KEPT = 9
"""Samples. When a clock was set, five new ones outvote the old ones."""

ENOUGH = 3
"""Samples that agree: with two, a wild one could be either."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """One answer: when it was given by Graph's clock; when it was asked for and there by ours. All aware."""

    date: dt.datetime
    sent_at: dt.datetime
    received_at: dt.datetime

    @property
    def offset(self) -> dt.timedelta:
        return self.date + HALF_A_SECOND - (self.sent_at + (self.received_at - self.sent_at) / 2)

    @property
    def uncertainty(self) -> dt.timedelta:
        return (self.received_at - self.sent_at) / 2 + HALF_A_SECOND

    def agrees(self, other: "Sample") -> bool:
        """Whether both can be right."""
        return abs(self.offset - other.offset) <= self.uncertainty + other.uncertainty


@dataclasses.dataclass(frozen=True, slots=True)
class Skew:
    """What the latest samples say together. Begin anew with ``Skew()`` where our own clock is known to have jumped."""

    samples: tuple[Sample, ...] = ()

    def seen(self, sample: Sample) -> "Skew":
        """With one more. One during which our clock was set back says nothing."""
        if sample.received_at < sample.sent_at:
            return self
        return Skew((*self.samples, sample)[-KEPT:])

    @property
    def offset(self) -> dt.timedelta | None:
        """Graph's clock less ours; None before the first sample."""
        return middle(self.telling).offset if self.samples else None

    @property
    def uncertainty(self) -> dt.timedelta | None:
        return max(sample.uncertainty for sample in self.telling) if self.samples else None

    @property
    def correction(self) -> dt.timedelta:
        """What is to be added to our time; none as long as it may be noise, or most samples do not agree."""
        offset, uncertainty = self.offset, self.uncertainty
        if offset is None or uncertainty is None or len(self.consistent) < max(ENOUGH, len(self.samples) // 2 + 1):
            return dt.timedelta()
        return offset if abs(offset) > uncertainty + NOISE else dt.timedelta()

    @property
    def consistent(self) -> Sequence[Sample]:
        """Those that agree with the one in the middle."""
        if not self.samples:
            return ()
        centre = middle(self.samples)
        return [sample for sample in self.samples if sample.agrees(centre)]

    @property
    def telling(self) -> Sequence[Sample]:
        """The sharper of them, if there are enough: blurred ones would only pull them away."""
        consistent = self.consistent
        sharpest = min(sample.uncertainty for sample in consistent)
        sharp = [sample for sample in consistent if sample.uncertainty <= 2 * sharpest]
        return sharp if len(sharp) >= ENOUGH else consistent


def middle(samples: Sequence[Sample]) -> Sample:
    offset = statistics.median_low(sample.offset for sample in samples)
    return next(sample for sample in samples if sample.offset == offset)
