"""The files and secrets that manifests refer to, read for whoever uses them and for nobody else."""

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.core.errors import SecretError
from reconciler.core.manifest.fields import SecretReference
from reconciler.core.wanted import CertificateFile, SetFile
from reconciler.sources.texts import reason

__all__ = ["Referenced"]

MIB = 1024 * 1024
LARGEST = MIB
LARGEST_SET = 64 * MIB


@dataclasses.dataclass(frozen=True, slots=True)
class Referenced:
    """Reads what manifests refer to.

    ``confined``, as in a dry run, keeps it within ``roots``: manifests from a pull request are hostile, and a file
    outside of their folder counts as absent.
    """

    roots: Mapping[str, Path]
    confined: bool
    environ: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ)

    def files(self, references: Iterable[CertificateFile]) -> dict[CertificateFile, bytes | str]:
        """The content of each, or a sentence why there is none."""
        return {reference: self.file(reference.path, reference.base) for reference in references}

    def sets(self, files: Iterable[SetFile]) -> dict[SetFile, bytes | str]:
        """The same of CSV files, which may have a million rows."""
        return {each: self.file(each.path, each.base, largest=LARGEST_SET) for each in files}

    def file(self, path: str, base: str, *, largest: int = LARGEST) -> bytes | str:
        try:
            file = Path(base, path).resolve(strict=True)
            if self.confined and not file.is_relative_to(self.roots.get(base, Path(base)).resolve()):
                return f"the file {path} lies outside of the manifests' folder, a dry run does not read it"
            if not file.is_file() or file.stat().st_size > largest:
                return f"the file {path} is no regular file, or over {largest // MIB} MiB"
            return file.read_bytes()
        except (OSError, RuntimeError, ValueError) as error:
            return f"the file {path} cannot be read: {reason(error)}"

    def secret(self, reference: SecretReference, base: str) -> bytes:
        """Raises SecretError where it is absent or empty."""
        if reference.env is not None:
            value = os.fsencode(self.environ.get(reference.env, ""))  # as it came, UTF-8 or not
            if not value:
                raise SecretError(f"the environment variable {reference.env} is not set")
            return value
        content = self.file(reference.file or "", base)
        if isinstance(content, str):
            raise SecretError(content)
        value = content.removesuffix(b"\n").removesuffix(b"\r")
        if not value:
            raise SecretError(f"the file {reference.file} is empty")
        return value
