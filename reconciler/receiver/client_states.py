"""Items in, proof out that Graph repeats a secret of ours, found by calculation alone (decision 10 of the design).

``clientState`` is a MAC over tenant and birth. So it does not matter that anybody can write a mark into the query, or a
tenant into the item: who does not know the key cannot make one that fits them.
"""

import dataclasses
import functools
import hmac
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from reconciler.core.client_state import FIXED_KEY, LONGEST, client_state
from reconciler.core.mark import Mark, UnknownMark
from reconciler.receiver.delivery import Notification

__all__ = ["Births", "ClientStates", "Inherited", "Proof", "Ring"]

Births = Callable[[str], str | None]
"""From a subscription's id to its birth, where that is remembered. It is called on the event loop."""

Names = Callable[[str], str | None]
"""The same, to its name in the manifests."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one endpoint, secrets by key id, and the ids of the tenants whose subscriptions use it."""

    secrets: Mapping[str, bytes] = dataclasses.field(repr=False)
    tenants: Sequence[str]

    def __post_init__(self) -> None:
        """Raises ValueError for a secret that anybody could guess, or that can be no ``clientState``."""
        object.__setattr__(self, "tenants", tuple(dict.fromkeys(map(str.lower, self.tenants))))
        if not all(self.secrets.values()):
            raise ValueError("a clientState key is empty: anybody could sign with it")
        try:
            self.secrets.get(FIXED_KEY, b"").decode()
        except UnicodeDecodeError:
            raise ValueError("the fixed clientState is not UTF-8 text") from None  # its cause holds the secret

    def proof(self, given: bytes, *, tenant_id: str | None, birth: str | None) -> "Proof | None":
        """Which tenant and key fit; an item that names no tenant is tried with each."""
        tenants = [each for each in self.tenants if tenant_id in {None, each}]
        for tenant, (key, secret) in itertools.product(tenants, self.secrets.items()):
            # A fixed secret says nothing of the tenant, so that must be certain; a derived one needs the birth.
            tellable = len(tenants) == 1 if key == FIXED_KEY else birth is not None
            if tellable and fits(given, secret, key=key, tenant_id=tenant, birth=birth or ""):
                return Proof(tenant, birth, key)
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """What a right ``clientState`` proves."""

    tenant_id: str
    birth: str | None
    key: str


@dataclasses.dataclass(frozen=True, slots=True)
class Inherited:
    """The ``clientState`` of a subscription that was adopted: somebody else has chosen it."""

    tenant_id: str
    names: frozenset[str]
    """Its own, and those that it had before."""

    secret: bytes = dataclasses.field(repr=False)

    def fits(self, given: bytes, *, tenant_id: str | None, name: str | None) -> bool:
        """``name`` is that of the subscription, where it is known: the secret proves nothing of any other one."""
        meant = (name is None or name in self.names) and self.tenant_id == tenant_id
        return meant and hmac.compare_digest(self.secret, given)


class ClientStates:
    """``rings`` by the path that serves them; several endpoints may share one. ``inherited`` ones count on each."""

    def __init__(
        self,
        rings: Mapping[str, Iterable[Ring]],
        *,
        inherited: Iterable[Inherited] = (),
        births: Births = lambda _: None,
        names: Names = lambda _: None,
    ) -> None:
        self.rings = {path: tuple(each) for path, each in rings.items()}
        self.inherited = tuple(inherited)
        self.births, self.names = births, names
        self._tenants = {
            path: frozenset(itertools.chain.from_iterable(ring.tenants for ring in each))
            for path, each in self.rings.items()
        }

    def tenants(self, path: str) -> frozenset[str]:
        """Whose subscriptions deliver there."""
        return self._tenants.get(path, frozenset())

    def proof(self, item: Notification, *, path: str, mark: Mark | UnknownMark | None) -> Proof | None:
        """None where the ``clientState`` is missing or fits nothing. The mark's birth is tried before a remembered one.

        Raises what ``births`` raises.
        """
        if not item.client_state or len(item.client_state) > LONGEST:
            return None
        given = item.client_state.encode(errors="surrogatepass")
        marked = mark.birth if isinstance(mark, Mark) else None
        if found := self.tried(given, item, path=path, birth=marked):
            return found
        if heir := self.heir(given, item, path=path, mark=mark):
            return Proof(heir.tenant_id, marked, FIXED_KEY)
        remembered = self.births(item.subscription_id)
        return self.tried(given, item, path=path, birth=remembered) if remembered != marked else None

    def heir(self, given: bytes, item: Notification, *, path: str, mark: Mark | UnknownMark | None) -> Inherited | None:
        """Whose fixed secret it is. Its lifecycle URL bears no mark, which nobody can patch (facts 1.4)."""
        if mark is not None and not (isinstance(mark, Mark) and mark.key == FIXED_KEY):
            return None
        name = mark.name if mark else self.names(item.subscription_id)
        tenants = self.tenants(path)
        tenant_id = item.tenant_id or (next(iter(tenants)) if len(tenants) == 1 else None)
        fitting = (each for each in self.inherited if each.fits(given, tenant_id=tenant_id, name=name))
        return next(fitting, None)

    def tried(self, given: bytes, item: Notification, *, path: str, birth: str | None) -> Proof | None:
        for ring in self.rings.get(path, ()):
            if found := ring.proof(given, tenant_id=item.tenant_id, birth=birth):
                return found
        return None


def fits(given: bytes, secret: bytes, *, key: str, tenant_id: str, birth: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(expected(secret, key, tenant_id, birth), given)


@functools.lru_cache(maxsize=16_384)
def expected(secret: bytes, key: str, tenant_id: str, birth: str) -> bytes:
    """That of a subscription is the same each time."""
    return client_state(secret, key=key, tenant_id=tenant_id, birth=birth).encode()
