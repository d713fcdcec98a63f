"""What goes wrong with notifications on request: out of order, repeated, late, oddly spelled, at the other URL."""

import dataclasses
import enum
import random
from collections import deque
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.reading import Keys, one_of, optional, seconds, whole

MOST_REPEATS = 100


class LetterCase(enum.StrEnum):
    ODD = "odd"
    """``EncryptedContent`` and ``Created``, as some of Graph's own examples spell them (facts 2.3)."""


class LifecycleUrl(enum.StrEnum):
    OTHER = "other"
    """Lifecycle notifications come to the notification URL."""
    SWAPPED = "swapped"
    """And change notifications to the lifecycle URL, where there is one."""


class Order(enum.StrEnum):
    """What comes within a moment is gathered and sent in another order (facts 5.4: there is none to rely on)."""

    REVERSED = "reversed"
    SHUFFLED = "shuffled"


class OrganizationId(enum.StrEnum):
    ALONE = "alone"
    """In place of ``tenantId``; Graph itself has been seen to send both (facts 2.5)."""


@dataclasses.dataclass(slots=True, kw_only=True)
class DeliveryFaults:
    """Part of ``faults.Faults``."""

    delay: float = 0.0
    """Seconds of the emulator's time before the first attempt."""
    letter_case: LetterCase | None = None
    lifecycle_url: LifecycleUrl | None = None
    lose: int = 0
    """So many deliveries are never sent, and nobody is told."""
    order: Order | None = None
    organization_id: OrganizationId | None = None
    repeat: int = 0
    """Each delivery that was taken is sent so many times more."""

    def as_json(self) -> dict[str, object]:
        return {
            "delay": self.delay,
            "letterCase": self.letter_case,
            "lifecycleUrl": self.lifecycle_url,
            "lose": self.lose,
            "order": self.order,
            "organizationId": self.organization_id,
            "repeat": self.repeat,
        }

    def take_loss(self) -> bool:
        lost = self.lose > 0
        self.lose -= lost
        return lost

    def rearrange(self, queue: deque[Any]) -> None:
        if self.order is Order.REVERSED:
            queue.reverse()
        if self.order is Order.SHUFFLED:
            random.shuffle(queue)

    def spoil(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A collection of notifications as it is sent."""
        if self.letter_case is None and self.organization_id is None:
            return body
        return {**body, "value": [self._spoil_item(each) for each in body["value"]]}

    def _spoil_item(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        spoiled = dict(item)
        if self.letter_case is LetterCase.ODD:
            spoiled = {ODD_NAMES.get(name, name): value for name, value in spoiled.items()}
            if "changeType" in spoiled:
                spoiled["changeType"] = spoiled["changeType"].capitalize()
        if self.organization_id is OrganizationId.ALONE and "tenantId" in spoiled:
            spoiled["organizationId"] = spoiled.pop("tenantId")
        return spoiled


ODD_NAMES = {"encryptedContent": "EncryptedContent"}


def repeats(value: Any) -> int:
    if whole(value) > MOST_REPEATS:
        raise ValueError(f"use {MOST_REPEATS} at most")
    return whole(value)


DELIVERY_KEYS: Keys = {
    "delay": ("delay", seconds),
    "letterCase": ("letter_case", optional(one_of(LetterCase))),
    "lifecycleUrl": ("lifecycle_url", optional(one_of(LifecycleUrl))),
    "lose": ("lose", whole),
    "order": ("order", optional(one_of(Order))),
    "organizationId": ("organization_id", optional(one_of(OrganizationId))),
    "repeat": ("repeat", repeats),
}
