"""The memory of a store that is not there: nothing in, nothing out."""

import datetime as dt
from collections.abc import Mapping

from reconciler.engine.ports import Intent, Remembered

__all__ = ["NothingRemembered"]


class NothingRemembered:
    """Satisfies ``Memory``. A pass does without one: ownership is written on the subscriptions themselves."""

    async def remembered(self) -> Mapping[str, Remembered]:
        return {}

    async def intents(self) -> Mapping[str, Intent]:
        return {}

    async def ceilings(self) -> Mapping[str, dt.timedelta]:
        return {}
