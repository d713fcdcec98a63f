"""Which collections there are: the catalog in, each with what it holds and which functions look at it out (facts 2.2).

A collection's key is its path in lower case with ``*`` for ids: ``teams/*/channels``. Some are written down here, with
the kind that they hold; the others follow from the paths of the catalog's entries: what ends in an id is in the
collection before it, what ends in a function is in the collections that the function looks at, or, for a function that
nobody here knows, is a collection itself. What stands before an id is a collection too.
"""

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.core.catalog import ENTRIES, Entry, Version, Workload
from reconciler.emulator.world import events, meetings, teams
from reconciler.emulator.world.kinds import THING, Kind

PLACEHOLDER = re.compile(r"\{[^{}]+\}")
FUNCTION = re.compile(r"get[A-Z]\w*")
ROOT = "solutions/virtualEvents"

TYPED: Mapping[str, Kind] = {
    "teams": teams.TEAM,
    "teams/*/channels": teams.CHANNEL,
    f"{ROOT}/webinars": events.WEBINAR,
    f"{ROOT}/webinars/*/sessions": events.SESSION,
    f"{ROOT}/webinars/*/sessions/*/attendanceReports": events.REPORT,
    f"{ROOT}/webinars/*/registrations": events.REGISTRATION,
    f"{ROOT}/townhalls": events.TOWNHALL,
    f"{ROOT}/townhalls/*/sessions": events.SESSION,
    f"{ROOT}/townhalls/*/sessions/*/attendanceReports": events.REPORT,
    "communications/onlineMeetings": meetings.MEETING,
}
OPEN = ("teams/*/members", "teams/*/channels/*/members")
"""There whether the catalog has them or not: a team can be created with its members."""

ESCAPES = {ord(char): f"%{ord(char):02X}" for char in "%/'[]?#"}

MESSAGES = ("teams/*/channels/*/messages", "teams/*/channels/*/messages/*/replies")
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "teams/getAllChannels": ("teams/*/channels",),
    "teams/getAllMessages": MESSAGES,
    "teams/*/channels/*/messages": (MESSAGES[1],),  # no function, but it has the replies too (facts 2.2)
    "teams/getAllMembers": ("teams/*/members",),
    "teams/*/channels/getAllMembers": ("teams/*/channels/*/members",),
    "teams/getAllChannels/getAllMembers": ("teams/*/channels/*/members",),
    "chats/getAllMessages": ("chats/*/messages",),
    "chats/getAllMembers": ("chats/*/members",),
    "users/*/messages": ("users/*/mailFolders/*/messages",),  # of all folders of the mailbox
    "users/*/contacts": ("users/*/contactFolders/*/contacts",),
    "users/*/chats/getAllMessages": ("users/*/chats/*/messages",),
    "appCatalogs/teamsApps/*/installedToChats/getAllMessages": ("appCatalogs/teamsApps/*/installedToChats/*/messages",),
    "appCatalogs/teamsApps/*/installedToChats/getAllMembers": ("appCatalogs/teamsApps/*/installedToChats/*/members",),
    "communications/onlineMeetings/getAllRecordings": ("communications/onlineMeetings/*/recordings",),
    "communications/onlineMeetings/getAllTranscripts": ("communications/onlineMeetings/*/transcripts",),
    "users/*/onlineMeetings/getAllRecordings": ("users/*/onlineMeetings/*/recordings",),
    "users/*/onlineMeetings/getAllTranscripts": ("users/*/onlineMeetings/*/transcripts",),
    "appCatalogs/teamsApps/*/installedToOnlineMeetings/getAllRecordings": (
        "appCatalogs/teamsApps/*/installedToOnlineMeetings/*/recordings",
    ),
    "appCatalogs/teamsApps/*/installedToOnlineMeetings/getAllTranscripts": (
        "appCatalogs/teamsApps/*/installedToOnlineMeetings/*/transcripts",
    ),
    "copilot/interactionHistory/getAllEnterpriseInteractions": (
        "copilot/users/*/interactionHistory/getAllEnterpriseInteractions",
    ),
    "reports/healthmonitoring/alert": ("reports/healthmonitoring/alerts",),  # of one type (facts 2.2)
    f"{ROOT}/webinars/*/getAttendanceReports": (f"{ROOT}/webinars/*/sessions/*/attendanceReports",),
    f"{ROOT}/townhalls/*/getAttendanceReports": (f"{ROOT}/townhalls/*/sessions/*/attendanceReports",),
    f"{ROOT}/webinars/*/getVideoOnDemandPublication": (),  # told on its own, when a recording is published
    f"{ROOT}/townhalls/*/getVideoOnDemandPublication": (),
}
"""What each function looks at. Its ids are the first ones of what it looks at."""

FUNCTION_KEYS = frozenset(map(str.lower, FUNCTIONS))

MEETINGS, OF_USER = "communications/onlinemeetings", "users/*/onlinemeetings"
"""The meetings of a user are those that the user organizes."""
EVENTS, WEBINARS, TOWNHALLS = (f"{ROOT.lower()}/{name}" for name in ("events", "webinars", "townhalls"))
"""The draft's events are the webinars and the town halls."""
REGISTRANTS = "registration/registrants"
"""The draft's registrants, also with the part that its notifications have in front of it."""
VIEWS: Mapping[str, str] = {
    "teams/*/allchannels": "teams/*/channels",
    "teams/*/channels/*/allmembers": "teams/*/channels/*/members",
    "users/*/presence": "communications/presences/*",
}
"""Other paths to the same things, to read only (facts 2.3, 10.2)."""
ALIASES = (
    *VIEWS,
    OF_USER,
    EVENTS,
    f"{EVENTS}/*/sessions",
    f"{EVENTS}/*/sessions/*/attendancereports",
    f"{EVENTS}/*/{REGISTRANTS}",
    f"{EVENTS}/*/virtualeventwebinar/{REGISTRANTS}",
)


def view(key: str) -> str | None:
    """The key of what is seen there; None if it is not only to be read."""
    for seen, there in VIEWS.items():
        if key == seen or key.startswith(f"{seen}/"):
            return there + key[len(seen) :]
    return None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Collection:
    """One sort of collection, as ``the channels of a team``."""

    key: str
    spelled: str
    """The same as Graph spells it."""
    depth: int
    """How many ids stand in its path."""
    kind: Kind
    versions: frozenset[Version]
    etags: bool
    """Its things carry one, as Outlook's do."""

    @property
    def name(self) -> str:
        return self.spelled.rpartition("/")[2]


def filled(template: str, ids: Iterable[str]) -> str:
    """``teams/*`` with as many of the ids as it takes."""
    remaining = iter(ids)
    return "/".join([next(remaining) if part == "*" else part for part in parts(template)])


def spelled(template: str, ids: Iterable[str]) -> str:
    """The same, with escapes for what would end an id in a path: ``users/o%27neil/messages``."""
    return filled(template, (identifier.translate(ESCAPES) for identifier in ids))


@functools.cache
def parts(template: str) -> tuple[str, ...]:
    return tuple(template.split("/"))


def stored_as(spelled: str) -> str:
    """The meetings of a user are stored with all the others."""
    is_of_user = spelled.lower().startswith(OF_USER)
    return "communications/onlineMeetings" + spelled[len(OF_USER) :] if is_of_user else spelled


def collections_of(entry: Entry) -> Iterator[str]:
    """As the entry's path comes to them; those with values in brackets are written down above."""
    path = PLACEHOLDER.sub("*", entry.path.partition("?")[0])
    before, _, last = path.rpartition("/")
    if "(" in path or path.lower().startswith(EVENTS):
        return
    if last == "*":
        yield before
    elif FUNCTION.fullmatch(last):
        yield from FUNCTIONS.get(path, (path,))
    else:
        yield path


def with_those_before(spelled: str) -> Iterator[str]:
    """``a/*/b`` is also ``a``, the outer one first."""
    for found in re.finditer(r"/\*", spelled):
        yield spelled[: found.start()]
    yield spelled


def all_collections(entries: Iterable[Entry]) -> dict[str, Collection]:
    """By their keys; those that entries share have the versions of all of them."""
    found: dict[str, Collection] = {}
    for spelled in (*TYPED, *OPEN):
        found[spelled.lower()] = collection(spelled, versions=frozenset(Version))
    for entry in entries:
        for each in map(stored_as, collections_of(entry)):
            for spelled in with_those_before(each):
                known = found.get(spelled.lower())
                its_own = spelled == each
                versions = frozenset(entry.versions if its_own else Version) | (
                    known.versions if known else frozenset()
                )
                etags = (its_own and entry.workload is Workload.OUTLOOK) or (known is not None and known.etags)
                found[spelled.lower()] = collection(known.spelled if known else spelled, versions, etags=etags)
    return found


def collection(spelled: str, versions: frozenset[Version], *, etags: bool = False) -> Collection:
    kind = TYPED.get(spelled, THING)
    return Collection(
        key=spelled.lower(),
        spelled=spelled,
        depth=spelled.count("*"),
        kind=kind,
        versions=versions,
        etags=etags and kind is THING,
    )


COLLECTIONS: Mapping[str, Collection] = all_collections(ENTRIES)


def looking_at() -> dict[str, tuple[str, ...]]:
    """The functions that look at a collection, by its key."""
    found: dict[str, tuple[str, ...]] = {}
    for function, keys in FUNCTIONS.items():
        for key in keys:
            found[key.lower()] = (*found.get(key.lower(), ()), function.lower())
    return found


LOOKING_AT: Mapping[str, tuple[str, ...]] = looking_at()


def prefixes() -> Iterator[str]:
    """Every way to begin a path that leads somewhere."""
    ways = [f"{key}/*" for key in (*COLLECTIONS, *ALIASES)]
    ways += [OF_USER + way[len(MEETINGS) :] for way in ways if way.startswith(MEETINGS)]
    for way in (*ways, *FUNCTION_KEYS):
        steps = way.split("/")
        yield from ("/".join(steps[: index + 1]) for index in range(len(steps)))


PREFIXES: frozenset[str] = frozenset(prefixes())


@functools.cache
def below(key: str) -> tuple[Collection, ...]:
    """The collections right below the things of a collection."""
    return tuple(
        each for each in COLLECTIONS.values() if each.key.startswith(f"{key}/*/") and each.depth == key.count("*") + 1
    )


@functools.cache
def above(key: str) -> Collection | None:
    """The collection of the things that a collection belongs to."""
    return COLLECTIONS.get(key.rpartition("/*/")[0]) if "/*/" in key else None


def filtered() -> dict[str, tuple[tuple[str, str], ...]]:
    """Entries that are for values of a property: collection → the entry's id and the property in lower case."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in ENTRIES:
        key = entry.path.partition("?")[0].lower()
        if entry.filter_fields and key in COLLECTIONS and COLLECTIONS[key].kind is THING:
            found[key] = (*found.get(key, ()), *((entry.id, field) for field in entry.filter_fields))
    return found


FILTERED: Mapping[str, tuple[tuple[str, str], ...]] = filtered()
