"""Changes in, those withheld for a while out: what keeps failing rests, and what others must be ready for waits."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection, Mapping

from reconciler.core.change import Change
from reconciler.core.due import Clockwork, urgent
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.times import spell_duration
from reconciler.core.world import World

__all__ = ["Rest", "Waiting"]


@dataclasses.dataclass(frozen=True, slots=True)
class Rest:
    """Until when a subscription's change is left alone after it has failed."""

    action: Action
    until: dt.datetime
    why: str
    essence: str
    """Of what was wanted then, empty where nothing was: with another one it does not rest."""


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """What is waited for. The default waits for nothing."""

    rests: Mapping[str, Rest] = dataclasses.field(default_factory=dict)
    """By name, in one tenant."""

    loaded: Collection[str] | None = None
    """Thumbprints of the certificates whose private keys every replica has loaded; None where nobody asks."""

    prune_after: dt.timedelta = dt.timedelta()
    """How long one of ours that no manifest wants must have been known before it is deleted."""

    def withhold(self, change: Change, world: World, clockwork: Clockwork) -> Change:
        for check in CHECKS:
            if why := check(self, change, world, clockwork):
                change = change.withhold(Withheld.PACED, why)
        return change


def rests(waiting: Waiting, change: Change, _: World, clockwork: Clockwork) -> str | None:
    rest = waiting.rests.get(change.name)
    wanted = change.desired.essence if change.desired else ""
    if rest is None or rest.until <= clockwork.now or wanted != rest.essence:
        return None
    # What is done instead of it, as a replacement for a certificate that no PATCH changes, has not failed.
    if rest.action is not change.action or (change.action is Action.RENEW and cannot_wait(change, clockwork)):
        return None
    return f"{rest.why}; it is tried again in {spell_duration(rest.until - clockwork.now)}"


def cannot_wait(change: Change, clockwork: Clockwork) -> bool:
    return change.live is not None and urgent(change.live, clockwork, change.desired)


def certificate_not_loaded(waiting: Waiting, change: Change, _world: World, _: Clockwork) -> str | None:
    """Any replacement of a live one may turn its certificate, not only one for the certificate's sake."""
    turns = change.reason is Reason.CERTIFICATE_CHANGED or change.action is Action.REPLACE
    if not turns or waiting.loaded is None or change.desired is None or change.live is None:
        return None
    wanted, current = change.desired.certificate, (change.live.certificate_id or "").upper()
    if wanted is None or wanted.thumbprint in waiting.loaded or wanted.thumbprint == current:
        return None
    return "not every replica has loaded the private key of its new certificate yet"


def just_seen(waiting: Waiting, change: Change, world: World, clockwork: Clockwork) -> str | None:
    if change.reason is not Reason.NOT_IN_MANIFESTS or change.live is None:
        return None
    noted = world.noted.get(change.live.id)
    if noted is None or clockwork.now - noted >= waiting.prune_after:
        return None
    left = spell_duration(waiting.prune_after - (clockwork.now - noted))
    return (
        f"it was not made here and is known only for a short while: it is deleted in {left}, if nothing wants it then"
    )


CHECKS: tuple[Callable[[Waiting, Change, World, Clockwork], str | None], ...] = (
    rests,
    certificate_not_loaded,
    just_seen,
)
