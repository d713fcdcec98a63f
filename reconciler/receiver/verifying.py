"""A delivery's item in, a verdict out: is it Graph? (facts 5.4, 7.3)

In two steps. ``clientState`` takes microseconds and is judged before anything is stored, so that a stranger fills no
disk of ours. Tokens come later and only for what is encrypted and has passed: whoever knows no ``clientState`` of ours
cannot make us check a signature or fetch a key.
"""

import datetime as dt
from collections.abc import Sequence

from reconciler.core.mark import Mark, UnknownMark
from reconciler.receiver.client_states import ClientStates, Proof
from reconciler.receiver.delivery import Delivery, Item, Malformed, Notification
from reconciler.receiver.signing_keys import KeysUnavailable
from reconciler.receiver.tokens import BadToken
from reconciler.receiver.validation_tokens import ValidationTokens
from reconciler.receiver.verdicts import Doubt, Reason, Rejected, Verdict, Verified

__all__ = ["Verifier"]


class Verifier:
    def __init__(self, client_states: ClientStates, validation_tokens: ValidationTokens) -> None:
        self.client_states, self.validation_tokens = client_states, validation_tokens

    def admit(self, item: Item, delivery: Delivery) -> Verdict:
        """By its ``clientState`` alone. Raises nothing but what the store of births raises."""
        if isinstance(item, Malformed):
            return Rejected(item, Reason.MALFORMED, item.reason)
        if item.tenant_id is not None and item.tenant_id not in self.client_states.tenants(delivery.path):
            return Rejected(item, Reason.TENANT, "the item's tenant is none of those that the endpoint is for")
        proof = self.client_states.proof(item, path=delivery.path, mark=delivery.mark)
        if proof is None:
            return Rejected(item, Reason.CLIENT_STATE, client_state_message(item))
        return Verified(item, proof.tenant_id, name_of(delivery.mark, proof), proof.birth, proof.key)

    async def doubt(
        self, tokens: Sequence[str], *, tenant_id: str, path: str, at: dt.datetime, fetch: bool = True
    ) -> Doubt | None:
        """What speaks against an encrypted item of a delivery with these tokens, which came to ``path`` at ``at``.

        One bad token counts against all encrypted items of its delivery. ``tenant_id`` is the item's, proven. Without
        ``fetch``, a key that is not at hand counts as one that cannot be had, and nothing is waited for.
        """
        tenants = self.client_states.tenants(path)
        try:
            vouched = await self.validation_tokens.vouched(tokens, tenants=tenants, at=at, fetch=fetch)
        except BadToken as error:
            return Doubt(Reason.TOKEN, str(error))
        except KeysUnavailable as error:
            return Doubt(Reason.KEYS_UNAVAILABLE, str(error))
        # A token speaks for the items of its own tenant only.
        return None if tenant_id in vouched else Doubt(Reason.NO_TOKEN, no_token_message(bool(vouched)))


def name_of(mark: Mark | UnknownMark | None, proof: Proof) -> str | None:
    """The mark's, if it is the mark's birth that was proven: else anybody may have written it there."""
    return mark.name if isinstance(mark, Mark) and mark.birth == proof.birth else None


def client_state_message(item: Notification) -> str:
    if not item.client_state:
        return "the item has no clientState"
    return "the item's clientState was made with no key of the endpoint: it is forged, or the key is gone from the ring"


def no_token_message(others: bool) -> str:
    if others:
        return "the item is encrypted, and the delivery's validation tokens are for other tenants"
    return (
        "the item is encrypted, and the delivery has no validation token: "
        "check that the app's service principal needs no assignment"
    )
