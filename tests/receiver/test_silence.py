"""Who is silent, and what is new about it, look by look."""

import datetime as dt

import pytest

from reconciler.receiver.silence import Silence, Watched

BEGAN = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def at(hours: float) -> dt.datetime:
    return BEGAN + hours * HOUR


def watched(**hours: float) -> list[Watched]:
    return [Watched("t", name, limit * HOUR) for name, limit in hours.items()]


def look(silence, watch, heard, hour):
    """Each name that is silent, ``+`` before those that fell silent at this look, ``-`` for those that spoke again."""
    noticed = silence.look(watched(**watch), {("t", name): at(heard_at) for name, heard_at in heard.items()}, at(hour))
    assert set(noticed.fell_silent) <= set(noticed.silent)
    silent = [f"+{name}" if ("t", name) in noticed.fell_silent else name for _, name in noticed.silent]
    return " ".join([*silent, *(f"-{name}" for _, name in noticed.spoke_again)])


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([({"a": 2}, {}, 1.9, ""), ({"a": 2}, {}, 2, "+a"), ({"a": 2}, {}, 3, "a")], id="never-heard"),
        pytest.param([({"a": 2}, {}, 5, "+a")], id="the-first-look-counts-from-the-beginning"),
        pytest.param(
            [({}, {}, 1, ""), ({"a": 2}, {}, 5, ""), ({"a": 2}, {}, 6.9, ""), ({"a": 2}, {}, 7, "+a")],
            id="declared-later-counts-from-then",
        ),
        pytest.param(
            [({"a": 2}, {}, 1, ""), ({}, {}, 1.5, ""), ({"a": 2}, {}, 3, ""), ({"a": 2}, {}, 5, "+a")],
            id="declared-anew-counts-anew",
        ),
        pytest.param(
            [({"a": 2}, {"a": 1}, 2.9, ""), ({"a": 2}, {"a": 1}, 3, "+a"), ({"a": 2}, {"a": 1}, 3.1, "a")], id="heard"
        ),
        pytest.param([({"a": 2}, {"a": -5}, 0, "+a")], id="heard-by-a-receiver-before-this-one"),
        pytest.param(
            [
                ({"a": 2}, {}, 2, "+a"),
                ({"a": 2}, {"a": 2.5}, 3, "-a"),
                ({"a": 2}, {"a": 2.5}, 3.5, ""),
                ({"a": 2}, {"a": 2.5}, 4.5, "+a"),
            ],
            id="speaks-and-falls-silent-again",
        ),
        pytest.param(
            [({"a": 2}, {"a": 0}, 3, "+a"), ({"a": 2}, {"a": 0.5}, 3, "a")], id="spoke-too-long-ago-to-be-news"
        ),
        pytest.param([({"a": 2}, {}, 2, "+a"), ({"a": 9}, {}, 3, "")], id="a-longer-limit-is-no-word-from-it"),
        pytest.param([({"a": 9}, {}, 2, ""), ({"a": 1}, {}, 2, "+a")], id="a-shorter-limit"),
        pytest.param(
            [({"a": 2}, {}, 2, "+a"), ({}, {}, 3, ""), ({"a": 2}, {"a": 3}, 4, "")], id="removed-while-silent"
        ),
        pytest.param([({"a": 2}, {"b": 0, "c": 9}, 5, "+a")], id="others-are-nothing-to-it"),
        pytest.param([({"a": 2}, {"a": 30}, 5, "")], id="heard-in-the-future"),
        pytest.param([({"b": 1, "a": 1, "c": 9}, {}, 2, "+a +b")], id="in-order"),
    ],
)
def test_looks(looks):
    silence = Silence(BEGAN)
    assert [look(silence, watch, heard, hour) for watch, heard, hour, _ in looks] == [says for *_, says in looks]


def test_one_name_in_two_tenants_is_two_subscriptions_and_each_tells_since_when():
    silence = Silence(BEGAN)
    both = [Watched(tenant, "a", HOUR) for tenant in ("t1", "t2")]
    noticed = silence.look(both, {("t1", "a"): at(0.5), ("t2", "a"): at(1.9)}, at(2))
    assert noticed.silent == {("t1", "a"): at(0.5)}
    assert noticed.fell_silent == (("t1", "a"),)
