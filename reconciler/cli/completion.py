"""``reconcile completion SHELL``: a shell's completion."""

import argparse

import shtab

from reconciler.cli.arguments import parser
from reconciler.cli.exits import Exit

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    print(shtab.complete(parser(), shell=options.shell))
    return Exit.OK
