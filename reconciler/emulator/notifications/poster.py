"""One POST of notifications: an address and what goes there in, how it went out (facts 5.1, 5.4)."""

import json
import time
from collections.abc import Sequence

from reconciler.emulator.clock import Clock
from reconciler.emulator.faults import Faults
from reconciler.emulator.notifications.deliveries import Attempt
from reconciler.emulator.notifications.envelope import Envelopes
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.options import Options
from reconciler.emulator.outgoing import Outgoing, TooSlow, Unreachable

JSON = {"Content-Type": "application/json; charset=utf-8"}


class Poster:
    def __init__(
        self, *, clock: Clock, envelopes: Envelopes, faults: Faults, options: Options, outgoing: Outgoing
    ) -> None:
        self._clock = clock
        self._envelopes = envelopes
        self._faults = faults
        self._options = options
        self._outgoing = outgoing

    def body(self, notifications: Sequence[Notification]) -> bytes:
        """Made anew for each attempt, as validation tokens do not last as long as retries (facts 7.3)."""
        body = self._faults.deliveries.spoil(self._envelopes.body(notifications))
        return json.dumps(body, separators=(",", ":")).encode()

    async def post(self, url: str, body: bytes, *, patient: bool) -> Attempt:
        """``patient`` waits as long as for a retry."""
        at, start = self._clock.now(), time.monotonic()
        status, error = None, None
        try:
            answer = await self._outgoing.post(url, body, headers=JSON, within=self._limit(patient=patient))
            status = int(answer.status_code)
        except (TooSlow, Unreachable) as reason:
            error = str(reason)
        return Attempt(at=at, seconds=time.monotonic() - start, status=status, error=error)

    def is_over_first(self, attempt: Attempt) -> bool:
        return attempt.seconds >= self._options.first_limit

    def is_over_retry(self, attempt: Attempt) -> bool:
        return attempt.seconds >= self._options.retry_limit

    def _limit(self, *, patient: bool) -> float:
        return self._options.retry_limit if patient else self._options.first_limit
