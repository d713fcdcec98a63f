"""The folder that an import writes to: what stands in it already, and new files, each whole or not there at all."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.cli.reports import umask
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.manifest import Text
from reconciler.core.manifest.subscription_kinds import SUBSCRIPTION_ID
from reconciler.sources.texts import SHOWN_STDIN, STDIN, read_texts

__all__ = ["Beside", "check_folder", "put_new", "written_beside"]

ID = SUBSCRIPTION_ID.strip("^$")
GIVEN = re.compile(rf"\bid[\"']?:[ \t]*[\"']?({ID})")
"""An id as ``adopt`` names it, in YAML or JSON."""

ENDPOINT = re.compile(r"^ *metadata: \{name: (external-[0-9a-f]{8})\}$", re.MULTILINE)
PRIVATE, PUBLIC = 0o600, 0o666


class Beside:
    """What texts mention, whether or not it was read as manifests."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self.commented: set[str] = set()
        """Ids that stand in comments, in lower case."""

        self.in_force: set[str] = set()
        self.endpoints: set[str] = set()
        """Names of those that an earlier import has written."""

        for text in texts:
            self.endpoints.update(ENDPOINT.findall(text.content))
            for line in text.content.splitlines():
                self.look(line)

    def look(self, line: str) -> None:
        for found in GIVEN.finditer(line):
            (self.commented if "#" in line[: found.start()] else self.in_force).add(found[1].lower())


def written_beside(paths: Sequence[str], given: Iterable[Text], into: str | None) -> tuple[Beside, Beside]:
    """What the files that were read mention, and what those in the folder do that were not.

    Files in which everything is commented out are no manifests, so they are read once more; ``given`` has the rest.
    """
    read = [*texts_in(path for path in paths if path != STDIN), *(each for each in given if each.path == SHOWN_STDIN)]
    known = {os.path.realpath(each.path) for each in read}
    folder = texts_in([into]) if into and Path(into).is_dir() else ()
    return Beside(read), Beside(each for each in folder if os.path.realpath(each.path) not in known)


def texts_in(paths: Iterable[str]) -> Sequence[Text]:
    return read_texts(list(paths), confined=False, stdin=lambda: b"").texts


def check_folder(folder: Path) -> None:
    """Raises UsageError where nothing could be written there at the end. Nothing is made yet."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        if not place.is_dir():
            raise NotADirectoryError(0, f"{place} is no folder")
        with contextlib.closing(tempfile.TemporaryFile(dir=place)):
            pass
    except OSError as error:
        raise UsageError(f"--into {folder} cannot be written: {error.strerror}") from error


def put_new(folder: Path, stem: str, text: str, variables: Mapping[str, str]) -> tuple[Path, Path | None]:
    """Write both or none, under the first name that is free; the file of variables is for nobody else's eyes.

    Raises ReconcilerError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in names(folder, stem):
            values = file.with_name(f"{file.name}.vars") if variables else None
            if put_both(file, text, values, variables):
                return file, values
    except OSError as error:
        raise ReconcilerError(f"--into {folder} cannot be written: {error.strerror}") from error
    raise AssertionError("there is always a name that is free")


def put_both(file: Path, text: str, values: Path | None, variables: Mapping[str, str]) -> bool:
    if values and not put(values, "".join(map(line, sorted(variables.items()))), PRIVATE):
        return False
    done = False
    try:
        done = put(file, text, PUBLIC & ~umask())
    finally:
        if values and not done:
            values.unlink()
    return done


def line(variable: tuple[str, str]) -> str:
    return "=".join(variable) + "\n"


def names(folder: Path, stem: str) -> Iterator[Path]:
    number = 1
    while True:
        yield folder / f"{stem}{'' if number == 1 else f'-{number}'}.yaml"
        number += 1


def put(file: Path, text: str, mode: int) -> bool:
    """Whole at once; False where the name is taken, which stays as it is."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as temporary:
        try:
            temporary.write(text.encode(errors="backslashreplace"))
            temporary.flush()
            Path(temporary.name).chmod(mode)
            # Unlike a rename, a link never takes the place of what is there.
            os.link(temporary.name, file)
        except FileExistsError:
            return False
        finally:
            Path(temporary.name).unlink()
    return True
