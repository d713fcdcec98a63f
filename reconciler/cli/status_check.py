"""What was seen of tenants in, what is wrong with it out: missing, ended, or too close to its end."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

from reconciler.cli.plain import plain
from reconciler.cli.seen import Seen
from reconciler.cli.status_text import matter
from reconciler.core.times import spell_duration
from reconciler.engine.standing import Condition, Standing, document

__all__ = ["Wrong", "wrongs"]


@dataclasses.dataclass(frozen=True, slots=True)
class Wrong:
    standing: Standing
    word: str
    """missing, ended or ending."""

    message: str

    def line(self, now: dt.datetime) -> str:
        each = self.standing
        more = "" if each.condition is Condition.READY else f"; {matter(each, now)}"
        return plain(f"{each.tenant}/{each.name}: {self.message}{more}")

    @property
    def json(self) -> dict[str, Any]:
        return {"wrong": self.word, **document(self.standing)}


def wrongs(seen: Seen, *, lead: dt.timedelta) -> Iterator[Wrong]:
    for tenant in seen.tenants:
        for standing in tenant.standings:
            if found := wrong(standing, now=seen.at, lead=lead):
                yield found


def wrong(standing: Standing, *, now: dt.datetime, lead: dt.timedelta) -> Wrong | None:
    if standing.expires_at is None:
        return Wrong(standing, "missing", "it is missing")
    left = standing.expires_at - now
    if left <= dt.timedelta():
        return Wrong(standing, "ended", f"it ended {spell_duration(-left)} ago")
    if left < lead:
        return Wrong(standing, "ending", f"it ends in {spell_duration(left)}")
    return None
