"""What a write to the world comes to: the noun between the world and the notifications about it."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.core.catalog import ChangeType


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing of one tenant was created, updated or deleted."""

    tenant: str
    change_type: ChangeType
    kind: str
    """What sort of thing: ``team``, ``channel``, ``webinar``, ``townhall``, ``session``, ``registration``,
    ``attendance-report``, ``video-on-demand``, ``online-meeting``, ``call-event``; ``thing`` for all
    that has no kind of its own."""
    path: str
    """Its own path as Graph spells it, ids as they are: ``teams/{id}/channels/{id}``."""
    ids: Mapping[str, str]
    """The ids in the path by name: ``team``, ``channel``, ``event`` (of either kind), ``session``, ``registration``,
    ``report``, ``meeting``; ``joinWebUrl`` (as found) and its own ``id`` for a call event; ``id`` for a thing."""
    topics: tuple[str, ...]
    """Whose subscriptions it is for, as ``model.resources.Resource.topics`` spells them."""
    body: Mapping[str, Any]
    """As GET answers it, or as it was when it was deleted; without annotations."""
    etag: str | None = None


Tell = Callable[[Change], None]
