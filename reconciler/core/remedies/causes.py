"""Every text of facts 3.5: where it comes from and what helps. The first that fits decides."""

from reconciler.core.remedies.cause import Cause, said

__all__ = ["CAUSES"]

REACHABLE = (
    "make the URL reachable from the internet on https, with a publicly trusted certificate and no sign-in before it;"
    " `reconcile doctor` asks it as Graph does"
)
EXTENSION = "ExtensionError"
VALIDATION = "ValidationError"

ENDPOINT = (
    Cause(
        text=said(r"validation request timed out"),
        status=400,
        code=VALIDATION,
        cause="our own endpoint did not answer Graph's validation request within 10 s; Graph asks when a subscription"
        " is made, and often when it is renewed",
        remedy=f"{REACHABLE}; valid endpoints may need several tries",
        source="facts 3.5, 4",
    ),
    Cause(
        text=said(r"must exactly match validationtoken"),
        status=400,
        code=VALIDATION,
        cause="our own endpoint answered the validation request with something else than the token",
        remedy="answer with the token alone, URL-decoded once, as text/plain: a page of a proxy or a sign-in is not it",
        source="facts 3.5, 4",
    ),
    Cause(
        text=said(r"validation request failed", r"notification endpoint must respond"),
        status=400,
        code=VALIDATION,
        cause="our own endpoint did not answer the validation request with 200; a status that the text names is that"
        " endpoint's, not Graph's",
        remedy=REACHABLE,
        source="facts 3.5, 4",
    ),
)

MANIFEST = (
    Cause(
        text=said(r"invalid 'changetype'"),
        status=400,
        code="InvalidRequest",
        cause="Graph does not send this change type for the resource",
        remedy="take the change types that `reconcile catalog RESOURCE` names",
        source="facts 2.2, 3.5",
    ),
    Cause(
        text=said(r"resource '.*' is not supported"),
        status=400,
        code="InvalidRequest",
        cause="one cannot subscribe to this path: of a drive only the root, or a folder of a personal one",
        remedy="take a resource of `reconcile catalog`",
        source="facts 2.2, 3.5",
    ),
    Cause(
        text=said(r"lifecycleNotificationUrl'? is a required property"),
        status=400,
        code="InvalidRequest",
        cause="Teams resources that live longer than an hour need a URL for lifecycle notifications",
        remedy="give the Endpoint a lifecycleNotificationUrl, or ask for an hour at most; it cannot be added later",
        source="facts 1.5, 3.5",
    ),
    Cause(
        text=said(r"expirationDateTime'? is a required property"),
        status=400,
        cause="the request lacked the time of expiry, which this program always sends",
        remedy="see whether something between here and Graph changes requests; else report it",
        source="facts 1.1, 3.5",
    ),
    Cause(
        text=said(r"must contain either the 'expirationDateTime' or 'notificationUrl'"),
        status=400,
        cause="the PATCH had nothing in it that Graph changes, which this program never sends",
        remedy="see whether something between here and Graph changes requests; else report it",
        source="facts 1.4, 3.5",
    ),
    Cause(
        text=said(r"minutes in the future", r"beyond allowed max"),
        status=400,
        code=EXTENSION,
        cause="the lifetime that was asked for is over the ceiling that the text names; exactly the ceiling is over it,"
        " too, as time passes on the way",
        remedy="nothing: the ceiling is remembered and less is asked for; take expiry.lifetime out if it is too long",
        source="facts 1.3, 3.5",
    ),
    Cause(
        text=said(r"certificate validation error"),
        status=400,
        cause="what was sent as encryptionCertificate is no certificate that Graph can read",
        remedy="let the Certificate's file be one PEM certificate with an RSA key of 2048 to 4096 bits",
        source="facts 3.5, 7.1",
    ),
    Cause(
        text=said(r"not enabled for rich notifications"),
        status=400,
        cause="the resource has no notifications with resource data",
        remedy="take certificate out of the Subscription",
        source="facts 2.2, 3.5",
    ),
    Cause(
        text=said(r"unsupported workload"),
        status=400,
        code=EXTENSION,
        cause="one cannot subscribe to this path, as to all of /communications/onlineMeetings without a meeting",
        remedy="take a resource of `reconcile catalog`",
        source="facts 2.5, 3.5",
    ),
    Cause(
        text=said(r"specified object was not found in the store"),
        status=400,
        code=EXTENSION,
        cause="the mailbox has no such thing, as with the events of a group's mailbox",
        remedy="name a user's mailbox that exists, with a licence for it",
        source="facts 3.5",
    ),
    Cause(
        text=said(r"value of parameter 'resource' is invalid"),
        status=400,
        code=EXTENSION,
        cause="what the resource names does not exist any more, as a calendar that was removed",
        remedy="name another, or remove the Subscription",
        source="facts 3.5",
    ),
    Cause(
        text=said(r"specified method is not supported"),
        status=500,
        code=EXTENSION,
        cause="this version of Graph does not take the resource",
        remedy="take a resource and a graphVersion of `reconcile catalog`",
        source="facts 3.5",
    ),
)

GRANT = (
    "grant the application what `reconcile permissions` names, with admin consent; a token that was given before lasts"
)
DENIED = (
    Cause(
        text=said(r"caller does not have access"),
        status=403,
        code=EXTENSION,
        cause="the application lacks the permission for this Teams resource, or was not given it for this team or chat",
        remedy=f"{GRANT} an hour",
        source="facts 1.6, 3.5",
    ),
    Cause(
        text=said(r"not authorized for this user or application"),
        status=403,
        code=EXTENSION,
        cause="the workload does not take this application's token, which was seen although the permission was granted",
        remedy=f"{GRANT} an hour; where it is granted, ask again in an hour",
        source="facts 1.6, 3.5",
    ),
    Cause(
        text=said(r"Status Code: Unauthorized; Reason:", r"general exception while processing"),
        status=401,
        code=EXTENSION,
        cause="the workload refused the token after our endpoint was validated: mostly a missing permission or consent",
        remedy=f"{GRANT} an hour",
        source="facts 1.6, 3.5",
    ),
    Cause(
        text=said(r"Status Code: Forbidden; Reason: Forbidden"),
        status=403,
        code=EXTENSION,
        cause="the application lacks a permission for the resource; it surfaces after our endpoint was validated",
        remedy=f"{GRANT} an hour",
        source="facts 1.6, 3.5, 4",
    ),
    Cause(
        text=said(r"access token has expired or is not yet valid"),
        status=401,
        code="InvalidAuthenticationToken",
        cause="the token was too old, or this machine's clock is wrong",
        remedy="check this machine's clock, `reconcile doctor` compares it with Graph's; else the next token does",
        source="facts 3.5",
    ),
)

TAKEN = (
    Cause(
        text=said(r"reached its limit of"),
        status=403,
        code=EXTENSION,
        cause="the application has as many subscriptions for this resource as Teams allows, mostly one; one that was"
        " removed may count for one to three hours more",
        remedy="remove the one that has the place, `reconcile explain NAME` names it; else wait",
        source="facts 2.1, 3.5",
    ),
    Cause(
        text=said(r"maximum number of subscriptions"),
        status=403,
        code=EXTENSION,
        cause="the drive has as many subscriptions as it may have, over all applications",
        remedy="remove one, of another application too, or let one end",
        source="facts 2.2, 3.5",
    ),
    Cause(
        text=said(r"subscriptioncountreached", r"12/31/9999"),
        status=429,
        code=EXTENSION,
        cause="the mailbox has 1,000 subscriptions over all applications; the year 9999 says that waiting is no use",
        remedy="remove one, of another application too, or let one end",
        source="facts 2.2, 3.5, 8.3",
    ),
    Cause(
        text=said(r"quota ?limit ?reached"),
        code="quotaLimitReached",
        cause="a quota of subscriptions is used up",
        remedy="remove one, or let one end: `reconcile catalog RESOURCE` names the quotas",
        source="facts 2.1, 3.3",
    ),
    Cause(
        text=said(r"already exists for the requested combination"),
        status=409,
        code="ObjectIdentifierInUse",
        cause="Graph has a subscription with the same resource and change types, that with the id in the text",
        remedy="if it is ours it is taken over; else adopt it, or remove it: `reconcile explain ID` tells whose it is",
        source="facts 2.1, 3.5",
    ),
    Cause(
        text=said(r"a subscripti?on already exists"),
        status=409,
        code=EXTENSION,
        cause="an application may have one subscription to presence, and has it",
        remedy="remove the one that is there; another resource with several ids can take its place",
        source="facts 2.2, 3.5",
    ),
    Cause(
        text=said(r"the object was not found"),
        status=404,
        code="ResourceNotFound",
        of_subscription=True,
        cause="the subscription does not exist any more: it ended, or was removed. For one to three hours a Teams"
        " subscription may be both, gone here and counted there",
        remedy="nothing: it is created anew, and `reconcile gaps` shows what may have been missed",
        source="facts 3.1, 3.5",
    ),
)

PASSING = (
    Cause(
        text=said(r"throttle\.aad\.ags\.subscriptionservice"),
        status=429,
        code="TooManyRequests",
        cause="a limit of Graph's data centre for such requests, below the application's own, whoever used it up",
        remedy="nothing: it waits as told; less often, if it stays, with a longer interval",
        source="facts 3.5, 8.1",
    ),
    Cause(
        text=said(r"please retry again later", r"too many requests"),
        status=429,
        code="TooManyRequests",
        cause="more requests than Graph takes of this application, mostly because another program uses it as well",
        remedy="nothing: it waits as told; if it stays, lower pacing in the Settings, or use an application of its own",
        source="facts 3.5, 8.1, 8.3",
    ),
    Cause(
        text=said(r"on backend 'unknown'"),
        status=503,
        code=EXTENSION,
        cause="the mailbox is being moved within Microsoft's service",
        remedy="nothing: it is tried again",
        source="facts 3.5",
    ),
    Cause(
        text=said(r"a task was canceled"),
        status=503,
        code=EXTENSION,
        cause="Graph was broken inside, which was seen together with deliveries that stopped for an hour",
        remedy="nothing: it is tried again; read anew what may have been missed meanwhile",
        source="facts 3.5",
    ),
    Cause(
        text=said(r"quarantined by condition"),
        status=500,
        code=EXTENSION,
        cause="Graph held the request back for a reason that it does not tell",
        remedy="nothing: it is tried again; if it stays for days, ask Microsoft with the request-id",
        source="facts 3.5",
    ),
    Cause(
        text=said(r"get subscriptions list is not supported"),
        status=400,
        code="QueryNotSupported",
        cause="Graph's subscription service was not itself, which passed",
        remedy="nothing: it is tried again",
        source="facts 3.5",
    ),
)

CAUSES: tuple[Cause, ...] = (*ENDPOINT, *TAKEN, *MANIFEST, *DENIED, *PASSING)
