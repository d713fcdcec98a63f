"""How long it takes to find who follows a change: it must not depend on how many subscriptions there are."""

import datetime as dt
import random
import time
import uuid
from collections.abc import Sequence

from bench.support.errors import BenchError
from bench.support.targets import at_most
from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator.model.resources import parse
from reconciler.emulator.model.subscription import Subscription
from reconciler.emulator.model.subscriptions import Subscriptions

TARGETS = {"growth_from_10_to_10000": at_most(3)}
"""Without an index it would be a thousand; what it is comes from the processor's caches."""
FINDS = 5000
TRIES = 5
TENANT, APP = "tenant", "app"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def run() -> dict[str, float]:
    """The best of several tries each: what else the machine does meanwhile only adds to it."""
    crowds = {count: crowd(count) for count in (10, 1000, 10_000)}
    tries = [{count: microseconds(*each) for count, each in crowds.items()} for _ in range(TRIES)]
    best = {count: min(each[count] for each in tries) for count in crowds}
    named = {f"microseconds_among_{count}": each for count, each in best.items()}
    return named | {"growth_from_10_to_10000": best[10_000] / best[10]}


def crowd(count: int) -> tuple[Subscriptions, Sequence[str]]:
    """So many subscriptions, and changes that one of them is for."""
    paths = [f"teams/{uuid.uuid4()}" for _ in range(count)]
    subscriptions = Subscriptions()
    for path in paths:
        subscriptions.add(subscription(path))
    return subscriptions, random.choices(paths, k=FINDS)  # noqa: S311  no secret


def microseconds(subscriptions: Subscriptions, changed: Sequence[str]) -> float:
    started = time.perf_counter()
    found = sum(len(list(subscriptions.following(TENANT, (path, "teams"), NOW))) for path in changed)
    seconds = time.perf_counter() - started
    if found != len(changed):
        raise BenchError(f"{found} subscriptions were found for {len(changed)} changes")
    return seconds / len(changed) * 1_000_000


def subscription(path: str) -> Subscription:
    later = NOW + dt.timedelta(hours=1)
    return Subscription(
        id=str(uuid.uuid4()),
        tenant=TENANT,
        app=APP,
        creator=APP,
        version=Version.V1,
        resource=parse(path, version=Version.V1),
        change_types=frozenset({ChangeType.UPDATED}),
        change_type="updated",
        notification_url="https://localhost/notifications",
        lifecycle_url=None,
        client_state=None,
        expires_at=later,
        created_at=NOW,
        authorized_until=later,
    )
