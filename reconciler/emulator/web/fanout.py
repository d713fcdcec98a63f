"""Carrying out a batch: its requests in, their answers out, each as if it had come alone (facts 8.4).

One token is for all of them and one version. They run at once, but for those that wait for another.
"""

import asyncio
import json
import random
import urllib.parse
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from reconciler.emulator.web.batch import Item

ORIGINAL_CASE = frozenset({"client-request-id", "request-id"})
LEFT_OUT = frozenset({"content-length", "date"})
INHERITED = frozenset({b"authorization", b"client-request-id", b"host"})
SAFE = "%/:@!$&'()*+,;=~?"
FIRST_FAILURE = 400

Answer = dict[str, Any]
"""``{"id", "status", "headers", "body"}``; nothing but the id counts for which request it is."""
Ask = Callable[[Item], Awaitable[Answer]]
Refuse = Callable[[Item], Answer]


async def carry_out(items: Sequence[Item], *, ask: Ask, refuse: Refuse) -> list[Answer]:
    """In the order of the items; ``refuse`` answers for what depends on a failure."""
    tasks: dict[str, asyncio.Task[Answer]] = {}

    async def in_turn(item: Item) -> Answer:
        if item.after is not None and (await tasks[item.after])["status"] >= FIRST_FAILURE:
            return refuse(item)
        return await ask(item)

    async with asyncio.TaskGroup() as group:
        for item in items:
            tasks[item.key] = group.create_task(in_turn(item))
    return [task.result() for task in tasks.values()]


def shuffled(answers: list[Answer]) -> list[Answer]:
    """In any order but the one that was asked for."""
    mixed = random.sample(answers, len(answers))
    return mixed if mixed != answers else mixed[::-1]


async def ask(app: ASGIApp, item: Item, *, outer: Scope, version: str) -> tuple[Answer, Scope]:
    """Send one item through the whole application; its scope says what became of it."""
    scope = scope_of(item, outer=outer, version=version)
    incoming: Iterable[Message] = (
        {"type": "http.request", "body": item.body, "more_body": False},
        {"type": "http.disconnect"},
    )
    waiting = iter(incoming)
    sent: list[Message] = []

    async def receive() -> Message:
        return next(waiting, {"type": "http.disconnect"})

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return answer_of(item, sent), scope


def scope_of(item: Item, *, outer: Scope, version: str) -> Scope:
    path, _, query = item.url.partition("?")
    raw = f"/{version}/{urllib.parse.quote(path, safe=SAFE)}"
    headers = {name: value for name, value in outer["headers"] if name in INHERITED}
    own = {name.encode(): value.encode() for name, value in item.headers.items() if name != "authorization"}
    return {
        **{key: outer[key] for key in ("type", "asgi", "http_version", "scheme", "server", "client")},
        "method": item.method,
        "path": urllib.parse.unquote(raw),
        "raw_path": raw.encode(),
        "query_string": urllib.parse.quote(query, safe=SAFE).encode(),
        "root_path": "",
        "headers": [*(headers | own).items()],
    }


def answer_of(item: Item, sent: Sequence[Message]) -> Answer:
    """Nothing was sent where the answer is lost: then nobody will read this one either."""
    status = next((each["status"] for each in sent if "status" in each), 0)
    headers = {name.decode(): value.decode() for each in sent for name, value in each.get("headers", ())}
    body = b"".join(each.get("body", b"") for each in sent)
    return answer(item.id, status, spelled(headers), json.loads(body) if body else None)


def answer(identifier: str, status: int, headers: dict[str, str], body: object) -> Answer:
    found: Answer = {"id": identifier, "status": status, "headers": headers}
    return found if body is None else found | {"body": body}


def spelled(headers: dict[str, str]) -> dict[str, str]:
    """As in Graph's examples: ``Content-Type``, ``Retry-After``."""
    return {
        name if name in ORIGINAL_CASE else name.title(): value
        for name, value in headers.items()
        if name not in LEFT_OUT
    }
