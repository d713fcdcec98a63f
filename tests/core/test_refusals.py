"""Every text of facts 3.5, and what we do next when it comes."""

import datetime as dt

import pytest

from reconciler.core.errors import (
    Conflict,
    CredentialRefused,
    Denied,
    EndpointRefused,
    Full,
    Gone,
    Invalid,
    LifetimeRefused,
    Throttled,
    Transient,
    Unsorted,
)
from reconciler.core.refusals import RULES, Refusal, redacted, sort_refusal

ID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
OTHER = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"


def create(status, code, text, **more):
    return Refusal(operation="POST subscriptions", status=status, code=code, text=text, **more)


def patch(status, code, text, **more):
    return Refusal(
        operation=f"PATCH subscription {ID}", status=status, code=code, text=text, subscription_id=ID, **more
    )


def wrapped(status, reason, *, operation="Create"):
    return f"Operation: {operation}; Exception: [Status Code: {status}; Reason: {reason}]"


LIMIT = "App 'a' has reached its limit of '1' 'USERS/{ID}/CHATS/GETALLMESSAGES' subscription on tenant 't'"
FOREVER = "Resource 'SubscriptionCountReached' has reached limit of '1000'. Please retry after '12/31/9999 11:59:59 PM'"
BACKEND = "Target resource 'x' hosted on database 'y' is currently on backend 'Unknown'"
OVER_1H = (
    "'lifecycleNotificationUrl' is a required property for subscription creation on this resource when the"
    " 'expirationDateTime' value is set to greater than 1 hour"
)
ENDPOINT_403 = (
    "Subscription validation request failed. HTTP status code is 'Forbidden'."
    " Notification endpoint must respond with 200 OK to validation request."
)
EXACTLY = "Subscription validation request failed. Response must exactly match validationToken query parameter."
RESPOND = (
    "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request."
)
TIMED_OUT = "Subscription validation request timed out."
PRESENCE = "A subscripton already exists. It must be deleted before a another can be made."
DC_LIST = "Too many requests from Identifier:x under category:throttle.aad.ags.subscriptionservice.dc.list. Please try"
EXTENSION = "ExtensionError"

TEXTS = [
    (create(400, "InvalidRequest", TIMED_OUT), EndpointRefused),
    (create(400, "ValidationError", TIMED_OUT), EndpointRefused),
    (patch(400, "ValidationError", TIMED_OUT), EndpointRefused),
    (create(400, "ValidationError", RESPOND), EndpointRefused),
    (create(400, "InvalidRequest", EXACTLY), EndpointRefused),
    (create(400, "ValidationError", "Subscription validation request failed. HTTP 'NotFound'"), EndpointRefused),
    (create(400, "ValidationError", ENDPOINT_403), EndpointRefused),
    (create(400, "InvalidRequest", "Invalid 'changeType' attribute: 'created'."), Invalid),
    (create(400, "InvalidRequest", "resource '/drive/items/{item-id}/' is not supported."), Invalid),
    (create(400, "InvalidRequest", OVER_1H), Invalid),
    (create(400, "", "expirationDateTime is a required property for subscription creation"), Invalid),
    (
        patch(400, "", "Subscription must contain either the 'expirationDateTime' or 'notificationUrl' property"),
        Invalid,
    ),
    (create(400, "", "Certificate validation error: Cannot find the requested object."), Invalid),
    (create(400, "", "File Services workload is not enabled for rich notifications."), Invalid),
    (create(400, EXTENSION, wrapped("BadRequest", "Unsupported workload.")), Invalid),
    (create(400, EXTENSION, wrapped("BadRequest", "The specified object was not found in the store.")), Invalid),
    (create(400, EXTENSION, wrapped("BadRequest", "The value of parameter 'Resource' is invalid.")), Invalid),
    (create(404, EXTENSION, wrapped("NotFound", "No team found with the id")), Invalid),
    (patch(400, EXTENSION, wrapped("NotFound", "No team found", operation="Update")), Invalid),
    (create(400, EXTENSION, "Subscription expiration can only be 10070 minutes in the future."), LifetimeRefused),
    (create(401, EXTENSION, wrapped("Unauthorized", "Authentication failed")), Denied),
    (create(401, EXTENSION, wrapped("Unauthorized", "")), Denied),
    (create(401, EXTENSION, wrapped("Unauthorized", "General exception while processing")), Denied),
    (create(403, EXTENSION, wrapped("Forbidden", "Forbidden")), Denied),
    (create(403, EXTENSION, wrapped("Forbidden", "Caller does not have access to it")), Denied),
    (
        create(403, EXTENSION, wrapped("Forbidden", "The request is not authorized for this user or application.")),
        Denied,
    ),
    (create(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."), CredentialRefused),
    (create(401, "unauthenticated", "The caller is not authenticated."), CredentialRefused),
    (create(403, EXTENSION, wrapped("Forbidden", LIMIT)), Full),
    (create(403, EXTENSION, wrapped("Forbidden", "Maximum number of subscriptions has been reached")), Full),
    (create(429, EXTENSION, wrapped("429", FOREVER)), Full),
    (create(409, "ObjectIdentifierInUse", f"Subscription Id {OTHER} already exists"), Conflict),
    (create(409, EXTENSION, wrapped("Conflict", PRESENCE)), Conflict),
    (create(500, EXTENSION, wrapped("Conflict", PRESENCE)), Conflict),
    (create(429, "TooManyRequests", "Please retry again later."), Throttled),
    (create(429, "TooManyRequests", DC_LIST), Throttled),
    (create(503, "serviceNotAvailable", "Try later", retry_after=3), Throttled),
    (create(500, EXTENSION, "Operation: Create; Exception: [Specified method is not supported.]"), Invalid),
    (create(403, EXTENSION, wrapped("ServiceUnavailable", BACKEND)), Transient),
    (create(503, EXTENSION, wrapped("ServiceUnavailable", BACKEND)), Transient),
    (patch(503, EXTENSION, "Operation: Delete; Exception: [A task was canceled.]"), Transient),
    (patch(500, EXTENSION, "Operation: Delete; Exception: [A task was canceled.]"), Transient),
    (create(500, EXTENSION, wrapped("InternalServerError", "Request has been quarantined by condition.")), Transient),
    (create(502, "", ""), Transient),
    (
        create(400, "QueryNotSupported", "Get Subscriptions list is not supported for the API version 1.0."),
        Transient,
    ),
    (patch(404, "ResourceNotFound", "The object was not found."), Gone),
    (create(418, "", "I am a teapot"), Unsorted),
    (create(302, "", ""), Unsorted),
]


@pytest.mark.parametrize(("refusal", "kind"), TEXTS, ids=lambda part: getattr(part, "text", None) and part.text[:60])
def test_the_texts_of_facts_3_5(refusal, kind):
    error = sort_refusal(refusal)
    assert type(error) is kind
    assert str(error).startswith(refusal.operation)
    assert not error.message.endswith(".")
    assert "\n" not in error.message


def test_every_rule_is_needed():
    """A rule that decides no text of this module is either dead or untested."""
    from reconciler.core.refusals import rule_for

    seen = [refusal for refusal, _ in TEXTS] + [refusal for refusal, _, _ in TOKENS]
    seen.append(create(403, "quotaLimitReached", "Quota limit reached"))
    assert [rule for rule in RULES if rule not in map(rule_for, seen)] == []


@pytest.mark.parametrize(
    ("text", "ceiling"),
    [
        ("Subscription expiration can only be 10070 minutes in the future.", dt.timedelta(minutes=10070)),
        ("Subscription expiration can only be 4230 minutes in the future.", dt.timedelta(minutes=4230)),
        (
            wrapped(
                "BadRequest", "Expiration time 'x' ('-5.23:59:55.5782571' from now) is beyond allowed max '3.00:00:00'."
            ),
            dt.timedelta(days=3),
        ),
        ("… is beyond allowed max '01:00:00'.", dt.timedelta(hours=1)),
        ("… is beyond allowed max '1.00:00:00.0000000'.", dt.timedelta(days=1)),
    ],
)
def test_a_refused_lifetime_teaches_the_ceiling(text, ceiling):
    error = sort_refusal(create(400, EXTENSION, text))
    assert isinstance(error, LifetimeRefused)
    assert error.ceiling == ceiling


@pytest.mark.parametrize(
    ("text", "subscription_id"),
    [(f"Subscription Id {OTHER} already exists for the requested combination", OTHER), (PRESENCE, None)],
)
def test_a_conflict_names_the_one_in_the_way(text, subscription_id):
    error = sort_refusal(create(409, "", text))
    assert isinstance(error, Conflict)
    assert error.subscription_id == subscription_id


def test_what_graph_said_is_kept():
    error = sort_refusal(patch(429, "TooManyRequests", "Please retry again later.", retry_after=10, request_id="r-1"))
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.status, error.code, error.request_id) == (10, 429, "TooManyRequests", "r-1")
    assert str(error) == (
        f"PATCH subscription {ID}: Graph answered 429 TooManyRequests: Please retry again later (request-id r-1)"
    )


def test_the_endpoint_is_said_to_be_ours():
    assert "our own endpoint" in str(sort_refusal(create(400, "ValidationError", ENDPOINT_403)))


def test_only_a_request_for_one_subscription_finds_it_gone():
    lists = Refusal(operation="GET subscriptions", status=404, code="ResourceNotFound", text="Not found")
    assert type(sort_refusal(lists)) is Invalid


def test_a_text_alone_can_be_explained():
    """``explain --error`` knows no status."""
    assert type(sort_refusal(create(None, "", wrapped("Forbidden", "Forbidden")))) is Denied
    assert type(sort_refusal(create(None, "", TIMED_OUT))) is EndpointRefused


def test_a_long_text_is_cut():
    assert len(str(sort_refusal(create(400, "", "x" * 10_000)))) < 1000


def token(status, code, text):
    return Refusal(operation="the token", status=status, code=code, text=text, answered_by="login.example")


TOKENS = [
    (token(401, "invalid_client", "AADSTS7000215: Invalid client secret provided."), CredentialRefused, "wrong"),
    (
        token(401, "invalid_client", "AADSTS7000222: The provided client secret keys are expired."),
        CredentialRefused,
        "expired",
    ),
    (token(400, "unauthorized_client", "AADSTS700016: Application was not found."), CredentialRefused, "clientId"),
    (token(400, "invalid_tenant", "AADSTS90002: Tenant 'x' not found."), CredentialRefused, "tenantId"),
    (
        token(400, "invalid_request", "AADSTS900023: Specified tenant identifier is neither"),
        CredentialRefused,
        "tenantId",
    ),
    (token(401, "invalid_client", "AADSTS700027: The certificate was not found."), CredentialRefused, "registered"),
    (
        token(401, "invalid_client", "AADSTS700024: Client assertion is not within its time range."),
        CredentialRefused,
        "clock",
    ),
    *(
        (
            token(401, "invalid_client", f"AADSTS{number}: No matching federated identity record."),
            CredentialRefused,
            word,
        )
        for number, word in {"70021": "compare", "700211": "issuer", "700212": "audience", "700213": "subject"}.items()
    ),
    (token(401, "unauthorized_client", "AADSTS7000112: Application is disabled."), CredentialRefused, "disabled"),
    (token(400, "invalid_grant", "AADSTS53003: Blocked by conditional access."), CredentialRefused, "credential"),
    (token(401, "invalid_client", "no number"), CredentialRefused, "credential"),
    (token(503, "temporarily_unavailable", "The server is busy"), Transient, "busy"),
    (token(400, "temporarily_unavailable", "The server is busy"), Transient, "busy"),
    (token(500, "", ""), Transient, "500"),
    (token(429, "", ""), Throttled, "429"),
]


def test_a_credential_that_is_refused_is_denied():
    """One that lacks a permission is not refused for that: the others of its tenant go on."""
    assert issubclass(CredentialRefused, Denied)
    denied = [refusal for refusal, kind in TEXTS if kind is Denied]
    assert not any(isinstance(sort_refusal(refusal), CredentialRefused) for refusal in denied)


@pytest.mark.parametrize(("refusal", "kind", "word"), TOKENS)
def test_the_token_endpoint(refusal, kind, word):
    error = sort_refusal(refusal)
    assert type(error) is kind
    assert word in str(error)
    assert "login.example answered" in str(error)


def test_nothing_secret_is_quoted():
    text = "clientState 'hunter2' at https://hooks.example/n?code=s3cret&x=1 was refused"
    assert redacted(text, ["hunter2", ""]) == "clientState '[hidden]' at https://hooks.example/n?… was refused"
