"""The file of what is saved: parts as JSON in, one private file out, a piece at a time; and back.

It is written by rename, so whoever looks finds a whole one.
"""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.home import replacing, taken

KIND = "reconcile-emulator"
FORMAT = 1
HEAD = (("kind", KIND), ("format", FORMAT))
SLICE = 0.005
"""The machine's seconds after which the writing lets others do something."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Two emulators with one file would each undo what the other has written."""
    if path.is_dir():
        raise EmulatorError(f"cannot save to {path}: it is a folder; give a file with --save")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = taken(path.with_name(f".{path.name}.lock"))
    except OSError as error:
        raise unwritable(path, error) from error
    if lock is None:
        raise EmulatorError(
            f"{path} belongs to an emulator that still runs; stop that one, or choose another file with --save"
        )
    with lock:
        yield


def read(path: Path) -> dict[str, Any]:
    """Raises ``EmulatorError`` where it is not one of ours, whole and of this format."""
    try:
        data = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise unreadable(path, f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, str(error)) from error
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise unreadable(path, "no emulator has written it")
    if data.get("format") != FORMAT:
        raise unreadable(path, f"its format is {data.get('format')}, and this version reads {FORMAT}")
    return data


def pieces(contents: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """An object as text, a line for each item of a list."""
    opening = "{"
    for name, value in contents:
        yield f"{opening}\n{json.dumps(name)}: "
        yield from encoded(value)
        opening = ","
    yield "\n}" if opening == "," else "{}"


def encoded(value: Any) -> Iterator[str]:
    """Item by item, where there may be many; an iterator is a list that need not be made first."""
    if isinstance(value, dict):
        yield from pieces(value.items())
    elif isinstance(value, list | Iterator):
        opening = "["
        for item in value:
            yield f"{opening}\n{json.dumps(item)}"
            opening = ","
        yield "\n]" if opening == "," else "[]"
    else:
        yield json.dumps(value)


async def write(path: Path, contents: Iterable[tuple[str, Any]]) -> None:
    """Names and values, after those that say what the file is. Raises ``EmulatorError``."""
    try:
        with replacing(path, private=True) as file:
            await put(file, pieces(itertools.chain(HEAD, contents)))
    except OSError as error:
        raise unwritable(path, error) from error


async def put(file: IO[bytes], pieces: Iterator[str]) -> None:
    """Letting others do something every now and then."""
    began = time.perf_counter()
    for piece in pieces:
        file.write(piece.encode())
        if time.perf_counter() - began > SLICE:
            await asyncio.sleep(0)
            began = time.perf_counter()


def unreadable(path: Path, reason: str) -> EmulatorError:
    return EmulatorError(
        f"cannot go on from {path}: {reason}; choose another file with --save, or move this one away to start anew"
    )


def unwritable(path: Path, error: OSError) -> EmulatorError:
    return EmulatorError(
        f"cannot save to {path}: {error.strerror or error}; make room or access there, or choose another file "
        "with --save"
    )
