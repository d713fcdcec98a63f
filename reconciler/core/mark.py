"""Who manages a subscription, and how that is written on it.

The mark is one query parameter of the URLs that Graph delivers to. Graph keeps queries and returns them in LIST (facts
1.1), so ownership needs no memory of ours: a lost store loses nothing.

    reconciler=1.<owner>.<name>.<birth>.<key>.<digest>[p][l]

The lifecycle URL bears the same without the digest: nobody can patch that URL, and a digest there would grow stale.
For a destination that leaves no room for a mark it bears all of it, as it was at creation.
"""

import dataclasses
import re
import sys
from urllib.parse import unquote

from reconciler.core.catalog import Version

__all__ = [
    "PARAMETER",
    "Mark",
    "UnknownMark",
    "addressed",
    "mark_of",
    "marked",
    "read_marked",
    "takes_query",
    "unmarked",
]

PARAMETER = "reconciler"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
OWNER_LENGTH, NAME_LENGTH, KEY_LENGTH = 32, 63, 16
VERSIONS = {"1": Version.V1, "1b": Version.BETA}

WRITTEN = re.compile(
    rf"(1b?)\.(?=[^.]{{1,{OWNER_LENGTH}}}\.)({NAME.pattern})\.(?=[^.]{{1,{NAME_LENGTH}}}\.)({NAME.pattern})"
    rf"\.([0-9a-f]{{10}})\.(?=[^.]{{1,{KEY_LENGTH}}}(?:\.|\Z))({NAME.pattern})(?:\.([0-9a-f]{{10}})(p?)(l?))?",
    re.ASCII,
)
"""Version, owner, name, birth, key; then digest, ``p`` and ``l``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """What is written on a subscription of ours; ``digest`` is None in a lifecycle URL."""

    owner: str
    name: str
    birth: str
    """10 random hex digits drawn at creation: ``clientState`` is derived from it."""

    key: str
    """The id of the key that ``clientState`` is derived with."""

    digest: str | None = None
    version: Version = Version.V1
    protected: bool = False
    left: bool = False

    def __str__(self) -> str:
        version = "1b" if self.version is Version.BETA else "1"
        parts = [version, self.owner, self.name, self.birth, self.key]
        if self.digest is not None:
            parts.append(f"{self.digest}{'p' * self.protected}{'l' * self.left}")
        return ".".join(parts)

    @property
    def for_lifecycle(self) -> "Mark":
        return dataclasses.replace(self, digest=None, protected=False, left=False)


@dataclasses.dataclass(frozen=True, slots=True)
class UnknownMark:
    """A mark that a later version of this program wrote: it occupies its name, and nothing else is known of it."""

    owner: str
    name: str
    version: str


def mark_of(url: str | None) -> Mark | UnknownMark | None:
    """Read the mark of a URL as Graph returned it. What is no mark at all, or a damaged one, is None: foreign."""
    values = [value for name, value in query_of(url or "") if name == PARAMETER]
    return parse(unquote(values[0])) if len(values) == 1 else None


def read_marked(url: str) -> tuple[Mark | UnknownMark | None, str]:
    """The mark of a URL, and the URL without it. Nearly all have no other query, and are read at once."""
    base, sign, text = url.partition(f"?{PARAMETER}=")
    found = WRITTEN.fullmatch(text) if sign else None
    if found and "?" not in base and "#" not in base:
        return made_of(found), base
    return mark_of(url), unmarked(url)


def parse(text: str) -> Mark | UnknownMark | None:
    if found := WRITTEN.fullmatch(text):
        return made_of(found)
    version, _, rest = text.partition(".")
    return None if version in VERSIONS else parse_unknown(version, rest)


def made_of(found: re.Match[str]) -> Mark:
    version, owner, name, birth, key, digest, protected, left = found.groups()
    # Thousands share an owner and a key, and the two URLs of a subscription the rest: each is kept once.
    owner, name, birth, key = map(sys.intern, (owner, name, birth, key))
    digest = digest and sys.intern(digest)  # that of the manifest is the same one
    return Mark(owner, name, birth, key, digest, VERSIONS[version], bool(protected), bool(left))


def parse_unknown(version: str, rest: str) -> UnknownMark | None:
    """Later versions keep the order of version, owner and name: that much is promised."""
    match rest.split("."):
        case [owner, name, *_] if re.fullmatch(r"\d{1,3}[a-z]?", version) and fits(owner, OWNER_LENGTH) and name:
            return UnknownMark(owner, name, version)
    return None


def fits(text: str, length: int) -> bool:
    return len(text) <= length and NAME.fullmatch(text) is not None


def takes_query(url: str) -> bool:
    """Whether Graph delivers there over HTTPS; ``EventHub:`` and ``EventGrid:`` have no room for a mark (facts 1.1)."""
    return url[:8].lower() == "https://"


def marked(url: str, mark: Mark) -> str:
    """Write the mark into a URL that has none, as the last parameter of its query."""
    base, hash_sign, fragment = url.partition("#")
    joint = "&" if "?" in base else "?"
    return f"{base}{joint}{PARAMETER}={mark}{hash_sign}{fragment}"


def addressed(url: str, mark: Mark) -> str:
    """A ``notificationUrl`` as Graph is sent it: with the mark where there is room for one."""
    return marked(url, mark) if takes_query(url) else url


def unmarked(url: str) -> str:
    """The URL as the manifest spells it: without the mark, everything else as it was."""
    base, hash_sign, fragment = url.partition("#")
    path, _, query = base.partition("?")
    if not query:
        return url
    kept = [pair for pair in query.split("&") if unquote(pair.partition("=")[0]) != PARAMETER]
    joined = f"?{'&'.join(kept)}" if kept else ""
    return f"{path}{joined}{hash_sign}{fragment}"


def query_of(url: str) -> list[tuple[str, str]]:
    """The parameters of a URL, names decoded, values as they stand."""
    _, _, query = url.partition("#")[0].partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return [(unquote(name), value) for name, _, value in pairs]
