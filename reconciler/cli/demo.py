"""``reconcile demo``: the whole story on a local Graph. Each step types a command as a user would, and checks it."""

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from reconciler.cli.exits import Exit
from reconciler.cli.story.stage import NotAsTold, Stage
from reconciler.cli.story.steps import STEPS
from reconciler.core.errors import UsageError

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    started = time.monotonic()
    with workplace(options.keep) as folder, Stage(folder) as stage:
        try:
            for number, (title, step) in enumerate(STEPS, start=1):
                print(
                    f"\n\x1b[1m{number}. {title}\x1b[0m" if sys.stdout.isatty() else f"\n{number}. {title}", flush=True
                )
                step(stage)
        except NotAsTold as error:
            print(f"\nnot as told: {error}", file=sys.stderr)
            return Exit.FAILED
    print(f"\nThe whole story in {time.monotonic() - started:.0f} s, each step as told.")
    return Exit.OK


@contextlib.contextmanager
def workplace(keep: str | None) -> Iterator[Path]:
    """A folder with a copy of the example manifests; the originals are not touched."""
    if keep and Path(keep).exists():
        raise UsageError(f"--keep {keep}: it exists, name a folder that does not")
    folder = Path(keep or tempfile.mkdtemp(prefix="reconcile-demo-"))
    try:
        shutil.copytree(example_manifests(), folder / "manifests")
        yield folder.resolve()
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def example_manifests() -> Path:
    """Beside the package in a checkout, inside of it where it was installed."""
    installed = Path(__file__).parent / "example"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "manifests"
