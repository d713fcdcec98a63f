"""Desired and live side by side, and the chain of questions that finds what is to be done.

live is …                                     change
expired, though still listed                  create   Expired
to be replaced by name                        replace  ReplacementRequested
other in a field that Graph fixes             replace  ImmutableFieldChanged
signed with a key that the endpoint has not   replace  KeyUnknown
signed with another key than the first        replace  KeyRotated (only where the keys are rotated)
marked in the other one of its two URLs       replace  NotificationUrlChanged (from HTTPS to Event Hubs, or back)
encrypted for another certificate             update   CertificateChanged (replace where Graph will not patch it)
without its mark, somebody overwrote the URL  update   MarkLost
delivered elsewhere                           update   NotificationUrlChanged
of a name that it had before                  update   Renamed (replace where the destination bears no mark)
protected, or left on removal, otherwise      update   ManagementChanged (only where the destination bears a mark)
two thirds through its lifetime               renew    RenewalDue
none of these                                 nothing
"""

import dataclasses
from collections.abc import Callable

from reconciler.core.asked import Difference
from reconciler.core.client_state import FIXED_KEY
from reconciler.core.desired import Desired
from reconciler.core.destinations import canonical
from reconciler.core.due import Clockwork, due
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.reasons import Action, Order, Reason
from reconciler.core.redaction import redact
from reconciler.core.times import spell_duration

__all__ = ["Pair", "Verdict", "difference_of_urls", "judge", "replacement"]


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A subscription that is wanted and exists; ``mark`` is the one that it bears or bore."""

    desired: Desired
    live: Live
    mark: Mark
    clockwork: Clockwork

    @property
    def mark_lost(self) -> bool:
        """Where the destination leaves no room for one, only the lifecycle URL ever bore it."""
        return self.live.mark is None and self.desired.takes_query

    @property
    def mark_must_move(self) -> bool:
        """Nobody can patch the lifecycle URL, which bears all of the mark, or too little of it, for ever.

        One that somebody else has sent elsewhere is no such case: it is sent back where it was created for.
        """
        if self.desired.takes_query:
            return self.live.marked_in_lifecycle and not self.live.takes_query
        return not self.live.marked_in_lifecycle


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    action: Action
    reason: Reason
    message: str
    differences: tuple[Difference, ...] = ()
    order: Order | None = None
    """Of a replacement: which half of it comes first."""


Check = Callable[[Pair], Verdict | None]


def judge(pair: Pair) -> Verdict | None:
    """The first check that speaks decides."""
    return next(filter(None, (check(pair) for check in CHECKS)), None)


def expired(pair: Pair) -> Verdict | None:
    if pair.live.expires_at > pair.clockwork.now:
        return None
    since = spell_duration(pair.clockwork.now - pair.live.expires_at)
    return Verdict(Action.CREATE, Reason.EXPIRED, f"it ended {since} ago, notifications since then are lost")


def immutable_field_changed(pair: Pair) -> Verdict | None:
    if pair.mark.digest == pair.desired.asked.digest:
        return None
    found = [each for each in pair.live.asked.differences(pair.desired.asked) if not left_as_it_is(each, pair.mark)]
    if not found:
        return None  # only our canonical form has changed: the mark is refreshed with the next renewal
    fields = ", ".join(difference.field for difference in found)
    return replacement(pair.desired, Reason.IMMUTABLE_FIELD_CHANGED, f"Graph cannot patch {fields}", tuple(found))


def left_as_it_is(difference: Difference, mark: Mark) -> bool:
    """What was adopted keeps its lifecycle URL; where its mark was overwritten, only its key still tells so."""
    return difference.field == "lifecycleNotificationUrl" and mark.digest is None and mark.key == FIXED_KEY


def order_of_replacement(desired: Desired) -> Order:
    return Order.DELETE_FIRST if desired.entry and desired.entry.exclusive else Order.CREATE_FIRST


def said_of(order: Order) -> str:
    if order is Order.DELETE_FIRST:
        return "the old one is deleted first, notifications may be missed until the new one stands"
    return "the new one is created first, notifications may come twice until the old one is deleted"


def replacement(desired: Desired, reason: Reason, why: str, differences: tuple[Difference, ...] = ()) -> Verdict:
    """In which order, and what that may cost, is said with it."""
    order = order_of_replacement(desired)
    return Verdict(Action.REPLACE, reason, f"{why}: {said_of(order)}", differences, order)


def replacement_requested(pair: Pair) -> Verdict | None:
    if pair.desired.name not in pair.clockwork.replace:
        return None
    found = pair.live.asked.differences(pair.desired.asked)
    url = url_difference(pair)
    found += [url] if url.before != url.after else []
    if pair.mark.name != pair.desired.name:
        found.append(Difference("name", pair.mark.name, pair.desired.name))
    why = "this run is asked to replace it"
    return replacement(pair.desired, Reason.REPLACEMENT_REQUESTED, why, tuple(found))


def key_unknown(pair: Pair) -> Verdict | None:
    if pair.mark.key in pair.desired.accepted_keys:
        return None
    difference = Difference("clientState key", pair.mark.key, pair.desired.key_ids[0])
    why = "its clientState was made with a key that the endpoint no longer has"
    return replacement(pair.desired, Reason.KEY_UNKNOWN, why, (difference,))


def key_rotated(pair: Pair) -> Verdict | None:
    first = pair.desired.key_ids[0]
    if not pair.clockwork.rotate_keys or pair.mark.key == first:
        return None
    difference = Difference("clientState key", pair.mark.key, first)
    return replacement(
        pair.desired, Reason.KEY_ROTATED, "its clientState is to be made with the first key", (difference,)
    )


def mark_must_move(pair: Pair) -> Verdict | None:
    if not pair.mark_must_move:
        return None
    why = "between HTTPS and Event Hubs or Event Grid its mark moves to the other URL, and nobody can patch both"
    return replacement(pair.desired, Reason.NOTIFICATION_URL_CHANGED, why, (url_difference(pair),))


def certificate_changed(pair: Pair) -> Verdict | None:
    wanted = pair.desired.certificate
    current = pair.live.certificate_id
    if wanted is None or (current or "").upper() == wanted.thumbprint:
        return None
    difference = (Difference("certificate", current, wanted.thumbprint),)
    if pair.live.certificate_fixed:
        why = "Graph would not change the certificate"
        return replacement(pair.desired, Reason.CERTIFICATE_CHANGED, why, difference)
    return Verdict(Action.UPDATE, Reason.CERTIFICATE_CHANGED, "it is encrypted for another certificate", difference)


def mark_lost(pair: Pair) -> Verdict | None:
    if not pair.mark_lost:
        return None
    message = "somebody overwrote the notification URL, our mark stands in the lifecycle URL or in our memory only"
    return Verdict(Action.UPDATE, Reason.MARK_LOST, message, (url_difference(pair),))


def notification_url_changed(pair: Pair) -> Verdict | None:
    difference = url_difference(pair)
    if difference.before == difference.after:
        return None
    return Verdict(Action.UPDATE, Reason.NOTIFICATION_URL_CHANGED, "it is delivered elsewhere", (difference,))


def url_difference(pair: Pair) -> Difference:
    return difference_of_urls(pair.live, pair.desired)


def difference_of_urls(live: Live, desired: Desired) -> Difference:
    """Queries redacted, as a snapshot has them. What means the same destination is spelled the same."""
    before, after = redact(live.notification_url), redact(desired.notification_url)
    same = before == after or canonical(before) == canonical(after)
    return Difference("notificationUrl", after if same else before, after)


def renamed(pair: Pair) -> Verdict | None:
    if pair.mark.name == pair.desired.name:
        return None
    difference = (Difference("name", pair.mark.name, pair.desired.name),)
    if not pair.desired.takes_query:
        return replacement(pair.desired, Reason.RENAMED, "nobody can patch the URL that its name stands in", difference)
    return Verdict(Action.UPDATE, Reason.RENAMED, f"it was {pair.mark.name!r} before", difference)


def management_changed(pair: Pair) -> Verdict | None:
    """Not where the lifecycle URL bears the mark, for nobody can patch that.

    There the manifest counts while it exists, and without it what was written at creation.
    """
    if not pair.desired.takes_query:
        return None
    before = management(protect=pair.mark.protected, leave=pair.mark.left)
    after = management(protect=pair.desired.protect, leave=pair.desired.leave)
    if before == after:
        return None
    message = "protect and onRemoval are written on the subscription, so that they outlive the manifest"
    return Verdict(Action.UPDATE, Reason.MANAGEMENT_CHANGED, message, (Difference("management", before, after),))


def management(*, protect: bool, leave: bool) -> str:
    return f"{'protected' if protect else 'not protected'}, {'left' if leave else 'deleted'} on removal"


def renewal_due(pair: Pair) -> Verdict | None:
    if not due(pair.live, pair.mark.name, pair.clockwork, pair.desired):
        return None
    message = f"it ends in {spell_duration(pair.live.expires_at - pair.clockwork.now)}"
    return Verdict(Action.RENEW, Reason.RENEWAL_DUE, message)


CHECKS: tuple[Check, ...] = (
    expired,
    replacement_requested,
    immutable_field_changed,
    key_unknown,
    key_rotated,
    mark_must_move,
    certificate_changed,
    mark_lost,
    notification_url_changed,
    renamed,
    management_changed,
    renewal_due,
)
"""The first check that speaks decides, so the order is the policy."""
