"""What the rules and reasons of a report mean, for those who meet one in code scanning."""

from typing import NamedTuple

from reconciler.core.reasons import Reason
from reconciler.core.safety import CODES

__all__ = ["Help", "help_of"]


class Help(NamedTuple):
    title: str
    text: str


REASONS = {
    Reason.ADOPTION_REQUESTED: "A foreign subscription is taken over, as its manifest asks with management.adopt",
    Reason.CERTIFICATE_CHANGED: "Resource data is to be encrypted with another certificate",
    Reason.DUPLICATE: "Graph has several subscriptions of one name, of which one is kept",
    Reason.EXPIRED: "The subscription has ended: it is created anew, what happened meanwhile was missed",
    Reason.IMMUTABLE_FIELD_CHANGED: "A field has changed that Graph cannot patch: the subscription is replaced",
    Reason.KEY_ROTATED: "The subscription moves to the first clientState key of its endpoint",
    Reason.KEY_UNKNOWN: "Its clientState was made with a key that its endpoint does not have: it cannot be verified",
    Reason.MANAGEMENT_CHANGED: "protect or the way of removal has changed, which is written on the subscription",
    Reason.MARK_LOST: "Somebody overwrote the URL that says whose the subscription is",
    Reason.MARK_UNKNOWN: "A later version of this program wrote on the subscription: upgrade",
    Reason.MISSING: "Graph has no subscription of this name: it is created",
    Reason.NOTIFICATION_URL_CHANGED: "Notifications are to be delivered elsewhere",
    Reason.NOT_IN_MANIFESTS: "No manifest wants the subscription any more: it is deleted",
    Reason.REAUTHORIZATION_REQUIRED: "Graph asked for a new authorization",
    Reason.RENAMED: "The subscription has a new name, as its manifest says with management.previously",
    Reason.RENEWAL_DUE: "The subscription ends soon: it is renewed",
    Reason.REPLACEMENT_REQUESTED: "The subscription is replaced because --replace names it",
}


def help_of(rule: str) -> Help:
    """Of the reason of a change, of a safety limit, else of a rule for manifests."""
    if rule in REASONS:
        title = REASONS[Reason(rule)]
        return Help(title, f"{title}. The message says what is changed; `reconcile --dry-run` shows the whole plan.")
    words = rule.replace("-", " ")
    if rule in CODES:
        return Help(
            f"Unsafe: {words}",
            f"A safety limit withholds changes. Look at why they are in the plan; --allow {rule} lets them through.",
        )
    return Help(f"Manifests: {words}", f"docs/manifests.md says what the rule {rule} asks for, in its table of rules.")
