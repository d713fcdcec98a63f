"""What is withheld in, the renewals that keep it alive meanwhile out."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator

from reconciler.core.change import Change
from reconciler.core.due import Clockwork, due
from reconciler.core.policy import Policy
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.times import spell_duration

__all__ = ["kept_alive"]


def kept_alive(changes: Iterable[Change], clockwork: Clockwork, policy: Policy) -> Iterator[Change]:
    """What is withheld must not lapse meanwhile: the one case of two changes for one name."""
    for change in changes:
        if not policy.allows(Action.RENEW) or not worth_keeping(change) or change.live is None or change.mark is None:
            continue
        left = change.live.expires_at - clockwork.now
        if left <= dt.timedelta():
            continue  # it has ended although it is listed (facts 3.2): nothing is left to renew
        if due(change.live, change.name, clockwork, change.desired):
            message = f"it ends in {spell_duration(left)}, and its {change.action} is withheld"
            yield dataclasses.replace(
                change,
                action=Action.RENEW,
                reason=Reason.RENEWAL_DUE,
                message=message,
                differences=(),
                withheld=None,
                why_withheld=None,
                order=None,
                may_miss=False,
                warnings=(),
            )


def worth_keeping(change: Change) -> bool:
    if change.action is Action.DELETE:
        return change.withheld in {Withheld.UNSAFE, Withheld.PROTECTED}
    return change.withheld is not None and change.action in {Action.UPDATE, Action.REPLACE}
