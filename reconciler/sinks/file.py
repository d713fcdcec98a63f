"""An event in, a line of JSON at the end of a file out: on the disk before ``send`` returns, whole or not at all."""

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.core.event import Event
from reconciler.engine.sinks import Unreachable
from reconciler.engine.together import Together
from reconciler.sinks.settings import FileSettings
from reconciler.sinks.threads import on_own_thread

__all__ = ["FileSink"]

MODE = 0o600
"""It may hold what was encrypted."""

FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
"""The last one for a pipe of that name, which would be waited for."""


class FileSink:
    """Events that come together share one write and one flush.

    The file may be moved away at any time, as logrotate does: the next event begins a new one.
    """

    def __init__(self, settings: FileSettings) -> None:
        self.settings = settings
        self.path = Path(settings.path)
        self.lines = Together(self.write)
        self.lock = threading.Lock()
        self.descriptor: int | None = None

    async def send(self, event: Event) -> None:
        await self.lines.add(event.content + b"\n")

    async def write(self, lines: Sequence[bytes]) -> None:
        try:
            await on_own_thread(lambda: self.write_all(lines))
        except OSError as error:
            raise Unreachable(self.explained(error)) from error

    async def close(self) -> None:
        await self.lines.idle()
        await on_own_thread(self.let_go)

    def write_all(self, lines: Sequence[bytes]) -> None:
        with self.lock:
            try:
                rest = list(lines)
                while rest:
                    descriptor, size = self.open_at_its_end()
                    fitting = fit(rest, self.settings.max_size - size) or (0 if size else 1)
                    if fitting:
                        append(descriptor, b"".join(rest[:fitting]), size)
                        rest = rest[fitting:]
                    else:
                        self.rotate()
            except OSError:
                self.forget()
                raise

    def open_at_its_end(self) -> tuple[int, int]:
        """The file that has the path now, and its size."""
        if self.descriptor is not None and not self.has_the_path(self.descriptor):
            self.forget()
        descriptor = self.open() if self.descriptor is None else self.descriptor
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # Half a line of a process that was killed. It is not ours to cut, so it is ended.
            size += os.write(descriptor, b"\n")
        return descriptor, size

    def open(self) -> int:
        """The file is ours alone: two that write to it would cut off each other's lines."""
        is_new = not self.path.exists()
        self.descriptor = descriptor = os.open(self.path, FLAGS, MODE)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_new:
            self.flush_folder()
        return descriptor

    def has_the_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def rotate(self) -> None:
        self.forget()
        for younger, older in self.successions():
            if younger.exists():
                younger.replace(older)
        if not self.settings.keep:
            self.path.unlink()
        self.flush_folder()

    def successions(self) -> Iterator[tuple[Path, Path]]:
        """The oldest first, which makes room for the next one."""
        names = [self.path, *(Path(f"{self.path}.{number}") for number in range(1, self.settings.keep + 1))]
        return zip(reversed(names[:-1]), reversed(names[1:]), strict=True)

    def flush_folder(self) -> None:
        """A file is safe only once its name is."""
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def let_go(self) -> None:
        with self.lock:
            self.forget()

    def forget(self) -> None:
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def explained(self, error: OSError) -> str:
        file = f"the sink {self.settings.name!r} cannot write to {self.path}"
        match error.errno:
            case errno.ENOENT | errno.ENOTDIR:
                return f"{file}: its folder {self.path.parent} does not exist, create it"
            case errno.EAGAIN:
                return f"{file}: another process or another sink writes to it, give each a file of its own"
            case errno.ENOSPC | errno.EDQUOT:
                return f"{file}: the disk is full, make room"
            case errno.EACCES | errno.EPERM | errno.EROFS:
                return f"{file}: {error.strerror}, allow it or name another path"
            case errno.EISDIR | errno.EINVAL | errno.ENXIO:
                return f"{file}: it is no regular file, name another path"
        return f"{file}: {error.strerror or type(error).__name__}, look at its disk"


def append(descriptor: int, content: bytes, size: int) -> None:
    """Raises OSError, and then the file ends at ``size``, where it ended before."""
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def fit(lines: Sequence[bytes], room: int) -> int:
    """How many of the first lines have room together."""
    for count, line in enumerate(lines):
        room -= len(line)
        if room < 0:
            return count
    return len(lines)
