"""The command line's part of reading manifests: which texts, which variables, whose subscriptions."""

import argparse
import dataclasses
import datetime as dt
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.core.errors import ManifestError, UsageError
from reconciler.core.manifest import Manifests, read_manifests
from reconciler.core.manifest.kinds import Settings
from reconciler.core.manifest.read import Item
from reconciler.core.mark import NAME, OWNER_LENGTH
from reconciler.core.source import Problem, Severity, Source
from reconciler.core.wanted import Wanted, certificate_files, examine, set_files
from reconciler.sources.referenced import Referenced
from reconciler.sources.texts import SHOWN_STDIN, STDIN, Texts, read_texts, reason

__all__ = ["Loaded", "load"]

VARIABLE_PREFIX = "RECONCILER_VAR_"


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """The manifests of one run."""

    wanted: Wanted
    referenced: Referenced
    whole: bool
    """Whether everything was read that there is, so that what is missing is not wanted."""

    owner: str | None

    def must_be_valid(self) -> None:
        """Raises ManifestError with all problems, warnings among them, if one of them is an error."""
        if self.wanted.errors:
            raise ManifestError(self.wanted.problems)

    @property
    def spelling(self) -> bytes:
        """A digest of what the manifests of the subscriptions say."""
        digest = hashlib.blake2b(digest_size=16)
        for item in self.wanted.manifests.subscriptions:
            digest.update(item.manifest.model_dump_json().encode() + b"\n")
        for each in self.wanted.desired:
            if each.template:  # what stands in a CSV file
                digest.update(repr((each.tenant, each.name, each.resource.text, each.asked.query_options)).encode())
        return digest.digest()

    @property
    def condensed(self) -> "Loaded":
        """Without the manifests of the subscriptions: ten thousand take 35 MB, and ``desired`` has all they come to."""
        manifests = dataclasses.replace(self.wanted.manifests, subscriptions=(), salvaged=())
        return dataclasses.replace(self, wanted=dataclasses.replace(self.wanted, manifests=manifests))


def load(options: argparse.Namespace, *, confined: bool, now: dt.datetime) -> Loaded:
    """Read and check all manifests. Raises UsageError for what the command line itself gets wrong."""
    texts = read_texts(options.files or ["manifests"], confined=confined, stdin=lambda: sys.stdin.buffer.read())
    manifests = read_manifests(texts.texts, variables(options))
    referenced = Referenced(texts.roots, confined)
    owner, owner_problems = owner_of(options.owner, manifests.settings[0] if manifests.settings else None)
    files, sets = referenced.files(certificate_files(manifests)), referenced.sets(set_files(manifests))
    wanted = examine(manifests, files, owner=owner, now=now, sets=sets)
    problems = sorted((*texts.problems, *no_documents(texts, manifests), *owner_problems, *wanted.problems))
    wanted = dataclasses.replace(wanted, problems=tuple(problems))
    return Loaded(wanted, referenced, texts.whole and bool(manifests.settings), owner)


def no_documents(texts: Texts, manifests: Manifests) -> Iterator[Problem]:
    """A path in which nothing is declared is a mistake: taken at its word, it would remove everything."""
    declaring = {problem.source.path for problem in (*texts.problems, *manifests.problems)}
    for kind in (
        manifests.settings,
        manifests.tenants,
        manifests.endpoints,
        manifests.certificates,
        manifests.sinks,
        manifests.subscriptions,
    ):
        declaring |= {item.document.text.path for item in kind}
    for path, found in texts.origins.items():
        if declaring.isdisjoint(found):
            where = "in this folder, of which only *.yaml and *.yml count" if Path(path).is_dir() else "here"
            shown = SHOWN_STDIN if path == STDIN else path
            yield Problem(Source(shown), "no-documents", f"there is no manifest {where}")


def variables(options: argparse.Namespace) -> Mapping[str, str]:
    """``--var`` over ``--var-file`` over the environment."""
    found = {
        name.removeprefix(VARIABLE_PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(VARIABLE_PREFIX)
    }
    for path in options.variable_files:
        found |= variable_file(path)
    return found | dict(options.variables)


def variable_file(path: str) -> dict[str, str]:
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"--var-file {path} is not UTF-8 text") from error
    except OSError as error:
        raise UsageError(f"--var-file {path} cannot be read: {reason(error)}") from error
    found = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()):
            raise UsageError(f"--var-file {path}:{number} is not NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def owner_of(given: str | None, settings: Item[Settings] | None) -> tuple[str | None, list[Problem]]:
    """The flag or the environment wins over the Settings, and a difference is worth a word."""
    if given is not None and (len(given) > OWNER_LENGTH or not NAME.fullmatch(given)):
        raise UsageError(f"the owner {given!r} is not made of a-z, 0-9 and -, at most {OWNER_LENGTH} characters")
    if settings is None:
        return given, []
    written = settings.manifest.spec.owner
    if given and written and given != written:
        message = f"the owner is {given!r} by the command line or RECONCILER_OWNER, {written!r} here"
        place = settings.document.place("spec", "owner")
        return given, [Problem(place, "owner-differs", message, Severity.WARNING)]
    return given or written, []
