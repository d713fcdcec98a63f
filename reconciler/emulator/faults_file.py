"""A file with the faults to start with, in YAML or JSON (which is YAML): a path in, the faults in force out."""

from pathlib import Path

from reconciler.emulator import faults
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.faults import Faults
from reconciler.emulator.reading import Misread
from reconciler.emulator.world.files import compose, lines
from reconciler.emulator.world.yaml_nodes import Builder, at, locate


def read(path: Path | None) -> Faults:
    """No path means no faults. Raises ``EmulatorError`` with the place in the file."""
    if path is None:
        return Faults()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise EmulatorError(f"cannot read the faults in '{path}': {reason}; give a YAML file in UTF-8") from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Faults:
    """``name`` is what stands before each problem. Raises ``EmulatorError``."""
    node = compose(text, name=name)
    if node is None:
        return Faults()
    builder = Builder()
    data = builder.build(node)
    if builder.problems:
        raise EmulatorError(lines(builder.problems, name))
    try:
        found = faults.parse(data)
    except Misread as error:
        mark = locate(node, error.way, key=False).start_mark
        raise EmulatorError(lines([at(mark, str(error))], name)) from error
    found.start = data
    return found
