"""An application and what it proves itself with in, what the token endpoint of its cloud gave out, by msal."""

import contextlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.core.errors import GraphError, Transient
from reconciler.core.refusals import Refusal, redacted, sort_refusal
from reconciler.graph.answers import json_of, retry_after
from reconciler.graph.assertions import client_credential
from reconciler.graph.credentials import Access, ApplicationCredential, GithubCredential, SecretCredential
from reconciler.graph.transport import TokenAnswer, TokenHttp

__all__ = ["Entra"]


class Entra:
    """The way to a token for all but managed identities."""

    def __init__(self, access: Access, credential: ApplicationCredential, http: TokenHttp) -> None:
        self._access = access
        self._credential = credential
        self._http = http
        self._application: Any = None

    @property
    def host(self) -> str:
        return urlsplit(self._access.cloud.authority).hostname or self._access.cloud.authority

    def forget(self) -> None:
        self._application = None

    def ask(self) -> Mapping[str, Any]:
        """What msal has, or is given now; its ``access_token`` is a text. Raises Denied, Throttled or Transient."""
        # msal is slow to import, and a run that opens no socket needs none of it.
        import msal

        problems = (msal.exceptions.MsalError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
        try:
            if self._application is None:
                self._application = self.open_application(msal)
            result: Mapping[str, Any] = self._application.acquire_token_for_client(scopes=[self._access.cloud.scope])
        except problems as error:
            # msal raises what comes to hand when the endpoint answers oddly; the answer itself says more.
            raise self.refused({}) from error
        if not isinstance(result.get("access_token"), str):
            raise self.refused(result)
        return result

    def open_application(self, msal: Any) -> Any:
        access = self._access
        return msal.ConfidentialClientApplication(
            access.client_id,
            client_credential=client_credential(self._credential, access.operation),
            authority=f"{access.cloud.authority}/{access.tenant_id}",
            # For hosts that it does not know msal would ask the global cloud about them (facts 9.1).
            instance_discovery=None if access.cloud.known else False,
            http_client=self._http,
        )

    def refused(self, result: Mapping[str, Any]) -> GraphError:
        """Sort what msal returned, or else the answer that it stumbled over."""
        last = self._http.last
        said = result if "error" in result else error_in(last)
        if not said and (last is None or last.status_code < 400):
            return Transient(f"{self._access.operation}: the answer of {self.host} cannot be read")
        text = str(said.get("error_description") or "").partition("Trace ID:")[0]
        return sort_refusal(
            Refusal(
                operation=self._access.operation,
                status=last.status_code if last else None,
                code=str(said.get("error") or ""),
                text=redacted(text, secrets_of(self._credential)),
                request_id=said.get("trace_id"),
                retry_after=retry_after(last.headers) if last else None,
                answered_by=self.host,
            )
        )


def secrets_of(credential: ApplicationCredential) -> list[str]:
    match credential:
        case SecretCredential(secret):
            return [secret]
        case GithubCredential():
            return [credential.request_token]
        case _:
            return []


def error_in(answer: TokenAnswer | None) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError):
        said = json_of(answer.text) if answer else None
        return said if isinstance(said, dict) and "error" in said else {}
    return {}
