"""Calls in, series out: what a scrape shows is read with Prometheus' own parsers."""

import datetime as dt

import pytest
from prometheus_client import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from reconciler.engine.inbox import UNROUTED, Depth, State
from reconciler.receiver.metrics import CODES, Fate, Metrics
from reconciler.receiver.window import Window

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


class Clock:
    """A monotonic clock that stands where it is put."""

    def __init__(self, seconds: float = 1_000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock) -> Metrics:
    return Metrics(clock)


def shown(metrics: Metrics, name: str) -> dict[str, float]:
    """The samples of one name that are not 0, by their labels' values in the order of the labels' names."""
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    return {
        " ".join(sample.labels[label] for label in sorted(sample.labels)).strip(): sample.value
        for family in families
        for sample in family.samples
        if sample.name == f"reconciler_{name}" and sample.value
    }


def test_requests_by_status(metrics):
    for status in (202, 202, 404, 418, 503):
        metrics.answered(status, 0.001)
    assert shown(metrics, "requests_total") == {"202": 2, "404": 1, "418": 1, "503": 1}


def test_what_has_not_happened_is_zero_and_not_missing(metrics):
    text = generate_latest(metrics.registry).decode()
    for line in (
        'requests_total{status="503"}',
        "validations_total",
        'notifications_total{reason="",verdict="set-aside"}',
        "answers_over_3s_ratio",
        "answers_in_window",
    ):
        assert f"reconciler_{line} 0.0\n" in text


def test_validations(metrics):
    metrics.validated()
    metrics.validated()
    assert shown(metrics, "validations_total") == {"": 2}
    assert shown(metrics, "requests_total") == {}


def test_seconds_to_the_answer_tell_apart_what_graph_does(metrics):
    for seconds in (0.0009, 0.004, 2.9, 3.0, 3.1, 10.0, 10.1):
        metrics.answered(202, seconds)
    buckets = shown(metrics, "answer_seconds_bucket")
    assert (buckets["0.001"], buckets["0.005"], buckets["3.0"], buckets["10.0"], buckets["+Inf"]) == (1, 2, 4, 6, 7)
    assert shown(metrics, "answer_seconds_sum") == {"": pytest.approx(29.1049)}


def test_how_long_a_stranger_takes_does_not_spoil_what_graph_sees(metrics):
    metrics.answered(202, 0.01)
    metrics.answered(503, 4)
    for status in (400, 408, 499):
        metrics.answered(status, 30)
    assert shown(metrics, "answer_seconds_count") == {"": 2}
    assert shown(metrics, "answers_in_window") == {"": 2}
    assert shown(metrics, "answers_over_3s_ratio") == {"": 0.5}
    assert shown(metrics, "answers_over_10s_ratio") == {}


def test_the_ratios_are_those_of_the_moment_of_the_look(metrics, clock):
    for seconds in (1, 2, 4, 11):
        metrics.answered(202, seconds)
    assert shown(metrics, "answers_over_3s_ratio") == {"": 0.5}
    assert shown(metrics, "answers_over_10s_ratio") == {"": 0.25}
    clock.seconds += 300
    metrics.answered(200, 1)
    assert shown(metrics, "answers_over_3s_ratio") == {"": 0.4}
    clock.seconds += 300
    assert shown(metrics, "answers_in_window") == {"": 1}
    assert shown(metrics, "answers_over_3s_ratio") == {}


@pytest.mark.parametrize(
    ("answers", "now", "expected"),
    [
        pytest.param([], 0, (0, 0, 0), id="none"),
        pytest.param([(0, 3.0), (0, 3.001), (0, 10.0), (0, 10.5)], 0, (4, 0.75, 0.25), id="limits-are-still-in-time"),
        pytest.param([(5, 4), (599, 1)], 599, (2, 0.5, 0), id="at-the-end-of-ten-minutes"),
        pytest.param([(5, 4), (599, 1)], 600, (1, 0, 0), id="a-slot-leaves-as-a-whole"),
        pytest.param([(9.9, 4), (10, 1)], 600, (1, 0, 0), id="slots-begin-at-tens"),
        pytest.param([(0, 4)] * 3 + [(590, 1)], 595, (4, 0.75, 0), id="a-gap-within-the-window"),
        pytest.param([(0, 11)], 599, (1, 1, 1), id="nothing-since"),
        pytest.param([(0, 11)], 601, (0, 0, 0), id="nothing-for-longer-than-the-window"),
        pytest.param([(0, 11), (5_000, 1)], 5_000, (1, 0, 0), id="a-gap-longer-than-the-window"),
        pytest.param([(step * 10, 4) for step in range(200)], 1_990, (60, 1, 0), id="round-and-round"),
        pytest.param(
            [(step, 4 if step < 1_500 else 1) for step in range(2_000)], 1_999, (600, 1 / 6, 0), id="each-second"
        ),
        pytest.param([(50, 4), (31, 1)], 31, (2, 0.5, 0), id="the-clock-steps-back-a-little"),
        pytest.param([(50, 4), (31, 1)], 640, (2, 0.5, 0), id="and-that-answer-counts-with-the-newest"),
        pytest.param([(9_000, 11), (20, 1), (20, 4)], 20, (2, 0.5, 0), id="the-clock-begins-anew"),
        pytest.param([(9_000, 11)], 20, (0, 0, 0), id="the-clock-begins-anew-before-the-next-answer"),
        pytest.param([(20, 1), (1e9, 4), (1e9, 1)], 1e9, (2, 0.5, 0), id="the-clock-jumps-ahead"),
        pytest.param([(-25, 4), (-3, 1)], -1, (2, 0.5, 0), id="before-zero"),
    ],
)
def test_the_window(answers, now, expected):
    window = Window()
    for at, seconds in answers:
        window.count(seconds, at)
    shares = window.shares(now)
    assert (shares.answers, shares.over_3s, shares.over_10s) == pytest.approx(expected)


def test_the_window_does_not_grow():
    window = Window()
    for second in range(0, 100_000, 7):
        window.count(1, second)
    assert len(window._slots) == 60


def test_notifications_by_fate_and_reason(metrics):
    metrics.notified(Fate.ACCEPTED, count=3)
    metrics.notified(Fate.SET_ASIDE, "client-state")
    metrics.notified(Fate.DEAD_LETTER, "no-key")
    metrics.notified(Fate.DEAD_LETTER, "no-key")
    assert shown(metrics, "notifications_total") == {
        "accepted": 3,
        "client-state set-aside": 1,
        "no-key dead-letter": 2,
    }


def test_what_is_no_code_is_shown_as_other(metrics):
    for reason in ("the token of eve@example.com is bad", "a" * 41, "naïve", "1", 'x"} 1\n', "client-state\n"):
        metrics.notified(Fate.DISCARDED, reason)
    assert shown(metrics, "notifications_total") == {"other discarded": 6}


def test_too_many_codes_are_other(metrics):
    for number in range(CODES + 300):
        metrics.notified(Fate.DISCARDED, f"code-{number}")
    metrics.notified(Fate.DISCARDED, "code-0")
    found = shown(metrics, "notifications_total")
    assert len(found) == CODES + 1
    assert (found["code-0 discarded"], found["other discarded"]) == (2, 300)


def test_forwarding_per_sink(metrics):
    metrics.forwarded("events", 0.2)
    metrics.forwarded("events", 40)
    metrics.forwarded("audit", -0.5)
    metrics.retried("audit")
    assert shown(metrics, "forwarded_total") == {"events": 2, "audit": 1}
    assert shown(metrics, "forwarding_retries_total") == {"audit": 1}
    assert shown(metrics, "forwarding_seconds_sum") == {"events": 40.2}, "a clock that is off adds nothing"
    buckets = shown(metrics, "forwarding_seconds_bucket")
    assert (buckets["0.25 events"], buckets["30.0 events"], buckets["60.0 events"]) == (1, 1, 2)
    assert shown(metrics, "notifications_total") == {"forwarded": 3}


def test_depths_come_and_go(metrics):
    metrics.depths(
        {
            ("events", State.WAITING): Depth(7, NOW - dt.timedelta(seconds=90)),
            ("events", State.DEAD): Depth(2, NOW - dt.timedelta(days=1)),
            (UNROUTED, State.SET_ASIDE): Depth(1, NOW + dt.timedelta(seconds=5)),
            ("audit", State.WAITING): Depth(4, None),
        },
        NOW,
    )
    assert shown(metrics, "inbox_entries") == {
        "events waiting": 7,
        "events dead": 2,
        "set-aside": 1,
        "audit waiting": 4,
    }
    assert shown(metrics, "inbox_oldest_seconds") == {"events waiting": 90, "events dead": 86400}
    metrics.depths({("events", State.WAITING): Depth(1, NOW)}, NOW + dt.timedelta(seconds=3))
    assert shown(metrics, "inbox_entries") == {"events waiting": 1}
    assert shown(metrics, "inbox_oldest_seconds") == {"events waiting": 3}
    metrics.depths({}, NOW)
    text = generate_latest(metrics.registry).decode()
    assert "reconciler_inbox_entries{" not in text
    assert "reconciler_inbox_oldest_seconds{" not in text


def test_last_notifications_and_silence_come_and_go(metrics):
    metrics.heard({("contoso", "mail"): NOW, ("contoso", "chats"): NOW - dt.timedelta(hours=1)})
    metrics.silent({("contoso", "mail"): False, ("contoso", "chats"): True})
    seconds = NOW.timestamp()
    assert shown(metrics, "last_notification_timestamp_seconds") == {
        "mail contoso": seconds,
        "chats contoso": seconds - 3600,
    }
    assert shown(metrics, "subscription_silent") == {"chats contoso": 1}
    line = 'reconciler_subscription_silent{subscription="mail",tenant="contoso"} 0.0\n'
    assert line in generate_latest(metrics.registry).decode()
    metrics.heard({("contoso", "mail"): NOW})
    metrics.silent({})
    assert shown(metrics, "last_notification_timestamp_seconds") == {"mail contoso": seconds}
    assert line not in generate_latest(metrics.registry).decode()


def filled() -> Metrics:
    metrics = Metrics()
    metrics.answered(202, 0.01)
    metrics.forwarded("events", 1)
    metrics.retried("events")
    metrics.depths({("events", State.WAITING): Depth(1, NOW)}, NOW)
    metrics.heard({("contoso", "mail"): NOW})
    metrics.silent({("contoso", "mail"): True})
    return metrics


def test_every_name_follows_the_conventions():
    families = list(read_openmetrics(openmetrics.generate_latest(filled().registry).decode()))
    endings = {"histogram": "_seconds", "counter": "", "gauge": ""}
    assert {family.type for family in families} == set(endings)
    for family in families:
        assert family.name.startswith("reconciler_")
        assert family.name.endswith(endings[family.type])
        assert family.documentation
        assert family.samples, f"{family.name} is shown by no test"


def test_each_has_a_registry_of_its_own():
    first, second = Metrics(), Metrics()
    first.validated()
    assert shown(second, "validations_total") == {}
    assert shown(first, "validations_total") == {"": 1}
