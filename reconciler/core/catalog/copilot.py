"""What people and Copilot say to each other (facts 1.3, 1.5, 1.6, 2.2). Change types are not verified."""

import datetime as dt
import functools

from reconciler.core.catalog.model import ALL_CHANGES, Entry, LifecycleUrl, Permissions, Quota, Rich, Workload

FUNCTION = "interactionHistory/getAllEnterpriseInteractions"

entry = functools.partial(
    Entry,
    workload=Workload.COPILOT,
    change_types=ALL_CHANGES,
    change_types_verified=False,
    rich=Rich.OPTIONAL,
    lifetime=dt.timedelta(minutes=4320),
    lifecycle_url=LifecycleUrl.REQUIRED,
    exclusive=True,
    notes=("Needs the Copilot licence plan 3f30311c-6b1e-48a4-ab79-725b469da960",),
    facts=("1.3", "1.5", "1.6", "1.7", "2.2"),
)

ALL_INTERACTIONS = entry(
    id="all-copilot-interactions",
    path=f"copilot/{FUNCTION}",
    summary="every interaction with Copilot in the tenant",
    permissions=Permissions(application=("AiEnterpriseInteraction.Read.All",)),
)

USER_INTERACTIONS = entry(
    id="copilot-interactions",
    path=f"copilot/users/{{user-id}}/{FUNCTION}",
    summary="every interaction of one user with Copilot",
    permissions=Permissions(
        delegated=("AiEnterpriseInteraction.Read",),
        application=("AiEnterpriseInteraction.Read.All", "AiEnterpriseInteraction.Read.User"),
    ),
    quotas=(Quota(limit=10, per="user"),),
)

ENTRIES = (ALL_INTERACTIONS, USER_INTERACTIONS)
