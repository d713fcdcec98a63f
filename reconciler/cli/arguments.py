"""What may stand on the command line. Imports nothing heavy: ``--version`` and ``--help`` come at once."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from reconciler import __version__
from reconciler.cli.certificate_arguments import add_certificates
from reconciler.cli.daemon_arguments import add_daemon, add_listen, add_rotate, check_rotate, check_serving
from reconciler.cli.emulator_arguments import add_emulator, add_emulator_errands, check_emulator, of_a_home
from reconciler.cli.explain_arguments import add_explain, add_permissions, check_explain, check_permissions
from reconciler.cli.form_arguments import REPORTING, add_format, add_report, add_schema, check_forms
from reconciler.cli.forms import names
from reconciler.cli.inbox_arguments import add_inbox, check_inbox
from reconciler.cli.pass_arguments import (
    add_apply,
    add_destroy,
    add_import,
    add_pass_options,
    check_codes,
    check_pass,
)
from reconciler.cli.status_arguments import add_gaps, add_status, check_status
from reconciler.cli.values import address, pair

__all__ = ["Parser", "parse", "parser"]

DESCRIPTION = "Keeps Microsoft Graph change-notification subscriptions as YAML manifests say."
EPILOG = """exit codes: 0 done or nothing to do · 1 failed · 2 changes are pending (--detailed-exitcode)
· 3 something is withheld as unsafe, or a saved plan is not the plan any more · 4 invalid manifests · 64 wrong usage"""


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


def common_options(*, before: bool, forms: Sequence[str] = names.PLAIN) -> Parser:
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
    add_format(group, before=before, forms=forms)
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


def default(value: Any, *, before: bool) -> dict[str, Any]:
    return {"default": value if before else argparse.SUPPRESS}


def parser() -> Parser:
    """The whole command line, as ``completion`` and the tests see it, too."""
    # The common options may stand before or after the command.
    before, after = common_options(before=True, forms=names.ALL), common_options(before=False)
    root = Parser(prog="reconcile", description=DESCRIPTION, epilog=EPILOG, parents=[before])
    root.add_argument("--version", action=Version, nargs=0, help="show this program's version and exit")
    add_pass_options(root)
    commands = root.add_subparsers(dest="command", metavar="COMMAND", prog="reconcile", title="other commands")

    def add(name: str, summary: str, *, of_manifests: bool = True) -> Parser:
        parents = [common_options(before=False, forms=names.ALL) if name in REPORTING else after]
        parents = parents if of_manifests else []
        made: Parser = commands.add_parser(name, help=summary, description=capitalized(summary), parents=parents)
        return made

    for build in (add_reading_commands, add_running_commands):
        build(add)
    return root


def capitalized(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


class Add(Protocol):
    """Makes a command; one that is not of manifests does without the common options."""

    def __call__(self, name: str, summary: str, *, of_manifests: bool = True) -> Parser: ...


def add_reading_commands(add: Add) -> None:
    add_report(add("validate", "check the manifests, without any call"), before=False)
    render = add("render", "print what the manifests come to: sets and tenants written out, variables filled in")
    render.add_argument(
        "--show-queries", action="store_true", help="print the query values of URLs, which may be secrets, as they are"
    )
    add_schema(add("schema", "print the JSON Schema of the manifests, for editors, or of a plan"))
    catalog = add("catalog", "print what Graph allows for a resource, or for all that are known")
    catalog.add_argument(
        "resource", nargs="?", metavar="RESOURCE", help="a concrete path, such as /teams/getAllChannels"
    )
    add_permissions(add("permissions", "print the permissions that the manifests need, the least that do"))
    add_explain(add("explain", "tell one subscription's story, or what an error means and what helps"))
    add_status(add("status", "show how each subscription stands, or check that none is close to its end"))
    add_gaps(add("gaps", "show when notifications may have been missed"))
    certificates = add("certificates", "show which certificate is in use where, and when an old key is safe to retire")
    add_certificates(errands(certificates))
    completion = add("completion", "print a shell's completion")
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def add_running_commands(add: Add) -> None:
    add_import(add("import", "write manifests for what is live and nobody's here, so that it can be adopted"))
    add_apply(add("apply", "carry out a plan that --out has saved, if it is still the plan"))
    add_destroy(add("destroy", "delete everything that is owned, once the owner is typed"))
    listen = add("listen", "receive what Graph delivers: store, verify, decrypt, forward and print it")
    add_listen(listen)
    add_daemon(add("daemon", "keep every subscription as the manifests say: create, renew, repair, receive, forward"))
    rotate = add("rotate", "move subscriptions to new secrets")
    add_rotate(errands(rotate))
    doctor = add("doctor", "check everything that must be well, from outside in, and say what to do where it is not")
    doctor.add_argument(
        "--private", type=address, metavar="HOST:PORT", help="the private address of the receiver that runs"
    )
    inbox = add("inbox", "look at what could not be forwarded or believed, and retry or drop it", of_manifests=False)
    add_inbox(errands(inbox, with_state))
    # No manifest concerns it: `-f` and its like would be taken and do nothing.
    emulator = add("emulator", "run a local Graph, without a tenant", of_manifests=False)
    add_emulator(emulator)
    add_emulator_errands(errands(emulator, of_a_home, title="for one that runs"))
    demo = add("demo", "tell the whole story on a local Graph, without a tenant and without questions")
    demo.add_argument("--keep", metavar="FOLDER", help="work in this folder and leave it there")


def errands(
    command: Parser, options: Callable[[Parser], None] | None = None, *, title: str = "commands"
) -> Callable[[str, str], Parser]:
    """The way to add commands of a command, each with these options."""
    # With the program's name given, argparse need not ask the formatter, which is slow to start.
    commands = command.add_subparsers(dest="errand", metavar="COMMAND", prog=command.prog, title=title)

    def add(name: str, summary: str) -> Parser:
        made: Parser = commands.add_parser(name, help=summary, description=capitalized(summary))
        if options:
            options(made)
        add_format(made, before=False)
        return made

    return add


def with_state(errand: Parser) -> None:
    add_state(errand, before=False)


CHECKS: dict[str | None, Callable[[argparse.Namespace, Callable[[str], Any]], None]] = {
    "daemon": check_serving,
    "emulator": check_emulator,
    "explain": check_explain,
    "inbox": check_inbox,
    "listen": check_serving,
    "permissions": check_permissions,
    "rotate": check_rotate,
    "status": check_status,
}
APPENDED = ("files", "variables", "variable_files", "tenants", "allow_cloud", "report")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ends the process with 64 where it is wrong."""
    root = parser()
    options = root.parse_args(arguments)
    for name in APPENDED:
        both = [*(getattr(options, name, None) or []), *(getattr(options, f"{name}_after", None) or [])]
        setattr(options, name, both)
    check(root, options)
    return options


def check(root: Parser, options: argparse.Namespace) -> None:
    """What argparse cannot check by itself."""
    check_pass(options, root.error)
    check_forms(options, root.error)
    if check_command := CHECKS.get(options.command):
        check_command(options, root.error)
    check_codes(options, root.error)
