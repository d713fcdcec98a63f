"""Which cores something runs on: one for the server that is measured, another one for who asks it."""

import contextlib
import os
from collections.abc import Collection, Iterator

__all__ = ["ONE", "OTHER", "all_of_them", "running_on"]


def all_of_them() -> frozenset[int]:
    """Those that we may use."""
    return frozenset(os.sched_getaffinity(0))


ONE = min(all_of_them())
OTHER = max(all_of_them())
"""The same one on a machine with one core, where figures say little."""


@contextlib.contextmanager
def running_on(cores: Collection[int]) -> Iterator[None]:
    """This thread, and the processes that it starts meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
