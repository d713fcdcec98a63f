"""The account itself: what it takes for right, and what it must notice."""

import pytest

from tests.soak.account import Arrival, Letter, account, arrival_of


def arrival(number: int, event: str | None = None, *, maybe: bool = False, told: str = "") -> Arrival:
    return Arrival(number, event or f"e{number}", maybe, told)


ONE, TWO, THREE = arrival(1), arrival(2), Letter(3, "refused")


@pytest.mark.parametrize(
    ("arrivals", "letters", "problems"),
    [
        pytest.param([ONE, TWO], [THREE], {}, id="all-there"),
        pytest.param([ONE, ONE, TWO], [THREE], {}, id="the-same-event-again"),
        pytest.param([ONE, TWO, arrival(2, "copy", maybe=True)], [THREE], {}, id="graph-has-said-it-twice"),
        pytest.param([ONE], [THREE], {"missing": [2]}, id="one-lost-line"),
        pytest.param([ONE, TWO], [], {"missing": [3]}, id="one-lost-letter"),
        pytest.param([ONE, TWO, arrival(4)], [THREE], {"unknown": [4]}, id="one-that-nobody-has-written"),
        pytest.param([ONE, TWO, arrival(2, "copy")], [THREE], {"unmarked": [2]}, id="a-copy-that-does-not-say-so"),
        pytest.param([ONE, TWO, arrival(2, told="x")], [THREE], {"contradictory": ["e2"]}, id="again-but-different"),
        pytest.param([ONE, TWO, arrival(2, "e1", maybe=True)], [THREE], {"contradictory": ["e1"]}, id="an-id-for-two"),
    ],
)
def test_what_is_noticed(arrivals, letters, problems):
    assert account([1, 2, 3], arrivals, letters).problems == problems


@pytest.mark.parametrize("letter", [Letter(2, None), Letter(None, "refused")], ids=["no-reason", "nobody-knows-it"])
def test_a_letter_that_explains_nothing(letter):
    assert account([1, 2], [ONE], [letter]).problems == {"missing": [2], "unexplained": [letter]}


def test_a_letter_for_what_was_forwarded_too_is_counted_once():
    found = account([1], [ONE], [Letter(1, "refused")])
    assert (found.forwarded, found.dead) == (1, 0)


@pytest.mark.parametrize(
    ("data", "number"),
    [
        ({"resource": "teams('1')", "content": {"displayName": "soak-12"}}, 12),
        ({"resource": "users/a@b/messages/soak-7", "content": None}, 7),
        ({"resource": "Users('a')/messages('soak-7')", "content": None}, 7),
        ({"resource": "users/a@b/messages/else", "content": None}, -1),
    ],
)
def test_the_number_of_an_event(data, number):
    found = arrival_of({"id": "e", "data": data | {"duplicate": "possible"}})
    assert (found.number, found.possible_duplicate) == (number, True)
