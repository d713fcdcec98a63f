"""Worlds that are made: a size and a tenant in, what is in it out. The same each time, ids included."""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.emulator.world.checks import child
from reconciler.emulator.world.documents import ROOTS, Row
from reconciler.emulator.world.kinds import THING, Properties
from reconciler.emulator.world.layout import COLLECTIONS, Collection, above

TEAMS, CHANNELS, WEBINARS, TOWNHALLS, MEETINGS = 1, 2, 3, 4, 5
SESSIONS, REGISTRATIONS, REPORTS, USERS, THINGS = 6, 7, 8, 9, 10
"""What stands in the first part of an id, so that one sees what it is of."""


def guid(sort: int, number: int) -> str:
    """``00000001-0000-4000-8000-000000000007`` is the seventh team."""
    return f"{sort:08x}-0000-4000-8000-{number:012x}"


def make(size: str, *, tenant: str) -> Iterator[Row]:
    """``small`` has a handful of everything, ``large`` 2,000 teams, 20,000 channels and 200 webinars."""
    if size == "large":
        return rows_of(teams=2000, channels=9, webinars=200, registrations=20, townhalls=20, meetings=50, tenant=tenant)
    return small(tenant)


def small(tenant: str) -> Iterator[Row]:
    rows = [*rows_of(teams=3, channels=3, webinars=2, registrations=2, townhalls=1, meetings=1, tenant=tenant)]
    yield from rows
    yield from one_of_each(rows)


def rows_of(
    *, teams: int, channels: int, webinars: int, registrations: int, townhalls: int, meetings: int, tenant: str
) -> Iterator[Row]:
    """``channels`` and ``registrations`` are for each team and webinar; General comes on top."""
    for number in range(1, teams + 1):
        yield row("teams", team(number, channels))
    for number in range(1, webinars + 1):
        yield row("webinars", webinar(number, registrations, tenant))
    for number in range(1, townhalls + 1):
        yield row("townhalls", event(TOWNHALLS, number, f"Town hall {number}", tenant))
    for number in range(1, meetings + 1):
        yield row("onlineMeetings", meeting(number))


def row(root: str, given: Properties) -> Row:
    return Row(ROOTS[root], (), given, (root,))


def team(number: int, channels: int) -> dict[str, Any]:
    kinds = ("standard", "private", "shared")
    return {
        "id": guid(TEAMS, number),
        "displayName": f"Team {number}",
        "channels": [
            {
                "id": f"19:{CHANNELS:08x}{number:012x}{channel:012x}@thread.tacv2",
                "displayName": f"Channel {channel}",
                "membershipType": kinds[(channel - 1) % len(kinds)],
            }
            for channel in range(1, channels + 1)
        ],
    }


def event(sort: int, number: int, name: str, tenant: str) -> dict[str, Any]:
    """With two sessions, of which the first is over and has an attendance report."""
    first, second = 2 * number - 1, 2 * number
    reports = [{"id": guid(REPORTS, sort * 1_000_000 + number), "totalParticipantCount": 12}]
    return {
        "id": f"{guid(sort, number)}@{tenant}",
        "displayName": name,
        "createdBy": {"application": None, "device": None, "user": identity(1 + number % 5, tenant)},
        "coOrganizers": [identity(1 + (number + 1) % 5, tenant)],
        "status": "published",
        "sessions": [
            {"id": guid(SESSIONS, sort * 1_000_000 + first), "subject": f"{name} I", "attendanceReports": reports},
            {"id": guid(SESSIONS, sort * 1_000_000 + second), "subject": f"{name} II"},
        ],
    }


def identity(number: int, tenant: str) -> dict[str, str]:
    return {"id": guid(USERS, number), "displayName": f"User {number}", "tenantId": tenant}


def webinar(number: int, registrations: int, tenant: str) -> dict[str, Any]:
    people = range(number * 1000, number * 1000 + registrations)
    return event(WEBINARS, number, f"Webinar {number}", tenant) | {
        "registrations": [
            {"id": guid(REGISTRATIONS, each), "email": f"person{each}@contoso.example"} for each in people
        ]
    }


def meeting(number: int) -> dict[str, Any]:
    user = {"id": guid(USERS, 1 + number % 5), "displayName": f"User {1 + number % 5}"}
    participants = {"attendees": [], "organizer": {"identity": {"user": user}, "upn": None}}
    return {"id": guid(MEETINGS, number), "subject": f"Meeting {number}", "participants": participants}


def one_of_each(rows: Iterable[Row]) -> Iterator[Row]:
    """One thing in each collection that the catalog has besides, below the first of what it belongs to."""
    firsts: dict[str, tuple[str, ...]] = {}
    for each in rows:
        note(each.collection, (), each.given, firsts)
    generic = [each for each in COLLECTIONS.values() if each.kind is THING]
    for number, collection in enumerate(sorted(generic, key=lambda each: (each.depth, each.key)), start=1):
        parent = above(collection.key)
        ids = firsts[parent.key] if parent else ()
        identifier = guid(USERS, 1) if collection.key == "users" else guid(THINGS, number)
        firsts[collection.key] = (*ids, identifier)
        yield Row(collection, ids, {"id": identifier, "displayName": f"First of {collection.name}"}, ())


def note(collection: Collection, ids: tuple[str, ...], given: Properties, firsts: dict[str, tuple[str, ...]]) -> None:
    """The ids that lead to the first thing of each collection."""
    own = (*ids, given["id"])
    firsts.setdefault(collection.key, own)
    for name in collection.kind.children:
        for each in given.get(name, ()):
            note(child(collection, name), own, each, firsts)
