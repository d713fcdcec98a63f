"""A text that Graph or the token endpoint is known for, where it comes from and what helps."""

import dataclasses
import re

from reconciler.core.refusals import Refusal

__all__ = ["Cause", "said"]

SHARED = frozenset({"extensionerror", "invalid_client", "invalidrequest", "validationerror"})
"""Codes that many texts have (facts 3.3): they tell nothing."""

SOMEONES = "that"
"""Stands for the id of a subscription that the text leaves out."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    text: re.Pattern[str]
    cause: str
    remedy: str
    source: str
    """Sections of the facts, or the page that documents it."""

    status: int | None = None
    """What it comes with, where whoever asks does not know."""

    code: str = ""
    of_subscription: bool = False
    """It is about a subscription that was asked for by its id."""

    def is_said(self, refusal: Refusal) -> bool:
        return self.text.search(refusal.text) is not None

    def is_coded(self, refusal: Refusal) -> bool:
        """For another text with a code that only this one has."""
        code = self.code.lower()
        return bool(code) and code not in SHARED and code == refusal.code.lower()

    def completing(self, refusal: Refusal) -> Refusal:
        """With what this is known to come with in the place of what is not known."""
        return dataclasses.replace(
            refusal,
            status=self.status if refusal.status is None else refusal.status,
            code=refusal.code or self.code,
            subscription_id=refusal.subscription_id or (SOMEONES if self.of_subscription else None),
        )


def said(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)
