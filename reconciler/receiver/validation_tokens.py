"""The tokens of a delivery in, the tenants out that they vouch for (facts 7.3). Verified ones are remembered."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable

from reconciler.core.clouds import Cloud
from reconciler.receiver.authority import Authority
from reconciler.receiver.errors import ReceiverError
from reconciler.receiver.issuers import Issuers, issuers_of
from reconciler.receiver.signing_keys import KeysUnavailable, SigningKeys
from reconciler.receiver.tokens import LEEWAY, BadToken, Claims, outline, verified_claims

__all__ = ["Audience", "ValidationTokens"]

REMEMBERED = 4096


@dataclasses.dataclass(frozen=True, slots=True)
class Audience:
    """Whom tokens are for: an app in a tenant of a cloud."""

    tenant_id: str
    client_id: str
    cloud: Cloud


@dataclasses.dataclass(slots=True)
class Trust:
    """What a token of one tenant has to fit."""

    issuers: Issuers
    keys: SigningKeys
    client_ids: set[str] = dataclasses.field(default_factory=set)


class ValidationTokens:
    """For all tenants; ``now`` counts only for the fetching of keys, tokens are judged by when they came."""

    def __init__(self, audiences: Iterable[Audience], *, now: Callable[[], dt.datetime]) -> None:
        """Raises ReceiverError for a tenant of which two manifests say that it is in different clouds."""
        self.now = now
        self.remembered: dict[bytes, Claims] = {}
        self.authorities: dict[Authority, SigningKeys] = {}
        self.trusts: dict[str, Trust] = {}
        for audience in audiences:
            trust = self.trust(audience.tenant_id.lower(), audience.cloud)
            trust.client_ids.add(audience.client_id.lower())

    def trust(self, tenant_id: str, cloud: Cloud) -> Trust:
        keys = self.keys_of(cloud)
        trust = self.trusts.setdefault(tenant_id, Trust(issuers_of(cloud), keys))
        if trust.keys is not keys:
            raise ReceiverError(
                f"the tenant {tenant_id} is declared with two authorities, so nobody can tell whose tokens count: "
                "give its Tenant manifests the same cloud"
            )
        return trust

    def keys_of(self, cloud: Cloud) -> SigningKeys:
        """Clouds with one authority share its keys."""
        authority = Authority(cloud.authority, cloud.ca_file, proxies=cloud.known)
        return self.authorities.setdefault(authority, SigningKeys(authority.fetch, now=self.now))

    async def vouched(
        self, tokens: Iterable[str], *, tenants: Collection[str], at: dt.datetime, fetch: bool = True
    ) -> frozenset[str]:
        """The ids of the tenants that the tokens are for; ``at`` is when they came.

        Raises BadToken for the first that is bad at ``at`` or of a tenant not among ``tenants``, KeysUnavailable where
        one cannot be judged yet: its key cannot be had or, without ``fetch``, is not at hand.
        """
        return frozenset([await self.tenant_of(token, tenants=tenants, at=at, fetch=fetch) for token in tokens])

    async def tenant_of(self, token: str, *, tenants: Collection[str], at: dt.datetime, fetch: bool) -> str:
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        claims = self.remembered.get(digest)
        if claims is None:
            claims = await self.read(token, tenants=tenants, at=at, fetch=fetch)
            self.remember(digest, claims, at)
        # For all that was remembered: the same token may come to another endpoint, and at another time.
        if claims.tenant_id not in tenants or claims.audience not in self.trusts[claims.tenant_id].client_ids:
            raise BadToken("a validation token is for another tenant or app than the endpoint's")
        claims.check_times(at)
        return claims.tenant_id

    async def read(self, token: str, *, tenants: Collection[str], at: dt.datetime, fetch: bool) -> Claims:
        seen = outline(token)
        trust = self.trusts.get(seen.tenant_id)
        if trust is None or seen.tenant_id not in tenants:
            raise BadToken("a validation token is for another tenant or app than the endpoint's")
        if not fetch and not trust.keys.has(seen.key_id):
            raise KeysUnavailable("the authority's signing keys are not at hand yet")
        key = await trust.keys.find(seen.key_id, since=at)
        if key is None:
            raise BadToken("a validation token is signed with a key that its authority does not have")
        return verified_claims(token, key, trust.issuers)

    def remember(self, digest: bytes, claims: Claims, at: dt.datetime) -> None:
        """Only what an authority of ours has signed comes here, so no stranger can fill it."""
        if len(self.remembered) >= REMEMBERED:
            lapsed = (at - LEEWAY).timestamp()
            self.remembered = {each: known for each, known in self.remembered.items() if known.ends > lapsed}
        if len(self.remembered) >= REMEMBERED:
            del self.remembered[next(iter(self.remembered))]
        self.remembered[digest] = claims
