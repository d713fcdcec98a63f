"""Refusals that nothing here leads to by itself, to be ordered as faults by their name (facts 3.5)."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """An answer of the real Graph. Where the source has cut or masked the text, so is it here."""

    status: int
    code: str
    message: str
    retry_after: str | None = None


def wrapped(operation: str, name: str, reason: str) -> str:
    return f"Operation: {operation}; Exception: [Status Code: {name}; Reason: {reason}]"


BACKEND_UNKNOWN = wrapped(
    "Create", "ServiceUnavailable", "Target resource '…' hosted on database '…' is currently on backend 'Unknown'"
)
TASK_CANCELED = "Operation: Delete; Exception: [A task was canceled.]"

KNOWN: Mapping[str, Known] = {
    "backend-unknown": Known(503, "ExtensionError", BACKEND_UNKNOWN),
    "backend-unknown-403": Known(403, "ExtensionError", BACKEND_UNKNOWN),
    "create-unauthorized": Known(401, "ExtensionError", wrapped("Create", "Unauthorized", "")),
    "create-unauthorized-general": Known(
        401, "ExtensionError", wrapped("Create", "Unauthorized", "General exception while processing")
    ),
    "file-services-not-rich": Known(
        400, "InvalidRequest", "File Services workload is not enabled for rich notifications."
    ),
    "list-not-supported": Known(
        400, "QueryNotSupported", "Get Subscriptions list is not supported for the API version 1.0."
    ),
    "list-throttled-by-region": Known(
        429,
        "TooManyRequests",
        "Too many requests from Identifier:{region} under category:throttle.aad.ags.subscriptionservice.dc.list. "
        "Please try again later.",
        retry_after="5",
    ),
    "lifetime-4230-minutes": Known(
        400, "ExtensionError", "Subscription expiration can only be 4230 minutes in the future."
    ),
    "maximum-number": Known(
        403, "ExtensionError", wrapped("Create", "Forbidden", "Maximum number of subscriptions has been reached")
    ),
    "method-not-supported": Known(
        500, "ExtensionError", "Operation: Create; Exception: [Specified method is not supported.]"
    ),
    "not-in-store": Known(
        400,
        "ExtensionError",
        wrapped(
            "Create",
            "BadRequest",
            "The specified object was not found in the store., The process failed to get the correct properties.",
        ),
    ),
    "quarantined": Known(
        500,
        "ExtensionError",
        wrapped("Create", "InternalServerError", "Request has been quarantined by condition."),
    ),
    "task-canceled": Known(503, "ExtensionError", TASK_CANCELED),
    "task-canceled-500": Known(500, "ExtensionError", TASK_CANCELED),
    "validation-failed-2023": Known(
        400,
        "InvalidRequest",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.",
    ),
    "validation-mismatch-2023": Known(
        400,
        "InvalidRequest",
        "Subscription validation request failed. Response must exactly match validationToken query parameter.",
    ),
    "validation-not-found": Known(400, "ValidationError", "Subscription validation request failed. HTTP 'NotFound'"),
    "validation-timed-out-2023": Known(400, "InvalidRequest", "Subscription validation request timed out."),
}
