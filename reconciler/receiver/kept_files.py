"""Small secret files of one folder: written whole or not at all and for their owner alone, read without surprises."""

import contextlib
import datetime as dt
import os
import stat
import tempfile
from pathlib import Path

__all__ = ["NotAFile", "read", "refresh", "time_of", "write"]

LARGEST = 64 * 1024


class NotAFile(Exception):
    """There is something else of that name; the text says what."""


def write(path: Path, content: bytes, *, time: dt.datetime) -> None:
    """On the disk, under its name and with that ``time``, when the call returns. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.utime(descriptor, times(time))
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    synchronize(path.parent)


def refresh(path: Path, content: bytes, *, time: dt.datetime) -> bool:
    """Give the file its new ``time``, which works on a full disk as well; False where it must be written anew."""
    try:
        found, status = read(path)
        if found != content or status.st_mode & 0o077:
            return False
        os.utime(path, times(time), follow_symlinks=False)
    except (OSError, NotAFile):
        return False  # writing it tells what is wrong
    return True


def read(path: Path) -> tuple[bytes, os.stat_result]:
    """Follows no link and waits for no pipe. Raises OSError and NotAFile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise NotAFile("this is no regular file, or over 64 KiB")
        return file.read(LARGEST), status


def synchronize(folder: Path) -> None:
    """A new name is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def times(time: dt.datetime) -> tuple[float, float]:
    return time.timestamp(), time.timestamp()


def time_of(status: os.stat_result) -> dt.datetime:
    return dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
