"""Done when: a load of many notifications with random kills of the receiver ends with each exactly accounted for.

``make test`` runs the small form; ``make soak`` the full one. ``SOAK_NOTIFICATIONS``, ``SOAK_KILLS`` and ``SOAK_SEED``
say how much; ``SOAK_STALLED_SECONDS`` asks for the check of the memory with a stalled sink, for that long.
"""

import collections
import os
import random
from pathlib import Path

import pytest

from bench.support.stalled import memory
from tests.soak.account import account
from tests.soak.soaking import Soaked, Soaking
from tests.soak.webhook import REFUSED

NOTIFICATIONS = int(os.environ.get("SOAK_NOTIFICATIONS", "1500"))
KILLS = int(os.environ.get("SOAK_KILLS", "4"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
STALLED_SECONDS = float(os.environ.get("SOAK_STALLED_SECONDS", "0"))


def test_each_notification_is_forwarded_or_a_dead_letter_with_a_reason(tmp_path: Path) -> None:
    """One test: between several, the workers of pytest-xdist would each soak anew."""
    print(f"SOAK_SEED={SEED}", flush=True)
    soaked = Soaking(tmp_path, seed=SEED).run(notifications=NOTIFICATIONS, kills=KILLS)
    found = soaked.account
    print(f"{found.forwarded} forwarded, {found.dead} dead letters, {soaked.kills} kills; {soaked.record}")
    print(f"{found.repeats} events came again, and {found.copies} others for changes that had come before")

    assert found.problems == {}
    assert (soaked.record.delivered, soaked.record.lost) == (NOTIFICATIONS, 0)
    assert soaked.set_aside == 0
    assert soaked.kills == KILLS
    assert found.dead == NOTIFICATIONS // (2 * REFUSED), "the webhook refuses nothing else"
    assert found.forwarded == NOTIFICATIONS - found.dead
    assert found.copies <= soaked.record.again, "each copy is one that Graph has sent"
    assert_that_a_loss_is_noticed(soaked)


def assert_that_a_loss_is_noticed(soaked: Soaked) -> None:
    """The same account with one line less: the proof that it would have told."""
    numbers = collections.Counter(each.number for each in soaked.arrivals)
    lost = next(number for number, count in numbers.items() if count == 1)
    left = [each for each in soaked.arrivals if each.number != lost]
    assert account(soaked.written, left, soaked.letters).problems == {"missing": [lost]}


@pytest.mark.skipif(not STALLED_SECONDS, reason="it takes long: SOAK_STALLED_SECONDS=3600")
def test_a_stalled_sink_takes_no_memory() -> None:
    found = memory(STALLED_SECONDS)
    print(found)
    assert found.growth < 0.1
