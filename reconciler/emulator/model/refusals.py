"""What Graph says when it refuses: the exact texts of facts 3.5, and those of ours where no source has one.

A refusal is raised anywhere below the routes and becomes Graph's error envelope there (facts 3.3).
"""

import datetime as dt
from collections.abc import Mapping

from reconciler.core.catalog import Entry, Quota, Workload
from reconciler.emulator.instants import spell_long, spell_span

MUST_BE_OK = "Notification endpoint must respond with 200 OK to validation request."


class Refusal(Exception):
    """Status, code and message of an answer, with the headers that belong to it.

    ``inner`` stands in ``innerError`` in place of the caller's own id.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        inner: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.inner = inner


def bad_request(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidRequest", message)


def invalid_attribute(name: str, value: object) -> Refusal:
    return invalid(f"Invalid '{name}' attribute: '{value}'.")


def required(name: str) -> Refusal:
    return invalid(f"{name} is a required property for subscription creation")


def not_supported(resource: str) -> Refusal:
    return invalid(f"resource '{resource}' is not supported.")


def lifecycle_url_required() -> Refusal:
    return invalid(
        "'lifecycleNotificationUrl' is a required property for subscription creation on this resource when the "
        "'expirationDateTime' value is set to greater than 1 hour."
    )


def nothing_to_patch() -> Refusal:
    """Facts 1.4."""
    return invalid(
        "Subscription must contain either the 'expirationDateTime' or 'notificationUrl' property and its value."
    )


def not_a_certificate() -> Refusal:
    return invalid("Certificate validation error: Cannot find the requested object.")


def not_rich(entry: Entry) -> Refusal:
    name = "File" if entry.workload is Workload.FILES else entry.workload.value.replace("-", " ").title()
    return invalid(f"{name} Services workload is not enabled for rich notifications.")


def nobody_signed_in() -> Refusal:
    """What Graph says of ``/me`` itself; whether it says so of a subscription's resource is not in the facts."""
    return bad_request("/me request is only valid with delegated authentication flow.")


def too_large(limit: int) -> Refusal:
    """Ours: the facts have neither the limit nor the text."""
    return Refusal(413, "RequestEntityTooLarge", f"The request body is larger than {limit} bytes.")


def not_found() -> Refusal:
    return Refusal(404, "ResourceNotFound", "The object was not found.")


def forgotten() -> Refusal:
    """Ours: what began before a reset must not end after it."""
    return Refusal(503, "ServiceNotAvailable", "The emulator was reset while the endpoints were asked.")


def no_segment(segment: str) -> Refusal:
    return bad_request(f"Resource not found for the segment '{segment}'.")


def not_allowed(method: str, allowed: str) -> Refusal:
    return Refusal(405, "MethodNotAllowed", f"The method '{method}' is not allowed here.", headers={"Allow": allowed})


def unauthenticated(message: str, *, authority: str) -> Refusal:
    challenge = f'Bearer realm="", authorization_uri="{authority}/common/oauth2/authorize"'
    return Refusal(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})


def validation_timed_out() -> Refusal:
    return Refusal(400, "ValidationError", "Subscription validation request timed out.")


def validation_failed(reason: str) -> Refusal:
    return Refusal(400, "ValidationError", f"Subscription validation request failed. {reason}")


def extension(status: int, operation: str, name: str, reason: str) -> Refusal:
    """A workload's refusal as the subscription service wraps it (facts 3.4)."""
    return Refusal(
        status, "ExtensionError", f"Operation: {operation}; Exception: [Status Code: {name}; Reason: {reason}]"
    )


def unsupported_workload() -> Refusal:
    return extension(400, "Create", "BadRequest", "Unsupported workload.")


def too_long(
    entry: Entry, *, operation: str, asked: dt.datetime, remaining: dt.timedelta, limit: dt.timedelta
) -> Refusal:
    """Outlook names the minutes, the others the span; the minus sign before it is Graph's own."""
    if entry.workload is Workload.OUTLOOK:
        minutes = limit // dt.timedelta(minutes=1)
        return Refusal(400, "ExtensionError", f"Subscription expiration can only be {minutes} minutes in the future.")
    return extension(
        400,
        operation,
        "BadRequest",
        f"Expiration time '{spell_long(asked)}' ('{spell_span(-remaining)}' from now) is beyond allowed max "
        f"'{spell_span(limit)}'.",
    )


def not_permitted(entry: Entry, *, operation: str, resource: str) -> Refusal:
    """Each workload says it in its own way."""
    match entry.workload:
        case Workload.OUTLOOK:
            return extension(401, operation, "Unauthorized", "Authentication failed")
        case Workload.TEAMS:
            return extension(403, operation, "Forbidden", f"Caller does not have access to '{resource}' resource")
        case Workload.CALLS | Workload.MEETINGS | Workload.PRESENCE:
            reason = "The request is not authorized for this user or application."
            return extension(403, operation, "Forbidden", reason)
        case _:
            return extension(403, operation, "Forbidden", "Forbidden")


def slot_taken(entry: Entry, *, path: str, app: str, tenant: str) -> Refusal:
    if entry.workload is Workload.PRESENCE:  # the typos are Graph's (facts 3.5)
        reason = "A subscripton already exists. It must be deleted before a another can be made."
        return extension(409, "Create", "Conflict", reason)
    reason = f"App '{app}' has reached its limit of '1' '{path}' subscription on tenant '{tenant}'."
    return extension(403, "Create", "Forbidden", reason)


def twin(identifier: str) -> Refusal:
    message = f"Subscription Id {identifier} already exists for the requested combination"
    return Refusal(409, "ObjectIdentifierInUse", message)


def quota_reached(quota: Quota, *, path: str, app: str, tenant: str) -> Refusal:
    """Mailboxes say it with 429 and the end of the calendar (facts 3.5). The others' text is made like that of a taken
    slot: the facts only say that it is 403 and names the limit (facts 2.1)."""
    if quota.per == "mailbox":
        reason = (
            f"Resource 'SubscriptionCountReached' has reached limit of '{quota.limit}'. "
            "Please retry after '12/31/9999 11:59:59 PM'"
        )
        return extension(429, "Create", "429", reason)
    what = quota.shared.upper() if quota.shared else path
    reason = (
        f"App '{app}' has reached its limit of '{quota.limit}' '{what}' subscriptions per {quota.per} "
        f"on tenant '{tenant}'."
    )
    return extension(403, "Create", "Forbidden", reason)


def target_unknown() -> Refusal:
    return extension(400, "Create", "BadRequest", "The value of parameter 'Resource' is invalid.")


def too_soon() -> Refusal:
    """Ours: facts 3.1 and 6 forbid it and promise an inconsistent state, not an answer."""
    reason = "The subscription was renewed or reauthorized less than 10 minutes ago; only one of both is needed."
    return extension(409, "Update", "Conflict", reason)


def throttled(seconds: int) -> Refusal:
    """Facts 3.5, 8.3, with the inner error that it alone has."""
    inner = {"code": "429", "message": "Please retry after", "status": "429"}
    headers = {"Retry-After": str(seconds)}
    return Refusal(429, "TooManyRequests", "Please retry again later.", headers=headers, inner=inner)


def bad_batch(message: str) -> Refusal:
    """Facts 8.4: 400 for the whole of it. The texts are ours."""
    return bad_request(f"Invalid batch payload: {message}")


def dependency_failed(identifier: str) -> Refusal:
    """Facts 8.4 have the status only."""
    return Refusal(424, "FailedDependency", f"The request '{identifier}', on which this one depends, has failed.")
