"""Something changes, many are told: from the change to the receiver's last notification about it."""

import dataclasses
from collections.abc import Sequence

from bench.support.load import Ask
from bench.support.population import CROWD
from bench.support.stage import Stage


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    notifications: int
    posts: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.notifications / self.seconds

    @property
    def per_post(self) -> float:
        return self.notifications / self.posts


def crowd(stage: Stage, mailbox: str, *, notifications: int) -> Told:
    """As many messages in a mailbox that a thousand subscriptions follow as make so many notifications."""
    messages = [stage.cast.ask("POST", f"users/{mailbox}/messages", {"subject": "news"})] * (notifications // CROWD)
    return told(stage, messages, status=201, followers=CROWD)


def told(stage: Stage, writes: Sequence[Ask], *, status: int, followers: int) -> Told:
    """Measured from the first write; so many follow each of them."""
    before = stage.counts()
    started = stage.load(writes, status=status).started
    after = stage.delivered(len(writes) * followers, since=before)
    return Told(len(writes) * followers, after.posts - before.posts, after.last - started)
