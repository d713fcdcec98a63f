"""The options of the commands that receive, and of the daemon above all."""

import argparse
from collections.abc import Callable
from typing import Any

from reconciler.cli.values import address

__all__ = ["add_daemon", "add_listen", "add_rotate", "check_rotate", "check_serving"]


def add_listen(listen: argparse.ArgumentParser) -> None:
    add_serving(listen, required=True)
    listen.add_argument("--quiet", action="store_true", help="do not print what arrives; it goes to the sinks")


def add_serving(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument(
        "--listen",
        type=address,
        required=required,
        metavar="HOST:PORT",
        help="what Graph reaches, maybe through others",
    )
    command.add_argument("--tls-cert", metavar="FILE", help="PEM; without it, something in front must speak TLS")
    command.add_argument("--tls-key", metavar="FILE")
    command.add_argument(
        "--private", type=address, metavar="HOST:PORT", help="serve metrics and health there, where no stranger gets to"
    )


def add_daemon(daemon: argparse.ArgumentParser) -> None:
    add_serving(daemon, required=False)
    daemon.add_argument(
        "--policy",
        choices=("observe", "create-only", "upsert-only", "full"),
        default=argparse.SUPPRESS,
        help="how far to go, over the Settings",
    )
    daemon.add_argument(
        "--snapshot-out", metavar="FILE", help="keep a redacted snapshot there, for pipelines to plan from with --live"
    )
    daemon.add_argument("--log-format", choices=("console", "json"), default="console", help="of standard error")
    daemon.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="what is worth a line"
    )


def add_rotate(add: Callable[[str, str], Any]) -> None:
    add("client-state", "move every subscription to the first clientState key of its endpoint, in waves")


def check_rotate(options: argparse.Namespace, refuse: Callable[[str], Any]) -> None:
    if not options.errand:
        refuse("say what to rotate: client-state")


def check_serving(options: argparse.Namespace, refuse: Callable[[str], Any]) -> None:
    if bool(options.tls_cert) != bool(options.tls_key):
        refuse("--tls-cert and --tls-key go together")
    if options.tls_cert and not options.listen:
        refuse("--tls-cert goes with --listen")
