"""Endpoints in, the checks of them out: of each host once, of each URL that Graph is given."""

import dataclasses
import datetime as dt
import functools
import ssl
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from reconciler.core.mark import Mark, marked, takes_query
from reconciler.core.redaction import redact
from reconciler.daemon.asking import LIMIT, Handshake, handshake
from reconciler.daemon.checks import answers, validations
from reconciler.daemon.checks.finding import Verdict
from reconciler.daemon.checks.names import behind_proxy, resolves
from reconciler.daemon.checks.running import Ask, Check, Once

__all__ = ["Endpoint", "Patience", "endpoint_checks"]

EXAMPLE = Mark("doctor", "doctor", "0000000000", "k1", "0000000000")
"""Nobody's: a receiver that looks for its subscription finds none."""

GRAPHS_OWN = ssl.TLSVersion.TLSv1_2
"""What Graph speaks at the most where a subscription says nothing of it (facts 1.1)."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    notification_url: str = dataclasses.field(repr=False)
    lifecycle_url: str = dataclasses.field(repr=False)
    served: tuple[str | None, str] | None = None
    """The paths at which our own receiver waits for the two; None where another application does, or Azure."""

    ca_file: str | None = None
    """The one authority to trust; None for the machine's trust, which stands for Graph's."""

    @property
    def trusted(self) -> str:
        return f"the authority of {self.ca_file}" if self.ca_file else "this machine's trusted authorities"


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """In seconds, as Graph has it (facts 4, 5.1)."""

    slow: float = answers.SLOW
    limit: float = LIMIT

    @property
    def check(self) -> float:
        """Longer than the one or two requests of a check are given."""
        return 2 * self.limit + 5


@dataclasses.dataclass(frozen=True, slots=True)
class Url:
    """One that Graph is given."""

    endpoint: Endpoint
    fields: str
    url: str = dataclasses.field(repr=False)
    served: str | None

    @property
    def subject(self) -> str:
        return f"Endpoint {self.endpoint.name}, {self.fields}: {redact(self.url)}"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def origin(self) -> str:
        return f"{self.host}:{urlsplit(self.url).port or 443}"


def endpoint_checks(endpoints: Iterable[Endpoint], *, now: dt.datetime, patience: Patience) -> Iterator[Check]:
    """What is needed comes first."""
    known: dict[tuple[str, str | None], Check] = {}
    for url in (url for endpoint in endpoints for url in urls_of(endpoint)):
        first = Once(functools.partial(asked, url, patience))
        key = (url.origin, url.endpoint.ca_file)
        if key not in known:
            checks = host_checks(url, first, now=now, patience=patience)
            known[key] = next(check for check in checks if check.id == "endpoint-certificate")
            yield from checks
        yield from url_checks(url, first, trusted=known[key], patience=patience)


def urls_of(endpoint: Endpoint) -> Iterator[Url]:
    """Two that are equal get two requests from Graph, and one from us (facts 4.3). An event hub answers none (4.8)."""
    notification, lifecycle = endpoint.served or (None, None)
    if endpoint.lifecycle_url == endpoint.notification_url:
        yield Url(endpoint, "notificationUrl and lifecycleNotificationUrl", endpoint.notification_url, notification)
        return
    if takes_query(endpoint.notification_url):
        yield Url(endpoint, "notificationUrl", endpoint.notification_url, notification)
    yield Url(endpoint, "lifecycleNotificationUrl", endpoint.lifecycle_url, lifecycle)


async def asked(url: Url, patience: Patience, newest: ssl.TLSVersion | None = None) -> Handshake:
    return await handshake(url.url, ca_file=url.endpoint.ca_file, within=patience.limit, newest=newest)


def host_checks(url: Url, first: Once[Handshake], *, now: dt.datetime, patience: Patience) -> list[Check]:
    make = functools.partial(Check, subject=url.origin, seconds=patience.check)
    public = url.endpoint.ca_file is None

    async def name() -> Verdict:
        return await resolves(url.host, public=public, proxy=public and behind_proxy(url.host))

    async def tls() -> Verdict:
        reply = (await first()).reply
        newer = reply.tls is not None and reply.tls.version > "TLSv1.2"
        capped = (await asked(url, patience, GRAPHS_OWN)).reply if newer else None
        return answers.offers_tls(reply, capped)

    resolved = make(id="endpoint-name", ask=name)
    connects = make(
        id="endpoint-connects", ask=judging(first, lambda each: answers.connects(each.reply)), needs=(resolved,)
    )
    fits = functools.partial(answers.certificate_fits, trusted=url.endpoint.trusted)
    trusted = make(id="endpoint-certificate", ask=judging(first, lambda each: fits(each.reply)), needs=(connects,))
    days = judging(first, lambda each: answers.certificate_days(each.reply.tls, now))
    return [
        resolved,
        connects,
        trusted,
        make(id="endpoint-certificate-days", ask=days, needs=(trusted,)),
        make(id="endpoint-tls", ask=tls, needs=(trusted,)),
    ]


def url_checks(url: Url, first: Once[Handshake], *, trusted: Check, patience: Patience) -> Iterator[Check]:
    make = functools.partial(Check, subject=url.subject, seconds=patience.check)

    async def query() -> Verdict:
        changed = dataclasses.replace(url, url=marked(url.url, EXAMPLE))
        return answers.keeps_query(await asked(changed, patience))

    in_time = functools.partial(answers.answers_in_time, slow=patience.slow, limit=patience.limit)
    found = functools.partial(validations.path_served, served=url.served)
    answers_ = make(id="endpoint-answers", ask=judging(first, lambda each: in_time(each.reply)), needs=(trusted,))
    path = make(id="endpoint-path", ask=judging(first, found), needs=(answers_,))
    validation = make(id="endpoint-validation", ask=judging(first, validations.validated), needs=(path,))
    yield from (answers_, path, validation)
    yield make(id="endpoint-query", ask=query, needs=(validation,))


def judging(first: Once[Handshake], judge: Callable[[Handshake], Verdict]) -> Ask:
    async def ask() -> Verdict:
        return judge(await first())

    return ask
