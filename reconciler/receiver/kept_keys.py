"""Pairs that are in use in, copies of them in a folder out, and from there the private keys that were in use lately.

Whoever renews a certificate in its file, as cert-manager does, overwrites the private key that Graph still encrypts
for. A copy is made while the key is current, not when it changes, which may happen while no process is running.

Everything here waits for the disk, so it belongs on a thread. Nothing is raised: problems come back, as warnings.
Several processes may share the folder. The keys are in its files alone, never in a database, a log or a ``repr``.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reconciler.core.source import Problem, Severity, Source
from reconciler.receiver import kept_files
from reconciler.receiver.kept_files import NotAFile, time_of
from reconciler.receiver.private_keys import (
    RULE,
    KeyPairFiles,
    PrivateKeys,
    Unusable,
    read_certificate,
    read_pair,
)

__all__ = ["KEEP", "Kept", "KeptKeys", "merged"]

KEEP = dt.timedelta(days=7)
FOLDER_RULE = "kept-keys"
NAME = re.compile(r"[0-9A-F]{40}\.pem", re.ASCII)
UNFINISHED = re.compile(r"\.[0-9A-F]{40}\.pem\..+\.new", re.ASCII)
"""A process was killed while it wrote; it may hold a private key, too."""

BEGINNING = b"-----BEGIN CERTIFICATE-----"
"""In front of it stands the private key."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """A pair that was in use."""

    thumbprint: str
    certificate: bytes
    """PEM."""

    private_key: rsa.RSAPrivateKey = dataclasses.field(repr=False)
    current_at: dt.datetime
    """When it was last in use, as far as a process has looked."""


def merged(keys: PrivateKeys, kept: Iterable[Kept]) -> PrivateKeys:
    """With those that were kept; of one thumbprint, that of the manifests is taken."""
    found = {each.thumbprint: each.private_key for each in kept}
    return dataclasses.replace(keys, by_thumbprint=MappingProxyType(found | dict(keys.by_thumbprint)))


@dataclasses.dataclass(frozen=True, slots=True)
class KeptKeys:
    """Copies named ``<thumbprint>.pem``; a file's time is when its key was last current."""

    folder: Path
    keep_for: dt.timedelta = KEEP

    def keep(self, pairs: Iterable[KeyPairFiles], *, now: dt.datetime) -> tuple[Problem, ...]:
        """Copy each pair that is current, and note that it is so at ``now``.

        A pair that opens nothing is left out: that is told where private keys are read.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            return (self.not_kept(error),)
        problems = {self.closed()} | {self.keep_one(name, content, now) for name, content in copies(pairs)}
        return tuple(sorted(each for each in problems if each))

    def load(self, *, now: dt.datetime) -> tuple[tuple[Kept, ...], tuple[Problem, ...]]:
        """Those that were current within ``keep_for``; of what is no copy of ours only a warning."""
        files = self.files()
        if isinstance(files, Problem):
            return (), (files,)
        read = [read_kept(path) for path in files if not path.name.startswith(".")]
        found = [each for each in read if isinstance(each, Kept) and not self.is_over(each.current_at, now)]
        return tuple(found), tuple(sorted(each for each in read if isinstance(each, Problem)))

    def expire(self, *, now: dt.datetime) -> tuple[Problem, ...]:
        """Remove copies that are older; what is damaged or not ours stays, for a person to look at."""
        files = self.files()
        if isinstance(files, Problem):
            return (files,)
        problems = [self.expire_one(path, now) for path in files]
        return tuple(sorted(each for each in problems if each))

    def files(self) -> list[Path] | Problem:
        """In the order of their names; none where there is no folder yet."""
        try:
            return sorted(self.folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"the private keys that were kept here cannot be read: {said(error)}: check its permissions"
            return warning(self.folder, FOLDER_RULE, message)

    def expire_one(self, path: Path, now: dt.datetime) -> Problem | None:
        try:
            if self.is_to_go(path, now):
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return None  # another process was faster
        except OSError as error:
            message = f"this private key is not to be kept any longer and cannot be removed: {said(error)}: remove it"
            return warning(path, FOLDER_RULE, message)
        return None

    def is_to_go(self, path: Path, now: dt.datetime) -> bool:
        if UNFINISHED.fullmatch(path.name):
            return self.is_over(time_of(path.lstat()), now)
        kept = read_kept(path) if NAME.fullmatch(path.name) else None
        return isinstance(kept, Kept) and self.is_over(kept.current_at, now)

    def is_over(self, current_at: dt.datetime, now: dt.datetime) -> bool:
        return now - current_at > self.keep_for

    def closed(self) -> Problem | None:
        """Shut the folder for others; where that cannot be, the copies in it are still for their owner alone."""
        try:
            if self.folder.stat().st_mode & 0o077:
                self.folder.chmod(0o700)
        except OSError as error:
            message = f"this folder of private keys is open to others and stays so: {said(error)}: chmod 700 closes it"
            return warning(self.folder, FOLDER_RULE, message)
        return None

    def keep_one(self, thumbprint: str, content: bytes, now: dt.datetime) -> Problem | None:
        path = self.folder / f"{thumbprint}.pem"
        try:
            if not kept_files.refresh(path, content, time=now):
                kept_files.write(path, content, time=now)
        except OSError as error:
            return self.not_kept(error)
        return None

    def not_kept(self, error: OSError) -> Problem:
        message = (
            f"private keys cannot be kept here: {said(error)}: when a certificate's file changes in place, what Graph"
            " still encrypts for the old one stays closed; let this process write here"
        )
        return warning(self.folder, FOLDER_RULE, message)


def copies(pairs: Iterable[KeyPairFiles]) -> Iterator[tuple[str, bytes]]:
    """By thumbprint, what is written down of each current pair."""
    for pair in pairs:
        if pair.previous:
            continue
        try:
            thumbprint, key = read_pair(pair)
            certificate = read_certificate(pair.certificate)
        except Unusable:
            continue
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        yield thumbprint, pem + certificate.public_bytes(Encoding.PEM)


def read_kept(path: Path) -> Kept | Problem | None:
    """None where another process has just removed it."""
    if not NAME.fullmatch(path.name):
        return left(path, "its name is not that of a private key that was kept here")
    try:
        content, status = kept_files.read(path)
        key_pem, beginning, rest = content.partition(BEGINNING)
        certificate = beginning + rest
        thumbprint, key = read_pair(KeyPairFiles(Source(str(path)), certificate, key_pem, previous=True))
    except FileNotFoundError:
        return None
    except OSError as error:
        return warning(path, RULE, f"this file among the private keys that were kept cannot be read: {said(error)}")
    except (NotAFile, Unusable) as error:
        return left(path, str(error))
    if path.name != f"{thumbprint}.pem":
        return left(path, "it holds another certificate than its name says")
    return Kept(thumbprint, certificate, key, time_of(status))


def left(path: Path, why: str) -> Problem:
    return warning(path, RULE, f"{why} (nothing is opened with this file, and it stays here until somebody removes it)")


def warning(path: Path, rule: str, message: str) -> Problem:
    return Problem(Source(str(path)), rule, message, Severity.WARNING)


def said(error: OSError) -> str:
    return error.strerror or type(error).__name__
