"""Whatever the catalog has can be changed over HTTP, and the change is for those who subscribed to it."""

import re
import urllib.parse
from collections.abc import Iterator

import pytest

from reconciler.core.catalog import ENTRIES, ChangeType, Entry, Version
from reconciler.emulator.model import resources
from reconciler.emulator.world import layout
from tests.emulator.world.conftest import USER, Scene

EVENTS = "solutions/virtualEvents"
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
CALLS = "communications/onlineMeetings(joinWebUrl='{joinWebUrl}')/meetingCallEvents"
REQUIRED = {
    "attendanceReports": {},
    "registrations": {"email": "a@contoso.example"},
    "registrants": {"email": "b@contoso.example"},
    "sessions": {"subject": "I"},
}


class Ids(dict[str, str]):
    """One of everything that has a kind of its own; any id for what has none."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        by_user = {"createdBy": {"user": {"id": USER}}}
        self["team-id"] = scene.made("teams", displayName="T")
        self["channel-id"] = scene.made(f"teams/{self['team-id']}/channels", displayName="C", membershipType="private")
        for name, kind in (("webinar", "webinars"), ("townhall", "townhalls")):
            self[f"{name}-id"] = scene.made(f"{EVENTS}/{kind}", displayName="E", **by_user)
            self[f"{name}-session"] = scene.made(f"{EVENTS}/{kind}/{self[f'{name}-id']}/sessions", subject="S")
        self["event-id"], self["session-id"] = self["webinar-id"], self["webinar-session"]
        self["organizer-id"], self["user-id"] = USER, USER
        self["condition"] = "severity eq 'high'"
        meeting = scene.write("POST", f"users/{USER}/onlineMeetings", {"subject": "M"})
        self["meeting-id"], self["joinWebUrl"] = meeting["id"], urllib.parse.quote(meeting["joinWebUrl"], safe="")

    def __missing__(self, name: str) -> str:
        return f"some-{name}"

    def below(self, collection: str, path: str) -> str:
        """That of a thing which a function does not name."""
        if collection == "sessions":
            return self["townhall-session" if "townhalls" in path else "webinar-session"]
        return self[{"onlineMeetings": "meeting-id"}.get(collection, f"{collection.removesuffix('s')}-id")]

    def filled(self, path: str) -> str:
        return PLACEHOLDER.sub(lambda found: self[found[1]], path)


def carry_out(scene: Scene, ids: Ids, entry: Entry, change_type: ChangeType) -> None:
    """Whatever leads to that change."""
    path = entry.path.partition("?")[0]
    if entry.workload == "meetings" and "joinWebUrl" in entry.path:
        scene.write("POST", ids.filled(CALLS), {"eventType": "callStarted"})
    elif path.endswith("getVideoOnDemandPublication"):
        event = ids.filled(path).rpartition("/")[0]
        session = f"{event}/sessions/{ids.below('sessions', path)}"
        scene.write("PATCH", session, {"videoOnDemandWebUrl": "https://contoso.example/v"})
    elif path == f"{EVENTS}/events" or "getEventsFromOrganizers" in path:
        scene.write("POST", f"{EVENTS}/webinars", {"displayName": "E", "createdBy": {"user": {"id": USER}}})
    elif path.endswith("}"):
        collection, _, identifier = ids.filled(path).rpartition("/")
        write_one(scene, collection, identifier, change_type)
    else:
        of_filter = PLACEHOLDER.findall(entry.path.partition("?")[2]) if entry.filter_fields else []
        write_one(scene, written_to(path, ids), ids[of_filter[0]] if of_filter else None, change_type)


def written_to(path: str, ids: Ids) -> str:
    """The collection itself, or the one that a function looks at: its first ids are those of the function."""
    spelled = PLACEHOLDER.sub("*", path)
    is_function = spelled.rpartition("/")[2].startswith("get")
    seen = layout.FUNCTIONS.get(spelled, (spelled,))[0] if is_function else spelled
    named = iter([ids[name] for name in PLACEHOLDER.findall(path)])
    return re.sub(r"(\w+)/\*", lambda found: f"{found[1]}/{next(named, None) or ids.below(found[1], seen)}", seen)


def write_one(scene: Scene, collection: str, identifier: str | None, change_type: ChangeType) -> None:
    """A new thing is created first, unless it is there."""
    body = REQUIRED.get(collection.rpartition("/")[2], {"displayName": "N"})
    if identifier is None or not scene.ask("GET", f"/beta/{collection}/{identifier}").is_success:
        given = {"id": identifier} if identifier is not None else {}
        identifier = scene.made(collection, **body, **given)
    if change_type is ChangeType.UPDATED:
        scene.write("PATCH", f"{collection}/{identifier}", body)
    if change_type is ChangeType.DELETED:
        scene.write("DELETE", f"{collection}/{identifier}")


def cases() -> Iterator[object]:
    for entry in ENTRIES:
        for change_type in sorted(entry.change_types):
            yield pytest.param(entry, change_type, id=f"{entry.id}-{change_type}")


@pytest.mark.facts("2.2", "2.4", "2.5")
@pytest.mark.parametrize(("entry", "change_type"), list(cases()))
def test_a_write_reaches_the_subscription(entry: Entry, change_type: ChangeType, scene: Scene) -> None:
    ids = Ids(scene)
    resource = resources.parse(ids.filled(entry.path), version=entry.versions[0])
    assert resource.entry is entry
    scene.changes.clear()
    carry_out(scene, ids, entry, change_type)
    reached = [
        each for each in scene.changes if each.change_type is change_type and {*each.topics} & {*resource.topics}
    ]
    assert len(reached) == 1, scene.changes


@pytest.mark.facts("2.2")
def test_an_alert_of_health_is_for_those_who_asked_for_its_type(scene: Scene) -> None:
    all_of_them, of_type = (
        resources.parse(f"reports/healthmonitoring/{name}", version=Version.V1) for name in ("alerts", "alert")
    )
    scene.changes.clear()
    scene.made("reports/healthmonitoring/alerts", alertType="mfaSignInFailure")
    (change,) = scene.changes
    assert {*change.topics} >= {*all_of_them.topics, *of_type.topics}


@pytest.mark.facts("10.2")
@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in ENTRIES])
def test_what_was_missed_can_be_read(entry: Entry, scene: Scene) -> None:
    """But for delta queries and functions, which the emulator does not have."""
    ids = Ids(scene)
    scene.made("communications/presences", id=USER)
    of_town_halls = {"session-id": ids["townhall-session"]} if "townhalls" in entry.path else {}
    ids.update(of_town_halls)
    for path in entry.resync:
        if not re.fullmatch("delta|getAll[A-Z].*", path.rpartition("/")[2]):
            answer = scene.ask("GET", f"/{entry.versions[0]}/{ids.filled(path)}")
            assert answer.status_code == 200, (path, answer.text)
