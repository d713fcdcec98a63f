"""What a subscription may name, where targets must exist (facts 3.5)."""

import pytest

from reconciler.core.catalog import Version
from reconciler.emulator.model import resources
from tests.emulator.world.conftest import TENANT, USER, Scene

EVENTS = "solutions/virtualEvents"


@pytest.fixture
def full(scene: Scene) -> Scene:
    """A world where ids are short."""
    scene.world.load(
        {
            TENANT: {
                "teams": [{"id": "t1", "displayName": "T", "channels": [{"id": "c1", "displayName": "C"}]}],
                "webinars": [
                    {"id": "w1", "displayName": "W", "sessions": [{"id": "s1", "joinWebUrl": "https://x/%3a1"}]}
                ],
                "townhalls": [{"id": "h1", "displayName": "H"}],
                "things": {f"users/{USER}/messages": [{"id": "m1"}], "communications/presences": [{"id": USER}]},
            }
        }
    )
    return scene


@pytest.mark.facts("3.5")
@pytest.mark.parametrize(
    ("resource", "known"),
    [
        ("/teams", True),
        ("/teams/t1", True),
        ("/teams/t2", False),
        ("/teams/getAllChannels", True),
        ("/teams/t1/channels", True),
        ("/teams/t2/channels", False),
        ("/chats/19:x@thread.v2/messages", False),
        (f"/users/{USER}/messages", True),
        (f"/users/{USER.replace('0', '1')}/messages", False),
        ("/users", True),
        (f"/communications/presences/{USER}", True),
        ("/communications/presences/nobody", False),
        (f"{EVENTS}/events", True),
        (f"{EVENTS}/events/getEventsFromOrganizers(organizerIds=['{USER}'])", True),
        (f"{EVENTS}/events?$filter=organizerid eq '{USER}'", True),
        (f"{EVENTS}/events/w1", True),
        (f"{EVENTS}/events/h1/sessions", True),
        (f"{EVENTS}/events/x1/sessions", False),
        (f"{EVENTS}/events/w1/sessions/s1/attendanceReports", True),
        (f"{EVENTS}/events/w1/sessions/s2/attendanceReports", False),
        (f"{EVENTS}/events/w1/registration/registrants", True),
        (f"{EVENTS}/events/h1/registration/registrants", False),
        (f"{EVENTS}/webinars/w1/registrations", True),
        (f"{EVENTS}/webinars/h1/registrations", False),
        (f"{EVENTS}/webinars/w1/getAttendanceReports", True),
        (f"{EVENTS}/townhalls/w1/getVideoOnDemandPublication", False),
        ("communications/onlineMeetings(joinWebUrl='https%3A%2F%2Fx%2F%253a1')/meetingCallEvents", True),
        ("communications/onlineMeetings(joinWebUrl='https%3A%2F%2Fx%2F2')/meetingCallEvents", False),
    ],
)
def test_what_is_known(resource: str, known: bool, full: Scene) -> None:
    path = resources.parse(resource, version=Version.BETA).path
    assert full.world.knows(TENANT, path) is known


def test_a_chat_is_known_as_soon_as_something_is_in_it(scene: Scene) -> None:
    scene.made("chats/19:x@thread.v2/messages")
    assert scene.world.knows(TENANT, "chats/19:x@thread.v2/messages")
    assert not scene.world.knows("another-tenant", "chats/19:x@thread.v2/messages")
