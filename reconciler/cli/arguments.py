"""What may stand on the command line. Imports nothing heavy: ``--version`` and ``--help`` come at once."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from reconciler import __version__
from reconciler.cli.inbox_arguments import add_inbox, check_inbox
from reconciler.cli.values import address, duration, moment, pair, positive, whole

__all__ = ["Parser", "parse", "parser"]

DESCRIPTION = "Keeps Microsoft Graph change-notification subscriptions as YAML manifests say."
EPILOG = """exit codes: 0 done or nothing to do · 1 failed · 2 changes are pending (--detailed-exitcode)
· 3 something is withheld as unsafe · 4 invalid manifests · 64 wrong usage"""


class Parser(argparse.ArgumentParser):
    """Wrong usage ends with 64: argparse's own 2 means that changes are pending."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"formatter_class": formatter, "allow_abbrev": False, **given})

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def formatter(prog: str) -> argparse.HelpFormatter:
    from rich_argparse import RawDescriptionRichHelpFormatter  # only help needs it, and it takes a while to start

    RawDescriptionRichHelpFormatter.group_name_formatter = str  # as written, not capitalized
    return RawDescriptionRichHelpFormatter(prog, max_help_position=32)


class Version(argparse.Action):
    """argparse's own goes through the formatter, which is slow to start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        print(f"reconcile {__version__}")
        parser.exit()


def common_options(*, before: bool) -> Parser:
    options = Parser(add_help=False, argument_default=None if before else argparse.SUPPRESS)
    group = options.add_argument_group("common options")
    suffix = "" if before else "_after"
    group.add_argument(
        "-f", "--file", dest=f"files{suffix}", action="append", metavar="PATH",
        help="a file, a folder or - for standard input; several times (default: manifests)",
    )  # fmt: skip
    group.add_argument(
        "--var", dest=f"variables{suffix}", action="append", type=pair, metavar="NAME=VALUE",
        help="the value of ${NAME} in manifests; also RECONCILER_VAR_NAME",
    )  # fmt: skip
    group.add_argument(
        "--var-file",
        dest=f"variable_files{suffix}",
        action="append",
        metavar="FILE",
        help="NAME=VALUE lines, values as they stand",
    )
    add_format(group, before=before)
    group.add_argument(
        "--owner", **default(os.environ.get("RECONCILER_OWNER") or None, before=before),
        help="whose subscriptions these are; also RECONCILER_OWNER, or spec.owner of the Settings",
    )  # fmt: skip
    group.add_argument(
        "--tenant", dest=f"tenants{suffix}", action="append", metavar="NAME", help="only this tenant; several times"
    )
    group.add_argument(
        "--allow-cloud", dest=f"allow_cloud{suffix}", action="append", metavar="HOST",
        help="a token may be sent to this host of a custom cloud; also RECONCILER_ALLOW_CLOUD",
    )  # fmt: skip
    add_state(group, before=before)
    return options


def add_state(group: argparse._ActionsContainer, *, before: bool) -> None:
    group.add_argument(
        "--state", **default(os.environ.get("RECONCILER_STATE"), before=before), metavar="PATH",
        help="the folder, or database URL, of the store: what Graph does not tell, and the inbox; also"
        " RECONCILER_STATE (default: the user's state folder)",
    )  # fmt: skip


def add_format(group: argparse._ActionsContainer, *, before: bool) -> None:
    group.add_argument("--format", choices=("text", "json"), **default("text", before=before), help="what to print")


def default(value: Any, *, before: bool) -> dict[str, Any]:
    return {"default": value if before else argparse.SUPPRESS}


def parser() -> Parser:
    """The whole command line, as ``completion`` and the tests see it, too."""
    # The common options may stand before or after the command.
    before, after = common_options(before=True), common_options(before=False)
    root = Parser(prog="reconcile", description=DESCRIPTION, epilog=EPILOG, parents=[before])
    root.add_argument("--version", action=Version, nargs=0, help="show this program's version and exit")
    add_pass_options(root)
    commands = root.add_subparsers(dest="command", metavar="COMMAND", prog="reconcile", title="other commands")

    def add(name: str, summary: str, *, of_manifests: bool = True) -> Parser:
        parents = [after] if of_manifests else []
        made: Parser = commands.add_parser(name, help=summary, description=capitalized(summary), parents=parents)
        return made

    for build in (add_reading_commands, add_running_commands):
        build(add)
    return root


def capitalized(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


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
    group.add_argument("--allow", action="append", metavar="CODE", help="let a safety violation through, by its code")
    group.add_argument("--live", metavar="FILE", help="with --dry-run: plan from a snapshot instead of from Graph")
    group.add_argument("--now", type=moment, metavar="TIME", help="with --dry-run: plan as if it were this time")


class Add(Protocol):
    """Makes a command; one that is not of manifests does without the common options."""

    def __call__(self, name: str, summary: str, *, of_manifests: bool = True) -> Parser: ...


def add_reading_commands(add: Add) -> None:
    add("validate", "check the manifests, without any call")
    add("schema", "print the JSON Schema of the manifests, for editors")
    catalog = add("catalog", "print what Graph allows for a resource, or for all that are known")
    catalog.add_argument(
        "resource", nargs="?", metavar="RESOURCE", help="a concrete path, such as /teams/getAllChannels"
    )
    status = add("status", "show the live subscriptions of each tenant")
    status.add_argument("--live-out", metavar="FILE", help="write a redacted snapshot, to plan from with --live")
    completion = add("completion", "print a shell's completion")
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def add_running_commands(add: Add) -> None:
    listen = add("listen", "receive what Graph delivers: store, verify, decrypt, forward and print it")
    listen.add_argument(
        "--listen", type=address, required=True, metavar="HOST:PORT", help="what Graph reaches, maybe through others"
    )
    listen.add_argument("--tls-cert", metavar="FILE", help="PEM; without it, something in front must speak TLS")
    listen.add_argument("--tls-key", metavar="FILE")
    listen.add_argument(
        "--private", type=address, metavar="HOST:PORT", help="serve /metrics, /healthz and /readyz there"
    )
    listen.add_argument("--quiet", action="store_true", help="do not print what arrives; it goes to the sinks")
    inbox = add("inbox", "look at what could not be forwarded or believed, and retry or drop it", of_manifests=False)
    add_inbox(errands(inbox, with_state))
    # No manifest concerns it: `-f` and its like would be taken and do nothing.
    add_emulator(add("emulator", "run a local Graph, without a tenant", of_manifests=False))
    demo = add("demo", "tell the whole story on a local Graph, without a tenant and without questions")
    demo.add_argument("--keep", metavar="FOLDER", help="work in this folder and leave it there")


def add_emulator(emulator: Parser) -> None:
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
    add = errands(emulator, of_a_home, title="for one that runs")
    add("env", "print what programs need to use it, as shell exports")
    seed = add("seed", "add what a file describes to its world")
    seed.add_argument("seed_file", metavar="FILE", help="teams, channels, events, meetings; YAML or JSON")
    add_churn(add("churn", "keep changing its world"))


def errands(
    command: Parser, options: Callable[[Parser], None], *, title: str = "commands"
) -> Callable[[str, str], Parser]:
    """The way to add commands of a command, each with these options."""
    # With the program's name given, argparse need not ask the formatter, which is slow to start.
    commands = command.add_subparsers(dest="errand", metavar="COMMAND", prog=command.prog, title=title)

    def add(name: str, summary: str) -> Parser:
        made: Parser = commands.add_parser(name, help=summary, description=capitalized(summary))
        options(made)
        add_format(made, before=False)
        return made

    return add


def of_a_home(errand: Parser) -> None:
    errand.add_argument("--home", default=argparse.SUPPRESS, metavar="FOLDER", help="of the emulator that is meant")


def with_state(errand: Parser) -> None:
    add_state(errand, before=False)


def add_churn(churn: Parser) -> None:
    churn.add_argument("--rate", type=positive, required=True, metavar="N", help="so many writes a second")
    end = churn.add_mutually_exclusive_group()
    end.add_argument("--for", dest="span", type=duration, metavar="DURATION", help="end after that time, as 90s")
    end.add_argument("--count", type=whole, metavar="N", help="end after so many writes")
    churn.add_argument("--random-seed", type=int, metavar="N", help="the same number draws the same writes again")


OF_A_DRY_RUN = ("detailed_exitcode", "live", "now")
OF_A_RUNNING_EMULATOR = ("behaviour", "faults", "listen", "save", "time_scale", "world")
OF_A_PASS = (*OF_A_DRY_RUN, "allow", "dry_run", "only", "policy", "renew_within", "selector")
APPENDED = ("files", "variables", "variable_files", "tenants", "allow_cloud")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ends the process with 64 where it is wrong."""
    root = parser()
    options = root.parse_args(arguments)
    for name in APPENDED:
        both = [*(getattr(options, name, None) or []), *(getattr(options, f"{name}_after", None) or [])]
        setattr(options, name, both)
    check(root, options)
    return options


def spelled(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def check(root: Parser, options: argparse.Namespace) -> None:
    """What argparse cannot check by itself."""
    given = [name for name in OF_A_PASS if getattr(options, name) not in (None, False)]
    if options.command and given:
        root.error(f"{spelled(given[0])} goes with a pass, not with {options.command}")
    for name in given:
        if name in OF_A_DRY_RUN and not options.dry_run:
            root.error(f"{spelled(name)} goes with --dry-run")
    if options.command == "emulator" and options.errand:
        started = [name for name in OF_A_RUNNING_EMULATOR if getattr(options, name) is not None]
        if started:
            root.error(f"{spelled(started[0])} goes with the start of the emulator, not with {options.errand}")
    if options.command == "inbox":
        check_inbox(options, root.error)
    if options.command == "listen" and bool(options.tls_cert) != bool(options.tls_key):
        root.error("--tls-cert and --tls-key go together")
    for code in options.allow or ():
        check_code(root, code)


def check_code(root: Parser, code: str) -> None:
    from reconciler.core.safety import CODES

    if code not in CODES:
        root.error(f"--allow {code}: no such code, known are {', '.join(CODES)}")
