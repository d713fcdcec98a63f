"""Entra's part: metadata, keys and tokens, as msal asks for them (facts 9.1)."""

import datetime as dt
import urllib.parse
import uuid

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.emulator.clock import Clock
from reconciler.emulator.entra import credentials, issuers
from reconciler.emulator.entra.apps import Apps
from reconciler.emulator.entra.credentials import EntraError, Proof
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.entra.tokens import LIFETIME, Tokens
from reconciler.emulator.home import Home

LARGEST_FORM = 64 * 1024
"""Bytes. Ours, as every server has some limit."""


class Authority:
    def __init__(self, *, home: Home, apps: Apps, clock: Clock, keys: Keys, tokens: Tokens, origin: str) -> None:
        self.certificate = home.client_certificate()
        self.apps = apps
        self.clock = clock
        self.key_ring = keys
        self.tokens = tokens
        self.origin = origin

    def routes(self) -> list[Route]:
        return [
            Route("/common/discovery/keys", self.keys),
            Route("/common/.well-known/openid-configuration", self.common),
            Route("/common/discovery/v2.0/keys", self.keys),
            Route("/common/v2.0/.well-known/openid-configuration", self.common_v2),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self.metadata),
            Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
        ]

    async def keys(self, _: Request) -> Response:
        return JSONResponse(self.key_ring.jwks())

    async def common(self, _: Request) -> Response:
        """The older version, for tokens of ``ver`` 1.0 (facts 7.3)."""
        return JSONResponse(
            {
                "issuer": issuers.V1.format(tenant="{tenantid}"),
                "authorization_endpoint": f"{self.origin}/common/oauth2/authorize",
                "token_endpoint": f"{self.origin}/common/oauth2/token",
                "jwks_uri": f"{self.origin}/common/discovery/keys",
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def common_v2(self, _: Request) -> Response:
        """For tokens of ``ver`` 2.0 (facts 7.3): no tenant of ours but Entra's placeholder."""
        return JSONResponse(self.described("common", issuer=issuers.V2.format(tenant="{tenantid}")))

    async def metadata(self, request: Request) -> Response:
        """Of one tenant, as msal asks for it."""
        tenant = request.path_params["tenant"]
        if not self.apps.has_tenant(tenant):
            return self.refused(credentials.unknown_tenant(tenant))
        return JSONResponse(self.described(tenant, issuer=f"{self.origin}/{tenant}/v2.0"))

    def described(self, tenant: str, *, issuer: str) -> dict[str, object]:
        base = f"{self.origin}/{tenant}"
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{self.origin}/common/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "scopes_supported": ["openid"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "tenant_region_scope": None,
        }

    async def token(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        proof = Proof(self.certificate, f"{self.origin}/{tenant}/oauth2/v2.0/token")
        try:
            form = await form_of(request)
            app = credentials.authenticate(form, tenant=tenant, apps=self.apps, proof=proof)
            audience = credentials.audience(form, origin=self.origin)
        except EntraError as error:
            return self.refused(error)
        token = self.tokens.issue(
            tenant=app.tenant_id, app=app.client_id, roles=app.roles, audience=audience, now=self.clock.now()
        )
        seconds = LIFETIME // dt.timedelta(seconds=1)
        return JSONResponse(
            {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
        )

    def refused(self, error: EntraError) -> Response:
        """Entra's shape of an error."""
        timestamp = self.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        message = f"AADSTS{error.number}: {error.message}"
        body = {
            "error": error.error,
            "error_description": f"{message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            "error_codes": [error.number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self.origin}/error?code={error.number}",
        }
        return JSONResponse(body, status_code=error.status)


async def form_of(request: Request) -> dict[str, str]:
    """Raises ``EntraError`` as soon as it is known to be too large; the rest is never kept."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_FORM:
            message = f"The request body is larger than {LARGEST_FORM} bytes."
            raise EntraError(413, "invalid_request", 90013, message)
    return dict(urllib.parse.parse_qsl(content.decode("utf-8", "replace")))
