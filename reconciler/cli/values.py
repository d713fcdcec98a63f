"""What stands behind an option: its text in, the value out, or why it is none. Imports nothing heavy."""

import argparse
import datetime as dt
import math

__all__ = ["address", "duration", "moment", "pair", "positive", "whole"]


def moment(text: str) -> dt.datetime:
    from reconciler.core.times import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def duration(text: str) -> dt.timedelta:
    from reconciler.core.times import LONGEST, parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if found > LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is too long, a duration is {LONGEST.days}d at the most")
    return found


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8443")
    return host.strip("[]") or "127.0.0.1", int(port)


def positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not greater than zero")
    return number


def whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number greater than zero")
    return int(text)
