"""The options of ``reconcile emulator``. Imports nothing heavy."""

import argparse
import os
from collections.abc import Callable
from typing import Any

from reconciler.cli.values import address, duration, pair, positive, whole

__all__ = ["add_emulator", "add_emulator_errands", "check_emulator", "of_a_home"]

OF_A_RUNNING_EMULATOR = ("behaviour", "faults", "listen", "save", "time_scale", "world")


def add_emulator(emulator: argparse.ArgumentParser) -> None:
    """Without a command of its own it runs; the others ask one that does."""
    home = os.environ.get("RECONCILER_EMULATOR_HOME") or ".emulator"
    emulator.add_argument(
        "--home", default=home, metavar="FOLDER",
        help="where its keys and its log are kept; also RECONCILER_EMULATOR_HOME (default: .emulator)",
    )  # fmt: skip
    emulator.add_argument(
        "--listen", type=address, metavar="HOST:PORT", help="on this machine only (default: 127.0.0.1:8443)"
    )
    emulator.add_argument("--world", choices=("small", "large"), help="begin with teams, channels, events, meetings")
    emulator.add_argument(
        "--behaviour",
        action="append",
        type=pair,
        metavar="NAME=VALUE",
        help="where it is open what Graph does, as twins=conflict; several times; a wrong name lists them all",
    )
    emulator.add_argument("--faults", metavar="FILE", help="begin with what goes wrong, as /emulator/faults takes it")
    emulator.add_argument("--time-scale", type=positive, metavar="N", help="60 runs an hour of its clock in a minute")
    emulator.add_argument("--save", metavar="FILE", help="keep everything there, and begin with what is there")


def add_emulator_errands(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """``add`` makes a command that asks an emulator that runs."""
    add("env", "print what programs need to use it, as shell exports")
    seed = add("seed", "add what a file describes to its world")
    seed.add_argument("seed_file", metavar="FILE", help="teams, channels, events, meetings; YAML or JSON")
    add_churn(add("churn", "keep changing its world"))


def of_a_home(errand: argparse.ArgumentParser) -> None:
    errand.add_argument("--home", default=argparse.SUPPRESS, metavar="FOLDER", help="of the emulator that is meant")


def add_churn(churn: argparse.ArgumentParser) -> None:
    churn.add_argument("--rate", type=positive, required=True, metavar="N", help="so many writes a second")
    end = churn.add_mutually_exclusive_group()
    end.add_argument("--for", dest="span", type=duration, metavar="DURATION", help="end after that time, as 90s")
    end.add_argument("--count", type=whole, metavar="N", help="end after so many writes")
    churn.add_argument("--random-seed", type=int, metavar="N", help="the same number draws the same writes again")


def check_emulator(options: argparse.Namespace, refuse: Callable[[str], Any]) -> None:
    started = [name for name in OF_A_RUNNING_EMULATOR if getattr(options, name) is not None]
    if options.errand and started:
        option = f"--{started[0].replace('_', '-')}"
        refuse(f"{option} goes with the start of the emulator, not with {options.errand}")
