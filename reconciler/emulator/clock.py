"""The emulator's time: the machine's, moved forward on request, so that tests need not wait for an expiration."""

import datetime as dt


class Clock:
    def __init__(self) -> None:
        self.offset = dt.timedelta()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.offset

    def advance(self, by: dt.timedelta) -> None:
        """OverflowError if that leaves the calendar; then nothing has changed."""
        _ = self.now() + by
        self.offset += by

    def reset(self) -> None:
        self.offset = dt.timedelta()
