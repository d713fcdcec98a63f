"""``kind: Settings``: what holds for all manifests together."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from reconciler.core.manifest.common import Manifest
from reconciler.core.manifest.fields import MIB, Duration, Model, Owner, Share, Size
from reconciler.core.policy import Policy

__all__ = ["Inbox", "Pacing", "PacingOfApp", "SetAside", "Settings", "SettingsSpec"]


class Limits(Model):
    """What one run may take away, per tenant."""

    removals: Share = 0.25
    floor: int = Field(default=3, ge=0)
    replacements: Share = 0.10


class PacingOfApp(Model):
    """Requests that Graph allows one app over all tenants in 20 seconds (facts 8.1)."""

    writes: int = Field(default=2000, ge=1)
    reads: int = Field(default=2000, ge=1)
    lists: int = Field(default=40, ge=1)


class Pacing(Model):
    """Requests that Graph allows one app in one tenant in 20 seconds (facts 8.1)."""

    writes: int = Field(default=500, ge=1)
    reads: int = Field(default=500, ge=1)
    lists: int = Field(default=25, ge=1)
    per_app: PacingOfApp = PacingOfApp()


class SetAside(Model):
    """How much is kept of what nobody could show to be Graph's, and for how long."""

    keep: Duration = dt.timedelta(days=7)
    size: Size = 256 * MIB


class Inbox(Model):
    """How long what was forwarded is known, to tell duplicates by: Graph retries for four hours (facts 5.1)."""

    keep: Duration = dt.timedelta(hours=4)
    set_aside: SetAside = Field(default_factory=SetAside)


class SettingsSpec(Model):
    owner: Owner | None = None
    policy: Annotated[Policy, Field(strict=False)] = Policy.FULL
    limits: Limits = Limits()
    interval: Duration = dt.timedelta(minutes=10)
    pacing: Pacing = Pacing()
    inbox: Inbox = Field(default_factory=Inbox)


class Settings(Manifest):
    kind: Literal["Settings"]
    spec: SettingsSpec
