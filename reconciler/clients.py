"""What those who speak HTTP share: httpx clients with few connections each, whom TLS trusts."""

import contextlib
import dataclasses
import ssl
from collections.abc import Callable, Iterator

import httpx

__all__ = ["CONNECTIONS", "LIMITS", "Clients", "UnreadableAuthorities", "authorities", "distrusted"]

CONNECTIONS = 8
"""For one client: with 16 httpx is half as fast, and its slowest answers take ten times as long."""

LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


class UnreadableAuthorities(Exception):
    """Its message says what is to be checked."""


@dataclasses.dataclass(slots=True)
class Pooled:
    """One client and how many requests it is at."""

    client: httpx.AsyncClient
    busy: int = 0


class Clients:
    """As many as are needed, each opened with ``LIMITS`` by ``open_client``."""

    def __init__(self, open_client: Callable[[], httpx.AsyncClient], *, most: int) -> None:
        self.open_client, self.most = open_client, most
        self.pool: list[Pooled] = []

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.AsyncClient]:
        """The least busy one, for one request; a further one only where all are busy to the last connection.

        Raises what ``open_client`` does.
        """
        least = min(self.pool, key=lambda pooled: pooled.busy, default=None)
        if least is None or (least.busy >= CONNECTIONS and len(self.pool) < self.most):
            least = Pooled(self.open_client())
            self.pool.append(least)
        least.busy += 1
        try:
            yield least.client
        finally:
            least.busy -= 1

    async def aclose(self) -> None:
        pool, self.pool = self.pool, []
        for pooled in pool:
            await pooled.client.aclose()


def authorities(ca_file: str | None) -> ssl.SSLContext:
    """With a ``ca_file`` that authority alone, which no environment variable adds to.

    Else as httpx has it: those of SSL_CERT_FILE or SSL_CERT_DIR, or certifi's. Raises UnreadableAuthorities.
    """
    try:
        return ssl.create_default_context(cafile=ca_file) if ca_file else httpx.create_ssl_context()
    except OSError as error:  # an ssl.SSLError is one, too
        place = f"{ca_file}, check caFile" if ca_file else "this machine, check SSL_CERT_FILE"
        why = error.strerror or type(error).__name__
        raise UnreadableAuthorities(f"the trusted authorities cannot be read ({why}) from {place}") from error


def distrusted(error: BaseException) -> str | None:
    """Why a certificate was not trusted, if that is what an error of httpx comes from."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message or cause.reason
        cause = cause.__cause__ or cause.__context__
    return None
