"""How Graph spells paths, types and instants in notifications (facts 2.3, 5.4)."""

import datetime as dt
import functools

from reconciler.core.catalog import ENTRIES
from reconciler.emulator.model.paths import split
from reconciler.emulator.model.resources import is_placeholder, template

PACIFIC = dt.timezone(dt.timedelta(hours=-8))
INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
SECONDS = len("2021-02-02T10:30:34.909756")
BESIDES = frozenset({"allmembers", "appcatalogs", "installedtochats", "replies", "teamsapps"})
"""Names in the paths of things, whether or not the catalog has them: indirect members, answers (facts 2.2, 2.3)."""


def zulu(instant: dt.datetime) -> str:
    """``2023-01-28T00:00:00.0000000Z``."""
    return f"{in_zone(instant, dt.UTC)[:SECONDS]}0Z"


def universal(instant: dt.datetime) -> str:
    """``2022-05-24T23:21:19.3554400+00:00``."""
    return in_seven_digits(instant, dt.UTC)


def pacific(instant: dt.datetime) -> str:
    """``2021-02-02T10:30:34.9097560-08:00``."""
    return in_seven_digits(instant, PACIFIC)


def indian(instant: dt.datetime) -> str:
    """``2021-12-31T16:16:44.9907400+05:30``."""
    return in_seven_digits(instant, INDIA)


def in_seven_digits(instant: dt.datetime, zone: dt.tzinfo) -> str:
    text = in_zone(instant, zone)
    return f"{text[:SECONDS]}0{text[SECONDS:]}"


def in_zone(instant: dt.datetime, zone: dt.tzinfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="microseconds")


@functools.cache
def names() -> frozenset[str]:
    """Every part of a path in the catalog that is no id, in lower case."""
    steps = (step for entry in ENTRIES for step in template(entry.path))
    return frozenset(step.text.lower() for step in steps if not is_placeholder(step)) | BESIDES


def steps_of(path: str) -> list[tuple[str, str | None]]:
    """``teams/1/schedule/shifts/2`` is a team with an id, a schedule without, a shift with one."""
    steps: list[tuple[str, str | None]] = []
    for part in split(path.strip("/"), "/"):
        if steps and steps[-1][1] is None and part.lower() not in names():
            steps[-1] = (steps[-1][0], part)
        else:
            steps.append((part, None))
    return steps


def keyed(path: str) -> str:
    """``teams/1/channels/2`` as ``teams('1')/channels('2')``."""
    return "/".join(name if key is None else f"{name}('{quoted(key)}')" for name, key in steps_of(path))


def quoted(text: str) -> str:
    return text.replace("'", "''")


def singular(collection: str) -> str:
    return collection.removesuffix("s")


def capitalized(text: str) -> str:
    """Only the first letter: the others stay as they are."""
    return text[:1].upper() + text[1:]
