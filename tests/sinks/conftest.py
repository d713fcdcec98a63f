import datetime as dt

import pytest

from reconciler.core.event import Event, Facts, event_of


def an_event(number: int = 1, *, name: str | None = "all-teams", size: int = 0) -> Event:
    return event_of(
        Facts(
            id=f"event-{number}",
            source="/tenants/0f2e8f59-862a-483b-9ca8-82a10665e17d",
            received_at=dt.datetime(2026, 11, 26, 12, 0, tzinfo=dt.UTC),
            change_type="updated",
            tenant_id="0f2e8f59-862a-483b-9ca8-82a10665e17d",
            subscription_id="7c1b2c3d",
            name=name,
            resource="teams/88b245ac-b0b2-f1aa-e34a-c81c27abdac2",
            resource_data={"@odata.type": "#Microsoft.Graph.Team", "id": "CONFIDENTIAL", "more": "x" * size},
        )
    )


@pytest.fixture
def events():
    """A function that makes events that differ by their number."""
    return an_event
