"""How Graph spells instants and spans of time: text in, aware UTC datetimes out, and back."""

import datetime as dt
import re

SPELLING = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})T(?P<time>\d{2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{0,7}))?"
    r"(?P<offset>[Zz]|[+-]\d{2}:\d{2})"
)


def parse(text: str) -> dt.datetime | None:
    """Any offset and up to 7 fraction digits, of which 6 are kept; None if it is no DateTimeOffset (facts 1.1, 2.3)."""
    found = SPELLING.fullmatch(text.strip())
    if found is None:
        return None
    fraction = (found["fraction"] or "")[:6].ljust(6, "0")
    time = found["time"] if found["time"].count(":") == 2 else f"{found['time']}:00"
    offset = "+00:00" if found["offset"] in "Zz" else found["offset"]
    try:
        return dt.datetime.fromisoformat(f"{found['date']}T{time}.{fraction}{offset}").astimezone(dt.UTC)
    except (OverflowError, ValueError):
        return None


def spell(instant: dt.datetime) -> str:
    """UTC with Z, trailing zero fractions removed, as Graph answers (facts 1.2)."""
    text = instant.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def spell_long(instant: dt.datetime) -> str:
    """As .NET spells a DateTimeOffset in Teams' refusals: 7 fraction digits and an offset (facts 3.5)."""
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def spell_span(span: dt.timedelta) -> str:
    """As .NET spells a TimeSpan: ``3.00:00:00``, ``-2.23:59:55.5782570``, ``01:00:00`` (facts 3.5)."""
    sign = "-" if span < dt.timedelta() else ""
    span = abs(span)
    hours, rest = divmod(span.seconds, 3600)
    days = f"{span.days}." if span.days else ""
    fraction = f".{span.microseconds:06d}0" if span.microseconds else ""
    return f"{sign}{days}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"
