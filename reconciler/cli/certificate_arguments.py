"""The options of ``reconcile certificates``. Imports nothing heavy."""

import argparse
from collections.abc import Callable

from reconciler.cli.values import whole

__all__ = ["add_certificates"]

LONGEST_DAYS = 3650


def add_certificates(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """``add`` makes a command of ``certificates``."""
    new = add("new", "make a private key and a certificate for it, and print the manifest that uses them")
    new.add_argument("name", metavar="NAME", help="of the Certificate and of its files, as rich-2027")
    new.add_argument(
        "--out", default=".", metavar="FOLDER", help="where NAME.pem and NAME.key are written (default: .)"
    )
    new.add_argument("--days", type=days, default=365, metavar="N", help="how long it is good (default: 365)")
    new.add_argument(
        "--bits", type=bits, default=3072, metavar="N", help="of the RSA key, 2048 to 4096 (default: 3072)"
    )


def bits(text: str) -> int:
    from reconciler.core.certificate import LARGEST_KEY, SMALLEST_KEY

    return within(whole(text), SMALLEST_KEY, LARGEST_KEY, "Graph encrypts with RSA keys of 2048 to 4096 bits only")


def days(text: str) -> int:
    return within(whole(text), 1, LONGEST_DAYS, f"a certificate is made for {LONGEST_DAYS} days at the most")


def within(number: int, smallest: int, largest: int, rule: str) -> int:
    if not smallest <= number <= largest:
        raise argparse.ArgumentTypeError(f"{number} will not do: {rule}")
    return number
