"""Paths in, texts out, with a problem for each that cannot be read.

A path is a file, a folder (every ``*.yaml`` and ``*.yml`` below it, hidden ones and kustomize's own left out) or ``-``
for standard input.
What cannot be read is always a problem, never left out: what is left out would be pruned.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.core.manifest import Text
from reconciler.core.source import Problem, Source

__all__ = ["SHOWN_STDIN", "STDIN", "Texts", "read_texts", "reason"]

STDIN = "-"
SHOWN_STDIN = "<stdin>"
ENDINGS = frozenset({".yaml", ".yml"})
NO_MANIFESTS = frozenset({"kustomization.yaml", "kustomization.yml"})
"""They say how kustomize makes manifests of what lies beside them: in a folder they are left out."""

LARGEST = 16 * 1024 * 1024
"""A text of nothing but brackets takes 160 times as much memory, and a stranger may have written it."""

NOT_FOLLOWED = "neither a dry run nor validate follows it"


@dataclasses.dataclass(frozen=True, slots=True)
class Texts:
    """What was read. ``roots`` has the folder that each base must not be left from; ``whole`` says whether every path
    was a folder or a stream, so that what is not in it is not wanted."""

    texts: tuple[Text, ...]
    problems: tuple[Problem, ...]
    roots: Mapping[str, Path]
    origins: Mapping[str, tuple[str, ...]]
    """For each path that was given: the paths of the texts and problems that it came to."""

    whole: bool


@dataclasses.dataclass
class Reading:
    """Where one path leads."""

    confined: bool
    stdin: Callable[[], bytes]
    texts: list[Text] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)
    roots: dict[str, Path] = dataclasses.field(default_factory=dict)
    resolved_roots: dict[Path, Path] = dataclasses.field(default_factory=dict)
    seen: dict[Path, str] = dataclasses.field(default_factory=dict)
    """What was read already, and the path that it was read by."""

    def read(self, path: str) -> tuple[str, ...]:
        """Read what a path leads to, and return the paths of the texts and problems that this came to."""
        place = Path(path)
        if path == STDIN:
            return self.read_stdin()
        if place.is_dir():
            return tuple(self.read_folder(place))
        return (self.read_file(place, root=place.parent),)

    def read_stdin(self) -> tuple[str, ...]:
        if Path(STDIN) not in self.seen:
            self.seen[Path(STDIN)] = SHOWN_STDIN
            self.add(SHOWN_STDIN, self.stdin(), base=Path.cwd(), root=Path.cwd())
        return (SHOWN_STDIN,)

    def read_folder(self, root: Path) -> Iterator[str]:
        """Every manifest below a folder. Each folder is entered once, so links that lead in circles do no harm."""
        entered: set[Path] = set()
        folders = [root]
        while folders:
            folder = folders.pop()
            try:
                resolved = folder.resolve(strict=True)
                if resolved in entered:
                    continue
                entered.add(resolved)
                if self.outside(resolved, root):
                    yield self.complain(folder, "path-outside", f"this folder lies outside of {root}, {NOT_FOLLOWED}")
                    continue
                below, files = entries(folder)
            except (OSError, RuntimeError) as error:
                yield self.complain(folder, "unreadable-file", f"this folder cannot be read: {reason(error)}")
                continue
            folders += reversed(below)
            yield from (self.read_file(file, root=root) for file in files)

    def read_file(self, file: Path, *, root: Path) -> str:
        try:
            resolved = file.resolve(strict=True)
            if self.outside(resolved, root):
                return self.complain(file, "path-outside", f"this file lies outside of {root}, {NOT_FOLLOWED}")
            if not resolved.is_file():
                return self.complain(file, "unreadable-file", "this is no regular file")
            if resolved.stat().st_size > LARGEST:
                return self.complain(file, "unreadable-file", f"this file is over {LARGEST // 1024 // 1024} MiB")
            if resolved not in self.seen:
                self.seen[resolved] = str(file)
                self.add(str(file), resolved.read_bytes(), base=file.parent, root=root)
            return self.seen[resolved]
        except FileNotFoundError:
            return self.complain(file, "unreadable-file", "there is no such file or folder: -f names another one")
        except (OSError, RuntimeError) as error:
            return self.complain(file, "unreadable-file", f"this file cannot be read: {reason(error)}")

    def outside(self, resolved: Path, root: Path) -> bool:
        if root not in self.resolved_roots:
            self.resolved_roots[root] = root.resolve()
        return self.confined and not resolved.is_relative_to(self.resolved_roots[root])

    def add(self, path: str, content: bytes, *, base: Path, root: Path) -> None:
        self.roots[str(base)] = root
        try:
            self.texts.append(Text(path, content.decode("utf-8-sig"), str(base)))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.problems.append(Problem(Source(path, line), "unreadable-file", "this is not UTF-8 text"))

    def complain(self, path: Path, rule: str, message: str) -> str:
        self.problems.append(Problem(Source(str(path)), rule, message))
        return str(path)


def read_texts(paths: Sequence[str], *, confined: bool, stdin: Callable[[], bytes]) -> Texts:
    """Read every path. ``confined`` leaves out what lies outside of its folder, symlinks followed."""
    reading = Reading(confined, stdin)
    origins = {path: reading.read(path) for path in paths}
    whole = all(path == STDIN or Path(path).is_dir() for path in paths)
    return Texts(tuple(reading.texts), tuple(reading.problems), reading.roots, origins, whole)


def entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the manifests right in a folder, in the order of their names, hidden ones left out."""
    visible = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    folders = [each for each in visible if each.is_dir()]
    files = set(visible).difference(folders)
    return folders, sorted(each for each in files if each.suffix in ENDINGS and each.name not in NO_MANIFESTS)


def reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
