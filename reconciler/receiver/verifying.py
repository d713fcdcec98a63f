"""A delivery in, a verdict on each of its items out, in their order: is it Graph? (facts 5.4, 7.3)

First ``clientState``, which costs microseconds, then the tokens, and those only where an item that is encrypted has
passed: whoever knows no ``clientState`` of ours cannot make us check a signature or fetch a key.
"""

import asyncio
from collections.abc import Collection

from reconciler.core.mark import Mark, UnknownMark
from reconciler.receiver.client_states import ClientStates, Proof
from reconciler.receiver.delivery import Delivery, Item, Malformed, Notification
from reconciler.receiver.signing_keys import KeysUnavailable
from reconciler.receiver.tokens import BadToken
from reconciler.receiver.validation_tokens import ValidationTokens
from reconciler.receiver.verdicts import Reason, Rejected, Verdict, Verified

__all__ = ["Verifier"]

AT_ONCE = 200
"""Items, about a millisecond's work: a large delivery must not keep a validation request waiting."""


class Verifier:
    def __init__(self, client_states: ClientStates, validation_tokens: ValidationTokens) -> None:
        self.client_states, self.validation_tokens = client_states, validation_tokens

    async def verify(self, delivery: Delivery) -> tuple[Verdict, ...]:
        """One for each item. Whatever stands in the delivery, nothing is raised but what the store of births raises."""
        verdicts = await self.by_client_state(delivery)
        if not any(needs_token(verdict) for verdict in verdicts):
            return tuple(verdicts)
        try:
            vouched = await self.vouched(delivery)
        except BadToken as error:
            return tuple(without_token(verdict, Reason.TOKEN, str(error)) for verdict in verdicts)
        except KeysUnavailable as error:
            return tuple(without_token(verdict, Reason.KEYS_UNAVAILABLE, str(error)) for verdict in verdicts)
        return tuple(bound(verdict, vouched) for verdict in verdicts)

    async def by_client_state(self, delivery: Delivery) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for position, item in enumerate(delivery.items, start=1):
            verdicts.append(self.judged(item, delivery))
            if position % AT_ONCE == 0:
                await asyncio.sleep(0)
        return verdicts

    def judged(self, item: Item, delivery: Delivery) -> Verdict:
        """By its ``clientState`` alone."""
        if isinstance(item, Malformed):
            return Rejected(item, Reason.MALFORMED, item.reason)
        if item.tenant_id is not None and item.tenant_id not in self.client_states.tenants(delivery.path):
            return Rejected(item, Reason.TENANT, "the item's tenant is none of those that the endpoint is for")
        proof = self.client_states.proof(item, path=delivery.path, mark=delivery.mark)
        if proof is None:
            return Rejected(item, Reason.CLIENT_STATE, client_state_message(item))
        return Verified(item, proof.tenant_id, name_of(delivery.mark, proof), proof.birth, proof.key)

    async def vouched(self, delivery: Delivery) -> frozenset[str]:
        return await self.validation_tokens.vouched(
            delivery.validation_tokens,
            tenants=self.client_states.tenants(delivery.path),
            at=delivery.received_at,
        )


def name_of(mark: Mark | UnknownMark | None, proof: Proof) -> str | None:
    """The mark's, if it is the mark's birth that was proven: else anybody may have written it there."""
    return mark.name if isinstance(mark, Mark) and mark.birth == proof.birth else None


def client_state_message(item: Notification) -> str:
    if not item.client_state:
        return "the item has no clientState"
    return "the item's clientState was made with no key of the endpoint: it is forged, or the key is gone from the ring"


def needs_token(verdict: Verdict) -> bool:
    return isinstance(verdict, Verified) and verdict.notification.encrypted


def without_token(verdict: Verdict, reason: Reason, message: str) -> Verdict:
    """Items that need no token stand for themselves."""
    if isinstance(verdict, Verified) and verdict.notification.encrypted:
        return Rejected(verdict.notification, reason, message)
    return verdict


def bound(verdict: Verdict, vouched: Collection[str]) -> Verdict:
    """A token speaks for the items of its own tenant only."""
    if isinstance(verdict, Verified) and verdict.tenant_id not in vouched:
        return without_token(verdict, Reason.NO_TOKEN, no_token_message(vouched))
    return verdict


def no_token_message(vouched: Collection[str]) -> str:
    if vouched:
        return "the item is encrypted, and the delivery's validation tokens are for other tenants"
    return (
        "the item is encrypted, and the delivery has no validation token: "
        "check that the app's service principal needs no assignment"
    )
