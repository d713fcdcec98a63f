"""What a write is: things and chance in, a request out. Mostly changes; what is deleted was created here."""

import dataclasses
import random
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from reconciler.emulator.churn.known import Known, item_path

MANY = 500
CALLS = "/beta/communications/onlineMeetings"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    made: list[str] | None = None
    """Where the path of what it creates is kept."""

    def answered(self, answer: Mapping[str, Any] | None) -> None:
        if self.made is not None and answer:
            self.made.append(item_path(self.path, answer["id"]))


Chance = random.Random
Draw = Callable[[Known, Chance], Awaitable[Write | None]]
"""None where there is nothing of its kind."""


async def drawn(known: Known, chance: Chance) -> Write:
    draw = chance.choices(list(DRAWS), list(DRAWS.values()))[0]
    return await draw(known, chance) or await add_team(known, chance)


async def change_team(known: Known, chance: Chance) -> Write | None:
    if not known.teams:
        return None
    return Write(method="PATCH", path=chance.choice(known.teams), body=named("Team", chance))


async def change_channel(known: Known, chance: Chance) -> Write | None:
    channels = await known.channels(chance.choice(known.teams)) if known.teams else []
    if not channels:
        return None
    return Write(method="PATCH", path=chance.choice(channels), body={"description": f"As of {number(chance)}"})


async def change_event(known: Known, chance: Chance) -> Write | None:
    events = [*known.webinars, *known.town_halls]
    return Write(method="PATCH", path=chance.choice(events), body=named("Event", chance)) if events else None


async def register(known: Known, chance: Chance) -> Write | None:
    """Registrations are never deleted in Graph, so after many of them only these change."""
    who = number(chance)
    if len(known.own_registrations) >= MANY:
        path = chance.choice(known.own_registrations)
        return Write(method="PATCH", path=path, body={"lastName": str(who)})
    if not known.webinars:
        return None
    path = f"{chance.choice(known.webinars)}/registrations"
    body = {"firstName": "Guest", "lastName": str(who), "email": f"guest{who}@contoso.com"}
    return Write(method="POST", path=path, body=body, made=known.own_registrations)


async def call(known: Known, chance: Chance) -> Write | None:
    if not known.join_urls:
        return None
    key = urllib.parse.quote(chance.choice(known.join_urls), safe="")
    event = chance.choice(("callStarted", "callEnded", "rosterUpdated"))
    return Write(method="POST", path=f"{CALLS}(joinWebUrl='{key}')/meetingCallEvents", body={"eventType": event})


async def add_team(known: Known, chance: Chance) -> Write:
    return Write(method="POST", path="/v1.0/teams", body=named("Team", chance), made=known.own_teams)


async def add_channel(known: Known, chance: Chance) -> Write | None:
    if not known.teams:
        return None
    team = chance.choice(known.teams)
    await known.channels(team)  # before there is one of ours, which may be deleted while others change it
    return Write(method="POST", path=f"{team}/channels", body=named("Channel", chance), made=known.own_channels)


async def delete_team(known: Known, chance: Chance) -> Write | None:
    return deletion(known.own_teams, chance)


async def delete_channel(known: Known, chance: Chance) -> Write | None:
    return deletion(known.own_channels, chance)


def deletion(own: list[str], chance: Chance) -> Write | None:
    return Write(method="DELETE", path=own.pop(chance.randrange(len(own)))) if own else None


def named(what: str, chance: Chance) -> dict[str, str]:
    return {"displayName": f"{what} {number(chance)}"}


def number(chance: Chance) -> int:
    return chance.randrange(1_000_000)


DRAWS: Mapping[Draw, int] = {
    change_team: 40,
    change_channel: 35,
    change_event: 5,
    register: 6,
    call: 4,
    add_team: 2,
    add_channel: 3,
    delete_team: 2,
    delete_channel: 3,
}
"""Out of a hundred."""
