"""``--report FORM=PATH``: what a run found, in files beside what it prints, each whole or not there at all."""

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.core.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.forms.table import Table

__all__ = ["check", "report_failure", "write"]


class ReportError(ReconcilerError):
    """A report was not written."""


def check(options: argparse.Namespace) -> None:
    """Before anything is done: raises UsageError where a report could not be written at the end."""
    places = [place(path) for _, path in options.report]
    for path in places:
        if places.count(path) > 1:
            raise UsageError(f"--report {path} is given twice: each report needs a file of its own")
        try:
            examine(path)
        except OSError as error:
            raise UsageError(f"--report {path} cannot be written: {error.strerror}") from error
    if options.save_to:
        try:
            examine(place(options.save_to))
        except OSError as error:
            raise UsageError(f"--out {options.save_to} cannot be written: {error.strerror}") from error


def place(path: str) -> Path:
    """What a link points to is written, not the link."""
    return Path(os.path.realpath(path))


def examine(path: Path) -> None:
    """Raises OSError. Only a file that was really made shows that one can be."""
    if not path.parent.is_dir():
        raise NotADirectoryError(0, f"there is no folder {path.parent}")
    if path.is_dir():
        raise IsADirectoryError(0, "it is a folder, name a file")
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(0, "it is read-only")
    if not path.exists() or path.is_file():
        with contextlib.closing(tempfile.TemporaryFile(dir=path.parent)):
            pass


def report_failure(error: ReconcilerError, options: argparse.Namespace) -> None:
    """A run that ended before there was anything to report: its reports say why."""
    if not options.report or isinstance(error, ReportError):
        return
    from reconciler.cli.forms.table import Table
    from reconciler.core.source import Problem, Source

    first = options.files[0] if options.files else "manifests"
    with contextlib.suppress(ReportError):
        write(Table((Problem(Source(first), "failed", str(error)),), verdict="The run failed."), options)


def write(table: "Table", options: argparse.Namespace) -> None:
    """Raises ReportError, after all the others are written."""
    failures = [failure for form, path in options.report for failure in written(table, form, place(path))]
    if failures:
        raise ReportError("; ".join(failures))


def written(table: "Table", form: str, path: Path) -> Iterator[str]:
    """Write one report; yields what went wrong."""
    from reconciler.cli.forms.spelling import spell

    content = spell(table, form).encode(errors="backslashreplace")
    try:
        put(content, path)
    except OSError as error:
        yield f"--report {form}={path} was not written: {error.strerror}"


def put(content: bytes, path: Path) -> None:
    """A pipe or a device is written as it stands, a file is replaced when its successor is whole."""
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            temporary.chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
