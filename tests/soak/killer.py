"""Kills the receiver when certain changes are written, give or take some tenths of a second, and starts it again."""

import random
import threading
import time
from collections.abc import Sequence
from typing import Self

from tests.soak.receiver import Receiver

__all__ = ["Killer"]

LATER, DOWN = 0.3, 0.5
"""Seconds at the most from the change to the kill, and from the kill to the start."""

GLANCE = 0.005


class Killer:
    """``written`` is the number of the last change; all that is planned has happened when its ``with`` ends."""

    def __init__(self, receiver: Receiver, chance: random.Random, numbers: Sequence[int]) -> None:
        self.receiver = receiver
        self.plan = [(number, chance.uniform(0, LATER), chance.uniform(0, DOWN)) for number in numbers]
        self.written = 0
        self.is_over = False
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self.run, name="killer")

    def run(self) -> None:
        try:
            for number, later, down in self.plan:
                while self.written < number:
                    if self.is_over:
                        return
                    time.sleep(GLANCE)
                time.sleep(later)
                self.receiver.kill()
                time.sleep(down)
                self.receiver.start()
        except BaseException as error:  # noqa: BLE001  raised again where somebody sees it
            self.failure = error

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """After a failure of the others it kills no more."""
        self.is_over = True
        self.thread.join()
        if self.failure and not kind:
            raise self.failure
