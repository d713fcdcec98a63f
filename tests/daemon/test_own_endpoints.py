"""At which of our own endpoints a replacement may not be tried: where somebody answers, and not as Graph wants it."""

import socket
from collections.abc import Collection

import pytest

from reconciler.core.catalog import ChangeType
from reconciler.daemon.opening import OwnUrl, wrongly_answered
from tests.daemon.household import Household
from tests.support.receiver import ValidationReceiver


@pytest.fixture(scope="module")
def answering(standing_still):
    with ValidationReceiver(standing_still.info) as receiver:
        yield receiver


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param("ok", frozenset(), id="well"),
        pytest.param("refuse", frozenset({"public"}), id="403"),
        pytest.param("wrong", frozenset({"public"}), id="the-token-still-escaped"),
        pytest.param("html", frozenset({"public"}), id="as-html"),
        pytest.param("accepted", frozenset({"public"}), id="202"),
    ],
)
async def test_who_answers(answering, mode, expected):
    answering.reset()
    answering.modes["/lifecycle"] = mode
    trusted = answering._info["caFile"]
    urls = [OwnUrl("public", answering.url(path), trusted) for path in ("/notifications", "/lifecycle")]
    assert await wrongly_answered(urls) == expected


async def test_a_certificate_that_nobody_trusts_is_a_wrong_answer(answering):
    answering.reset()
    assert await wrongly_answered([OwnUrl("public", answering.url(), None)]) == {"public"}


async def test_that_nobody_answers_says_little_from_inside():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert await wrongly_answered([OwnUrl("public", f"https://localhost:{port}/n", None)]) == frozenset()


async def test_the_daemon_replaces_nothing_where_something_else_answers(home: Household) -> None:
    """And asks only where it would replace something."""
    asked: list[set[str]] = []
    wrong = {"public"}

    async def deaf(names: Collection[str]) -> frozenset[str]:
        asked.append(set(names))
        return frozenset(wrong & set(names))

    home.deaf = deaf
    await home.settle(home.team("a"))
    before = home.id_of("a")
    await home.live(hours=3)
    assert asked == []
    home.want(home.team("a", change_types=frozenset({ChangeType.UPDATED})))
    await home.live(hours=2)
    assert (home.id_of("a"), home.writes()) == (before, [])
    assert len(home.said("WARNING own-receiver: contoso: our own receiver does not answer")) == 1
    wrong.clear()
    await home.live(hours=2)
    assert home.id_of("a") != before
    assert asked[-1] == {"public"}
