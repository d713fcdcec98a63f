"""What the resources of Teams have in common: three days, one per app, and 10,000 in all (facts 1.3, 1.5, 2.1)."""

import datetime as dt
import functools

from reconciler.core.catalog.model import Entry, LifecycleUrl, Quota, Rich, Workload

THREE_DAYS = dt.timedelta(minutes=4320)
ORGANIZATION = Quota(limit=10_000, per="organization", shared="all Teams resources")
"""Counted across all Teams resources of all apps together (facts 2.1)."""

PER_USER = Quota(limit=10, per="user")

FACTS = ("1.3", "1.5", "1.6", "2.1", "2.2", "2.3", "6", "10.2")

entry = functools.partial(
    Entry,
    workload=Workload.TEAMS,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.REQUIRED,
    exclusive=True,
    quotas=(ORGANIZATION,),
    facts=FACTS,
)
"""Exclusive, as another change type or URL does not make room for a second one (facts 2.1)."""
