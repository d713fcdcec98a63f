"""The words of a plan: what is done, why, and why not."""

import enum

__all__ = ["Action", "Order", "Reason", "Withheld"]


class Action(enum.StrEnum):
    CREATE = "create"
    UPDATE = "update"
    RENEW = "renew"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"

    @property
    def symbol(self) -> str:
        return SYMBOLS[self]


SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.RENEW: "⟳",
    Action.REPLACE: "±",
    Action.DELETE: "-",
    Action.ADOPT: "=",
}


class Reason(enum.StrEnum):
    """Why a change is in a plan."""

    ADOPTION_REQUESTED = "AdoptionRequested"
    CERTIFICATE_CHANGED = "CertificateChanged"
    DUPLICATE = "Duplicate"
    EXPIRED = "Expired"
    IMMUTABLE_FIELD_CHANGED = "ImmutableFieldChanged"
    KEY_ROTATED = "KeyRotated"
    KEY_UNKNOWN = "KeyUnknown"
    MANAGEMENT_CHANGED = "ManagementChanged"
    MARK_LOST = "MarkLost"
    MARK_UNKNOWN = "MarkUnknown"
    MISSING = "Missing"
    NOTIFICATION_URL_CHANGED = "NotificationUrlChanged"
    NOT_IN_MANIFESTS = "NotInManifests"
    REAUTHORIZATION_REQUIRED = "ReauthorizationRequired"
    RENAMED = "Renamed"
    RENEWAL_DUE = "RenewalDue"
    REPLACEMENT_REQUESTED = "ReplacementRequested"


class Order(enum.StrEnum):
    """Which half of a replacement comes first."""

    CREATE_FIRST = "create-first"
    """Notifications may come twice meanwhile."""

    DELETE_FIRST = "delete-first"
    """Graph takes only one: notifications may be missed meanwhile."""


class Withheld(enum.StrEnum):
    """Why a change is shown and not carried out."""

    BLOCKED = "Blocked"
    PACED = "Paced"
    POLICY = "Policy"
    PROTECTED = "Protected"
    SUSPENDED = "Suspended"
    UNSAFE = "Unsafe"
