"""What Graph's documentation leaves open, as switches: a name and a value in, what the emulator does out."""

import dataclasses
from collections.abc import Callable, Mapping

from reconciler.emulator.errors import EmulatorError


@dataclasses.dataclass(frozen=True, slots=True)
class Behaviour:
    """One open question. The first value is the default, the one that is harder on a client unless said otherwise."""

    values: tuple[str, ...]
    question: str
    facts: str


BEHAVIOURS: Mapping[str, Behaviour] = {
    "batch-order": Behaviour(("shuffled", "as-asked"), "In which order do the responses of a $batch come?", "8.4"),
    "beta-in-v1-list": Behaviour(("no", "yes"), "Can v1.0 see subscriptions that were created on beta?", "11.4"),
    "certificate-patch": Behaviour(
        ("ignored", "taken", "refused"), "What becomes of a certificate that is sent in PATCH?", "1.4"
    ),
    "challenges": Behaviour(
        ("often", "rarely", "never"),
        "How often does reauthorizationRequired come? Often: by the token; rarely: before the subscription expires.",
        "6",
    ),
    "client-state-on-get": Behaviour(("hidden", "shown"), "Does GET by id return clientState?", "1.2"),
    "lifecycle-url-open": Behaviour(
        ("required", "optional"), "Is a lifecycle URL asked for where no source says so?", "1.5"
    ),
    "notification-id": Behaviour(("absent", "present"), "Do notifications have an id of their own?", "5.4"),
    "renew-and-reauthorize": Behaviour(
        ("refused", "inconsistent", "allowed"),
        "What becomes of the second of a renewal and a reauthorization within 10 minutes?",
        "6",
    ),
    "throttling": Behaviour(
        ("documented", "off"), "Are requests beyond the documented limits answered with 429?", "8.1"
    ),
    "token-lapse": Behaviour(
        ("lost", "retried", "ignored"), "What becomes of notifications after the access token has lapsed?", "5.3"
    ),
    "twins": Behaviour(("accept", "conflict"), "What becomes of a second, equal subscription?", "2.1"),
    "unknown-targets": Behaviour(
        ("accepted", "refused"), "Can one subscribe to what does not exist? Accepted, it never notifies.", "3.5"
    ),
    "validate-on-patch": Behaviour(
        ("always", "url-change", "never"), "When are endpoints validated again? Reauthorize: only with always.", "4"
    ),
}


class Behaviours:
    """The values in force: those of the start until they are changed, and again after a reset."""

    def __init__(self, start: Mapping[str, str]) -> None:
        self._start = {name: behaviour.values[0] for name, behaviour in BEHAVIOURS.items()} | checked(start)
        self._now = dict(self._start)
        self._listening: list[Callable[[], None]] = []

    def __getitem__(self, name: str) -> str:
        return self._now[name]

    def change(self, values: Mapping[str, object]) -> None:
        self._now |= checked(values)
        self._tell()

    def reset(self) -> None:
        self._now = dict(self._start)
        self._tell()

    def listen(self, do: Callable[[], None]) -> None:
        """``do`` is called after each change, for who would else have to look all the time."""
        self._listening.append(do)

    def _tell(self) -> None:
        for do in self._listening:
            do()

    def as_json(self) -> dict[str, str]:
        return dict(sorted(self._now.items()))


def checked(values: Mapping[str, object]) -> dict[str, str]:
    """The same values, all of them known, or the reason why not."""
    result: dict[str, str] = {}
    for name, value in values.items():
        if name not in BEHAVIOURS:
            raise EmulatorError(f"unknown behaviour '{name}': use one of {', '.join(sorted(BEHAVIOURS))}")
        allowed = BEHAVIOURS[name].values
        if not isinstance(value, str) or value not in allowed:
            raise EmulatorError(f"behaviour '{name}' cannot be '{value}': use one of {', '.join(allowed)}")
        result[name] = value
    return result
