"""The nouns of the catalog: what Graph allows for one kind of resource.

Everything here is data about Graph and rests on ``docs/graph-facts.md``; each entry names the sections it comes from.
"""

import dataclasses
import datetime as dt
import enum


class ChangeType(enum.StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class Rich(enum.StrEnum):
    """Whether notifications may carry encrypted resource data (``includeResourceData``)."""

    NEVER = "no"
    OPTIONAL = "yes"
    REQUIRED = "required"


class LifecycleUrl(enum.StrEnum):
    """Whether Graph asks for ``lifecycleNotificationUrl`` (facts 1.5)."""

    REQUIRED = "required over 1 hour"
    OPTIONAL = "optional"
    OPEN = "not documented, always sent"
    """No source says so either way: we always send one, the emulator can be told to insist."""


class LifecycleEvent(enum.StrEnum):
    """What Graph tells about the subscription itself (facts 6)."""

    REAUTHORIZATION_REQUIRED = "reauthorizationRequired"
    SUBSCRIPTION_REMOVED = "subscriptionRemoved"
    MISSED = "missed"


class Version(enum.StrEnum):
    V1 = "v1.0"
    BETA = "beta"


BOTH_VERSIONS = (Version.V1, Version.BETA)


class Cloud(enum.StrEnum):
    """The clouds that Microsoft runs, as a manifest's ``cloud`` names them (facts 9.2)."""

    GLOBAL = "global"
    USGOV = "usgov"
    USGOV_DOD = "usgov-dod"
    CHINA = "china"


class Status(enum.StrEnum):
    SHIPPED = "shipped"
    DRAFT = "draft"
    """Only ever described in a draft: Graph itself refuses it, the emulator's beta version takes it."""


class Workload(enum.StrEnum):
    APPROVALS = "approvals"
    CALLS = "calls"
    CONVERSATIONS = "conversations"
    COPILOT = "copilot"
    DIRECTORY = "directory"
    FILES = "files"
    HEALTH = "health"
    MEETINGS = "meetings"
    OUTLOOK = "outlook"
    PRESENCE = "presence"
    PRINT = "print"
    SECURITY = "security"
    SHIFTS = "shifts"
    TASKS = "tasks"
    TEAMS = "teams"
    VIRTUAL_EVENTS = "virtual-events"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Permission names by kind, from least to most privileged (facts 1.6). An empty kind is not supported."""

    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    resource_specific: tuple[str, ...] = ()
    """Granted for one team or chat by its owner instead of for the tenant by its administrator."""

    documented: bool = True
    """False where the facts have no row: then nobody knows what it takes, and no kind is ruled out."""

    @property
    def delegated_only(self) -> bool:
        return self.documented and not self.application and not self.resource_specific


UNDOCUMENTED = Permissions(documented=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """At most ``limit`` subscriptions per ``per``; ``shared`` names those that count together (facts 2).

    ``per`` is one of ``app``, ``app and tenant``, ``mailbox``, ``organization``, ``tenant``, ``user`` and ``user and
    path``; a mailbox or user is the first id in the path.
    """

    limit: int
    per: str
    shared: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One kind of resource that Graph lets one subscribe to."""

    id: str
    """A short name that is stable: messages, learned ceilings and tests use it."""

    path: str
    """The template, without a leading slash, spelled as Graph's documentation spells it.

    ``{name}`` stands for one id. A function keeps its brackets, as in ``onlineMeetings(joinWebUrl='{joinWebUrl}')``. A
    query in it is part of the resource: ``?$filter=`` is followed by the condition that the resource needs.
    """

    summary: str
    workload: Workload
    change_types: frozenset[ChangeType]
    change_types_verified: bool = True
    """False where the facts have none (n/v): then all three are allowed, and whichever come are handled."""

    accepted_in_vain: frozenset[ChangeType] = frozenset()
    """Change types that Graph accepts and never sends one of (facts 3.5)."""

    created_as: ChangeType | None = None
    """Which notification tells of what is created, where there is none of its own for it (facts 1.1)."""

    lifetime: dt.timedelta
    """The longest lifetime that Graph really grants, which may be less than it documents (facts 1.3)."""

    rich_lifetime: dt.timedelta | None = None
    """The same with resource data, where it is shorter."""

    permissions: Permissions
    facts: tuple[str, ...]
    """The sections of ``docs/graph-facts.md`` that the entry rests on."""

    rich: Rich = Rich.NEVER
    rich_needs_select: bool = False
    """With resource data, ``$select`` must name what is wanted (facts 2.2)."""

    lifecycle_url: LifecycleUrl = LifecycleUrl.OPTIONAL
    lifecycle_events: frozenset[LifecycleEvent] = frozenset({LifecycleEvent.REAUTHORIZATION_REQUIRED})
    versions: tuple[Version, ...] = BOTH_VERSIONS
    """The Graph versions that take it; the first is the default."""

    clouds: frozenset[Cloud] = frozenset(Cloud)
    """Those in which one can subscribe to it."""

    read_clouds: frozenset[Cloud] = frozenset(Cloud)
    """Those in which what it tells of can be read."""

    exclusive: bool = False
    """Only one subscription at a time for a slot, so that a replacement must delete first."""

    slot: str | None = None
    """What subscriptions compete for, per app and tenant. None: the resource's own path, without its query."""

    quotas: tuple[Quota, ...] = ()
    filter_fields: tuple[str, ...] = ()
    """The resource is only allowed with a ``$filter`` on these fields, and on no others."""

    filter_limit: int | None = None
    """The most values that the ``$filter`` may name."""

    options: frozenset[str] = frozenset()
    """Query options that may be given in the resource, as ``$filter``."""

    required_options: frozenset[str] = frozenset()
    """Those of them without which there is no such resource."""

    delegated_options: frozenset[str] = frozenset()
    """Those of them that only work with the token of a signed-in user."""

    forbidden_select: frozenset[str] = frozenset()
    """What ``$select`` must not name (facts 2.2)."""

    expandable: frozenset[str] | None = None
    """All that ``$expand`` may name; None: anything (facts 2.2)."""

    takes_query_options: bool = False
    """``notificationQueryOptions`` means something here (facts 1.1)."""

    resync: tuple[str, ...] = ()
    """What to read, in this order, to find out what was missed (facts 10.2). Empty: the facts name nothing."""

    notes: tuple[str, ...] = ()
    """What else one must know before relying on it, one sentence each."""

    status: Status = Status.SHIPPED
    replaced_by: tuple[str, ...] = ()
    """For a draft: the paths that were shipped in its place."""

    def longest(self, *, rich: bool) -> dt.timedelta:
        return self.rich_lifetime if rich and self.rich_lifetime else self.lifetime

    @property
    def query_options(self) -> frozenset[str]:
        """All that may stand in the query of the resource, in lower case as ``Resource.options`` has them."""
        by_filter = {"$filter"} if self.filter_fields else set()
        return frozenset({option.lower() for option in self.options} | by_filter)


ALL_CHANGES = frozenset(ChangeType)
CREATED = frozenset({ChangeType.CREATED})
UPDATED = frozenset({ChangeType.UPDATED})
CREATED_DELETED = frozenset({ChangeType.CREATED, ChangeType.DELETED})
CREATED_UPDATED = frozenset({ChangeType.CREATED, ChangeType.UPDATED})
UPDATED_DELETED = frozenset({ChangeType.UPDATED, ChangeType.DELETED})
