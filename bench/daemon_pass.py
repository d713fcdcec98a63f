"""What a full pass of ``reconcile daemon`` over 10,000 unchanged subscriptions costs, and how it answers meanwhile.

Here the emulator sends its pages as fast as it can. By Graph's limit of LISTs such a pass takes as many seconds as
there are pages, so the daemon's own work must be little beside that.
"""

import concurrent.futures
import itertools
import threading

from bench.support.cores import OTHER, all_of_them, running_on
from bench.support.deliveries import VALIDATION
from bench.support.errors import BenchError
from bench.support.kept import SUBSCRIPTIONS, Kept, Pass, shared
from bench.support.rush import Rush, rush, slow
from bench.support.targets import at_most

TARGETS = {
    "seconds_of_work": at_most(2),
    "requests_other_than_lists": at_most(0),
    "milliseconds_for_the_slowest_validation_meanwhile": at_most(100),
}
LISTS_PER_SECOND = 20 / 20
"""Of 25 in 20 s a fifth is left to others (facts 8.1)."""

ASKED = 50.0
"""Validations a second: so often it is seen whether it answers."""

MANY = 250
"""To compare with, of what the machine makes of them while nothing else is done."""


def run() -> dict[str, float]:
    kept = shared()
    kept.process.keep_on(all_of_them())
    before, busy = kept.requests(), kept.process.busy
    made = passed(kept)
    work, after = kept.process.busy - busy, kept.requests()
    lists = after.lists - before.lists
    at_rest = ask(kept, threading.Event(), most=MANY)
    answered = meanwhile(kept)
    return {
        "seconds_of_work": work,
        "seconds_beside_the_emulator": made.seconds,
        "requests_for_lists": lists,
        "requests_other_than_lists": after.others - before.others,
        "work_for_each_second_that_the_lists_take": work / (lists / LISTS_PER_SECOND),
        "milliseconds_for_99_of_100_validations_at_rest": slow(at_rest.waits),
        "milliseconds_for_99_of_100_validations_meanwhile": slow(answered.waits),
        "milliseconds_for_the_slowest_validation_meanwhile": max(answered.waits) * 1000,
    }


def passed(kept: Kept) -> Pass:
    """Another pass. Raises BenchError where it finds anything to do."""
    count = len(kept.passes())
    kept.wish()
    made = kept.wait_for(count + 1)
    if (made.done, made.unchanged) != (0, SUBSCRIPTIONS):
        raise BenchError(f"a pass has found {made.unchanged} of {SUBSCRIPTIONS} unchanged, and {made.done} to change")
    return made


def meanwhile(kept: Kept) -> Rush:
    """Validations that are asked for while another pass is made, from its beginning to its end."""
    over = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as beside, running_on({OTHER}):
        asking = beside.submit(ask, kept, over)
        try:
            passed(kept)
        finally:
            over.set()
        return asking.result()


def ask(kept: Kept, over: threading.Event, *, most: int | None = None) -> Rush:
    validations = itertools.islice(itertools.repeat(VALIDATION), most)
    requests = itertools.takewhile(lambda _: not over.is_set(), validations)
    return rush(kept.server, requests, status=200, connections=1, per_second=ASKED)
