"""What may stand on the command line of a pass, and of what carries one out later. Imports nothing heavy."""

import argparse
from collections.abc import Callable
from typing import Any

from reconciler.cli.form_arguments import add_report
from reconciler.cli.values import duration, moment, pair, whole

__all__ = ["OF_A_PASS", "add_apply", "add_destroy", "add_import", "add_pass_options", "check_codes", "check_pass"]

OF_A_DRY_RUN = ("detailed_exitcode", "live", "now", "save_to")
OF_A_PLAN = ("adoptions", "allow", "only", "policy", "previous_owner", "renew_within", "replace", "selector")
"""What a plan depends on besides the manifests and Graph."""

OF_A_PASS = (*OF_A_DRY_RUN, *OF_A_PLAN, "dry_run", "verbose")


def add_pass_options(root: argparse.ArgumentParser) -> None:
    """Without a command: one pass."""
    group = root.add_argument_group("one pass (without a command)")
    group.add_argument("--dry-run", action="store_true", help="show what would be done, and write nothing")
    group.add_argument(
        "--detailed-exitcode", action="store_true", help="with --dry-run: exit 2 where changes are pending"
    )
    group.add_argument(
        "--policy", choices=("observe", "create-only", "upsert-only", "full"), help="how far to go, over the Settings"
    )
    group.add_argument("--only", action="append", metavar="NAME", help="only this subscription; never prunes")
    group.add_argument(
        "--selector", action="append", type=pair, metavar="NAME=VALUE", help="only those with this label; never prunes"
    )
    group.add_argument(
        "--renew-within", type=duration, metavar="DURATION", help="renew whatever ends within this time as well"
    )
    group.add_argument(
        "--replace",
        action="append",
        metavar="NAME",
        help="replace this subscription although nothing differs, in each tenant that has it (see --tenant)",
    )
    group.add_argument(
        "--limit",
        dest="adoptions",
        type=whole,
        metavar="N",
        help="adopt no more than N subscriptions in this run (default: all)",
    )
    group.add_argument(
        "--previous-owner", action="append", metavar="OWNER",
        help="what this owner has marked may be adopted; its own program must not run any more",
    )  # fmt: skip
    group.add_argument("--allow", action="append", metavar="CODE", help="let a safety violation through, by its code")
    group.add_argument("--live", metavar="FILE", help="with --dry-run: plan from a snapshot instead of from Graph")
    group.add_argument("--now", type=moment, metavar="TIME", help="with --dry-run: plan as if it were this time")
    group.add_argument(
        "--out",
        dest="save_to",
        metavar="FILE",
        help="with --dry-run: save the plan, to be reviewed and carried out by apply FILE",
    )
    group.add_argument("--verbose", action="store_true", help="show every change of a set, and foreign subscriptions")
    add_report(group, before=True)


SPELLED = {"adoptions": "--limit", "save_to": "--out"}
"""Other commands have options of these names, too."""

OF_OTHERS = {"daemon": ("policy",), "import": ("previous_owner",)}
"""Options of a pass that these commands have, too."""


def add_apply(command: argparse.ArgumentParser) -> None:
    command.add_argument("plan", metavar="PLAN", help="the file that --out has written")
    add_report(command, before=False)


def add_destroy(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--yes", metavar="OWNER", help="whose subscriptions are to go, where there is no terminal to type that on"
    )
    add_report(command, before=False)


def add_import(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--into", metavar="FOLDER", help="write the manifests there (default: print them on standard output)"
    )
    command.add_argument(
        "--previous-owner", action="append", default=argparse.SUPPRESS, metavar="OWNER",
        help="import what this owner has marked as well; its own program must not run any more",
    )  # fmt: skip


def check_pass(options: argparse.Namespace, error: Callable[[str], Any]) -> None:
    """What goes with a pass alone, or with a dry run alone."""
    theirs = OF_OTHERS.get(options.command, ())
    given = [name for name in OF_A_PASS if getattr(options, name) not in (None, False) and name not in theirs]
    if options.command and given:
        error(f"{spelled(given[0])} goes with a pass, not with {options.command}")
    for name in given:
        if name in OF_A_DRY_RUN and not options.dry_run:
            error(f"{spelled(name)} goes with --dry-run")


def spelled(name: str) -> str:
    return SPELLED.get(name, f"--{name.replace('_', '-')}")


def check_codes(options: argparse.Namespace, error: Callable[[str], Any]) -> None:
    if not options.allow:
        return
    from reconciler.core.safety import CODES

    for code in options.allow:
        if code not in CODES:
            error(f"--allow {code}: no such code, known are {', '.join(CODES)}")
