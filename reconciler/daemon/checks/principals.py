"""Graph's answer about our own service principal in, whether data will come out (facts 7.1). Pure."""

from typing import Any

from reconciler.core.errors import GraphError
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned

__all__ = ["assignment_not_required", "unread"]

WHERE = (
    "look in the Entra admin center: Enterprise applications, this application, Properties, 'Assignment required?'"
    " must be No"
)
WHY = (
    "with appRoleAssignmentRequired Graph sends validationTokens null and no data, unless 'Microsoft Graph Change"
    " Tracking' (0bf30f3b-4a52-48df-9a82-234910c4a086) holds an app role (facts 7.1)"
)
NOT_FOUND, FORBIDDEN = 404, frozenset({401, 403})


def assignment_not_required(value: Any) -> Verdict:
    if value is False:
        return fine("its service principal has appRoleAssignmentRequired false, so data and tokens are sent")
    if value is True:
        return warned(
            "its service principal has appRoleAssignmentRequired true",
            cause=WHY,
            remedy=f"set it to false, or give the change tracking application an app role; {WHERE}",
        )
    return skipped("Graph's answer does not say whether an assignment is required", cause=WHY, remedy=WHERE)


def unread(error: GraphError) -> Verdict:
    if error.status == NOT_FOUND:
        return failed(
            "the tenant has no service principal of this application",
            cause="it was removed, or never consented to there",
            remedy="let an administrator of the tenant consent to the application",
        )
    why = "the application may not read the directory" if error.status in FORBIDDEN else str(error)
    return skipped(
        f"appRoleAssignmentRequired could not be read: {why}",
        cause=WHY,
        remedy=f"grant Application.Read.All to let this be checked, or {WHERE}",
    )
