"""The daemon's clock: the wall clock is read once, and Graph's answers correct it."""

import datetime as dt
import logging

import pytest

from reconciler.daemon.timepiece import Timepiece
from reconciler.graph.client import Observed
from reconciler.graph.pacing import Kind

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


class Machine:
    """Its wall clock can be set, what passes cannot."""

    def __init__(self, *, off: float = 0.0) -> None:
        self.passed = 0.0
        self.off = off
        """Seconds that the wall clock is ahead of Graph's."""

    def wall(self) -> dt.datetime:
        return NOON + dt.timedelta(seconds=self.passed + self.off)

    def graph(self) -> dt.datetime:
        return NOON + dt.timedelta(seconds=self.passed)

    def clock(self) -> Timepiece:
        return Timepiece(wall=self.wall, steady=lambda: self.passed)

    def answers(self, clock: Timepiece, count: int, *, date: dt.datetime | None = None) -> None:
        for _ in range(count):
            sent_at = clock.now()
            self.passed += 0.1
            said = (date or self.graph()).replace(microsecond=0)
            clock.observe(answer(date=said, sent_at=sent_at, received_at=clock.now()))
            self.passed += 10


def answer(*, date: dt.datetime | None, sent_at: dt.datetime, received_at: dt.datetime) -> Observed:
    return Observed(tenant_id="t", kind=Kind.LIST, status=200, date=date, sent_at=sent_at, received_at=received_at)


def off_by(clock: Timepiece, machine: Machine) -> float:
    return (clock.now() - machine.graph()).total_seconds()


def test_it_passes_with_the_steady_clock():
    machine = Machine()
    clock = machine.clock()
    machine.passed += 90
    assert clock.now() == NOON + dt.timedelta(seconds=90)


@pytest.mark.parametrize("jump", [-86400.0, 3600.0, 3 * 86400.0], ids=["a-day-back", "an-hour-on", "three-days-on"])
def test_a_wall_clock_that_jumps_changes_nothing_but_a_warning(jump, caplog):
    machine = Machine()
    clock = machine.clock()
    machine.answers(clock, 5)
    machine.off = jump
    machine.answers(clock, 5)
    assert abs(off_by(clock, machine)) < 2
    assert clock.skew == pytest.approx(jump, abs=1)
    assert caplog.text.count("set it right") == 1


@pytest.mark.parametrize("off", [-7200.0, 40.0, 86400.0])
def test_one_that_was_wrong_at_the_start_is_corrected_for(off, caplog):
    machine = Machine(off=off)
    clock = machine.clock()
    with caplog.at_level(logging.INFO):
        machine.answers(clock, 1)
        assert off_by(clock, machine) == pytest.approx(off)
        machine.answers(clock, 2)
    assert abs(off_by(clock, machine)) < 1
    assert clock.skew == pytest.approx(off, abs=1)
    assert "corrected by" in caplog.text
    machine.answers(clock, 20)
    assert abs(off_by(clock, machine)) < 1


def test_a_small_difference_is_noise():
    machine = Machine(off=1.5)
    clock = machine.clock()
    machine.answers(clock, 20)
    assert clock.correction == dt.timedelta()


def test_a_single_wild_answer_changes_nothing():
    machine = Machine()
    clock = machine.clock()
    machine.answers(clock, 3)
    machine.answers(clock, 1, date=NOON + dt.timedelta(days=400))
    machine.answers(clock, 1)
    assert abs(off_by(clock, machine)) < 1


def test_answers_without_a_date_say_nothing():
    machine = Machine(off=500)
    clock = machine.clock()
    for _ in range(5):
        now = clock.now()
        clock.observe(answer(date=None, sent_at=now, received_at=now))
    assert clock.skew == 0
    assert off_by(clock, machine) == 500


def test_a_machine_that_slept_is_told_by_the_clock_since_boot():
    machine = Machine()
    clock = machine.clock()
    machine.answers(clock, 9)
    machine.passed += 8 * 3600
    machine.answers(clock, 9)
    assert abs(off_by(clock, machine)) < 1
