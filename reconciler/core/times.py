"""Points in time and durations, as Graph, manifests and snapshots spell them."""

import datetime as dt
import functools
import re

__all__ = [
    "LONGEST",
    "iso_duration",
    "parse_duration",
    "parse_iso_duration",
    "parse_time",
    "spell_duration",
    "spell_time",
]

LONGEST = dt.timedelta(days=366)
"""What may be asked for; Graph grants a month at the most, and a time too far ahead is in no calendar."""

UNITS = {
    "d": dt.timedelta(days=1),
    "h": dt.timedelta(hours=1),
    "m": dt.timedelta(minutes=1),
    "s": dt.timedelta(seconds=1),
}

TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
DURATION = re.compile(r"(?:\d+[dhms])+", re.ASCII)
ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", re.ASCII)


def parse_time(text: str) -> dt.datetime:
    """Read a point in time with any offset and 0 to 7 fraction digits (facts 2.3), as aware UTC.

    Raises ValueError for anything else, a time without an offset included.
    """
    match = TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time such as 2026-01-31T12:00:00Z")
    if text.endswith("Z") and "T" in text:
        return dt.datetime.fromisoformat(text.strip())  # as Graph spells it, ten thousand times
    *numbers, fraction, offset = match.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    micro = int((fraction or "").ljust(6, "0")[:6])
    moment = dt.datetime(year, month, day, hour, minute, second, micro, tzinfo=parse_offset(offset))
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the calendar") from error


def parse_offset(text: str) -> dt.tzinfo:
    if text in "Zz":
        return dt.UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return dt.timezone(sign * dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def spell_time(moment: dt.datetime) -> str:
    """Spell a point in time as UTC with a ``Z``, fractions only where there are any."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


@functools.lru_cache(maxsize=1024)
def parse_duration(text: str) -> dt.timedelta:
    """Read ``90s``, ``45m``, ``12h``, ``3d`` or several of them together, as ``1d12h``."""
    if not DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration such as 90s, 45m, 12h or 3d")
    parts = re.findall(r"(\d+)([dhms])", text)
    try:
        return sum((int(count) * UNITS[unit] for count, unit in parts), dt.timedelta())
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error


def spell_duration(duration: dt.timedelta) -> str:
    """Spell a duration for people, to the second: ``2d 23h 55m``."""
    seconds = int(duration.total_seconds())
    if seconds < 0:
        return f"-{spell_duration(-duration)}"
    parts = []
    for unit, size in UNITS.items():
        count, seconds = divmod(seconds, int(size.total_seconds()))
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def iso_duration(duration: dt.timedelta) -> str:
    """Spell a duration for machines, to the second: ``PT72H``, ``PT71H55M``."""
    hours, rest = divmod(int(duration.total_seconds()), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count]
    return f"PT{''.join(parts) or '0S'}"


@functools.lru_cache(maxsize=1024)
def parse_iso_duration(text: str) -> dt.timedelta:
    """Read ``PT72H`` and its kind; years and months have no fixed length and are refused."""
    match = ISO_DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration such as PT72H")
    days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    try:
        return dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error
