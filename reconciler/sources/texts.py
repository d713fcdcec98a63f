"""Paths in, texts out, with a problem for each that cannot be read.

A path is a file, a folder (every ``*.yaml`` and ``*.yml`` below it, hidden ones left out) or ``-`` for standard input.
"""

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.core.manifest import Text
from reconciler.core.source import Problem, Source

__all__ = ["STDIN", "Texts", "read_texts"]

STDIN = "-"
ENDINGS = frozenset({".yaml", ".yml"})
LARGEST = 64 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Texts:
    """What was read. ``roots`` has the folder that each base must not be left from; ``whole`` says whether every path
    was a folder or a stream, so that what is not in it is not wanted."""

    texts: tuple[Text, ...]
    problems: tuple[Problem, ...]
    roots: Mapping[str, Path]
    whole: bool


@dataclasses.dataclass
class Reading:
    """Where one path leads."""

    confined: bool
    stdin: Callable[[], bytes]
    texts: list[Text] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)
    roots: dict[str, Path] = dataclasses.field(default_factory=dict)
    seen: set[Path] = dataclasses.field(default_factory=set)

    def read(self, path: str) -> None:
        place = Path(path)
        if path == STDIN:
            self.add("<stdin>", self.stdin(), base=Path.cwd(), root=Path.cwd())
        elif place.is_dir():
            self.read_folder(place)
        else:
            self.read_file(place, root=place.parent)

    def read_folder(self, folder: Path) -> None:
        before = len(self.texts)
        found = len(self.problems)
        for file in sorted(files_below(folder)):
            self.read_file(file, root=folder)
        if not any(text.content.strip() for text in self.texts[before:]) and len(self.problems) == found:
            message = "there is no manifest in this folder, only *.yaml and *.yml count"
            self.problems.append(Problem(Source(str(folder)), "no-documents", message))

    def read_file(self, file: Path, *, root: Path) -> None:
        try:
            resolved = file.resolve(strict=True)
            if self.confined and not resolved.is_relative_to(root.resolve()):
                self.complain(file, "path-outside", f"this file lies outside of {root}, a dry run does not follow it")
            elif not resolved.is_file():
                self.complain(file, "unreadable-file", "this is no regular file")
            elif resolved.stat().st_size > LARGEST:
                self.complain(file, "unreadable-file", f"this file is larger than {LARGEST // 1024 // 1024} MiB")
            elif resolved not in self.seen:
                self.seen.add(resolved)
                self.add(str(file), resolved.read_bytes(), base=file.parent, root=root)
        except (OSError, RuntimeError) as error:
            self.complain(file, "unreadable-file", f"this file cannot be read: {reason(error)}")

    def add(self, path: str, content: bytes, *, base: Path, root: Path) -> None:
        self.roots[str(base)] = root
        try:
            self.texts.append(Text(path, content.decode("utf-8-sig"), str(base)))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.problems.append(Problem(Source(path, line), "unreadable-file", "this is not UTF-8 text"))

    def complain(self, file: Path, rule: str, message: str) -> None:
        self.problems.append(Problem(Source(str(file)), rule, message))


def read_texts(paths: Sequence[str], *, confined: bool, stdin: Callable[[], bytes]) -> Texts:
    """Read every path. ``confined`` leaves out what lies outside of its folder, symlinks followed."""
    reading = Reading(confined, stdin)
    for path in paths:
        reading.read(path)
    whole = all(path == STDIN or Path(path).is_dir() for path in paths)
    return Texts(tuple(reading.texts), tuple(reading.problems), reading.roots, whole)


def files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not hidden(name))
        yield from (Path(parent, name) for name in visible(files) if Path(name).suffix in ENDINGS)


def visible(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not hidden(name))


def hidden(name: str) -> bool:
    return name.startswith(".")


def reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
