"""A flood of strangers: it fills nothing, fetches nothing, and keeps nobody out."""

import asyncio
import random
from typing import Any

import jwt

from tests.receiver.hostile.support import (
    Ring,
    private_keys,
    rich,
    signed,
)
from tests.receiver.hostile.whole import FORWARDED, RIGHT, call, receiving, spelled
from tests.receiver.sending import (
    ELSEWHERE,
    FABRIKAM,
    TENANT,
    Served,
    item,
    token,
)

ROOM = 150_000


def forged_items(number: int) -> list[Any]:
    chance = random.Random(number)
    strange = [
        item(clientState="".join(chance.choices("abcXYZ019-_", k=43)), later="x" * chance.randrange(200)),
        item(clientState=None),
        item(ELSEWHERE, rich=True),
        item(FABRIKAM, clientState=RIGHT[TENANT], rich=True),
        item(clientState=RIGHT[TENANT].swapcase(), rich=True),
        {"subscriptionId": "s", "clientState": RIGHT[TENANT].lower(), "lifecycleEvent": "missed"},
        number,
        {},
    ]
    return chance.choices(strange, k=chance.randint(1, 4))


def test_a_flood_of_strangers(tmp_path, noticing, monkeypatch):
    checked: list[int] = []
    tokens = [token(), "a.b.c", signed(head={"kid": "invented"})]
    bodies = [spelled({"value": forged_items(number), "validationTokens": tokens}) for number in range(2000)]
    for number in range(0, 2000, 50):
        bodies[number] = spelled({"value": [item(subscriptionId=f"genuine-{number}"), *forged_items(number)]})
    real = jwt.PyJWS.decode

    def decode(*args: Any, **more: Any) -> Any:
        checked.append(1)
        return real(*args, **more)

    monkeypatch.setattr(jwt.PyJWS, "decode", decode)

    async def flood(whole):
        turns = asyncio.Semaphore(64)

        async def one(body):
            async with turns:
                return await call(whole.receiver, body)

        return await asyncio.gather(*map(one, bodies))

    with receiving(tmp_path, keys=private_keys(), served=Served(Ring()), room=ROOM) as whole:  # type: ignore[arg-type]
        assert set(whole.run(flood(whole))) == {202}
        fates = whole.fates()
        assert {fate.reason for fate in fates} == {FORWARDED, "client-state", "tenant", "malformed"}
        assert {data["subscriptionId"] for data in whole.inbox.sink.data} == {
            f"genuine-{number}" for number in range(0, 2000, 50)
        }
        assert len(whole.inbox.sink.events) == 40
        stored = sum(len(fate.body) + len(fate.tokens or "") for fate in fates if fate.state == "set-aside")
        assert ROOM / 2 < stored <= ROOM
        assert ("discarded", "client-state") in whole.inbox.telling.told_of
        assert (whole.inbox.served.asked, checked) == ([], [])
        # The room is strangers' only: with it full, Graph's goes on, and only that makes us work.
        assert whole.post(rich(), item(), item(clientState="x" * 3000), tokens=[token()]) == 202
        assert [fate.reason for fate in whole.fates()] == [FORWARDED, FORWARDED]
        assert (len(whole.inbox.served.asked), len(checked)) == (1, 1)
